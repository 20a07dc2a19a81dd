"""in/: decides on a post, and renders what is accepted, under one claim.

Nothing outside happens before the children wake, so a crash anywhere in it just runs it again."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy, Role
from mlcore.lists.rules.header_limits import too_large
from mlcore.lists.senders import keys
from mlcore.lists.verdict import Accept, Discard, Hold, Reject
from mlcore.mail.envelope import Arrived, Held
from mlcore.mail.fields import header_size
from mlcore.mail.lines import normalise
from mlcore.runners.pipeline import ListGone, Pipeline, unexpected
from mlcore.runners.turns import Turn, Turns
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry, NewEntry
from mlcore.store import held, members


class Incoming:
    """The step of in/."""

    def __init__(self, work: Work, pipeline: Pipeline) -> None:
        self._work = work
        self._pipeline = pipeline
        self._turns = Turns()
        self._turn_of: dict[str, Turn] = {}

    def opened(self, claim: Claim) -> None:
        """Takes the turn of a post in its list, in the order of arrival."""
        self._turn_of[claim.name] = self._turns.take(claim.list_id)

    def closed(self, claim: Claim) -> None:
        """Whatever became of it, the next post of the list may go."""
        self._turn_of.pop(claim.name).end()

    async def __call__(self, claim: Claim) -> None:
        """Facts, rules, and what they decide."""
        work, arrived = self._work, claim.entry.envelope
        if not isinstance(arrived, Arrived):
            raise unexpected(claim)
        policy = await work.cache.policy(arrived.list_id)
        if policy is None:
            raise ListGone(arrived.list_id)
        octets = normalise(claim.entry.octets)
        large = too_large(header_size(octets), work.site)
        if large is not None:
            await self._refuse(claim, arrived, policy, Hold((large,)))
            return
        draft = Draft.post(octets)
        facts = await self._facts(claim.name, arrived, draft)
        verdict = work.judge(draft, policy, facts)
        if isinstance(verdict, Accept):
            turn = self._turn_of[claim.name]
            decided = await self._pipeline.carry_out(claim, arrived, draft, policy, facts, turn)
            if decided is None:
                return
            verdict = decided
        await self._refuse(claim, arrived, policy, verdict)

    async def _facts(self, name: str, arrived: Arrived, draft: Draft) -> PostFacts:
        work = self._work
        senders = keys(draft.fields, arrived.reverse_path)
        roles = await self._roles(arrived.list_id, senders) if senders else frozenset()
        return PostFacts(
            site=work.site,
            entry=name,
            now=work.clock.time(),
            reverse_path=arrived.reverse_path,
            purpose=arrived.purpose,
            sender_roles=roles,
        )

    async def _roles(self, list_id: str, senders: tuple[str, ...]) -> frozenset[Role]:
        """From memory where that knows any; a stranger may have joined just now, so the database is asked."""
        roster = await self._work.rosters.of(list_id)
        known = roster.roles_of(senders) if roster is not None else frozenset()
        return known or await self._work.store.read(members.roles_of, list_id, senders)

    async def _refuse(
        self, claim: Claim, arrived: Arrived, policy: ListPolicy, verdict: Hold | Reject | Discard
    ) -> None:
        work, hits = self._work, verdict.hits
        reasons = tuple(hit.reason for hit in hits)
        values = {
            "queue_id": claim.name,
            "queue": claim.queue,
            "list_id": policy.list_id,
            "reverse_path": arrived.reverse_path,
            "rules": ";".join(hit.rule for hit in hits),
            "reason": "; ".join(reasons),
        }
        if isinstance(verdict, Discard):
            await work.spool.finish(claim)
            work.log.info("discarded", **values)
            return
        # A refusal waits for a person too, as long as there is no text to refuse it with: nothing is lost.
        sender, subject = (verdict.sender, verdict.subject) if isinstance(verdict, Hold) else ("", "")
        envelope = Held(
            arrived=arrived,
            reasons=reasons,
            rule_hits=tuple(hit.rule for hit in hits),
            sender=sender or arrived.reverse_path,
            subject=subject,
        )
        child = NewEntry(
            "hold", f"{claim.name}.h", Entry(envelope, claim.entry.addresses, claim.entry.octets)
        )
        row = held_row(work, child.name, envelope)

        async def insert() -> None:
            await work.store.write(held.insert_if_absent, row)

        await work.spool.advance(claim, [child], row=insert)
        work.log.info("held", **values, sender=envelope.sender)


def held_row(work: Work, name: str, envelope: Held) -> held.HeldPost:
    """The row that tells moderators of a file in hold/."""
    return held.HeldPost(
        spool=work.spool_id,
        entry=name,
        list_id=envelope.arrived.list_id,
        sender=envelope.sender,
        subject=envelope.subject,
        reasons=envelope.reasons,
        arrived_at=envelope.arrived.arrived_at,
        held_at=work.clock.time(),
    )
