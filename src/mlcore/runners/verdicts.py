"""What becomes of a post that does not go on: held, rejected or discarded, and who is told of it.

The children and the rows of a refusal are one step of the spool, so a crash repeats it as a whole and nobody
hears of a post that is not there. What was counted before such a crash is counted once: by the entry."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from mlcore.actions import moderation
from mlcore.base.ids import root_of
from mlcore.lists import robots, tokens
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, SenderFacts
from mlcore.lists.model import ListPolicy, Member, Role
from mlcore.lists.notices.letters import Answered, Person
from mlcore.lists.reasons import unpacked
from mlcore.lists.verdict import Discard, Hold, Reject
from mlcore.mail import message_id
from mlcore.mail.envelope import Arrived, Held
from mlcore.mail.fields import split
from mlcore.mail.lines import normalise
from mlcore.runners.budget import Budget
from mlcore.runners.letters import notice_child
from mlcore.runners.readers import Readers
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry, NewEntry
from mlcore.store import held, members
from mlcore.store.held import HeldPost

NOTICES_PER_HOUR: Final = 60
"""Mails about single posts to the owners of one list: one a minute is what a person can look at; of a flood
the reminder tells."""
MOST_NONMEMBERS: Final = 10
"""Senders of one post that become nonmembers: From may name as many as it likes."""
HEADER_READ: Final = 1 << 20
"""Octets of a held message that are looked at: more than the largest header section."""
SUBJECT_READ: Final = 4_096
"""Octets of a subject that a mail about a post may repeat."""
_HOUR_S: Final = 3_600.0
_AT_HOME: Final = frozenset({Role.MEMBER, Role.OWNER, Role.MODERATOR})


@dataclass(frozen=True, slots=True)
class _Case:
    """One refused message. draft: without credentials."""

    claim: Claim
    arrived: Arrived
    policy: ListPolicy
    facts: PostFacts
    draft: Draft

    @property
    def now(self) -> float:
        return self.facts.now

    @property
    def original(self) -> bytes:
        """The message as mails about it carry it; one that was not taken apart, as it arrived."""
        return self.draft.octets() if len(self.draft.fields) else normalise(self.claim.entry.octets)

    more: tuple[NewEntry, ...] = ()
    """Children that go along with those of the verdict."""

    def identity(self, number: int) -> str:
        """Of the letter that is child `number`."""
        return f"{self.claim.name}.n{number}"


class Verdicts:
    """Carries out verdicts other than accept."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._readers = Readers(work)
        self._owner_notices = Budget(NOTICES_PER_HOUR, _HOUR_S)

    async def carry_out(
        self,
        claim: Claim,
        arrived: Arrived,
        policy: ListPolicy,
        facts: PostFacts,
        draft: Draft,
        verdict: Hold | Reject | Discard,
        *,
        more: tuple[NewEntry, ...] = (),
    ) -> None:
        """The entry leaves its queue. draft: without credentials; it is what mails about the post carry.
        more: children that go out as well, such as what the list answers by itself; not those of a post that
        is discarded, of which nobody hears. Raises LocalTrouble, SpoolLost."""
        case = _Case(claim, arrived, policy, facts, draft, more)
        if isinstance(verdict, Hold):
            await self._hold(case, verdict)
        elif isinstance(verdict, Reject):
            await self._reject(case, verdict)
        else:
            await self._discard(case, verdict)

    # -- hold ------------------------------------------------------------------------------------------

    async def _hold(self, case: _Case, verdict: Hold) -> None:
        claim, facts = case.claim, case.facts
        envelope = Held(
            arrived=case.arrived,
            reasons=tuple([reason.packed() for reason in verdict.trail.reasons]),
            rule_hits=verdict.trail.hits,
            rule_misses=verdict.trail.misses,
            sender=verdict.sender or (facts.sender.address if facts.sender else case.arrived.reverse_path),
            subject=verdict.subject,
        )
        # As it arrived: whoever shows or decides about it sees what was sent.
        kept = Entry(envelope, claim.entry.addresses, claim.entry.octets)
        children = [NewEntry("hold", f"{claim.name}.h", kept)]
        row = held_row(self._work, children[0].name, kept, envelope)
        to_author = await self._to_author_of_held(case, verdict)
        to_owners = await self._to_owners_of_held(case, row)
        children += to_author + to_owners
        strangers = await self._strangers(case)
        await self._advance(case, [*children, *case.more], row, strangers)
        told = [who for who, letters in (("author", to_author), ("owners", to_owners)) if letters]
        self._log("held", case, verdict, sender=envelope.sender, told=" ".join(told))

    async def _to_author_of_held(self, case: _Case, verdict: Hold) -> list[NewEntry]:
        policy, fields = case.policy, case.draft.fields
        if (
            not policy.respond_to_post_requests
            or case.facts.purpose != "post"
            or "precedence" in fields.names()
        ):
            return []
        sender, answer = await self._may_answer(case)
        if sender is None or answer == "no":
            return []
        if answer == "last":
            return [self._no_more_today(case, sender)]
        letter = self._work.writer().held_author(
            policy,
            _person(sender),
            verdict.subject,
            verdict.trail.reasons,
            identity=case.identity(1),
            now=case.now,
            answered=_answered(case),
        )
        return [notice_child(self._work, case.claim, letter, 1)]

    async def _to_owners_of_held(self, case: _Case, row: HeldPost) -> list[NewEntry]:
        if not case.policy.admin_immed_notify:
            return []
        recipients = await self._owners(case)
        if not recipients:
            return []
        letter = self._work.writer().held_owners(
            case.policy,
            recipients,
            row.sender,
            row.subject,
            row.reasons,
            token_of(self._work.site_key, row),
            case.original,
            identity=case.identity(2),
            now=case.now,
        )
        return [notice_child(self._work, case.claim, letter, 2)]

    # -- reject ----------------------------------------------------------------------------------------

    async def _reject(self, case: _Case, verdict: Reject) -> None:
        """Whom nothing may be answered to hears nothing: his post is discarded."""
        sender, answer = await self._may_answer(case)
        if sender is None or answer == "no":
            await self._work.spool.finish(case.claim)
            self._log("discarded", case, verdict, told="")
            return
        if answer == "last":
            child = self._no_more_today(case, sender)
        else:
            letter = self._work.writer().rejected(
                case.policy,
                _person(sender),
                case.draft.fields.beginning("subject", SUBJECT_READ),
                verdict.trail.reasons,
                verdict.trail.text,
                case.original,
                identity=case.identity(1),
                now=case.now,
            )
            child = notice_child(self._work, case.claim, letter, 1)
        await self._advance(case, [child, *case.more], None, await self._strangers(case))
        self._log("rejected", case, verdict, sender=sender.address, told="author")

    # -- discard ---------------------------------------------------------------------------------------

    async def _discard(self, case: _Case, verdict: Discard) -> None:
        children = []
        if verdict.forward:
            children += await self._filtered(case)
        if verdict.preserve and case.facts.site.filtered_messages_are_preservable:
            children.append(NewEntry("bad", f"{case.claim.name}.b", case.claim.entry))
        if children:
            await self._work.spool.advance(case.claim, children)
        else:
            await self._work.spool.finish(case.claim)
        kept = " ".join(child.name for child in children if child.queue == "bad")
        told = "owners" if len(children) > bool(kept) else ""
        self._log("discarded", case, verdict, told=told, kept=kept)

    async def _filtered(self, case: _Case) -> list[NewEntry]:
        recipients = await self._owners(case)
        if not recipients:
            return []
        letter = self._work.writer().filtered(
            case.policy, recipients, case.original, identity=case.identity(1), now=case.now
        )
        return [notice_child(self._work, case.claim, letter, 1)]

    # -- in common -------------------------------------------------------------------------------------

    async def _may_answer(self, case: _Case) -> tuple[SenderFacts | None, moderation.Answer]:
        """Who is to hear of it, and whether he may (P18, P19)."""
        facts, sender = case.facts, case.facts.sender
        if sender is None or facts.from_usenet or robots.is_robot(case.draft.fields, facts.reverse_path):
            return None, "no"
        if await self._readers.is_ours(sender.address):
            return None, "no"
        answer = await self._work.store.write(
            moderation.allow_answer,
            sender.key,
            root_of(case.claim.name),
            case.policy.list_id,
            facts.site.max_autoresponses_per_day,
            case.now,
        )
        return sender, answer

    def _no_more_today(self, case: _Case, sender: SenderFacts) -> NewEntry:
        letter = self._work.writer().no_more_today(
            case.policy,
            _person(sender),
            case.facts.site.max_autoresponses_per_day,
            identity=case.identity(1),
            now=case.now,
            answered=_answered(case),
        )
        return notice_child(self._work, case.claim, letter, 1)

    async def _owners(self, case: _Case) -> tuple[str, ...]:
        """Whom to tell, as long as they have not had as much as they can look at."""
        recipients = await self._readers.administrators(case.policy.list_id)
        if not recipients or self._owner_notices.take(case.policy.list_id, self._work.clock.monotonic()):
            return recipients
        self._work.log.info(
            "enough notices",
            queue_id=root_of(case.claim.name),
            list_id=case.policy.list_id,
            most_per_hour=NOTICES_PER_HOUR,
        )
        return ()

    async def _strangers(self, case: _Case) -> tuple[Member, ...]:
        """Senders that are nothing to the list yet: they become nonmembers, so that owners can say what
        becomes of their posts."""
        if case.facts.purpose != "post":
            return ()
        unknown = [
            one for one in case.facts.senders[:MOST_NONMEMBERS] if not one.standing.roles and not one.banned
        ]
        return tuple(
            [
                Member(address=one.address, role=Role.NONMEMBER)
                for one in unknown
                if not await self._readers.is_ours(one.address)
            ]
        )

    async def _advance(
        self, case: _Case, children: list[NewEntry], row: HeldPost | None, strangers: tuple[Member, ...]
    ) -> None:
        work = self._work

        async def write() -> None:
            await work.store.write(_record, case.policy.list_id, row, strangers, case.now)

        await work.spool.advance(case.claim, children, row=write if row or strangers else None)

    def _log(self, event: str, case: _Case, verdict: Hold | Reject | Discard, **more: str) -> None:
        trail = verdict.trail
        self._work.log.info(
            event,
            queue_id=root_of(case.claim.name),
            queue=case.claim.queue,
            list_id=case.policy.list_id,
            reverse_path=case.arrived.reverse_path,
            rules=";".join(trail.hits),
            chain=trail.chain,
            by=trail.by,
            reason="; ".join([reason.english for reason in trail.reasons]),
            message_id=message_id.of(case.draft.fields),
            **more,
        )


