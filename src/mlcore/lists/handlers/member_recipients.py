"""Addresses a post to the members."""

from mlcore.lists import recipients
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """Sets the recipients: see `recipients.select`."""
    return draft.with_recipients(recipients.select(draft, policy, facts))
