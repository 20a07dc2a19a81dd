"""Addresses owner mail to the owners and moderators."""

from mlcore.lists import recipients
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy


def handler(draft: Draft, _policy: ListPolicy, facts: RenderFacts) -> Draft:
    """Sets the recipients; nobody is left out, not even an owner who wrote it."""
    return draft.with_recipients(recipients.owners(facts))
