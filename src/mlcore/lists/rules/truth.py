"""Always: for links of a chain that ask nothing."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.verdict import Hit


def rule(_draft: Draft, _policy: ListPolicy, _facts: PostFacts) -> Hit:
    """Hits, whatever the message is."""
    return Hit("truth")
