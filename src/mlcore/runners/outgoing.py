"""out/ and retry/: gives an entry to the transport, and records what became of every recipient.

A slot takes no new transaction before the record of its last one is durable; the transaction that settles
the last open recipients writes no record, the end of the entry is its record."""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from mlcore.base.backoff import next_delay
from mlcore.base.errors import LocalTrouble, SpoolLost, Stopping
from mlcore.base.ids import root_of
from mlcore.delivery.copies import Copies, Sealer
from mlcore.delivery.outcome import Failed, Outcome
from mlcore.delivery.plan import Portion, Portions, portions
from mlcore.delivery.transport import Slot, Transaction, Transport
from mlcore.mail.envelope import Rendered
from mlcore.mail.verp import room
from mlcore.runners.errors import unexpected
from mlcore.runners.results import Judged, Results
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim

_XVERP_SIGNS: Final = frozenset("+-=")
"""What Postfix takes as signs of XVERP by default (verp_delimiter_filter); others are a 5xx for everybody."""
_LARGE: Final = 10_000
"""Recipients of which the plan is begun in a thread."""
_COPIES_OCTETS: Final = 4 << 20
"""Of personal copies that wait for one slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How an entry is delivered, and when a deferred delivery is tried again. Times in seconds.
    retry_period_s: after it, a bounce."""

    retry_base_s: float = 300.0
    retry_cap_s: float = 7200.0
    retry_period_s: float = 432_000.0
    max_recipients: int = 500
    transactions_at_once: int = 4
    """Of one entry, so that a large list leaves slots to others."""
    max_unsynced: int = 50
    """Transactions of one recipient that may be sent on one slot before they are recorded."""
    delimiter: str = "+"
    """What stands between a list's address and what is appended to it."""


@dataclass(slots=True)
class _Delivery:
    """One entry under way."""

    claim: Claim
    rendered: Rendered
    copies: Copies
    open: set[int]
    running: int = 0
    finished: bool = False
    last_reply: dict[int, Outcome] = field(default_factory=dict)


