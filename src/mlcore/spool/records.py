"""Writes records into the tail of a file: one writer at a time, several lines under one sync.

Who asks may be cancelled, or even gone; what was asked is done to its end by a task of this module, so
that no late write of a thread can meet one of somebody else. After a failed sync a file is never trusted
again: nothing new starts for the entry, and the whole of it is written to a new file that takes its name,
again and again until that succeeds. Only the name concerned moves; other links keep the old file."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mlcore.base.batches import Threads
from mlcore.base.durable import Disk, Place, SyncFailed, overwrite, remove_quietly, write_new
from mlcore.base.errors import DiskTrouble
from mlcore.spool import steps
from mlcore.spool.commit import DirectoryCommit
from mlcore.spool.entry import Entry, TailPlace, encode
from mlcore.spool.layout import SERVER_TEMPORARY, TMP
from mlcore.spool.tail import Record, Tail, compact, encode_record

_AGAIN_S = (0.05, 0.5, 2.0)
"""Seconds between tries to make an outcome durable; the last one repeats."""


class Owner(Protocol):
    """What is needed of the spool. files: the records of each open file, by inode number."""

    disk: Disk
    batches: Threads
    commits: dict[str, DirectoryCommit]
    at: steps.Hook
    file_syncs: int
    sleep: Callable[[float], Awaitable[None]]

    @property
    def files(self) -> MutableMapping[int, "Records"]:
        """Weak: a file is forgotten when nobody has it open."""
        ...

    def nonce(self) -> bytes:
        """Octets that no other file has."""
        ...

    def wrote(self, records: "Records") -> None:
        """`records` has written: a read that began before may not have seen it."""
        ...


@dataclass(slots=True, eq=False)
class _Ask:
    """records: lines wanted; given_back: bytes reserved for them; wanted: bytes to be reserved."""

    place: Place
    entry: Entry
    records: Sequence[Record]
    sync: bool
    given_back: int
    wanted: int
    future: "asyncio.Future[None]"
    lines: list[bytes] = field(default_factory=list)

    @property
    def needed(self) -> int:
        """Bytes of the tail beyond those that it gives back."""
        return sum(map(len, self.lines)) + self.wanted - self.given_back

    @property
    def durable(self) -> bool:
        """Whether a file that is not trusted cannot serve it."""
        return self.sync or self.wanted > 0


class Records:
    """The tail of one file, shared by all names of it in this process."""

    def __init__(self, owner: Owner, tail: Tail) -> None:
        self._owner = owner
        self.tail = tail
        self._trusted = True
        self._moved: dict[str, Records] = {}
        self._reserved: dict[str, int] = {}
        self._asks: list[_Ask] = []
        self._serving: list[_Ask] = []
        self._writer: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether something that was asked is under way."""
        return self._writer is not None

    def of(self, name: str) -> "Records":
        """Where the records of `name` are now: another file, if this one could not be trusted."""
        records = self
        while (moved := records._moved.get(name)) is not None:
            records = moved
        return records

    async def reserve(self, place: Place, entry: Entry, size: int) -> None:
        """`size` bytes of the tail now belong to the caller, who gives them back with `write` or `release`.

        Extends the tail, synced, where there is no room. Raises DiskTrouble: then nothing may be sent."""
        now = self.of(place.name)
        if now is not self:
            await now.reserve(place, entry, size)
        elif self._trusted and self.tail.firm and not self.busy and size <= self.tail.room:
            self._reserve(place.name, size)
        else:
            await self._ask(place, entry, (), sync=False, given_back=0, wanted=size)

    def release(self, name: str, size: int) -> None:
        """Gives back what `reserve` gave and no record needed."""
        now = self.of(name)
        if now is not self:
            now.release(name, size)
        else:
            self._reserve(name, -size)

    async def write(
        self, place: Place, entry: Entry, records: Sequence[Record], *, sync: bool, reserved: int = 0
    ) -> None:
        """`records` stand in the file, and durably if `sync`. reserved: bytes taken with `reserve` before.

        With `sync` it raises DiskTrouble only for want of room that was not reserved, or if the file is
        gone; every other failure is tried again. Without it, DiskTrouble for any failure."""
        now = self.of(place.name)
        if now is not self:
            await now.write(place, entry, records, sync=sync, reserved=reserved)
        else:
            await self._ask(place, entry, records, sync=sync, given_back=reserved, wanted=0)

    async def quiet(self, name: str) -> None:
        """Returns when nothing that was asked for `name` is still under way."""
        while self._writer is not None and any(ask.place.name == name for ask in self._under_way()):
            await asyncio.wait({self._writer})
        now = self.of(name)
        if now is not self:
            await now.quiet(name)

    def _under_way(self) -> list[_Ask]:
        return [*self._serving, *self._asks]

    def _ask(
        self,
        place: Place,
        entry: Entry,
        records: Sequence[Record],
        *,
        sync: bool,
        given_back: int,
        wanted: int,
    ) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.take_over(_Ask(place, entry, records, sync, given_back, wanted, future))
        return future

    def take_over(self, ask: _Ask) -> None:
        """Serves what was asked here, or of a file that its name has left since."""
        self._asks.append(ask)
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._work(), name="records")

    async def _work(self) -> None:
        try:
            while self._asks:
                self._serving, self._asks = self._asks, []
                for place in dict.fromkeys(ask.place for ask in self._serving):
                    await self._serve(place, [ask for ask in self._serving if ask.place == place])
        finally:
            for ask in (*self._serving, *self._asks):  # none is left, but if the loop ends
                ask.future.cancel()
            self._serving, self._asks, self._writer = [], [], None
            self._owner.wrote(self)

    async def _serve(self, place: Place, asks: list[_Ask]) -> None:
        new = self._moved.get(place.name)
        if new is not None:
            for ask in asks:
                new.take_over(ask)
            self._serving = [ask for ask in self._serving if ask not in asks]
            return
        try:
            if self._trusted or not any(ask.durable for ask in asks):
                asks = await self._with_room(place, asks)
                await self._write(place, asks)
            else:
                await self._write_elsewhere(place, asks)
        except Exception as error:  # noqa: BLE001  (it belongs to those who asked, whatever it is)
            _answer(asks, error)
        else:
            _answer(asks, None)

    async def _with_room(self, place: Place, asks: list[_Ask]) -> list[_Ask]:
        """Those for whom there is room, which may mean to append blanks; the others have their answer."""
        tail = self.tail
        for ask in asks:
            ask.lines = [encode_record(record, tail.key) for record in ask.records]
        lacking = sum(ask.needed for ask in asks) - tail.room
        if lacking <= 0 and (tail.firm or not any(ask.wanted for ask in asks)):
            return asks
        try:
            await self._extend(place, lacking)
        except OSError as error:
            modest = self._modest(asks)
            _answer([ask for ask in asks if ask not in modest], _trouble(error, "room for records", place))
            return modest
        return asks

    def _modest(self, asks: Sequence[_Ask]) -> list[_Ask]:
        """Those that the present room is enough for."""
        room, found = self.tail.room, []
        for ask in asks:
            if ask.needed <= max(room, 0) and (self.tail.firm or not ask.wanted):
                room -= ask.needed
                found.append(ask)
        return found

    async def _extend(self, place: Place, lacking: int) -> None:
        """Appends blanks for `lacking` bytes, or none, and makes what is there durable."""
        owner, tail = self._owner, self.tail
        change = [tail.extension(lacking)] if lacking > 0 else []
        owner.file_syncs += 1
        try:
            await owner.batches.run(overwrite, owner.disk, place, change, True)
        except SyncFailed:
            self._trusted = False
            raise
        tail.firm = True
        tail.extended(sum(len(octets) for _, octets in change))

    async def _write(self, place: Place, asks: Sequence[_Ask]) -> None:
        if not self._trusted and any(ask.durable for ask in asks):
            await self._write_elsewhere(place, asks)
            return
        changes = []
        for ask in asks:
            self._reserve(place.name, ask.wanted - ask.given_back)
            changes += [self.tail.put(line) for line in ask.lines]
        if not changes:
            return
        owner = self._owner
        sync = any(ask.sync for ask in asks)
        pauses = _pauses()
        while True:
            owner.file_syncs += sync
            try:
                await owner.batches.run(overwrite, owner.disk, place, changes, sync)
                break
            except SyncFailed:
                self._trusted = False
                await self._move(place, asks)
                return
            except OSError as error:
                if not sync or isinstance(error, FileNotFoundError):
                    for ask in asks:
                        self._reserve(place.name, -ask.wanted)
                    raise _trouble(error, "record", place) from error
            await owner.sleep(next(pauses))
        for ask in asks:
            self.tail.note(ask.records)

    async def _write_elsewhere(self, place: Place, asks: Sequence[_Ask]) -> None:
        """The file is not trusted. A reservation alone gives up at once: it is made before MAIL FROM."""
        for ask in asks:
            self._reserve(place.name, ask.wanted - ask.given_back)
        try:
            await self._move(place, asks)
        except OSError as error:
            for ask in asks:
                self._reserve(place.name, -ask.wanted)
            raise _trouble(error, "a new file", place) from error

    async def _move(self, place: Place, asks: Sequence[_Ask]) -> None:
        """The name goes to a new file with all its records, those of `asks` included.

        Raises OSError only if none of `asks` is a record to be synced."""
        old = [record for record in self.tail.records if record.name == place.name]
        records = compact([*old, *(record for ask in asks for record in ask.records)])
        pauses = _pauses()
        while True:
            try:
                new = await self._rewrite(place, asks[0].entry, records)
                break
            except OSError:
                if not any(ask.sync for ask in asks):
                    raise
            await self._owner.sleep(next(pauses))
        reserved = self._reserved.pop(place.name, 0)
        self.tail.reserved -= reserved
        new.release(place.name, -reserved)
        self._moved[place.name] = new

    async def _rewrite(self, place: Place, entry: Entry, records: Sequence[Record]) -> "Records":
        """The same entry with `records` as a new file under the same name, with room for what is reserved."""
        owner = self._owner
        pieces, born = await owner.batches.run(encode, entry, owner.nonce())
        lines = [encode_record(record, born.key) for record in records]
        wanted = sum(map(len, lines)) + self._reserved.get(place.name, 0)
        more = -(-max(0, wanted - born.size, self.tail.size - born.size) // 4096) * 4096
        tail = Tail(TailPlace(born.key, born.offset, born.size + more))
        octets = bytearray(b" " * (tail.size - 1) + b"\n")
        for line in lines:
            offset, _ = tail.put(line)
            octets[offset - tail.offset : offset - tail.offset + len(line)] = line
        tail.note(records)
        front = pieces[-1][: -born.size]
        temporary = Place(TMP, SERVER_TEMPORARY + place.name)
        await owner.batches.run(remove_quietly, owner.disk, temporary)
        owner.file_syncs += 1
        identity = await owner.batches.run(
            write_new, owner.disk, temporary, [*pieces[:-1], front, bytes(octets)]
        )
        await owner.commits[place.directory].change(lambda: owner.disk.rename(temporary, place))
        new = Records(owner, tail)
        owner.files[identity] = new
        return new

    def _reserve(self, name: str, size: int) -> None:
        self._reserved[name] = self._reserved.get(name, 0) + size
        self.tail.reserved += size


def settled_codes(done: Mapping[int, Sequence[int]]) -> Mapping[int, Sequence[int]]:
    """Numbers by reply code, with all failures under the code of the first: two lines at the most, so that
    the room can be known before MAIL FROM. The texts of failures are in the database."""
    positive = {code: numbers for code, numbers in done.items() if code < 400}
    negative = [(code, numbers) for code, numbers in done.items() if code >= 400]
    result: dict[int, Sequence[int]] = {}
    if positive:
        result[min(positive)] = [number for numbers in positive.values() for number in numbers]
    if negative:
        result[negative[0][0]] = [number for _, numbers in negative for number in numbers]
    return result


def _answer(asks: Sequence[_Ask], error: Exception | None) -> None:
    for ask in asks:
        if ask.future.done():
            continue  # whoever asked was cancelled
        if error is None:
            ask.future.set_result(None)
        else:
            ask.future.set_exception(error)


def _pauses() -> Iterator[float]:
    yield from _AGAIN_S
    while True:
        yield _AGAIN_S[-1]


def _trouble(error: OSError, what: str, place: Place) -> DiskTrouble:
    return DiskTrouble.of(error, f"{what} of {place.directory}/{place.name}")
