"""archive/: gives a post to the archivers that keep it, to each on its own.

What one of them does not take now waits for it alone, for ever: the others have theirs at once. An archiver
that fails several times in a row is left alone for a while, so that the posts that wait for it do not all try
it."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mlcore.archive.archiver import ArchivedPost, Refused, Unavailable
from mlcore.archive.make import Keeper
from mlcore.base.backoff import next_delay
from mlcore.base.ids import root_of
from mlcore.delivery.breaker import Breaker
from mlcore.lists import archiving
from mlcore.lists.model import ListPolicy
from mlcore.mail import fields
from mlcore.mail.envelope import Rendered
from mlcore.runners.errors import unexpected
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim

AT_ONCE: Final = 4
"""Posts that one archiver gets at a time."""
_CODE: Final = 250
_OPENED_PER_S: Final = 20.0
"""How many of the entries that wait for an archiver look after it, each of which means to open a file."""
_MOST_SPREAD_S: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds. retry_base_s, retry_cap_s: when a post is tried again; rest_base_s, rest_cap_s: how long an
    archiver is left alone after `failures` in a row."""

    retry_base_s: float = 2.0
    retry_cap_s: float = 3600.0
    failures: int = 3
    rest_base_s: float = 5.0
    rest_cap_s: float = 300.0


@dataclass(slots=True)
class _Place:
    """One archiver and how it fares. reason: why it did not take the last post that it was given; empty: it
    did."""

    keeper: Keeper
    breaker: Breaker
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    reason: str = ""


