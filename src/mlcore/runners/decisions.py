"""What a moderator's decision about a held post comes to: what goes on, and who is told."""

from typing import Final

from mlcore.base.ids import root_of
from mlcore.lists import robots
from mlcore.lists.approved import take_out
from mlcore.lists.draft import Draft
from mlcore.lists.model import ListPolicy, Role, SenderStanding
from mlcore.lists.notices import phrases
from mlcore.lists.notices.letters import Answered, Letter, Person
from mlcore.lists.subscriptions import mailbox_key
from mlcore.mail.address import BadAddress, key_of
from mlcore.mail.envelope import Accepted, Held
from mlcore.mail.fields import split
from mlcore.mail.lines import normalise
from mlcore.runners.budget import Budget
from mlcore.runners.letters import notice_child
from mlcore.runners.readers import Readers
from mlcore.runners.verdicts import HEADER_READ
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry, NewEntry
from mlcore.store import standings
from mlcore.store.held import HeldPost

REFUSALS_PER_DAY: Final = 50
"""Mails about refused posts to one mailbox: far more than one person's posts, far less than what a flood in
his name would bring him."""
_DAY_S: Final = 86_400.0
_AT_HOME: Final = frozenset({Role.MEMBER, Role.OWNER, Role.MODERATOR})


class Decisions:
    """Makes children of held posts."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._readers = Readers(work)
        self._refusals = Budget(REFUSALS_PER_DAY, _DAY_S)

    async def children(
        self, claim: Claim, row: HeldPost, envelope: Held, policy: ListPolicy
    ) -> list[NewEntry]:
        """What takes the place of the post, for its decision. Raises LocalTrouble."""
        found = []
        if row.decision == "accept":
            found.append(NewEntry("pipeline", f"{claim.name}.p", _accepted(claim, row, envelope)))
        elif row.decision == "reject":
            refusal = await self._refusal(claim, row, envelope, policy)
            if refusal is not None:
                found.append(notice_child(self._work, claim, refusal, 1))
        if row.forward_to:
            found.append(notice_child(self._work, claim, self.forward(claim, row, policy), 2))
        if row.preserve:
            found.append(NewEntry("bad", f"{claim.name}.b", claim.entry))
        return found

    def forward(self, claim: Claim, row: HeldPost, policy: ListPolicy) -> Letter:
        """The post, without credentials, for those it is to be forwarded to; made again for them, it has the
        same Message-ID."""
        draft = Draft.post(normalise(claim.entry.octets))
        draft, _ = take_out(draft, look_into_body=bool(policy.moderator_password))
        return self._work.writer().forwarded(
            policy,
            row.forward_to,
            draft.octets(),
            identity=f"{claim.name}.n2",
            now=self._work.clock.time(),
        )

    async def _refusal(
        self, claim: Claim, row: HeldPost, envelope: Held, policy: ListPolicy
    ) -> Letter | None:
        """None where nobody may be told (P18), or the address has had too much of it."""
        work = self._work
        try:
            key = key_of(row.sender)
        except BadAddress:
            return None
        fields, _ = split(normalise(claim.entry.octets[:HEADER_READ]))
        if robots.is_robot(fields, envelope.arrived.reverse_path) or await self._readers.is_ours(row.sender):
            return None
        if not self._refusals.take(mailbox_key(key), work.clock.monotonic()):
            work.log.info(
                "enough notices",
                queue_id=root_of(claim.name),
                list_id=row.list_id,
                to=row.sender,
                most_per_day=REFUSALS_PER_DAY,
            )
            return None
        known = await work.store.read(standings.of_senders, row.list_id, (key,))
        standing = known.get(key, SenderStanding())
        return work.writer().refused(
            policy,
            Person(
                address=row.sender,
                name=standing.display_name,
                language=standing.language,
                member=not _AT_HOME.isdisjoint(standing.roles),
            ),
            phrases.POST_REQUEST_TITLED if row.subject else phrases.POST_REQUEST,
            row.comment,
            identity=f"{claim.name}.n1",
            now=work.clock.time(),
            subject=row.subject,
            answered=Answered(message_id=row.message_id),
        )


def _accepted(claim: Claim, row: HeldPost, envelope: Held) -> Entry:
    """The rules do not run again."""
    accepted = Accepted(
        arrived=envelope.arrived,
        moderator_approved=True,
        approved_at=row.decided_at,
        rule_hits=envelope.rule_hits,
        rule_misses=envelope.rule_misses,
    )
    return Entry(accepted, claim.entry.addresses, claim.entry.octets)
