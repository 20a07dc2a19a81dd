"""The loop that all queues share: claim, mark the attempt, work, and see that one entry stops nobody else.

A faulty entry is no crash: after one more try it goes to shunt/ with its traceback. Trouble of this host
puts it back and lets the queue rest for a while. Being cancelled is not an error.

A name that was taken from the queue is in exactly one of these places until it leaves or is put back: in
work, parked (its list has enough in work), on a timer, or set back until the queue has rested."""

import asyncio
import contextlib
import time
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from mlcore.base.backoff import next_delay
from mlcore.base.errors import CorruptEntry, DiskTrouble, LocalTrouble, SpoolLost, Stopping, summary_of
from mlcore.base.eventlog import EventLog
from mlcore.base.ids import root_of
from mlcore.mail.envelope import is_urgent
from mlcore.spool.claim import Claim
from mlcore.spool.spool import Spool
from mlcore.spool.waiting import Waiting

MOST_STRIKES = 2
REST_BASE_S = 1.0
REST_CAP_S = 12.0
"""A full disk that has room again is noticed within 12 seconds (P15 allows 30)."""
_MOST_ASKED_S = 60.0
_QUIET_S = 60.0
_KEPT_OPEN = 256
_KEPT_OCTETS = 65_536
"""Parked entries that stay open, and the size of the largest: 16 MiB at the most. Others are read again."""


