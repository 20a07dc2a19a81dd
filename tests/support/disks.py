"""Disks for tests: one that forgets what was not synced, and wrappers that count, fail or end it all.

`ForgetfulDisk` trusts what docs/spool.md trusts and nothing more: octets of a file without its fsync are
absent, short or torn after a power cut; names without the fsync of their directory may have changed or
not, each for itself; a rename over two directories may be halved; after a failed fsync of a file a later
one means nothing. A kill loses memory only, and what was not synced before it is still not synced."""

import asyncio
import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mlcore.base.durable import Disk, Free, Place

T = TypeVar("T")
Choose = Callable[[int], int]
"""choose(n): a number from 0 to n-1; what it stands for is drawn, enumerated or fixed by the test."""


class Crashed(Exception):
    """The process or the machine has ended: nothing that it does now reaches the disk."""


def keep_all(_count: int) -> int:
    """A crash that happened to find everything written."""
    return 0


def keep_none(count: int) -> int:
    """A crash that lost all that may be lost."""
    return count - 1


@dataclass(slots=True)
class _Write:
    offset: int
    octets: bytes
    durable: bool = False
    doomed: bool = False  # a sync failed over it: no later one can make it durable


@dataclass(slots=True)
class _File:
    number: int
    writes: list[_Write] = field(default_factory=list)
    poisoned: bool = False
    position: int = 0
    base: bytes = b""

    def octets(self) -> bytes:
        content = bytearray(self.base)
        for write in self.writes:
            _apply(content, write.offset, write.octets)
        return bytes(content)

    def copy(self) -> "_File":
        writes = [_Write(w.offset, w.octets, w.durable, w.doomed) for w in self.writes]
        return _File(self.number, writes, poisoned=False, position=self.position, base=self.base)

    def after_power_cut(self, choose: Choose) -> "_File":
        content = bytearray(self.base)
        for write in self.writes:
            if write.durable:
                _apply(content, write.offset, write.octets)
                continue
            fate = choose(3)  # whole, torn, absent
            if fate < 2:
                size = len(write.octets) if fate == 0 else len(write.octets) // 2
                _apply(content, write.offset, write.octets[:size])
        return _File(self.number, base=bytes(content), position=len(content))


@dataclass(slots=True, frozen=True)
class _Change:
    name: str
    inode: int | None  # None: removed


