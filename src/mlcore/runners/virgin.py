"""virgin/: mail that mlcore itself wrote, on its way to out/."""

from mlcore.lists import pipelines
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts
from mlcore.mail import message_id
from mlcore.mail.envelope import Notice, Rendered
from mlcore.mail.lines import has_8bit, normalise
from mlcore.runners.errors import unexpected
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry, NewEntry


class Virgin:
    """The step of virgin/."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def __call__(self, claim: Claim) -> None:
        """One notice becomes one entry of out/ for all its recipients."""
        notice = claim.entry.envelope
        if not isinstance(notice, Notice):
            raise unexpected(claim)
        draft = await self._rendered(claim, notice)
        rendered = Rendered(
            list_id=notice.list_id,
            reverse_path=notice.reverse_path,
            message_id=message_id.of(draft.fields),
            arrived_at=notice.arrived_at,
            smtputf8=has_8bit(draft.fields.octets()),
            eight_bit=has_8bit(draft.body),
            kind="digest" if notice.kind == "digest" else "notice",
            urgent=notice.urgent,
            verp=1 if notice.verp else 0,
        )
        child = NewEntry("out", f"{claim.name}.o", Entry(rendered, claim.entry.addresses, draft.octets()))
        await self._work.spool.advance(claim, [child])
        self._work.log.info(
            "accepted",
            queue_id=claim.name,
            queue=claim.queue,
            list_id=notice.list_id,
            kind=notice.kind,
            recipients=len(claim.entry.addresses),
            message_id=rendered.message_id,
        )

    async def _rendered(self, claim: Claim, notice: Notice) -> Draft:
        """With the fields of its list, as all mail about it carries them; mail of the site has none."""
        work, draft = self._work, Draft.post(normalise(claim.entry.octets))
        policy = await work.cache.policy(notice.list_id) if notice.list_id else None
        if policy is None:
            return draft
        facts = PostFacts(
            site=work.site,
            entry=claim.name,
            now=work.clock.time(),
            reverse_path=notice.reverse_path,
            purpose="digest" if notice.kind == "digest" else "virgin",
        )
        rendering = RenderFacts(post=facts, number=None, recipients=())
        result = pipelines.second_pass(
            draft, policy, rendering, pipelines.pipeline_for(policy, facts.purpose)
        )
        return result if isinstance(result, Draft) else draft
