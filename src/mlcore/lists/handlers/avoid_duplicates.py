"""Spares members a second copy of what they get directly, and marks that copy where they want it."""

from mlcore.lists import recipients
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy, Personalization
from mlcore.mail.slots import Slot


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """Takes out those who stand in To or Cc and want no copy of the list's: see `recipients.without_copies`.
    On a list that sends personal copies, those of others who stand there have `X-Mailman-Copy: yes`.

    Cc stays as written: it may be signed, and who answers to all shall find the same people."""
    left = recipients.without_copies(draft, facts)
    if left is not draft.recipients:
        draft = draft.with_recipients(left)
    if policy.personalize is Personalization.NONE:
        return draft
    marked = recipients.addressed_too(draft)
    if not marked:
        return draft
    return draft.with_slots((*draft.slots, Slot(at=0, kind="copy", text="\n".join(marked))))