class Deliver:
    """The step of out/ and retry/."""

    def __init__(
        self,
        work: Work,
        transport: Transport,
        sealer: Sealer,
        schedule: Schedule,
        jitter: Callable[[], float] = random.random,
        stopping: Callable[[], bool] = bool,
        failed: Callable[[], object] = bool,
    ) -> None:
        """schedule: may be exchanged at any time; `transactions_at_once` holds for entries taken after that.
        stopping: asked before each transaction; once true, what has not begun is left alone. failed: called
        after recipients were given up."""
        self._work = work
        self._transport = transport
        self._sealer = sealer
        self.schedule = schedule
        self._jitter = jitter
        self._stopping = stopping
        self._results = Results(work, failed)

    def due(self, claim: Claim) -> float:
        """Seconds until the next try of a deferred entry; 0: now. Clamped, since a clock may have jumped.

        In out/ too: a deferral that trouble with the disk cut short still has its time."""
        if not claim.progress.due:
            return 0.0
        wait_s = claim.progress.due - self._work.clock.time()
        return min(max(0.0, wait_s), self.schedule.retry_cap_s * 1.2)

    async def __call__(self, claim: Claim) -> None:
        """All open recipients once."""
        rendered = claim.entry.envelope
        if not isinstance(rendered, Rendered):
            raise unexpected(claim)
        work = self._work
        copies = Copies(
            claim.name,
            rendered,
            claim.entry,
            self._sealer,
            key=work.site_key,
            now=work.clock.time(),
            delimiter=self.schedule.delimiter,
        )
        delivery = _Delivery(claim, rendered, copies, set(claim.open_numbers()))
        if not delivery.open:
            await work.spool.finish(claim)
            return
        await self._transact_all(delivery)
        if delivery.finished:
            return
        if delivery.open:
            self._go_on()  # who was not reached for this reason is not put off, and never given up
        await self._defer(delivery)

    def _portions(self, delivery: _Delivery) -> Iterator[Portion]:
        rendered, schedule, personal = delivery.rendered, self.schedule, delivery.copies.personal
        at_once = self._transport.at_once(schedule.max_unsynced)
        if personal:  # each copy is a message of its own in memory
            at_once = min(at_once, max(1, _COPIES_OCTETS // max(1, len(delivery.claim.entry.octets))))
        return portions(
            delivery.claim.entry.addresses,
            delivery.open,
            Portions(
                schedule.max_recipients,
                at_once,
                self._transport.offers_xverp and schedule.delimiter in _XVERP_SIGNS,
                room(rendered.reverse_path),
            ),
            personal=personal,
            verp=rendered.verp,
            post=rendered.number or 0,
        )

    async def _transact_all(self, delivery: _Delivery) -> None:
        """Every transaction of the plan, some at a time. Raises the worst trouble once all have ended: what
        one of them meets must not cut off another in the middle, since that would repeat its copies."""
        cut = self._portions(delivery)
        # To group a hundred thousand by domain takes longer than the loop may stand still.
        is_large = len(delivery.open) > _LARGE
        first = await self._work.spool.batches.run(next, cut) if is_large else next(cut)
        second = next(cut, None)
        if second is None:
            await self._transact(delivery, first)
            return
        rest = chain((first, second), cut)
        troubles: list[Exception] = []

        async def lane() -> None:
            for portion in rest:
                if troubles:
                    return
                try:
                    await self._transact(delivery, portion)
                except Exception as trouble:  # noqa: BLE001  (raised below)
                    troubles.append(trouble)

        async with asyncio.TaskGroup() as group:
            for _ in range(self.schedule.transactions_at_once):
                group.create_task(lane(), name=f"{delivery.claim.name} lane")
        if troubles:
            raise max(troubles, key=_gravity)

    async def _transact(self, delivery: _Delivery, portion: Portion) -> None:
        """One portion and its record; the slot is held until the record is durable."""
        claim, rendered = delivery.claim, delivery.rendered
        self._go_on()
        delivery.running += 1
        try:
            async with self._transport.slot(rendered.list_id, urgent=rendered.urgent) as slot:
                self._go_on()  # waiting for the slot may have taken long
                reserved = await claim.reserve(portion.numbers)
                try:
                    outcomes = await self._send(slot, delivery, portion)
                except BaseException:
                    claim.release(reserved)
                    raise
                await self._keep(delivery, self._results.judge(claim, portion.numbers, outcomes), reserved)
        finally:
            delivery.running -= 1

    def _go_on(self) -> None:
        if self._stopping():
            raise Stopping("the server stops")

    async def _keep(self, delivery: _Delivery, judged: Judged, reserved: int) -> None:
        """The outcomes, made durable."""
        settled = judged.settled
        delivery.last_reply.update(judged.waiting)
        try:
            if judged.failed and await self._results.record(delivery.claim, judged.failed):
                for number, outcome in judged.failed:
                    settled.setdefault(outcome.reply.code, []).append(number)
            else:
                delivery.last_reply.update(judged.failed)
        finally:  # whatever becomes of the others, who has a copy must not get another one
            await self._note(delivery, settled, reserved)

    async def _note(self, delivery: _Delivery, settled: dict[int, list[int]], reserved: int) -> None:
        """The record of one transaction, durable: a line, or the end of the entry."""
        claim = delivery.claim
        if not settled:
            claim.release(reserved)
            return
        delivery.open.difference_update(number for some in settled.values() for number in some)
        if delivery.open or delivery.running > 1:
            await claim.settle(settled, reserved)
            return
        try:
            await self._finish(delivery)
        except LocalTrouble:
            await claim.settle(settled, reserved)  # it stays for now, so its end is no record
            raise
        claim.release(reserved)

    async def _send(self, slot: Slot, delivery: _Delivery, portion: Portion) -> tuple[Outcome, ...]:
        claim, rendered, copies = delivery.claim, delivery.rendered, delivery.copies
        addresses, numbers = claim.entry.addresses, portion.numbers
        if portion.how == "each":
            return await slot.send_each(
                [
                    Transaction(
                        entry=claim.name,
                        list_id=rendered.list_id,
                        reverse_path=copies.sender(number),
                        recipients=(addresses[number],),
                        numbers=(number,),
                        message=copies.of(number),
                    )
                    for number in numbers
                ]
            )
        return await slot.send(
            Transaction(
                entry=claim.name,
                list_id=rendered.list_id,
                reverse_path=rendered.reverse_path,
                recipients=tuple([addresses[number] for number in numbers]),
                numbers=numbers,
                message=copies.shared(),
                xverp=f"{self.schedule.delimiter}=" if portion.how == "xverp" else "",
            )
        )

    async def _finish(self, delivery: _Delivery) -> None:
        await self._work.spool.finish(delivery.claim)
        delivery.finished = True
        self._work.log.info(
            "finished",
            queue_id=root_of(delivery.claim.name),
            queue=delivery.claim.queue,
            list_id=delivery.rendered.list_id,
        )

    # -- deferral ----------------------------------------------------------------------------------------

    async def _defer(self, delivery: _Delivery) -> None:
        """What is still open waits in retry/, or has waited long enough and becomes a bounce each."""
        claim, schedule, now = delivery.claim, self.schedule, self._work.clock.time()
        if not delivery.open:  # settled by transactions that ended together
            await self._finish(delivery)
            return
        if now - delivery.rendered.arrived_at >= schedule.retry_period_s and await self._expire(delivery):
            return
        count = claim.progress.failures + 1
        delay = next_delay(
            count, base_s=schedule.retry_base_s, cap_s=schedule.retry_cap_s, jitter=self._jitter()
        )
        await claim.back(due=now + delay, failures=count)
        spool = self._work.spool
        if claim.queue == "out":
            await spool.defer(claim)
        else:
            spool.queues[claim.queue].put(claim.name)
        self._work.log.info(
            "waits",
            queue_id=root_of(claim.name),
            queue="retry",
            list_id=delivery.rendered.list_id,
            recipients=len(delivery.open),
            next_try_s=round(delay),
        )

    async def _expire(self, delivery: _Delivery) -> bool:
        """One bounce event for each recipient that is still open, and the end of the entry."""
        failed = [(number, _given_up(delivery.last_reply[number])) for number in sorted(delivery.open)]
        if not await self._results.record(delivery.claim, failed):
            return False
        self._results.expired(delivery.claim, failed)
        await self._finish(delivery)
        return True


def _given_up(last: Outcome) -> Failed:
    return last if isinstance(last, Failed) else Failed(last.reply)


def _gravity(trouble: Exception) -> int:
    """What ends the process outweighs a defect, and that outweighs what passes by itself."""
    if isinstance(trouble, SpoolLost):
        return 2
    return 0 if isinstance(trouble, LocalTrouble) else 1
