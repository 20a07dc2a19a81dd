"""pipeline/: renders an accepted post for its recipients and hands it to out/.

Two passes: handlers that may drop the post; then number and recipients are gathered, and handlers write."""

import msgspec

from mlcore.base.errors import LocalTrouble, MlcoreError, SpoolLost
from mlcore.base.ids import root_of
from mlcore.lists import archiving, sending
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts, SiteFacts
from mlcore.lists.handlers import acknowledge, to_digest
from mlcore.lists.model import ListPolicy
from mlcore.lists.notices.letters import Letter, Person
from mlcore.lists.plain import one_line
from mlcore.lists.stages import Examined
from mlcore.lists.verdict import Accept, Discard, Hit, Reject, Trail
from mlcore.mail import message_id
from mlcore.mail.envelope import Accepted, Arrived, Rendered
from mlcore.mail.lines import has_8bit
from mlcore.runners.deciding import Deciding
from mlcore.runners.errors import ListGone, unexpected
from mlcore.runners.gather import Gatherer
from mlcore.runners.letters import notice_child
from mlcore.runners.turns import Turn
from mlcore.runners.verdicts import Verdicts
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry, NewEntry

_SUBJECT_LENGTH = 255
_SUBJECT_READ = 4_096
_ANY_SIZE = 1 << 40


class Pipeline:
    """The step of pipeline/, and the second half of the step of in/."""

    def __init__(self, work: Work, deciding: Deciding, gatherer: Gatherer, verdicts: Verdicts) -> None:
        self._work = work
        self._deciding = deciding
        self._gatherer = gatherer
        self._verdicts = verdicts
        self._suspects: set[str] = set()

    async def __call__(self, claim: Claim) -> None:
        """An approved post: its rules have run."""
        accepted = claim.entry.envelope
        if not isinstance(accepted, Accepted):
            raise unexpected(claim)
        policy = await self._work.cache.policy(accepted.arrived.list_id)
        if policy is None:
            raise ListGone(accepted.arrived.list_id)
        try:
            await self._approved(claim, accepted, policy)
        except (LocalTrouble, SpoolLost):
            raise
        except Exception:
            self._suspects.add(claim.name)  # see Incoming
            raise
        self._suspects.discard(claim.name)

    async def _approved(self, claim: Claim, accepted: Accepted, policy: ListPolicy) -> None:
        deciding, arrived = self._deciding, accepted.arrived
        heavy = deciding.is_heavy(claim, policy, suspect=claim.name in self._suspects)
        examined = await deciding.examine(
            claim.entry.octets,
            policy,
            # what was let go by a person is not held again for the size of its header section
            _without_limits(self._work),
            reverse_path=arrived.reverse_path,
            root=root_of(claim.name),
            heavy=heavy,
        )
        if isinstance(examined, Hit):
            raise MlcoreError(f"{claim.name}: {examined.rule} after an approval")
        facts = await self._gatherer.post(claim.name, arrived, policy, examined, moderator_approved=True)
        verdict, draft = await deciding.decide(examined.draft, policy, facts, heavy=heavy)
        if isinstance(verdict, Accept):
            trail = Trail(hits=accepted.rule_hits, misses=accepted.rule_misses)
            decided = await self.carry_out(
                claim,
                arrived,
                policy,
                facts,
                examined,
                draft,
                trail,
                heavy=heavy,
                approved_at=accepted.approved_at,
            )
            if decided is None:
                return
            verdict = decided
        await self._verdicts.carry_out(claim, arrived, policy, facts, examined.draft, verdict)

    async def carry_out(
        self,
        claim: Claim,
        arrived: Arrived,
        policy: ListPolicy,
        facts: PostFacts,
        examined: Examined,
        draft: Draft,
        trail: Trail,
        *,
        heavy: bool,
        approved_at: float | None = None,
        turn: Turn | None = None,
        more: tuple[NewEntry, ...] = (),
    ) -> Reject | Discard | None:
        """None: rendered, and in out/. Otherwise what a handler decided; the claim is untouched then.

        draft: as the first pass left it; turn: see `Gatherer.rendering`; more: children that go out too."""
        rendering = await self._gatherer.rendering(
            facts, policy, examined, draft, trail, approved_at=approved_at, turn=turn
        )
        rendered = await self._deciding.render(draft, policy, rendering, heavy=heavy)
        if not isinstance(rendered, Draft):
            return rendered
        await self._hand_out(claim, arrived, policy, facts, examined, rendered, rendering, more)
        return None

    async def _hand_out(
        self,
        claim: Claim,
        arrived: Arrived,
        policy: ListPolicy,
        facts: PostFacts,
        examined: Examined,
        draft: Draft,
        rendering: RenderFacts,
        more: tuple[NewEntry, ...],
    ) -> None:
        work, number = self._work, rendering.number
        children = list(more)
        envelope = rendered_from(draft, policy, arrived, number)
        if draft.recipients:
            octets = draft.octets()
            verp = sending.sender_of(policy, rendering, len(octets), len(draft.recipients))
            outgoing = msgspec.structs.replace(envelope, slots=draft.slots, verp=verp)
            entry = Entry(outgoing, draft.recipients, octets, sending.slot_values(draft, rendering))
            children.append(NewEntry("out", f"{claim.name}.o", entry))
        children += _kept(claim, arrived, policy, rendering, draft)
        letter = self._acknowledgement(policy, facts, examined)
        if letter is not None:
            children.append(notice_child(work, claim, letter, 1))
        await work.spool.advance(claim, children)
        values = {"queue_id": root_of(claim.name), "queue": claim.queue, "list_id": policy.list_id}
        if not draft.recipients:
            work.log.info("discarded", **values, number=number, reason="no recipients")
            return
        work.log.info(
            "accepted",
            **values,
            number=number,
            recipients=len(draft.recipients),
            message_id=envelope.message_id,
        )

    def _acknowledgement(self, policy: ListPolicy, facts: PostFacts, examined: Examined) -> Letter | None:
        sender = acknowledge.wanted(policy, facts, examined.draft)
        if sender is None:
            return None
        standing = sender.standing
        return self._work.writer().acknowledged(
            policy,
            Person(address=sender.address, name=standing.display_name, language=standing.language),
            one_line(examined.draft.fields.beginning("subject", _SUBJECT_READ), _SUBJECT_LENGTH),
            identity=f"{facts.root}.ack",
            now=facts.now,
        )


