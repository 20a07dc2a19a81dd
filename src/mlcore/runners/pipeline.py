"""pipeline/: renders an accepted post for its recipients and hands it to out/.

Two passes: handlers that may drop the post; then number and recipients are gathered, and handlers write."""

from mlcore.base.errors import MlcoreError
from mlcore.base.ids import root_of
from mlcore.lists import pipelines
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts
from mlcore.lists.model import ListPolicy, Recipient
from mlcore.lists.verdict import Discard, Reject
from mlcore.mail import message_id
from mlcore.mail.envelope import Accepted, Arrived, Rendered
from mlcore.mail.lines import has_8bit, normalise
from mlcore.runners.turns import Turn
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry, NewEntry
from mlcore.store import members, numbers


class ListGone(MlcoreError):
    """The list was removed while its mail was in transit: set aside, since nobody can decide on it."""

    def __init__(self, list_id: str) -> None:
        super().__init__(f"list {list_id} does not exist any more")


def unexpected(claim: Claim) -> MlcoreError:
    """An envelope of another stage: somebody put the file into the wrong queue."""
    return MlcoreError(f"{type(claim.entry.envelope).__name__} does not belong into {claim.queue}/")


class Pipeline:
    """The step of pipeline/, and the second half of the step of in/."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def __call__(self, claim: Claim) -> None:
        """An approved post: its rules have run."""
        work, accepted = self._work, claim.entry.envelope
        if not isinstance(accepted, Accepted):
            raise unexpected(claim)
        arrived = accepted.arrived
        policy = await work.cache.policy(arrived.list_id)
        if policy is None:
            raise ListGone(arrived.list_id)
        draft = Draft.post(normalise(claim.entry.octets))
        facts = PostFacts(
            site=work.site,
            entry=root_of(claim.name),
            now=work.clock.time(),
            reverse_path=arrived.reverse_path,
            purpose=arrived.purpose,
            sender_roles=frozenset(),
        )
        decided = await self.carry_out(claim, arrived, draft, policy, facts, None)
        if decided is not None:
            await work.spool.finish(claim)
            work.log.info(
                "discarded",
                queue_id=root_of(claim.name),
                queue=claim.queue,
                list_id=policy.list_id,
                reason="; ".join(hit.reason for hit in decided.hits),
            )

    async def carry_out(
        self,
        claim: Claim,
        arrived: Arrived,
        draft: Draft,
        policy: ListPolicy,
        facts: PostFacts,
        turn: Turn | None,
    ) -> Reject | Discard | None:
        """None: rendered, and in out/. Otherwise what a handler decided; the claim is untouched then.

        turn: ends when the number is asked for, so that numbers follow the order of arrival."""
        work = self._work
        handlers = work.pipeline_for(arrived.purpose)
        first = pipelines.first_pass(draft, policy, facts, handlers)
        if not isinstance(first, Draft):
            return first
        number, recipients = await self._gather(claim.name, arrived, policy, turn)
        second = pipelines.second_pass(
            first, policy, RenderFacts(post=facts, number=number, recipients=recipients), handlers
        )
        if not isinstance(second, Draft):
            return second
        await self._hand_out(claim, arrived, policy, second, number)
        return None

    async def _gather(
        self, name: str, arrived: Arrived, policy: ListPolicy, turn: Turn | None
    ) -> tuple[int | None, tuple[Recipient, ...]]:
        work = self._work
        if arrived.purpose == "owner":
            found = await work.store.read(members.administrators, policy.list_id)
            if not found and work.site.site_owner:
                found = (Recipient(work.site.site_owner),)
            return None, found
        if turn is not None:
            await turn.wait()
        # Submitted, not awaited: the writer keeps the order, so the next post of the list can follow at once.
        number = work.store.write(numbers.take, name, policy.list_id, work.clock.time())
        if turn is not None:
            turn.end()
        try:
            recipients = await self._recipients(policy.list_id)
        except BaseException:
            if not number.cancel() and not number.cancelled():
                number.exception()  # heard, though nobody waits for it any more
            raise
        return await number, recipients

    async def _recipients(self, list_id: str) -> tuple[Recipient, ...]:
        roster = await self._work.rosters.of(list_id)
        if roster is not None:
            return roster.recipients
        return await self._work.store.read(members.recipients, list_id)

    async def _hand_out(
        self, claim: Claim, arrived: Arrived, policy: ListPolicy, draft: Draft, number: int | None
    ) -> None:
        work = self._work
        values = {"queue_id": root_of(claim.name), "queue": claim.queue, "list_id": policy.list_id}
        if not draft.recipients:
            await work.spool.finish(claim)
            work.log.info("discarded", **values, reason="no recipients")
            return
        rendered = rendered_from(draft, policy, arrived, number)
        child = NewEntry("out", f"{claim.name}.o", Entry(rendered, draft.recipients, draft.octets()))
        await work.spool.advance(claim, [child])
        work.log.info(
            "accepted",
            **values,
            number=number,
            recipients=len(draft.recipients),
            message_id=rendered.message_id,
        )


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
