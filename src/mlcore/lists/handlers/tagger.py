"""Says which topics of the list a post belongs to."""

from mlcore.lists import topics
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.patterns import Patterns


def handler(draft: Draft, policy: ListPolicy, _facts: RenderFacts, patterns: Patterns) -> Draft:
    """Sets `Draft.topics` and X-Topics with their names. A field that came with the post goes: members sort
    by it. With `topics_enabled` off nothing is touched."""
    if not policy.topics_enabled:
        return draft
    names = topics.of(draft, policy, patterns)
    fields = draft.fields.remove("x-topics")
    if names:
        fields = fields.prepend("X-Topics", ", ".join(names))
    return draft.with_fields(fields).with_topics(names)