def _kept(
    claim: Claim, arrived: Arrived, policy: ListPolicy, rendering: RenderFacts, draft: Draft
) -> list[NewEntry]:
    """What archives and digests get: one file for both."""
    if draft.kept is None:
        return []
    archivers = tuple(
        [one.name for one in archiving.archivers_for(policy, rendering.post.site, draft.kept.fields)]
    )
    envelope = rendered_from(draft.kept, policy, arrived, rendering.number)
    entry = Entry(envelope, archivers or ("digest",), draft.kept.octets())
    children = [NewEntry("archive", f"{claim.name}.a", entry)] if archivers else []
    if to_digest.wanted(policy, rendering):
        children.append(NewEntry("digest", f"{claim.name}.d", entry))
    return children


def _without_limits(work: Work) -> SiteFacts:
    return msgspec.structs.replace(work.site, max_header_bytes=_ANY_SIZE)


def rendered_from(draft: Draft, policy: ListPolicy, arrived: Arrived, number: int | None) -> Rendered:
    """The envelope under which a draft goes out."""
    return Rendered(
        list_id=policy.list_id,
        reverse_path=policy.sub_address("bounces"),
        message_id=message_id.of(draft.fields),
        arrived_at=arrived.arrived_at,
        number=number,
        smtputf8=has_8bit(draft.fields.octets()),
        eight_bit=has_8bit(draft.body),
        kind="owner" if arrived.purpose == "owner" else "post",
    )
