"""bounces/: what came to the bounces address of a list. It is recognised, its effects are written down in one
transaction, and it is gone; nobody ever answers it.

The transaction is keyed by the name of the entry, so a step that is done again changes nothing."""

from collections.abc import Awaitable, Callable
from typing import Final

from mlcore.actions import bounces as actions
from mlcore.actions.bounces import Done, Mail, Office
from mlcore.base.ids import root_of
from mlcore.lists.bounces import DAY_S
from mlcore.mail.envelope import Report
from mlcore.mail.report import Recognised
from mlcore.runners.errors import unexpected
from mlcore.runners.tasks import Job
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.store import bounces as store
from mlcore.store.bounces import BounceEvent

EVENTS_KEPT_S: Final = 180 * DAY_S
AT_ONCE: Final = 1_000
"""Rows that are forgotten in one transaction."""
_PERIOD_S: Final = 3_600.0

Recognise = Callable[[Claim], Awaitable[Recognised]]
"""What a mail is (`lists.reports.recognise`), asked where it can be cut off if the entry is large or has
killed before."""


class Bounces:
    """The step of bounces/. office: changed when the configuration is read again; queued: called when notices
    wait."""

    def __init__(
        self, work: Work, office: Office, recognise: Recognise, *, queued: Callable[[], None]
    ) -> None:
        self.office = office
        self._work = work
        self._recognise = recognise
        self._queued = queued

    async def __call__(self, claim: Claim) -> None:
        """One mail."""
        envelope, work = claim.entry.envelope, self._work
        if not isinstance(envelope, Report):
            raise unexpected(claim)
        policy = await work.cache.policy(envelope.list_id)
        if policy is None:
            await self._discard(claim, envelope, "its list is gone")
            return
        if not policy.process_bounces:
            await self._discard(claim, envelope, "the list does not process bounces")
            return
        recognised = await self._recognise(claim)
        mail = Mail(claim.name, envelope.detail, claim.entry.octets, recognised, work.site.delimiter)
        done = await work.store.write(actions.carry_out, self.office, policy, mail, work.clock.time())
        await work.spool.consume(claim)
        self._tell(claim, envelope, recognised, done)
        if done.events or done.outcome == "passed-on":
            self._queued()

    def _tell(self, claim: Claim, envelope: Report, recognised: Recognised, done: Done) -> None:
        for event in done.events:
            tell(self._work, claim.queue, event)
        if done.ignored or not done.events:
            self._work.log.info(
                "report",
                queue_id=root_of(claim.name),
                queue=claim.queue,
                list_id=envelope.list_id,
                reverse_path=envelope.reverse_path,
                kind=recognised.kind,
                outcome=done.outcome,
                ignored=done.ignored,
                message_id=recognised.message_id,
            )

    async def _discard(self, claim: Claim, envelope: Report, reason: str) -> None:
        await self._work.spool.consume(claim)
        self._work.log.info(
            "discarded",
            queue_id=root_of(claim.name),
            queue=claim.queue,
            list_id=envelope.list_id,
            reverse_path=envelope.reverse_path,
            reason=reason,
        )


def tell(work: Work, queue: str, event: BounceEvent) -> None:
    """The line in the log of one failure, whose effect is durable now."""
    work.log.info(
        "bounce",
        queue_id=root_of(event.cause),
        queue=queue,
        list_id=event.list_id,
        recipient=event.address,
        effect=event.effect,
        score=event.score,
        proof=event.proof,
        source=event.source,
        format=event.format,
        code=event.code,
    )


def purge_job(work: Work, report_life_s: Callable[[], float], *, at_once: int = AT_ONCE) -> Job:
    """Ends probes that nothing came back of, and forgets reports after `report_life_s`, failures and what
    came of them after `EVENTS_KEPT_S`."""

    async def purge() -> None:
        now = work.clock.time()
        more = True
        while more:
            over = await work.store.write(store.expire_probes, now, at_once)
            for list_id, key in over:
                work.log.info("probe arrived", queue="bounces", list_id=list_id, recipient=key)
            more = len(over) == at_once  # whoever else waits to write comes first
        old = now - EVENTS_KEPT_S
        for forget, before in (
            (store.purge_reports, now - report_life_s()),
            (store.purge_events, old),
            (store.purge_failures, old),
        ):
            while await work.store.write(forget, before, at_once) >= at_once:
                pass

    return Job("purge bounces", _PERIOD_S, purge, at_start=True)
