"""The steps of `lists.stages`, in the loop or in the worker child."""

from collections.abc import Sequence
from typing import cast

from mlcore.base.eventlog import EventLog
from mlcore.lists import stages, wire
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts, SiteFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.patterns import Patterns
from mlcore.lists.stages import Examined, Extensions
from mlcore.lists.verdict import Accept, Discard, Hit, Reject, Verdict
from mlcore.mail.fields import header_size
from mlcore.mail.report import Recognised
from mlcore.runners.child import Child
from mlcore.spool.claim import Claim

HTML_THRESHOLD = 10 << 10
"""What makes text of HTML is not ours, and its time cannot be known beforehand."""
HEADER_THRESHOLD = 16 << 10
"""Rules and handlers read the same field many times, and a field of encoded words or addresses may take some
µs for an octet. Header sections of people's mail seldom have more."""


class Deciding:
    """more: rules and handlers of the site; child: None where all is done in the loop (tests); threshold:
    octets of a message above which the child does it."""

    def __init__(self, log: EventLog, *, more: Extensions, child: Child | None, threshold: int) -> None:
        self._log = log
        self._more = more
        self._child = child
        self._threshold = threshold

    def is_heavy(self, claim: Claim, policy: ListPolicy | None, *, suspect: bool) -> bool:
        """Whether the child is to do it: for its size, or since it has failed or killed before. policy: None
        where it is not known; then true also for some that are not."""
        if self._child is None:
            return False
        limit = self._threshold
        if policy is None or (policy.filter_content and policy.convert_html_to_plaintext):
            limit = min(limit, HTML_THRESHOLD)
        octets = claim.entry.octets
        if suspect or claim.progress.strikes > 0 or len(octets) > limit:
            return True
        return len(octets) > HEADER_THRESHOLD and header_size(octets) > HEADER_THRESHOLD

    @property
    def waiting(self) -> int:
        """Messages that the child works on, or that wait for it."""
        return 0 if self._child is None else self._child.waiting

    async def examine(
        self, octets: bytes, policy: ListPolicy, site: SiteFacts, *, reverse_path: str, root: str, heavy: bool
    ) -> Examined | Hit:
        """See `stages.examine`. This and the others raise what `Child.ask` does."""
        if not heavy:
            return stages.examine(octets, policy, site, reverse_path=reverse_path, root=root)
        asked = wire.Examine(policy=policy, site=site, reverse_path=reverse_path, root=root)
        reply, draft = await self._ask(asked, octets)
        return wire.examined(cast("wire.WasExamined", reply), draft)

    async def decide(
        self, draft: Draft, policy: ListPolicy, facts: PostFacts, *, heavy: bool
    ) -> tuple[Verdict, Draft]:
        """See `stages.decide`."""
        if not heavy:
            patterns = Patterns()
            decided = stages.decide(draft, policy, facts, self._more, patterns)
            self._tell_late(policy, facts, patterns.late)
            return decided
        asked = wire.Decide(policy=policy, facts=facts)
        return await self._decided(asked, draft, policy, facts)

    async def render(
        self, draft: Draft, policy: ListPolicy, facts: RenderFacts, *, heavy: bool
    ) -> Draft | Reject | Discard:
        """See `stages.render`."""
        if not heavy:
            patterns = Patterns()
            result = stages.render(draft, policy, facts, self._more, patterns)
            self._tell_late(policy, facts.post, patterns.late)
            return result
        asked = wire.Render(policy=policy, facts=facts, topics=draft.topics)
        verdict, rendered = await self._decided(asked, draft, policy, facts.post)
        return rendered if isinstance(verdict, Accept) else cast("Reject | Discard", verdict)

    async def recognise(self, claim: Claim) -> Recognised:
        """See `reports.recognise`. Always in the child: what reads reports of any kind takes a while to load
        and some ms for each."""
        if self._child is None:
            from mlcore.lists import reports  # noqa: PLC0415  (as in the child: not before the first report)

            return reports.recognise(claim.entry.octets)
        reply, _ = await self._ask(wire.Recognise(), claim.entry.octets)
        return cast("wire.WasRecognised", reply).found

    async def _decided(
        self, asked: wire.Request, draft: Draft, policy: ListPolicy, facts: PostFacts
    ) -> tuple[Verdict, Draft]:
        reply, octets = await self._ask(asked, draft.octets())
        found = cast("wire.WasDecided", reply)
        self._tell_late(policy, facts, found.late)
        return wire.decided(found, octets)

    def _tell_late(self, policy: ListPolicy, facts: PostFacts, late: Sequence[str]) -> None:
        """An owner's expression that takes too long matches nothing; somebody has to hear of it."""
        for pattern in late:
            self._log.warning("slow pattern", list_id=policy.list_id, queue_id=facts.root, pattern=pattern)

    async def _ask(self, asked: wire.Request, octets: bytes) -> tuple[wire.Reply, bytes]:
        assert self._child is not None
        return await self._child.ask(asked, octets)