class Step(Protocol):
    """What one queue does with an entry."""

    async def __call__(self, claim: Claim) -> None:
        """Brings the entry out of its queue, or raises: LocalTrouble, SpoolLost, or anything for a defect."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """most: entries worked on at once; most_per_list: of one list (0: no limit of its own); urgent: entries
    beyond both that are only for what is urgent. rest_base_s, rest_cap_s: the shortest and longest rest after
    trouble."""

    most: int = 16
    urgent: int = 0
    most_per_list: int = 0
    rest_base_s: float = REST_BASE_S
    rest_cap_s: float = REST_CAP_S


class Runner:
    """One queue. Its name is the queue's: in logs, in status and on the command line."""

    def __init__(
        self,
        queue: str,
        spool: Spool,
        step: Step,
        log: EventLog,
        *,
        limits: Limits = Limits(),
        opened: Callable[[Claim], None] | None = None,
        closed: Callable[[Claim], None] | None = None,
        due: Callable[[Claim], float] | None = None,
        shunted: Callable[[str, str, str], Awaitable[None]] | None = None,
    ) -> None:
        """opened: called in queue order as soon as an entry is open; closed: when the work on it ends.
        due: seconds until it may be tried (0: now). shunted: told of (queue, name, reason)."""
        self.name = queue
        self._spool = spool
        self._waiting: Waiting = spool.queues[queue]
        self._step = step
        self._log = log
        self._limits = limits
        self._opened = opened
        self._closed = closed
        self._due = due
        self._shunted = shunted
        self._slots = asyncio.Semaphore(limits.most)
        self._urgent_slots = asyncio.Semaphore(limits.urgent)
        self.stopping = False
        self._halted = False  # one of its loops has a defect
        self._stopped = asyncio.Event()
        self._active: dict[str, int] = {}
        self._parked: dict[str, deque[str]] = {}
        self._called: dict[str, str] = {}
        self._kept_open: dict[str, Claim] = {}
        self._failed_once: set[str] = set()
        self._rests = 0
        self._rest_until = 0.0
        self._set_back: list[str] = []
        self._told_at = -_QUIET_S
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self.done = 0
        self.last_error = ""
        self.last_error_at = 0.0
        """Unix seconds; 0: there was none."""

    @property
    def state(self) -> Literal["idle", "working", "resting"]:
        """What it does now. resting: trouble of this host; entries wait until it is time to try again."""
        if self._rest_until:
            return "resting"
        return "working" if self._active else "idle"

    @property
    def active(self) -> int:
        """Entries that are worked on now."""
        return sum(self._active.values())

    def stop(self) -> None:
        """Claims nothing new; `run` returns when what is under way has ended."""
        self.stopping = True
        self._stopped.set()
        self._ring_bells()

    def _ring_bells(self) -> None:
        self._waiting.bell.set()
        self._waiting.urgent_bell.set()

    async def run(self) -> None:
        """Works until `stop`. Raises SpoolLost, or a defect of the loop itself."""
        failures: list[Exception] = []
        self._halted = False

        async def loop(*, urgent: bool) -> None:
            try:
                await self._loop(group, urgent=urgent)
            except SpoolLost:
                raise
            except Exception as error:  # noqa: BLE001  (raised below: to cut off what is under way would repeat mail)
                failures.append(error)
                self._halted = True
                self._ring_bells()

        async with asyncio.TaskGroup() as group:
            if self._limits.urgent:
                group.create_task(loop(urgent=True), name=f"{self.name} urgent")
            await loop(urgent=False)
        if failures:
            raise failures[0]

    async def run_first(
        self, name: str, group: asyncio.TaskGroup, *, alone: bool = True, alone_s: float = 0.5
    ) -> None:
        """One suspect, in a task of `group`, before everything else. alone: while nothing else runs, so that
        an attempt that dies counts against it.

        It has ended when this returns, or has shown for `alone_s` seconds that it does not kill: then others
        may join it, and its mark is that of any attempt."""
        if self.stopping or not self._waiting.take_this(name):
            return
        claim = await self._claim(name)
        if claim is None:
            return
        task = group.create_task(self._work(claim, alone=alone), name=f"{self.name}/{name} first")
        done, _ = await asyncio.wait({task}, timeout=alone_s)
        if not done and alone:
            with contextlib.suppress(LocalTrouble):
                await claim.back(due=claim.progress.due, failures=claim.progress.failures)
                await claim.attempt()

    # -- claiming -------------------------------------------------------------------------------------

    @property
    def _ends(self) -> bool:
        return self.stopping or self._halted

    async def _loop(self, group: asyncio.TaskGroup, *, urgent: bool) -> None:
        slots = self._urgent_slots if urgent else self._slots
        while not self._ends:
            if self._rest_until:
                await self._rest()
            await slots.acquire()
            claim = None
            try:
                claim = await self._next(urgent=urgent)
            finally:
                if claim is None:
                    slots.release()
            if claim is not None:
                group.create_task(self._hold_slot(claim, slots), name=f"{self.name}/{claim.name}")

    async def _next(self, *, urgent: bool) -> Claim | None:
        """The next entry to be worked on; None: it is time to stop or to rest."""
        waiting = self._waiting
        while not self._ends and not self._rest_until:
            name = waiting.take(urgent=urgent)
            if name is None:
                await (waiting.urgent_bell if urgent else waiting.bell).wait()
                continue
            claim = await self._claim(name)
            if claim is not None:
                return claim
        return None

    async def _claim(self, name: str) -> Claim | None:
        """The entry, counted as active; None if it is gone, set aside, not due, parked or unreadable now."""
        called_for = self._called.pop(name, None)
        try:
            claim = self._kept_open.pop(name, None) or await self._open(name)
            if claim is not None and self._admit(claim):
                if self._opened:
                    self._opened(claim)
                return claim
        except BaseException:
            self._waiting.put(name)
            raise
        if called_for is not None:
            self._call_next(called_for)  # this one goes another way; its place must not stay empty
        return None

    async def _open(self, name: str) -> Claim | None:
        try:
            return await self._spool.claim(self.name, name)
        except CorruptEntry as error:
            self._tell_bad(name, str(error))
        except LocalTrouble as trouble:
            self._put_back_later(name, trouble)
        except SpoolLost:
            raise
        except Exception as error:  # noqa: BLE001  (a file that our own reader fails on must not stop the others)
            await self._set_aside(name, error)
        return None

    async def _set_aside(self, name: str, error: Exception) -> None:
        try:
            await self._spool.set_aside(self.name, name)
        except LocalTrouble as trouble:
            self._put_back_later(name, trouble)
        else:
            self._tell_bad(name, f"{error!r} while reading it; it is now in bad/")

    def _remember(self, error: str) -> None:
        self.last_error = error
        self.last_error_at = time.time()

    def _tell_bad(self, name: str, reason: str) -> None:
        self._remember(reason)
        self._log.error("bad", queue=self.name, queue_id=root_of(name), entry=name, reason=reason)

    def _admit(self, claim: Claim) -> bool:
        """Whether it may be worked on now; otherwise it waits for its time or for others of its list."""
        wait_s = self._due(claim) if self._due else 0.0
        if wait_s > 0:
            self._later(claim.name, wait_s)
            return False
        key = _key(claim)
        active = self._active.get(key, 0)
        is_full = self._limits.most_per_list and active >= self._limits.most_per_list
        if is_full and not is_urgent(claim.entry.envelope):
            self._parked.setdefault(key, deque()).append(claim.name)
            if len(self._kept_open) < _KEPT_OPEN and len(claim.entry.octets) <= _KEPT_OCTETS:
                self._kept_open[claim.name] = claim
            return False
        self._active[key] = active + 1
        return True

    def _later(self, name: str, wait_s: float) -> None:
        """The name stays taken until its time has come."""
        loop = asyncio.get_running_loop()
        self._timers[name] = loop.call_later(wait_s, self._ring, name)

    def _ring(self, name: str) -> None:
        self._timers.pop(name, None)
        if name in self._waiting:
            self._waiting.put(name)

    # -- working ----------------------------------------------------------------------------------------

    async def _hold_slot(self, claim: Claim, slots: asyncio.Semaphore) -> None:
        try:
            await self._work(claim)
        finally:
            slots.release()

    async def _work(self, claim: Claim, *, alone: bool = False) -> None:
        """Raises SpoolLost and CancelledError only: whatever else happens concerns this entry alone."""
        try:
            if claim.progress.strikes >= MOST_STRIKES:
                why = "the process died twice while it worked on this entry alone"
                await self._shunt(claim, why, why)
                return
            await self._attempt(claim, alone=alone)
            self.done += 1
            self._rests = 0
        except LocalTrouble as trouble:
            await self._end_attempt(claim)
            self._put_back_later(claim.name, trouble)
        except asyncio.CancelledError:
            await self._end_attempt(claim)
            self._ring(claim.name)
            raise
        except SpoolLost:
            raise
        except Exception as error:  # noqa: BLE001  (see above)
            self._crashed(claim, error)
        finally:
            if self._closed:
                self._closed(claim)
            self._leave(_key(claim))

    async def _attempt(self, claim: Claim, *, alone: bool) -> None:
        await claim.attempt(alone=alone)
        try:
            await self._step(claim)
        except (LocalTrouble, SpoolLost):
            raise
        except Exception as error:  # a rule or handler raised: the entry is at fault, not the queue
            if claim.name not in self._waiting:
                raise  # it has left the queue: doing the step again would double what it did
            self._remember(f"{claim.name}: {summary_of(error)}")
            if claim.name not in self._failed_once:
                self._failed_once.add(claim.name)
                self._log.warning(
                    "raised",
                    queue=self.name,
                    queue_id=root_of(claim.name),
                    entry=claim.name,
                    error=summary_of(error),
                    next="one more try",
                )
                await claim.back(due=claim.progress.due, failures=claim.progress.failures)
                await self._attempt(claim, alone=alone)
                return
            await self._shunt(claim, "".join(traceback.format_exception(error)), summary_of(error))
        self._failed_once.discard(claim.name)

    async def _shunt(self, claim: Claim, why: str, summary: str) -> None:
        await self._spool.shunt(claim, why)
        self._failed_once.discard(claim.name)
        self._log.error(
            "shunted",
            queue=self.name,
            queue_id=root_of(claim.name),
            entry=claim.name,
            list_id=claim.list_id,
            reason=summary,
        )
        if self._shunted:
            await self._shunted(self.name, claim.name, summary)

    def _crashed(self, claim: Claim, error: Exception) -> None:
        """A defect after the entry had left, or one that keeps even shunt/ from taking it."""
        self._remember(f"{claim.name}: {error!r}")
        self._log.error(
            "crashed",
            queue=self.name,
            queue_id=root_of(claim.name),
            entry=claim.name,
            error=repr(error),
            traceback="".join(traceback.format_exception(error)),
        )
        if claim.name in self._waiting:
            self._later(claim.name, self._limits.rest_cap_s)

    async def _end_attempt(self, claim: Claim) -> None:
        if claim.name in self._waiting:
            with contextlib.suppress(LocalTrouble):  # the mark only costs a turn of its own after a crash
                await claim.back(due=claim.progress.due, failures=claim.progress.failures)

    def _leave(self, key: str) -> None:
        self._active[key] -= 1
        if not self._active[key]:
            del self._active[key]
        if self._parked:
            self._call_next(key)

    def _call_next(self, key: str) -> None:
        """One of the parked entries of this list may go; if enough others are in work by then, it is parked
        again."""
        parked = self._parked.get(key)
        if parked is None or self._active.get(key, 0) >= self._limits.most_per_list:
            return  # with no place free they would call each other for ever, and the loop would stand still
        name = parked.popleft()
        if not parked:
            del self._parked[key]
        self._called[name] = key
        self._waiting.put_first(name)

    # -- resting ----------------------------------------------------------------------------------------

    def _put_back_later(self, name: str, trouble: LocalTrouble) -> None:
        """Trouble that concerns one file delays that entry; any other lets the queue rest."""
        self._remember(str(trouble))
        if name not in self._waiting:
            return  # it has left; the trouble came after
        if self.stopping or isinstance(trouble, Stopping):
            self._waiting.put(name)
            return
        now = asyncio.get_running_loop().time()
        if isinstance(trouble, DiskTrouble) and not trouble.full:
            self._rests += 1
            delay = self._rest_s(trouble)
            self._later(name, delay)
        else:
            if self._rest_until <= now:  # else it joins the rest that others began for the same reason
                self._rests += 1
                self._rest_until = now + self._rest_s(trouble)
            delay = self._rest_until - now
            self._set_back.append(name)
            self._ring_bells()  # whichever loop is free takes them up again
        if now - self._told_at >= _QUIET_S:
            self._told_at = now
            self._log.warning("waiting", queue=self.name, reason=str(trouble), next_try_s=round(delay, 1))

    def _rest_s(self, trouble: LocalTrouble) -> float:
        asked: float | None = getattr(trouble, "retry_after_s", None)
        if asked:
            return min(asked, _MOST_ASKED_S)
        limits = self._limits
        return next_delay(self._rests, base_s=limits.rest_base_s, cap_s=limits.rest_cap_s, jitter=0.5)

    async def _rest(self) -> None:
        """Until it is time or `stop`; what was set back may then be taken, the oldest first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._rest_until):
                await self._stopped.wait()
        self._rest_until = 0.0
        for name in sorted(self._set_back, reverse=True):
            self._waiting.put_first(name)
        self._set_back.clear()


def _key(claim: Claim) -> str:
    """Entries of one key are counted together: those of a list, but for what is urgent."""
    return f"{claim.list_id} urgent" if is_urgent(claim.entry.envelope) else claim.list_id
