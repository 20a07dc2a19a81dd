"""virgin/: mail that mlcore itself wrote, on its way to out/."""

from mlcore.lists.draft import Draft
from mlcore.mail import message_id
from mlcore.mail.envelope import Notice, Rendered
from mlcore.mail.lines import has_8bit, normalise
from mlcore.runners.pipeline import unexpected
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
        draft = Draft.post(normalise(claim.entry.octets))
        rendered = Rendered(
            list_id=notice.list_id,
            reverse_path=notice.reverse_path,
            message_id=message_id.of(draft.fields),
            arrived_at=notice.arrived_at,
            smtputf8=has_8bit(draft.fields.octets()),
            eight_bit=has_8bit(draft.body),
            kind="notice",
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
