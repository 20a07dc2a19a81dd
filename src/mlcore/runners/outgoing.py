"""out/ and retry/: gives an entry to the transport, and records what became of every recipient.

A slot takes no new transaction before the record of its last one is durable; the transaction that settles
the last open recipients writes no record, the end of the entry is its record."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from mlcore.base.backoff import next_delay
from mlcore.base.errors import LocalTrouble, SpoolLost, Stopping, StoreTrouble
from mlcore.base.ids import root_of
from mlcore.delivery.copies import Sealer, shared
from mlcore.delivery.outcome import Delivered, Failed, Outcome, Unknown
from mlcore.delivery.plan import plan
from mlcore.delivery.transport import SealedMessage, Slot, Transaction, Transport
from mlcore.mail.envelope import Rendered
from mlcore.runners.errors import unexpected
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.store import failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a deferred delivery is tried again. Times in seconds. retry_period_s: after it, a bounce."""

    retry_base_s: float = 300.0
    retry_cap_s: float = 7200.0
    retry_period_s: float = 432_000.0
    max_recipients: int = 500
    transactions_at_once: int = 4
    """Of one entry, so that a large list leaves slots to others."""


@dataclass(slots=True)
class _Delivery:
    """One entry under way."""

    claim: Claim
    rendered: Rendered
    message: SealedMessage
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
    ) -> None:
        """schedule: may be exchanged at any time; `transactions_at_once` holds for entries taken after that.
        stopping: asked before each transaction; once true, what has not begun is left alone."""
        self._work = work
        self._transport = transport
        self._sealer = sealer
        self.schedule = schedule
        self._jitter = jitter
        self._stopping = stopping

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
        message = shared(rendered, claim.entry.octets, self._sealer)
        delivery = _Delivery(claim, rendered, message, set(claim.open_numbers()))
        if not delivery.open:
            await self._work.spool.finish(claim)
            return
        await self._transact_all(delivery)
        if not delivery.finished:
            await self._defer(delivery)

    async def _transact_all(self, delivery: _Delivery) -> None:
        """Every transaction of the plan, some at a time. Raises the worst trouble once all have ended: what
        one of them meets must not cut off another in the middle, since that would repeat its copies."""
        chunks = plan(delivery.claim.entry.addresses, delivery.open, self.schedule.max_recipients)
        first = next(chunks)
        second = next(chunks, None)
        if second is None:
            await self._transact(delivery, first)
            return
        rest = chain((first, second), chunks)
        troubles: list[Exception] = []

        async def lane() -> None:
            for numbers in rest:
                if troubles:
                    return
                try:
                    await self._transact(delivery, numbers)
                except Exception as trouble:  # noqa: BLE001  (raised below)
                    troubles.append(trouble)

        async with asyncio.TaskGroup() as group:
            for _ in range(self.schedule.transactions_at_once):
                group.create_task(lane(), name=f"{delivery.claim.name} lane")
        if troubles:
            raise max(troubles, key=_gravity)

    async def _transact(self, delivery: _Delivery, numbers: Sequence[int]) -> None:
        """One transaction and its record; the slot is held until the record is durable."""
        claim = delivery.claim
        self._go_on()
        delivery.running += 1
        try:
            async with self._transport.slot(delivery.rendered.list_id) as slot:
                self._go_on()  # waiting for the slot may have taken long
                reserved = await claim.reserve(numbers)
                try:
                    outcomes = await self._send(slot, delivery, numbers)
                except BaseException:
                    claim.release(reserved)
                    raise
                settled, failed = self._judge(delivery, numbers, outcomes)
                try:
                    if failed and await self._record(delivery, failed):
                        for number, outcome in failed:
                            settled.setdefault(outcome.reply.code, []).append(number)
                finally:  # whatever becomes of the others, who has a copy must not get another one
                    await self._note(delivery, settled, reserved)
        finally:
            delivery.running -= 1

    def _go_on(self) -> None:
        if self._stopping():
            raise Stopping("the server stops")

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

    async def _send(self, slot: Slot, delivery: _Delivery, numbers: Sequence[int]) -> tuple[Outcome, ...]:
        addresses = delivery.claim.entry.addresses
        return await slot.send(
            Transaction(
                entry=delivery.claim.name,
                list_id=delivery.rendered.list_id,
                reverse_path=delivery.rendered.reverse_path,
                recipients=tuple([addresses[number] for number in numbers]),
                numbers=tuple(numbers),
                message=delivery.message,
            )
        )

    def _judge(
        self, delivery: _Delivery, numbers: Sequence[int], outcomes: Sequence[Outcome]
    ) -> tuple[dict[int, list[int]], list[tuple[int, Failed]]]:
        """Logs every outcome. The numbers that are delivered, by reply code, and those that failed.

        A failure counts only once its text is in the database; while that is down, it is tried again."""
        settled: dict[int, list[int]] = {}
        failed: list[tuple[int, Failed]] = []
        log, addresses = self._work.log, delivery.claim.entry.addresses
        root, list_id = root_of(delivery.claim.name), delivery.rendered.list_id
        for number, outcome in zip(numbers, outcomes, strict=True):
            reply = outcome.reply
            if isinstance(outcome, Delivered):
                settled.setdefault(reply.code, []).append(number)
                event = "delivered"
            elif isinstance(outcome, Failed):
                failed.append((number, outcome))
                event = "failed"
            else:
                delivery.last_reply[number] = outcome
                event = "unknown" if isinstance(outcome, Unknown) else "deferred"
            log.info(
                event,
                queue_id=root,
                queue=delivery.claim.queue,
                list_id=list_id,
                recipient=addresses[number],
                reply=reply.line(),
            )
        return settled, failed

    async def _record(self, delivery: _Delivery, failed: Sequence[tuple[int, Failed]]) -> bool:
        """One bounce event per recipient, in the database before anything else knows of it."""
        claim, now = delivery.claim, self._work.clock.time()
        rows = [
            failures.DeliveryFailure(
                entry=claim.name,
                number=number,
                list_id=delivery.rendered.list_id,
                address=claim.entry.addresses[number],
                code=failure.reply.code,
                enhanced=failure.reply.enhanced,
                text=failure.reply.text,
                policy=failure.policy,
                at=now,
            )
            for number, failure in failed
        ]
        try:
            await self._work.store.write(failures.record, rows)
        except StoreTrouble as trouble:
            self._work.log.warning(
                "waiting", queue=claim.queue, queue_id=root_of(claim.name), reason=str(trouble)
            )
            delivery.last_reply.update(failed)
            return False
        return True

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
        failed = [(number, Failed(delivery.last_reply[number].reply)) for number in sorted(delivery.open)]
        for start in range(0, len(failed), 500):
            if not await self._record(delivery, failed[start : start + 500]):
                return False
        for number, failure in failed:
            self._work.log.info(
                "expired",
                queue_id=root_of(delivery.claim.name),
                queue=delivery.claim.queue,
                list_id=delivery.rendered.list_id,
                recipient=delivery.claim.entry.addresses[number],
                reply=failure.reply.line(),
            )
        await self._finish(delivery)
        return True


def _gravity(trouble: Exception) -> int:
    """What ends the process outweighs a defect, and that outweighs what passes by itself."""
    if isinstance(trouble, SpoolLost):
        return 2
    return 0 if isinstance(trouble, LocalTrouble) else 1
