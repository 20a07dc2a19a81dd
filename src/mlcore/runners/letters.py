"""Mail of mlcore's own on its way into the spool."""

from typing import Final

from mlcore.lists.notices.letters import Letter
from mlcore.mail.envelope import Notice
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry, NewEntry

_URGENT: Final = frozenset({"confirm-join", "confirm-leave", "results", "no-more-today", "control"})
"""Kinds of letters that somebody waits for, at this moment."""


def notice_entry(work: Work, name: str, letter: Letter) -> NewEntry:
    """The letter as an entry of virgin/."""
    envelope = Notice(
        list_id=letter.list_id,
        reverse_path=letter.reverse_path,
        kind=letter.kind,
        urgent=letter.kind in _URGENT,
        arrived_at=work.clock.time(),
    )
    return NewEntry("virgin", name, Entry(envelope, letter.recipients, letter.octets))


def notice_child(work: Work, claim: Claim, letter: Letter, number: int) -> NewEntry:
    """The letter as a child of the entry that is its cause. number: of this letter among those (1, 2, …)."""
    return notice_entry(work, f"{claim.name}.n{number}", letter)