def held_row(work: Work, name: str, entry: Entry, envelope: Held) -> HeldPost:
    """The row that tells moderators of a file in hold/."""
    list_id = envelope.arrived.list_id
    identity = held.identity(work.site_key, work.spool_id, name)
    token = tokens.token(work.site_key, "held", list_id, "", identity)
    fields, _ = split(normalise(entry.octets[:HEADER_READ]))
    return HeldPost(
        spool=work.spool_id,
        entry=name,
        list_id=list_id,
        sender=envelope.sender,
        subject=envelope.subject,
        reasons=tuple([unpacked(line) for line in envelope.reasons]),
        message_id=message_id.of(fields),
        arrived_at=envelope.arrived.arrived_at,
        held_at=work.clock.time(),
        identity=identity,
        token_hash=tokens.token_hash(token),
    )


def token_of(key: bytes, post: HeldPost) -> str:
    """What decides about this post by mail."""
    return tokens.token(key, "held", post.list_id, "", post.identity)


def _record(
    conn: Connection, list_id: str, row: HeldPost | None, strangers: tuple[Member, ...], now: float
) -> None:
    if row is not None:
        held.insert_if_absent(conn, row)
    if strangers:
        members.add_many(conn, list_id, strangers, now)


def _person(sender: SenderFacts) -> Person:
    standing = sender.standing
    return Person(
        address=sender.address,
        name=standing.display_name,
        language=standing.language,
        member=not _AT_HOME.isdisjoint(standing.roles),
    )


def _answered(case: _Case) -> Answered:
    return Answered(message_id=message_id.of(case.draft.fields))
