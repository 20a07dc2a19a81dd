"""Gives a message a date if the author's program did not (RFC 5322 3.6.1: the field is mandatory)."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy
from mlcore.mail import date


def handler(draft: Draft, _policy: ListPolicy, facts: RenderFacts) -> Draft:
    """Prepends Date with the time at which the facts were gathered. A field that is there stays."""
    if draft.fields.first("date") is not None:
        return draft
    return draft.with_fields(draft.fields.prepend("Date", date.format(facts.post.now).encode()))
