"""The spool of a running server: every transition of docs/spool.md, call by call.

All methods run in the event loop; disk calls run in `base.batches`. LocalTrouble means that nothing has
changed and the step may be tried again; SpoolLost means that the process has to end. A caller that is
cancelled hears of it when the step that it began is over, so no step is ever left half done."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

from mlcore.base.batches import Threads
from mlcore.base.durable import Disk, Free, Place, SyncFailed, remove, remove_quietly
from mlcore.base.errors import CorruptEntry, DiskTrouble, LeftAlone, LocalTrouble, SpoolLost
from mlcore.base.ids import NAME
from mlcore.mail.envelope import is_urgent
from mlcore.spool import steps
from mlcore.spool.claim import Claim
from mlcore.spool.commit import DirectoryCommit
from mlcore.spool.entry import NONCE_BYTES, Entry, NewEntry
from mlcore.spool.family import make_children, temporary, undo
from mlcore.spool.layout import ACTIVE, DEAD_ENDS, DIRECTORIES, PARENTS, QUEUES, ancestors
from mlcore.spool.records import Records
from mlcore.spool.single import link, opened, read_entry, rename, unlink, write_entry
from mlcore.spool.tail import WHY_BYTES, Record
from mlcore.spool.waiting import Memory, Waiting

Around = Callable[[], Awaitable[None]]
T = TypeVar("T")

PLENTY: Final = 4
"""Times the low-water mark: with so much room, it is not looked for with each message."""
ROOM_AGE_S: Final = 0.1
"""How long plenty of room is believed in: asking costs a system call per message."""

_SOON: Final = frozenset(ACTIVE) - {"hold", "retry"}
"""Queues whose entries are taken soon: worth remembering."""


class Spool:
    """Owner of the directories of `disk`; exactly one per process, and one process per spool.

    at: hears the name of each step. low_water: below it, nothing new is taken. memory_octets: how much of
    what was just written is kept for the next stage. sleep: between tries on a disk in trouble."""

    def __init__(
        self,
        disk: Disk,
        batches: Threads,
        *,
        at: steps.Hook = steps.nothing,
        low_water: Free = Free(0, 0),  # noqa: B008  (a constant)
        memory_octets: int = 16 << 20,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.disk = disk
        self.batches = batches
        self.at = at
        self.sleep = sleep
        self._monotonic = monotonic
        self.queues = {queue: Waiting(queue) for queue in QUEUES}
        self.commits = {name: DirectoryCommit(disk, batches, name) for name in DIRECTORIES}
        self.unsure: set[tuple[str, str]] = set()
        """(queue, name) that this process is making or removing: a scan leaves them alone."""
        self.files: WeakValueDictionary[int, Records] = WeakValueDictionary()
        self.file_syncs = 0
        self.accepting = asyncio.Event()
        """Cleared while something has to run alone: new mail waits at the door, for a moment."""
        self.accepting.set()
        self._low_water = low_water
        self._plenty_until = -1.0
        self._memory = Memory(memory_octets)
        self._steps: set[asyncio.Task[Any]] = set()
        self._reads: list[list[Records]] = []
        self._random = b""

    @property
    def syncs(self) -> int:
        """How many fsyncs were begun: of files and of directories."""
        return self.file_syncs + sum(commit.syncs for commit in self.commits.values())

    async def rest(self) -> None:
        """Returns when no step is under way; for a graceful stop, after the runners have ended."""
        while self._steps:
            await asyncio.wait(self._steps)

    def keep_free(self, low_water: Free) -> None:
        """From now on nothing new is taken below `low_water`."""
        self._low_water = low_water
        self._plenty_until = -1.0

    # -- accepting ------------------------------------------------------------------------------------

    def room(self) -> LocalTrouble | None:
        """What keeps this spool from taking a message of the size limit now (None: nothing).

        Where there is plenty of room the answer serves for `ROOM_AGE_S` seconds."""
        now = self._monotonic()
        if now < self._plenty_until:
            return None
        low = self._low_water
        try:
            free = self.disk.free()
        except OSError as error:
            return DiskTrouble.of(error, "free space")
        if free.octets < low.octets or free.inodes < low.inodes:
            return DiskTrouble("below the low-water mark of the spool", full=True)
        if free.octets >= PLENTY * low.octets and free.inodes >= PLENTY * low.inodes:
            self._plenty_until = now + ROOM_AGE_S
        return None

    async def accept(self, entries: Sequence[NewEntry]) -> list[LocalTrouble | None]:
        """A: takes entries; each is durable when None stands in its place of the result.

        The caller may be cancelled (a client that goes away); the step itself runs to its end."""
        if not self.accepting.is_set():
            await self.accepting.wait()
        return await asyncio.shield(self._step(self._accept_all(entries)))

    async def _accept_all(self, entries: Sequence[NewEntry]) -> list[LocalTrouble | None]:
        if len(entries) == 1:
            return [await self._accept(entries[0])]
        return list(await asyncio.gather(*map(self._accept, entries)))

    async def _accept(self, new: NewEntry) -> LocalTrouble | None:
        hidden, place = temporary(new), Place(new.queue, new.name)
        key = (new.queue, new.name)
        self.unsure.add(key)
        try:
            records = await write_entry(self, new.entry, [hidden])
            self.at("accept: written")
            await self.commits[new.queue].change(partial(rename, self, hidden, place, "accept: renamed"))
            self.at("accept: synced")
        except OSError as error:
            for leftover in (hidden, place):
                await self.batches.run(remove_quietly, self.disk, leftover)
            return DiskTrouble.of(error, f"accepting {new.name}")
        finally:
            self.unsure.discard(key)
        self._wake(new, records)
        return None

    # -- claiming -------------------------------------------------------------------------------------

    async def claim(self, queue: str, name: str) -> Claim | None:
        """Opens a name that was taken from `queue`; None if the file is gone.

        Raises DiskTrouble: the name is then still taken, and the caller puts it back. CorruptEntry: the
        file is in bad/ now. LeftAlone: it stays where it is, and taken, until the next start."""
        try:
            entry, records = self._memory.take(name) or await self._open(queue, name)
        except FileNotFoundError:
            self.queues[queue].forget(name)  # a stale name of a scan: somebody finished it meanwhile
            return None
        if records.of(name).busy:
            await records.quiet(name)  # a claim before this one was cancelled while its record was written
        return Claim(self, queue, name, entry, records)

    async def _open(self, queue: str, name: str) -> tuple[Entry, Records]:
        # What is written during the read, through another name of the same file, is perhaps not in the
        # octets that it gives: the records of such files stay known until it ends.
        written: list[Records] = []
        self._reads.append(written)
        try:
            entry, place, octets, identity = await self.batches.run(read_entry, self.disk, Place(queue, name))
            records = self.files.get(identity)
            if records is None or records.tail.key != place.key:
                records = self.files[identity] = opened(self, entry, place, octets)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise DiskTrouble.of(error, f"reading {queue}/{name}") from error
        except LeftAlone as error:
            raise LeftAlone(f"{queue}/{name}: {error}; it stays where it is") from error
        except CorruptEntry as error:
            await self.set_aside(queue, name)
            raise CorruptEntry(f"{queue}/{name}: {error}; it is now in bad/") from error
        finally:
            self._reads = [read for read in self._reads if read is not written]
        return entry, records

    def nonce(self) -> bytes:
        """See `records.Owner.nonce`; asked of the system for many files at once."""
        if not self._random:
            self._random = os.urandom(256 * NONCE_BYTES)
        nonce, self._random = self._random[:NONCE_BYTES], self._random[NONCE_BYTES:]
        return nonce

    def wrote(self, records: Records) -> None:
        """See `records.Owner.wrote`."""
        for written in self._reads:
            written.append(records)

    # -- fan-out, hold, decide ------------------------------------------------------------------------

    async def advance(
        self,
        claim: Claim,
        children: Sequence[NewEntry],
        *,
        row: Around | None = None,
        after: Around | None = None,
    ) -> None:
        """B, C and H: the children take the place of the parent, and wake when it is durably gone.

        row: a commit that has to stand before the parent goes (a hold row). after: one that has to follow
        (its removal). No children: the parent just goes. LocalTrouble, also of `row`: the children are
        undone, the parent stays. SpoolLost: it went, and whether durably nobody knows. ValueError: a child
        that recovery could not recognise as one."""
        prefix = claim.name + "."
        if children and (
            claim.queue not in PARENTS or not all(child.name.startswith(prefix) for child in children)
        ):
            raise ValueError(f"{claim.queue}/{claim.name} cannot have these children")
        keys = [(child.queue, child.name) for child in children]
        self.unsure.update(keys)
        try:
            if row is None:
                await self._whole(self._advance(claim, children))
            else:
                await self._advance_with_row(claim, children, row)
        finally:
            self.unsure.difference_update(keys)
        if after is not None:
            with contextlib.suppress(LocalTrouble):  # a row too many is found and removed later
                await after()

    async def _advance(self, claim: Claim, children: Sequence[NewEntry]) -> None:
        records = await make_children(self, children) if children else []
        await self._leave(claim, "advance: parent", children, records)

    async def _advance_with_row(self, claim: Claim, children: Sequence[NewEntry], row: Around) -> None:
        """The row is a call to a database, which may last: it can be cancelled, the rest cannot."""
        try:
            records = await self._whole(make_children(self, children))
        except asyncio.CancelledError:
            await self._whole(undo(self, children))
            raise
        try:
            await row()
        except BaseException:
            await self._whole(undo(self, children))
            raise
        self.at("advance: row made")
        await self._whole(self._leave(claim, "advance: parent", children, records))

    async def _leave(
        self, claim: Claim, step: str, children: Sequence[NewEntry] = (), records: Sequence[Records] = ()
    ) -> None:
        """The entry is durably gone from its queue, and `children` wake."""
        await self._settled(claim)
        try:
            await self.commits[claim.queue].change(partial(unlink, self, claim.place, f"{step} unlinked"))
        except SyncFailed as error:
            raise SpoolLost(f"{claim.queue}/{claim.name} may come back: {error}") from error
        except OSError as error:
            if children:
                await undo(self, children)
            raise DiskTrouble.of(error, f"leaving {claim.queue}/") from error
        self.at(f"{step} synced")
        self.queues[claim.queue].forget(claim.name)
        for child, tail in zip(children, records, strict=True):
            self._wake(child, tail)

    # -- leaving ---------------------------------------------------------------------------------------

    async def finish(self, claim: Claim) -> None:
        """D, last record; also a discard: the entry is durably gone. SpoolLost as `advance`.

        LocalTrouble: it stays. Whoever has sent to recipients without a record then calls `Claim.settle`
        for them, with the room that was reserved."""
        await self._whole(self._leave(claim, "finish:"))

    async def consume(self, claim: Claim) -> None:
        """F: its effect is durable outside, keyed by its name, so no sync: it may come back, to no effect."""
        await self._settled(claim)
        try:
            await self.batches.run(remove, self.disk, claim.place)
        except OSError as error:
            raise DiskTrouble.of(error, f"leaving {claim.queue}/") from error
        self.queues[claim.queue].forget(claim.name)

    async def defer(self, claim: Claim) -> None:
        """E: out/ to retry/, once; the same file, the records come along. LocalTrouble: it stays in out/."""
        await self._settled(claim)
        await self._whole(self._relink(claim.queue, claim.name, "retry", "defer"))

    async def shunt(self, claim: Claim, why: str) -> None:
        """G: sets an entry aside for the operator, with the reason (cut to 6,000 octets) in its tail."""
        cut = why.encode("utf-8", "replace")[:WHY_BYTES].decode("utf-8", "ignore")
        await claim.write([Record(name=claim.name, kind="shunt", queue=claim.queue, why=cut)], sync=True)
        self.at("shunt: reason synced")
        await self._whole(self._relink(claim.queue, claim.name, "shunt", "shunt"))

    async def set_aside(self, queue: str, name: str) -> None:
        """A file that cannot be read goes to bad/, untouched."""
        await self._whole(self._relink(queue, name, "bad", "shunt"))

    async def _relink(self, queue: str, name: str, target: str, step: str) -> None:
        old, new = Place(queue, name), Place(target, name)
        self.unsure.add((target, name))
        try:
            await self._link(old, new, step)
            self.at(f"{step}: link synced")
            try:
                await self.commits[queue].change(partial(unlink, self, old, f"{step}: unlinked"))
            except SyncFailed as error:
                raise SpoolLost(f"{queue}/{name} may come back: {error}") from error
            except OSError as error:
                await self._take_back(new, sure=True)
                raise DiskTrouble.of(error, f"leaving {queue}/") from error
            self.at(f"{step}: synced")
            urgent = self.queues[queue].is_urgent(name)
            self.queues[queue].forget(name)
            self.queues[target].put(name, urgent=urgent)
        finally:
            self.unsure.discard((target, name))

    async def _link(self, old: Place, new: Place, step: str) -> None:
        commit = self.commits[new.directory]
        call = partial(link, self, old, new, f"{step}: linked")
        try:
            try:
                await commit.change(call)
            except FileExistsError:
                # By hand, or older than this file (records are rewritten under the first name only): the
                # first name is the one that counts.
                await commit.change(partial(remove, self.disk, new))
                await commit.change(call)
        except OSError as error:
            await self._take_back(new, sure=isinstance(error, SyncFailed))
            raise DiskTrouble.of(error, f"linking {old.name} into {new.directory}/") from error

    async def _take_back(self, place: Place, *, sure: bool) -> None:
        """A second name must not stay: the first one goes on, and ends without it. sure: it was there."""
        unlink_it = partial(remove, self.disk, place) if sure else partial(self.disk.unlink, place)
        try:
            await self.commits[place.directory].change(unlink_it)
        except FileNotFoundError:
            return  # it was never made, so it needs no sync either
        except OSError as error:
            raise SpoolLost(f"{place.directory}/{place.name} may stay: {error}") from error

    # -- what other processes dropped --------------------------------------------------------------------

    async def scan(self, queues: Sequence[str] = QUEUES) -> list[tuple[str, str]]:
        """Bell and safety net: takes up the names that this server did not put there, and returns them.

        Raises DiskTrouble if a directory cannot be listed."""
        found: list[tuple[str, str]] = []
        for queue in queues:
            try:
                listed = await self.batches.run(self.disk.names, queue)
            except OSError as error:
                raise DiskTrouble.of(error, f"listing {queue}/") from error
            names = sorted(name for name in listed if NAME.match(name))
            if queue in DEAD_ENDS:
                self.queues[queue].replace(names)
            elif new := [name for name in names if not self.known(queue, name)]:
                found += [(queue, name) for name in await self._whole(self._adopt(queue, new))]
        return found

    def known(self, queue: str, name: str) -> bool:
        """Whether this server knows `name`, or is just making it or an ancestor of it act."""
        if name in self.queues[queue] or (queue, name) in self.unsure:
            return True
        if queue == "retry" and name in self.queues["out"]:
            return True  # a deferral that trouble cut short; out/ still owns the entry
        return any(parent in self.queues[other] for parent in ancestors(name) for other in PARENTS)

    async def _adopt(self, queue: str, names: Sequence[str]) -> list[str]:
        """I: names that commands dropped. They are looked at again before anything is removed from shunt/:
        a listing may be older than our own last step, and that unlink would destroy the only copy."""
        keys = [(queue, name) for name in names]
        self.unsure.update(keys)
        try:
            there = await self.batches.run(self._still_there, queue, names)
            if there:
                await self.commits[queue].change(lambda: None)
                self.at("adopt: synced")
                await self.commits["shunt"].change(partial(self._remove_shunted, there))
                self.at("adopt: shunt unlinked")
        except OSError:
            return []  # the disk is in trouble: the next scan comes
        finally:
            self.unsure.difference_update(keys)
        for name in there:
            self.queues["shunt"].forget(name)
            self.queues[queue].put(name)
        return there

    def _still_there(self, queue: str, names: Sequence[str]) -> list[str]:
        there = []
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                self.disk.age(Place(queue, name))
                there.append(name)
        return there

    def _remove_shunted(self, names: Sequence[str]) -> None:
        for name in names:
            remove(self.disk, Place("shunt", name))

    # -- steps as a whole --------------------------------------------------------------------------------

    def _wake(self, new: NewEntry, records: Records) -> None:
        if new.queue in _SOON:
            self._memory.keep(new.name, new.entry, records)
        self.queues[new.queue].put(new.name, urgent=is_urgent(new.entry.envelope))

    async def _settled(self, claim: Claim) -> None:
        """A rewrite that is still under way would bring back the name that goes."""
        if claim.records.busy:
            await claim.records.quiet(claim.name)

    def _step(self, step: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.get_running_loop().create_task(step, name="spool step")
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)
        return task

    async def _whole(self, step: Coroutine[Any, Any, T]) -> T:
        """Runs `step` to its end, whoever is cancelled. SpoolLost is heard even then."""
        task = self._step(step)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            while not task.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait({task})
            if not task.cancelled() and isinstance(error := task.exception(), SpoolLost):
                raise error from None
            raise