class ForgetfulDisk:
    """A disk in memory. now: names as the running system sees them."""

    def __init__(self, directories: Sequence[str]) -> None:
        self.now: dict[str, dict[str, int]] = {name: {} for name in directories}
        self._durable: dict[str, dict[str, int]] = {name: {} for name in directories}
        self._pending: dict[str, list[_Change]] = {name: [] for name in directories}
        self._files: dict[int, _File] = {}
        self._open: dict[int, int] = {}
        self._count = 0
        self._ended = False
        self.space = Free(1 << 40, 1 << 20)
        self.ages: dict[Place, float] = {}

    # -- what a crash leaves ---------------------------------------------------------------------------

    def crash(self, *, power: bool, choose: Choose = keep_none) -> "ForgetfulDisk":
        """The disk afterwards; this one is dead. `choose` says what a power cut leaves."""
        self._ended = True
        return self.after(power=power, choose=choose)

    def after(self, *, power: bool, choose: Choose = keep_none) -> "ForgetfulDisk":
        """What a crash now would leave; this one lives on."""
        after = ForgetfulDisk(list(self.now))
        after._count = self._count
        if not power:
            after.now = {directory: dict(names) for directory, names in self.now.items()}
            after._durable = {directory: dict(names) for directory, names in self._durable.items()}
            after._pending = {directory: list(changes) for directory, changes in self._pending.items()}
            after._files = {number: file.copy() for number, file in self._files.items()}
            return after
        for directory, names in self._durable.items():
            found = dict(names)
            for change in self._pending[directory]:
                if choose(2) == 1:
                    continue
                if change.inode is None:
                    found.pop(change.name, None)
                else:
                    found[change.name] = change.inode
            after.now[directory] = dict(found)
            after._durable[directory] = found
        living = {number for names in after.now.values() for number in names.values()}
        after._files = {
            number: self._files[number].after_power_cut(choose)
            for number in sorted(living)
            if number in self._files
        }
        return after

    # -- Disk ------------------------------------------------------------------------------------------

    def create(self, place: Place) -> int:
        self._alive()
        if place.name in self.now[place.directory]:
            raise FileExistsError(errno.EEXIST, "exists")
        self._count += 1
        self._files[self._count] = _File(self._count)
        self._change(place, self._count)
        return self._descriptor(self._count)

    def open(self, place: Place) -> int:
        self._alive()
        return self._descriptor(self._find(place))

    def write(self, file: int, pieces: Sequence[bytes]) -> None:
        self._alive()
        found = self._files[self._open[file]]
        octets = b"".join(pieces)
        found.writes.append(_Write(found.position, octets))
        found.position += len(octets)

    def write_at(self, file: int, offset: int, octets: bytes) -> None:
        self._alive()
        self._files[self._open[file]].writes.append(_Write(offset, octets))

    def sync(self, file: int) -> None:
        self._alive()
        found = self._files[self._open[file]]
        if found.poisoned:
            return  # it says yes, and means nothing
        for write in found.writes:
            write.durable = write.durable or not write.doomed
        while found.writes and found.writes[0].durable:
            first = found.writes.pop(0)
            content = bytearray(found.base)
            _apply(content, first.offset, first.octets)
            found.base = bytes(content)

    def fail_sync(self, file: int) -> None:
        """What a failed fsync does to a file."""
        found = self._files[self._open[file]]
        found.poisoned = True
        for write in found.writes:
            write.doomed = not write.durable

    def identity(self, file: int) -> int:
        self._alive()
        return self._open[file]

    def close(self, file: int) -> None:
        self._alive()
        del self._open[file]

    def read(self, place: Place) -> tuple[bytes, int]:
        self._alive()
        number = self._find(place)
        return self._files[number].octets(), number

    def read_part(self, place: Place, offset: int, size: int) -> bytes:
        return self.read(place)[0][offset : offset + size]

    def rename(self, old: Place, new: Place) -> None:
        self._alive()
        number = self._find(old)
        self._change(new, number)
        self._change(old, None)

    def link(self, old: Place, new: Place) -> None:
        self._alive()
        number = self._find(old)
        if new.name in self.now[new.directory]:
            raise FileExistsError(errno.EEXIST, "exists")
        self._change(new, number)

    def unlink(self, place: Place) -> None:
        self._alive()
        self._find(place)
        self._change(place, None)

    def sync_directory(self, directory: str) -> None:
        self._alive()
        self._durable[directory] = dict(self.now[directory])
        self._pending[directory] = []

    def names(self, directory: str) -> list[str]:
        self._alive()
        return list(self.now[directory])

    def age(self, place: Place) -> float:
        self._alive()
        self._find(place)
        return self.ages.get(place, 0.0)

    def free(self) -> Free:
        self._alive()
        return self.space

    # -- for tests -------------------------------------------------------------------------------------

    def put(self, place: Place, octets: bytes) -> None:
        """A durable file, by hand."""
        file = self.create(place)
        self.write(file, [octets])
        self.sync(file)
        self.close(file)
        self.sync_directory(place.directory)

    def _alive(self) -> None:
        if self._ended:
            raise Crashed

    def _descriptor(self, number: int) -> int:
        self._count += 1
        self._open[self._count] = number
        return self._count

    def _find(self, place: Place) -> int:
        try:
            return self.now[place.directory][place.name]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "not there") from None

    def _change(self, place: Place, inode: int | None) -> None:
        self._pending[place.directory].append(_Change(place.name, inode))
        if inode is None:
            del self.now[place.directory][place.name]
        else:
            self.now[place.directory][place.name] = inode


