"""What the transactions of an entry came to: a log line for each recipient, a bounce event for each that
failed."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mlcore.base.errors import StoreTrouble
from mlcore.base.ids import root_of
from mlcore.delivery.outcome import Delivered, Failed, Outcome, Unknown
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.store import failures

_AT_ONCE = 500


class Judged(NamedTuple):
    """Outcomes of some recipients. settled: numbers that are delivered, by reply code; failed and waiting:
    the others, with what was said."""

    settled: dict[int, list[int]]
    failed: list[tuple[int, Failed]]
    waiting: list[tuple[int, Outcome]]


class Results:
    """Logs and records. failed: called when bounce events were written."""

    def __init__(self, work: Work, failed: Callable[[], object]) -> None:
        self._work = work
        self._failed = failed

    def judge(self, claim: Claim, numbers: Sequence[int], outcomes: Sequence[Outcome]) -> Judged:
        """Tells and sorts outcomes, one for each number."""
        judged = Judged({}, [], [])
        addresses = claim.entry.addresses
        told: dict[tuple[str, str], list[str]] = {}
        settled: list[int] = []
        recipients: list[str] = []
        last: Outcome | None = None
        if len(outcomes) == len(numbers) and len(set(map(id, outcomes))) == 1:
            # Most transactions have one reply for all their recipients: the same object each time.
            self._tell(
                claim,
                _event(outcomes[0]),
                [addresses[number] for number in numbers],
                outcomes[0].reply.line(),
            )
            return _alike(numbers, outcomes[0])
        for number, outcome in zip(numbers, outcomes, strict=True):
            if outcome is not last:
                last = outcome
                recipients = told.setdefault((_event(outcome), outcome.reply.line()), [])
                if isinstance(outcome, Delivered):
                    settled = judged.settled.setdefault(outcome.reply.code, [])
            recipients.append(addresses[number])
            if isinstance(outcome, Delivered):
                settled.append(number)
            elif isinstance(outcome, Failed):
                judged.failed.append((number, outcome))
            else:
                judged.waiting.append((number, outcome))
        for (event, reply), some in told.items():
            self._tell(claim, event, some, reply)
        return judged

    async def record(self, claim: Claim, failed: Sequence[tuple[int, Failed]]) -> bool:
        """One bounce event for each, in the database before anything else knows of it; False while that
        cannot be: then they have not failed yet."""
        now = self._work.clock.time()
        rows = [
            failures.DeliveryFailure(
                entry=claim.name,
                number=number,
                list_id=claim.list_id,
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
            for start in range(0, len(rows), _AT_ONCE):
                await self._work.store.write(failures.record, rows[start : start + _AT_ONCE])
        except StoreTrouble as trouble:
            self._work.log.warning(
                "waiting", queue=claim.queue, queue_id=root_of(claim.name), reason=str(trouble)
            )
            return False
        self._failed()
        return True

    def expired(self, claim: Claim, failed: Sequence[tuple[int, Failed]]) -> None:
        """Tells that these were tried long enough."""
        for number, failure in failed:
            self._tell(claim, "expired", [claim.entry.addresses[number]], failure.reply.line())

    def _tell(self, claim: Claim, event: str, recipients: Sequence[str], reply: str) -> None:
        self._work.log.info_each(
            event,
            "recipient",
            recipients,
            queue_id=root_of(claim.name),
            queue=claim.queue,
            list_id=claim.list_id,
            reply=reply,
        )


def _alike(numbers: Sequence[int], outcome: Outcome) -> Judged:
    if isinstance(outcome, Delivered):
        return Judged({outcome.reply.code: list(numbers)}, [], [])
    if isinstance(outcome, Failed):
        return Judged({}, [(number, outcome) for number in numbers], [])
    return Judged({}, [], [(number, outcome) for number in numbers])


def _event(outcome: Outcome) -> str:
    if isinstance(outcome, Delivered):
        return "delivered"
    if isinstance(outcome, Failed):
        return "failed"
    return "unknown" if isinstance(outcome, Unknown) else "deferred"
