"""Spares members a second copy of what they get directly."""

from mlcore.lists import recipients
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy


def handler(draft: Draft, _policy: ListPolicy, facts: RenderFacts) -> Draft:
    """Takes out those who stand in To or Cc and want no copy of the list's: see `recipients.without_copies`.

    Cc stays as written: it may be signed, and who answers to all shall find the same people."""
    left = recipients.without_copies(draft, facts)
    return draft if left is draft.recipients else draft.with_recipients(left)