class ThroughDisk:
    """Passes every call on to `disk`; `around` decides what happens to it."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    def around(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Makes the call, or not."""
        return call(*arguments)

    def create(self, place: Place) -> int:
        return int(self.around("create", self.disk.create, (place,)))

    def open(self, place: Place) -> int:
        return int(self.around("open", self.disk.open, (place,)))

    def write(self, file: int, pieces: Sequence[bytes]) -> None:
        self.around("write", self.disk.write, (file, pieces))

    def write_at(self, file: int, offset: int, octets: bytes) -> None:
        self.around("write_at", self.disk.write_at, (file, offset, octets))

    def sync(self, file: int) -> None:
        self.around("sync", self.disk.sync, (file,))

    def identity(self, file: int) -> int:
        return int(self.around("identity", self.disk.identity, (file,)))

    def close(self, file: int) -> None:
        self.disk.close(file)  # never raises, changes nothing

    def read(self, place: Place) -> tuple[bytes, int]:
        octets, number = self.around("read", self.disk.read, (place,))
        return bytes(octets), int(number)

    def read_part(self, place: Place, offset: int, size: int) -> bytes:
        return bytes(self.around("read_part", self.disk.read_part, (place, offset, size)))

    def rename(self, old: Place, new: Place) -> None:
        self.around("rename", self.disk.rename, (old, new))

    def link(self, old: Place, new: Place) -> None:
        self.around("link", self.disk.link, (old, new))

    def unlink(self, place: Place) -> None:
        self.around("unlink", self.disk.unlink, (place,))

    def sync_directory(self, directory: str) -> None:
        self.around("sync_directory", self.disk.sync_directory, (directory,))

    def names(self, directory: str) -> list[str]:
        return list(self.around("names", self.disk.names, (directory,)))

    def age(self, place: Place) -> float:
        return float(self.around("age", self.disk.age, (place,)))

    def free(self) -> Free:
        return Free(*self.around("free", self.disk.free, ()))


class CountingDisk(ThroughDisk):
    """Counts calls, by name and in all."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(disk)
        self.calls: list[str] = []

    def around(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        self.calls.append(name)
        return super().around(name, call, arguments)


class FailingDisk(ThroughDisk):
    """The call number `fail_at` (1, 2, …) fails with `error`, before or after its effect; `many` calls from
    there on do. only: names of calls that count. A failed sync of a file poisons it."""

    def __init__(
        self,
        disk: Disk,
        *,
        fail_at: int,
        error: int = errno.EIO,
        after: bool = False,
        many: int = 1,
        only: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(disk)
        self.fail_at = fail_at
        self.error = error
        self.after = after
        self.many = many
        self.only = only
        self.count = 0
        self.failed = 0

    def around(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        if self.only and name not in self.only:
            return call(*arguments)
        self.count += 1
        if not self.fail_at <= self.count < self.fail_at + self.many:
            return call(*arguments)
        self.failed += 1
        if self.after:
            call(*arguments)
        elif name == "sync" and isinstance(self.disk, ForgetfulDisk):
            self.disk.fail_sync(arguments[0])
        raise OSError(self.error, f"{name} failed")


class EndingDisk(ThroughDisk):
    """The process ends before call number `end_at` (1, 2, …; 0: never)."""

    def __init__(self, disk: Disk, *, end_at: int = 0) -> None:
        super().__init__(disk)
        self.end_at = end_at
        self.count = 0
        self.ended = False

    def around(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        self.count += 1
        if self.ended or self.count == self.end_at:
            self.ended = True
            raise Crashed
        return call(*arguments)

    def end(self) -> None:
        """The process ends now."""
        self.ended = True
        raise Crashed


class InlineBatches:
    """A double of `base.batches.Batches` without threads.

    order None: a job runs when it is given. Otherwise one job runs per turn of the loop, `order(n)` says
    which of n (0: the oldest)."""

    def __init__(self, order: Choose | None = None) -> None:
        self._order = order
        self._jobs: list[tuple[Callable[..., Any], tuple[Any, ...], asyncio.Future[Any]]] = []

    def run(self, function: Callable[..., T], *arguments: Any) -> "asyncio.Future[T]":
        """See `Batches.run`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if self._order is None:
            _do(function, arguments, future)
            return future
        if not self._jobs:
            loop.call_soon(self._turn)
        self._jobs.append((function, arguments, future))
        return future

    def _turn(self) -> None:
        assert self._order is not None
        _do(*self._jobs.pop(self._order(len(self._jobs))))
        if self._jobs:
            asyncio.get_running_loop().call_soon(self._turn)


def _do(function: Callable[..., Any], arguments: tuple[Any, ...], future: "asyncio.Future[Any]") -> None:
    try:
        result = function(*arguments)
    except Exception as error:  # noqa: BLE001  (it belongs to the waiter)
        if not future.cancelled():
            future.set_exception(error)
    else:
        if not future.cancelled():
            future.set_result(result)


def _apply(content: bytearray, offset: int, octets: bytes) -> None:
    if octets and len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(octets)] = octets
