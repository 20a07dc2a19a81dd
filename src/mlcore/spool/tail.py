"""Records in the tail of an entry: what was tried and what is settled, as lines `JSON CHECK`.

CHECK is keyed with digest and nonce of the file, so a line counts if its check is right, wherever it
stands; anything else (blanks, a torn line, a line of another file's life) is blank. A line carries the
NAME it speaks of, because links (`out/ID.o`, `archive/ID.a`) share one tail."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from mlcore.spool.entry import TailPlace, blanks

WHY_BYTES: Final = 6000
"""Longest reason kept in a `shunt` record."""


class Record(msgspec.Struct, frozen=True, omit_defaults=True, rename={"name": "n", "kind": "k"}):
    """One line. name: of the entry it speaks of.

    try: an attempt begins (alone: nothing else ran). done: recipients in `ranges` are settled with reply
    `code`. back: an attempt ended without a result, the next one at Unix time `due`, after `failures`
    temporary failures. shunt: set aside from `queue` because of `why`."""

    name: str
    kind: Literal["try", "done", "back", "shunt"]
    alone: bool = False
    ranges: tuple[tuple[int, int], ...] = ()
    code: int = 0
    due: float = 0.0
    failures: int = 0
    queue: str = ""
    why: str = ""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Record).decode
_CHECK_HEX: Final = 16


def encode_record(record: Record, key: bytes) -> bytes:
    """One line with its check, between line ends, so that whatever stood there cannot spoil it."""
    octets = _encode(record)
    return b"\n%s %s\n" % (octets, _check(octets, key))


def decode_records(tail: bytes, key: bytes) -> tuple[list[Record], int]:
    """All records that count, in the order they stand, and the offset behind the last octet that is not
    blank (rounded up to a line end), where the next record goes."""
    records: list[Record] = []
    used = len(tail.rstrip(b" \n"))
    for line in tail[:used].split(b"\n"):
        octets, _, check = line.rstrip(b" ").rpartition(b" ")
        if len(check) != _CHECK_HEX or check != _check(octets, key):
            continue
        try:
            records.append(_decode(octets))
        except msgspec.MsgspecError:
            continue  # a kind of record that a newer version wrote
    return records, min(used + 1, len(tail)) if used else 0


def ranges(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Sorted numbers as closed ranges: 0 1 2 5 gives ((0, 2), (5, 5))."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] + 1 == number:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)


def compact(records: Iterable[Record]) -> list[Record]:
    """Fewer records that say the same: per name one `done` for each code, the last `back` and `shunt`, and
    the tries that nothing ended."""
    result: list[Record] = []
    by_name: dict[str, list[Record]] = {}
    for record in records:
        by_name.setdefault(record.name, []).append(record)
    for some in by_name.values():
        result += _compact_one(some)
    return result


def _compact_one(records: Iterable[Record]) -> list[Record]:
    settled: dict[int, list[tuple[int, int]]] = {}
    tries: list[Record] = []
    back = shunt = None
    for record in records:
        if record.kind == "try":
            tries.append(record)
            continue
        tries.clear()
        if record.kind == "done":
            settled.setdefault(record.code, []).extend(record.ranges)
            name = record.name
        elif record.kind == "back":
            failures = record.failures or (back.failures if back else 0)
            back = msgspec.structs.replace(record, failures=failures)
        else:
            shunt = record
    lines = [
        Record(name=name, kind="done", code=code, ranges=_joined(spans)) for code, spans in settled.items()
    ]
    return [*lines, *(record for record in (back, shunt) if record is not None), *tries]


def _joined(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def longest_done(name: str, numbers: Sequence[int]) -> int:
    """Upper bound in bytes of the `done` lines that one transaction over `numbers` can need, however its
    recipients fare (every number in a range of its own, over two codes)."""
    digits = len(str(max(numbers, default=0)))
    return 2 * (len(name) + 80) + len(numbers) * (2 * digits + 4)


class Tail:
    """What is in the tail of one file: shared by all links to it."""

    def __init__(self, place: TailPlace, octets: bytes = b"", *, firm: bool = True) -> None:
        self.key = place.key
        self.offset = place.offset
        self.size = place.size
        self.records, self.position = decode_records(octets, place.key) if octets else ([], 0)
        self.reserved = 0

        self.firm = firm
        """Whether the whole of it is known to be durable; blanks that another life appended may not be."""
        self._long = 512

    @property
    def room(self) -> int:
        """Bytes that are neither written nor promised to a transaction."""
        return self.size - self.position - self.reserved

    def put(self, line: bytes) -> tuple[int, bytes]:
        """Takes room for an encoded record: (offset in the file, octets) to be written there.

        The caller has seen to it that there is room."""
        offset = self.offset + self.position
        self.position += len(line) - 1  # the line end behind it may be the one before the next
        return offset, line

    def note(self, records: Iterable[Record]) -> None:
        """`records` stand in the file."""
        self.records.extend(records)
        if len(self.records) > self._long:  # 100,000 transactions must not become 100,000 records here
            self.records = compact(self.records)
            self._long = max(512, 2 * len(self.records))

    def extension(self, wanted: int) -> tuple[int, bytes]:
        """(offset, blanks) that give at least `wanted` more bytes once they are written and synced.

        It grows with the tail, up to 64 KiB, so that the syncs for it stay few."""
        size = -(-max(wanted, min(self.size // 4, 65_536)) // 4096) * 4096
        return self.offset + self.size, blanks(size)

    def extended(self, size: int) -> None:
        """Blanks of `size` bytes are durable behind the tail."""
        self.size += size


class Progress:
    """What the records say about one NAME."""

    def __init__(self, name: str, records: Iterable[Record] = ()) -> None:
        self.name = name
        self.settled: set[int] = set()
        self.open_tries = 0
        self.strikes = 0
        self.failures = 0
        self.due = 0.0
        self.shunted_from = ""
        self.why = ""
        for record in records:
            if record.name == name:
                self.add(record)

    def add(self, record: Record) -> None:
        """Takes one more record into account, in the order of writing."""
        if record.kind == "try":
            self.open_tries += 1
            self.strikes += record.alone
            return
        self.open_tries = self.strikes = 0
        if record.kind == "done":
            for first, last in record.ranges:
                self.settled.update(range(first, last + 1))
        elif record.kind == "back":
            self.failures = record.failures or self.failures
            self.due = record.due
        else:
            self.shunted_from = record.queue
            self.why = record.why

    @property
    def suspect(self) -> bool:
        """Whether an attempt began and nothing tells how it ended: at a start, the process died in it."""
        return self.open_tries > 0


def _check(octets: bytes, key: bytes) -> bytes:
    return hashlib.blake2b(octets, key=key[:64], digest_size=_CHECK_HEX // 2).hexdigest().encode()