class Archive:
    """The step of archive/. The addresses of an entry are names of archivers; those that have it are noted by
    number, as deliveries are."""

    def __init__(
        self,
        work: Work,
        keepers: Mapping[str, Keeper],
        pace: Pace | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """keepers: the archivers by name (`archive.make.keepers`)."""
        self._work = work
        self._pace = pace or Pace()
        self._jitter = jitter
        self._places = {name: _Place(keeper, self._breaker()) for name, keeper in keepers.items()}

    def _breaker(self) -> Breaker:
        pace = self._pace
        return Breaker(pace.failures, base_s=pace.rest_base_s, cap_s=pace.rest_cap_s)

    def due(self, claim: Claim) -> float:
        """Seconds until an entry may be tried, 0: now. Clamped, since a clock may have jumped."""
        wait_s = 0.0
        if claim.progress.due:
            left_s = claim.progress.due - self._work.clock.time()
            wait_s = min(max(0.0, left_s), self._pace.retry_cap_s * 1.2)
        names = [claim.entry.addresses[number] for number in claim.open_numbers()]
        rest_s = min(map(self._rests, names), default=0.0)
        return wait_s if rest_s == 0.0 else max(wait_s, rest_s + self._spread())

    def status(self) -> dict[str, str]:
        """How each archiver fares: `ok`, or why it takes nothing now."""
        return {name: place.reason or "ok" for name, place in self._places.items()}

    async def close(self) -> None:
        """Ends the archivers."""
        for place in self._places.values():
            await place.keeper.archiver.close()

    async def __call__(self, claim: Claim) -> None:
        """Every archiver that has it not yet, once."""
        rendered = claim.entry.envelope
        if not isinstance(rendered, Rendered):
            raise unexpected(claim)
        numbers = claim.open_numbers()
        policy = await self._work.cache.policy(rendered.list_id)
        results: Sequence[bool | BaseException]
        if policy is None:
            self._dropped(claim, numbers, "the list does not exist any more")
            results = [True] * len(numbers)
        else:
            given = (self._give(claim, rendered, policy, number) for number in numbers)
            results = await asyncio.gather(*given, return_exceptions=True)
        done = [number for number, result in zip(numbers, results, strict=True) if result is True]
        if len(done) == len(numbers):
            await self._end(claim)
            return
        if done:
            # First of all: whatever becomes of the others, it need not be done again.
            await claim.settle({_CODE: done}, await claim.reserve(done))
        for result in results:
            if isinstance(result, BaseException):
                raise result
        await self._wait(claim)

    async def _end(self, claim: Claim) -> None:
        """Every archiver has it. Where one of them would take it twice, the end has to last."""
        places = map(self._places.get, claim.entry.addresses)
        if all(place is None or place.keeper.archiver.repeatable for place in places):
            await self._work.spool.consume(claim)
        else:
            await self._work.spool.finish(claim)

    # -- one archiver ----------------------------------------------------------------------------------

    async def _give(self, claim: Claim, rendered: Rendered, policy: ListPolicy, number: int) -> bool:
        """Whether nothing is left to be done for this archiver. Raises what only a defect raises."""
        name = claim.entry.addresses[number]
        place = self._places.get(name)
        wanted = archiving.archivers_for(policy, self._work.site)
        if place is None or name not in {one.name for one in wanted}:
            self._dropped(claim, [number], "it is switched off")
            return True
        async with place.slots:
            if place.breaker.admit(self._work.clock.monotonic()) > 0:
                return False
            post = _post(claim, rendered, policy, number, place.keeper)
            return await self._attempt(claim, place, name, post)

    async def _attempt(self, claim: Claim, place: _Place, name: str, post: ArchivedPost) -> bool:
        clock = self._work.clock
        try:
            await place.keeper.archiver.archive(post)
        except Refused as error:
            place.breaker.succeeded()
            self._dropped(claim, [post.number], str(error), event="refused")
            return True
        except Unavailable as error:
            self._failed(claim, place, name, str(error))
            return False
        except BaseException:
            place.breaker.abandoned(clock.monotonic())
            raise
        place.breaker.succeeded()
        if place.reason:
            place.reason = ""
            self._work.log.info("available", archiver=name)
        self._work.log.info("archived", **_about(claim), archiver=name, message_id=post.message_id)
        return True

    def _failed(self, claim: Claim, place: _Place, name: str, reason: str) -> None:
        now = self._work.clock.monotonic()
        place.breaker.failed(now, self._jitter())
        self._work.log.warning(
            "unavailable",
            **_about(claim),
            archiver=name,
            reason=reason,
            waiting=len(self._work.spool.queues[claim.queue]),
            left_alone_s=round(place.breaker.retry_after(now)),
        )
        place.reason = reason

    def _dropped(self, claim: Claim, numbers: Sequence[int], reason: str, *, event: str = "dropped") -> None:
        for number in numbers:
            archiver = claim.entry.addresses[number]
            self._work.log.warning(event, **_about(claim), archiver=archiver, reason=reason)

    # -- waiting ---------------------------------------------------------------------------------------

    async def _wait(self, claim: Claim) -> None:
        """It waits for those that are still open."""
        pace, names = self._pace, [claim.entry.addresses[number] for number in claim.open_numbers()]
        count = claim.progress.failures + 1
        delay_s = next_delay(count, base_s=pace.retry_base_s, cap_s=pace.retry_cap_s, jitter=self._jitter())
        await claim.back(due=self._work.clock.time() + delay_s, failures=count)
        self._work.spool.queues[claim.queue].put(claim.name)
        self._work.log.info("waits", **_about(claim), archivers=" ".join(names), next_try_s=round(delay_s))

    def _rests(self, name: str) -> float:
        place = self._places.get(name)
        return 0.0 if place is None else place.breaker.retry_after(self._work.clock.monotonic())

    def _spread(self) -> float:
        """So that not all that wait look at the same moment."""
        waiting = len(self._work.spool.queues["archive"])
        return self._jitter() * min(_MOST_SPREAD_S, waiting / _OPENED_PER_S)


def _post(claim: Claim, rendered: Rendered, policy: ListPolicy, number: int, keeper: Keeper) -> ArchivedPost:
    head, body = fields.split(claim.entry.octets)
    dated = archiving.dated(head, rendered.arrived_at, keeper.clobber_date, keeper.clobber_skew_s)
    return ArchivedPost(
        entry=claim.name,
        number=number,
        policy=policy,
        message_id=rendered.message_id,
        octets=claim.entry.octets if dated is head else fields.join(dated, body),
        arrived_at=rendered.arrived_at,
    )


def _about(claim: Claim) -> dict[str, str]:
    return {"queue_id": root_of(claim.name), "queue": claim.queue, "list_id": claim.list_id}
