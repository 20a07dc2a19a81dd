"""The file format of an entry, and its codec: the only place that knows it.

    magic line      mlcore-entry 1 ENVELOPE RECIPIENTS OCTETS DIGEST NONCE
    envelope        one line of JSON
    recipients      one line each: NUMBER tab ADDRESS, and tab JSON where slot values are given
    octets          the message as it is
    padding         line ends up to a multiple of 4,096
    tail            blanks, written and synced with the file, then overwritten by records (`spool.tail`)

Lengths are decimal, of fixed width; DIGEST is BLAKE2b-128 over version, lengths, nonce and everything up
to the padding; the nonce makes two files of equal content differ, so that a record of one never counts
in the other. Octets before the tail never change. A file that does not fit is `CorruptEntry`: set aside,
never guessed at. A file of an unknown version, or an intact one whose envelope has no meaning here, is
`LeftAlone`: a newer mlcore wrote it and will know what to do."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from mlcore.base.errors import CorruptEntry, LeftAlone
from mlcore.mail.envelope import Envelope

BLOCK: Final = 4096
MAGIC: Final = b"mlcore-entry 1 "
HEAD_BYTES: Final = len(MAGIC) + 10 + 1 + 10 + 1 + 12 + 1 + 32 + 1 + 16 + 1
NONCE_BYTES: Final = 8
_HEAD: Final = re.compile(rb"([0-9]{10}) ([0-9]{10}) ([0-9]{12}) ([0-9a-f]{32}) ([0-9a-f]{16})\n")
_OTHER_VERSION: Final = re.compile(rb"mlcore-entry [0-9]+ ")
_BLANK_LINE: Final = b" " * 63 + b"\n"
_TAIL_PER_RECIPIENT: Final = 12

_encode_envelope = msgspec.json.Encoder().encode
_decode_envelope = msgspec.json.Decoder(Envelope).decode
_encode_slots = msgspec.json.Encoder().encode
_decode_slots = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class Entry:
    """One message in transit. addresses: recipients by number (0, 1, …), spelling kept, no control
    characters; slots: values for a recipient's personal copy, per number, mostly none."""

    envelope: Envelope
    addresses: tuple[str, ...]
    octets: bytes
    slots: Mapping[int, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry with the queue it goes to and the name it gets there. Children of one step that share the
    same `Entry` object become links to one file."""

    queue: str
    name: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class TailPlace:
    """Where the tail of a file lies. key: digest and nonce, which records are checked with."""

    key: bytes
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Head:
    """The magic line, read. Lengths in bytes."""

    envelope: int
    recipients: int
    octets: int
    digest: bytes
    nonce: bytes

    @property
    def content_end(self) -> int:
        """Where the padding begins."""
        return HEAD_BYTES + self.envelope + self.recipients + self.octets

    @property
    def tail_offset(self) -> int:
        """Where the tail begins: the next multiple of 4,096."""
        return -(-self.content_end // BLOCK) * BLOCK

    @property
    def key(self) -> bytes:
        """What records in the tail are checked with."""
        return self.digest + self.nonce


def blanks(size: int) -> bytes:
    """`size` octets (a multiple of 64) that count as no record."""
    return _BLANK_LINE * (size // len(_BLANK_LINE))


def tail_size(recipients: int) -> int:
    """Bytes reserved for the records of an entry with that many recipients: at least one block."""
    return -(-max(BLOCK, 512 + recipients * _TAIL_PER_RECIPIENT) // BLOCK) * BLOCK


def encode(entry: Entry, nonce: bytes) -> tuple[list[bytes], TailPlace]:
    """The file of `entry` as pieces to be written in order, and where its tail lies.

    nonce: 8 random octets. Raises ValueError if an address holds a control character."""
    envelope = _encode_envelope(entry.envelope) + b"\n"
    recipients = _encode_recipients(entry)
    octets = entry.octets
    lengths = b"%010d %010d %012d" % (len(envelope), len(recipients), len(octets))
    nonce_hex = nonce.hex().encode()
    digest = _digest(lengths, nonce_hex, (envelope, recipients, octets))
    head = b"%s%s %s %s\n" % (MAGIC, lengths, digest, nonce_hex)
    end = HEAD_BYTES + len(envelope) + len(recipients) + len(octets)
    offset = -(-end // BLOCK) * BLOCK
    size = tail_size(len(entry.addresses))
    rest = b"\n" * (offset - end) + blanks(size)
    return [head + envelope + recipients, octets, rest], TailPlace(digest + nonce_hex, offset, size)


def decode_head(octets: bytes) -> Head:
    """The magic line of a file. octets: at least its first HEAD_BYTES. Raises CorruptEntry, LeftAlone."""
    if not octets.startswith(MAGIC):
        if _OTHER_VERSION.match(octets):
            raise LeftAlone("another version of the entry format; the mlcore that wrote it can read it")
        raise CorruptEntry("no magic line")
    found = _HEAD.fullmatch(octets, len(MAGIC), HEAD_BYTES)
    if found is None:
        raise CorruptEntry("torn magic line")
    envelope, recipients, message, digest, nonce = found.groups()
    return Head(int(envelope), int(recipients), int(message), digest, nonce)


def decode(octets: bytes) -> tuple[Entry, TailPlace]:
    """An entry and the place of its tail, from a whole file. Raises CorruptEntry, LeftAlone."""
    head = decode_head(octets)
    if len(octets) < head.tail_offset:
        raise CorruptEntry(f"{len(octets)} octets instead of {head.tail_offset} or more")
    first = HEAD_BYTES + head.envelope
    second = first + head.recipients
    envelope, recipients = octets[HEAD_BYTES:first], octets[first:second]
    message = octets[second : head.content_end]
    lengths = octets[len(MAGIC) : len(MAGIC) + 34]
    if _digest(lengths, head.nonce, (envelope, recipients, message)) != head.digest:
        raise CorruptEntry("digest does not fit")
    if octets.count(b"\n", head.content_end, head.tail_offset) != head.tail_offset - head.content_end:
        raise CorruptEntry("padding that is none")
    try:
        record = _decode_envelope(envelope)
        addresses, slots = _decode_recipients(recipients)
    except (msgspec.MsgspecError, ValueError) as error:
        raise LeftAlone(f"an envelope without meaning here: {error}") from None
    entry = Entry(record, addresses, message, slots)
    return entry, TailPlace(head.key, head.tail_offset, len(octets) - head.tail_offset)


def _digest(lengths: bytes, nonce: bytes, parts: Sequence[bytes]) -> bytes:
    state = hashlib.blake2b(MAGIC + lengths + nonce, digest_size=16)
    for part in parts:
        state.update(part)
    return state.hexdigest().encode()


def _encode_recipients(entry: Entry) -> bytes:
    # Calls over all addresses at once: an entry may have 100,000 of them.
    joined = "".join(entry.addresses)
    if any(character in joined for character in "\t\n\r\0"):
        raise ValueError("a recipient address holds a control character")
    if not entry.slots:
        lines = [f"{number}\t{address}\n" for number, address in enumerate(entry.addresses)]
    else:
        slots = entry.slots
        lines = [
            f"{number}\t{address}\t{_encode_slots(slots[number]).decode()}\n"
            if slots.get(number)
            else f"{number}\t{address}\n"
            for number, address in enumerate(entry.addresses)
        ]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _decode_recipients(octets: bytes) -> tuple[tuple[str, ...], dict[int, dict[str, str]]]:
    count = octets.count(b"\n")
    text = octets.decode("utf-8", "surrogateescape")
    slots: dict[int, dict[str, str]] = {}
    if octets.count(b"\t") == count:
        fields = text.replace("\n", "\t").split("\t")
        numbers, addresses = fields[:-1:2], fields[1::2]
    else:
        lines = [line.split("\t", 2) for line in text.split("\n")[:-1]]
        numbers = [fields[0] for fields in lines]
        addresses = [fields[1] for fields in lines]
        slots = {number: _decode_slots(line[2]) for number, line in enumerate(lines) if len(line) == 3}
    if numbers != list(map(str, range(count))):
        raise ValueError("recipients out of order")
    return tuple(addresses), slots
