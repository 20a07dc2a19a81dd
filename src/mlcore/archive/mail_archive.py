"""An archive that is reached by mail, as mail-archive.com: each post goes to one address, by way of out/."""

from typing import Final

from mlcore.archive.archiver import ArchivedPost, Unavailable
from mlcore.lists.model import ListPolicy
from mlcore.mail import fields
from mlcore.mail.envelope import Rendered
from mlcore.mail.lines import has_8bit
from mlcore.spool.entry import Entry, NewEntry
from mlcore.spool.spool import Spool

RECIPIENT: Final = "archive@mail-archive.com"
BASE_URL: Final = "https://www.mail-archive.com/"


class MailArchive:
    """See `Archiver`: it has the post when that is durable in out/, from where it is delivered as all mail.

    A crash between that and the note that it was done may give it a second copy, which it knows by its
    Message-ID."""

    repeatable = False

    def __init__(self, name: str, recipient: str, spool: Spool) -> None:
        self.name = name
        self._recipient = recipient
        self._spool = spool

    async def archive(self, post: ArchivedPost) -> None:
        """See `Archiver.archive`."""
        name = f"{post.entry}.m{post.number}"
        queues = self._spool.queues
        if name in queues["out"] or name in queues["retry"]:
            return  # on its way already: to write it anew would take its records away
        entry = Entry(_envelope(post), (self._recipient,), post.octets)
        (trouble,) = await self._spool.accept([NewEntry("out", name, entry)])
        if trouble is not None:
            raise Unavailable(str(trouble))

    async def close(self) -> None:
        """See `Archiver.close`."""


def _envelope(post: ArchivedPost) -> Rendered:
    policy: ListPolicy = post.policy
    head, body = fields.split(post.octets)
    return Rendered(
        list_id=policy.list_id,
        reverse_path=policy.sub_address("bounces"),
        message_id=post.message_id,
        arrived_at=post.arrived_at,
        smtputf8=has_8bit(head.octets()),
        eight_bit=has_8bit(body),
    )
