"""Tells autoresponders that this is list mail (RFC 3834 2)."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy


def handler(draft: Draft, _policy: ListPolicy, _facts: RenderFacts) -> Draft:
    """Adds `Precedence: list` unless the author chose a precedence."""
    if draft.fields.first("precedence") is not None:
        return draft
    return draft.with_fields(draft.fields.prepend("Precedence", b"list"))
