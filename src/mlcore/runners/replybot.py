"""What a list answers by itself to a mail: a letter that goes out with whatever else becomes of the mail."""

from typing import Final

from mlcore.actions import autoresponses as actions
from mlcore.actions.members import Person as Somebody
from mlcore.base.ids import root_of
from mlcore.lists import autoresponse, mailboxes
from mlcore.lists.autoresponse import Kind
from mlcore.lists.model import ListPolicy
from mlcore.lists.notices.letters import Answered, Letter, Person
from mlcore.mail import message_id
from mlcore.mail.address import BadAddress
from mlcore.mail.address import parse as parse_address
from mlcore.mail.fields import Fields
from mlcore.runners.readers import Readers
from mlcore.runners.tasks import Job
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.store import autoresponses

NUMBER: Final = 9
"""Of the letter among the children of its entry (`runners.letters.notice_child`)."""
_KEPT_S: Final = 86_400.0


class Replybot:
    """Answers in the name of lists."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._readers = Readers(work)

    async def answer(
        self, claim: Claim, policy: ListPolicy, kind: Kind, fields: Fields, reverse_path: str, now: float
    ) -> tuple[Letter | None, bool]:
        """The letter for child `NUMBER` of the entry, None: nothing is answered; and whether the mail goes no
        further. kind: what it was written to; fields: its header; reverse_path: MAIL FROM without brackets;
        now: Unix seconds.

        The letter is to be durable before the entry is gone: asked again after a crash, this gives the same.
        Where the list answers nothing of this kind, nothing is looked at. Raises StoreTrouble."""
        ends = autoresponse.ends(policy, kind)
        if not autoresponse.wanted(policy, fields, kind, reverse_path):
            return None, ends
        sender = author(fields, reverse_path)
        if sender is None or await self._readers.is_ours(sender.address):
            return None, ends
        work = self._work
        is_allowed = await work.store.write(
            lambda conn: actions.allow(
                conn,
                policy,
                sender.key,
                kind,
                root_of(claim.name),
                always=autoresponse.asks_always(fields),
                most=work.site.max_autoresponses_per_day,
                now=now,
            )
        )
        if not is_allowed:
            return None, ends
        letter = work.writer().autoresponse(
            policy,
            Person(sender.address),
            autoresponse.text(policy, kind),
            identity=f"{claim.name}.n{NUMBER}",
            now=now,
            answered=Answered(message_id=message_id.of(fields)),
        )
        return letter, ends


def author(fields: Fields, reverse_path: str) -> Somebody | None:
    """Who seems to have written a mail: the first author, else the envelope sender; None: neither is an
    address."""
    named = mailboxes.named(fields, "from", limit=1)
    if named:
        name, address = named[0]
        return Somebody(0, name, str(address), address.key)
    try:
        address = parse_address(reverse_path)
    except BadAddress:
        return None
    return Somebody(0, "", str(address), address.key)


def purge_job(work: Work) -> Job:
    """Forgets answers that nobody has to be kept from getting again."""

    async def purge() -> None:
        await work.store.write(autoresponses.purge, work.clock.time() - _KEPT_S)

    return Job("purge autoresponses", 86_400.0, purge, at_start=True)
