"""Tells readers' programs which room of the house a list belongs to."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy


def handler(draft: Draft, policy: ListPolicy, _facts: RenderFacts) -> Draft:
    """Adds `X-Room: NAME`, the first word of the list's description; nothing where there is none."""
    words = policy.description.split()
    if not words:
        return draft
    return draft.with_fields(draft.fields.remove("x-room").prepend("X-Room", words[0]))
