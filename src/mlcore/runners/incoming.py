"""in/: decides on a post, and renders what is accepted, under one claim.

Nothing outside happens before the children wake, so a crash anywhere in it just runs it again."""

from typing import Final

from mlcore.base.errors import LocalTrouble, SpoolLost
from mlcore.base.ids import root_of
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.stages import Examined
from mlcore.lists.verdict import Accept, Discard, Hit, Hold, Reject, Trail
from mlcore.mail.envelope import Arrived
from mlcore.runners.deciding import Deciding
from mlcore.runners.errors import ListGone, unexpected
from mlcore.runners.gather import Gatherer
from mlcore.runners.letters import notice_child
from mlcore.runners.pipeline import Pipeline
from mlcore.runners.recent import RecentPosts
from mlcore.runners.replybot import NUMBER as ANSWER_NUMBER
from mlcore.runners.replybot import Replybot
from mlcore.runners.turns import Turn, Turns
from mlcore.runners.verdicts import Verdicts
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.spool.entry import NewEntry

MOST_HEAVY = 8
"""Messages for the child that hold a place of this queue while they wait for it; others wait outside."""
HEAVY_WAIT_S = 1.0


class Incoming:
    """The step of in/."""

    def __init__(
        self,
        work: Work,
        deciding: Deciding,
        gatherer: Gatherer,
        recent: RecentPosts,
        pipeline: Pipeline,
        verdicts: Verdicts,
    ) -> None:
        self._work = work
        self._deciding = deciding
        self._gatherer = gatherer
        self._recent = recent
        self._pipeline = pipeline
        self._verdicts = verdicts
        self._replybot = Replybot(work)
        self._turns = Turns()
        self._turn_of: dict[str, Turn] = {}
        self._suspects: set[str] = set()

    def opened(self, claim: Claim) -> None:
        """Takes the turn of a post in its list, in the order of arrival."""
        self._turn_of[claim.name] = self._turns.take(claim.list_id)

    def closed(self, claim: Claim) -> None:
        """Whatever became of it, the next post of the list may go."""
        self._turn_of.pop(claim.name).end()
        self._recent.end(claim.name)

    def due(self, claim: Claim) -> float:
        """Seconds until it may be tried: many messages for the child must not take every place here."""
        if self._deciding.waiting < MOST_HEAVY:
            return 0.0
        policy = self._work.cache.in_memory(claim.list_id)
        if not self._deciding.is_heavy(claim, policy, suspect=claim.name in self._suspects):
            return 0.0
        return HEAVY_WAIT_S

    async def __call__(self, claim: Claim) -> None:
        """Facts, rules, and what they decide."""
        arrived = claim.entry.envelope
        if not isinstance(arrived, Arrived):
            raise unexpected(claim)
        policy = await self._work.cache.policy(arrived.list_id)
        if policy is None:
            raise ListGone(arrived.list_id)
        try:
            await self._decide(claim, arrived, policy)
        except (LocalTrouble, SpoolLost):
            raise
        except Exception:
            self._suspects.add(claim.name)  # the next attempt is made where it can be cut off
            raise
        self._suspects.discard(claim.name)

    async def _decide(self, claim: Claim, arrived: Arrived, policy: ListPolicy) -> None:
        deciding, turn = self._deciding, self._turn_of[claim.name]
        heavy = deciding.is_heavy(claim, policy, suspect=claim.name in self._suspects)
        if heavy:
            turn.end()  # nobody waits for a message that may take long
        examined = await deciding.examine(
            claim.entry.octets,
            policy,
            self._work.site,
            reverse_path=arrived.reverse_path,
            root=root_of(claim.name),
            heavy=heavy,
        )
        if isinstance(examined, Hit):
            await self._too_large(claim, arrived, policy, examined)
            return
        facts = await self._gatherer.post(claim.name, arrived, policy, examined)
        verdict, draft = await deciding.decide(examined.draft, policy, facts, heavy=heavy)
        answers: tuple[NewEntry, ...] = ()
        if not isinstance(verdict, Discard):  # what is thrown away has no answer, and takes nobody's place
            answers, ends = await self._answered(claim, arrived, policy, examined)
            if ends:
                await self._end(claim, arrived, answers)
                return
        if isinstance(verdict, Accept):
            decided = await self._pipeline.carry_out(
                claim,
                arrived,
                policy,
                facts,
                examined,
                draft,
                verdict.trail,
                heavy=heavy,
                turn=turn,
                more=answers,
            )
            if decided is None:
                return
            verdict = decided
        await self._refuse(claim, arrived, policy, facts, examined, verdict, answers)

    async def _answered(
        self, claim: Claim, arrived: Arrived, policy: ListPolicy, examined: Examined
    ) -> tuple[tuple[NewEntry, ...], bool]:
        """What the list answers by itself, and whether that is all that becomes of the message."""
        work = self._work
        kind: Final = "owner" if arrived.purpose == "owner" else "postings"
        letter, ends = await self._replybot.answer(
            claim, policy, kind, examined.draft.fields, arrived.reverse_path, work.clock.time()
        )
        return () if letter is None else (notice_child(work, claim, letter, ANSWER_NUMBER),), ends

    async def _end(self, claim: Claim, arrived: Arrived, answers: tuple[NewEntry, ...]) -> None:
        await self._work.spool.advance(claim, answers)
        self._work.log.info(
            "discarded",
            queue_id=root_of(claim.name),
            queue=claim.queue,
            list_id=arrived.list_id,
            reason="the list answers by itself, and passes nothing on",
            answered=len(answers),
        )

    async def _refuse(
        self,
        claim: Claim,
        arrived: Arrived,
        policy: ListPolicy,
        facts: PostFacts,
        examined: Examined,
        verdict: Hold | Reject | Discard,
        more: tuple[NewEntry, ...],
    ) -> None:
        await self._verdicts.carry_out(claim, arrived, policy, facts, examined.draft, verdict, more=more)
        if isinstance(verdict, Hold) and facts.purpose == "post":
            self._recent.note_held(policy.list_id, claim.name, examined.content_key)

    async def _too_large(self, claim: Claim, arrived: Arrived, policy: ListPolicy, hit: Hit) -> None:
        """A header section that is not taken apart: nobody is looked up, and nobody answered."""
        work = self._work
        facts = PostFacts(
            site=work.site,
            entry=claim.name,
            now=work.clock.time(),
            reverse_path=arrived.reverse_path,
            purpose=arrived.purpose,
            size_bytes=len(claim.entry.octets),
        )
        reasons = () if hit.reason is None else (hit.reason,)
        trail = Trail(hits=(hit.rule,), reasons=reasons, chain="hold", by=hit.rule)
        await self._verdicts.carry_out(claim, arrived, policy, facts, Draft.post(b""), Hold(trail))
