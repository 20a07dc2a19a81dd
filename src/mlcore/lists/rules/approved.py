"""A post that brings the moderators' password has been moderated."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.verdict import Hit


def rule(_draft: Draft, _policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits where the password that was taken out of the message (`lists.approved`) is the right one. With a
    wrong one a post is like any other."""
    return Hit("approved") if facts.approved else None
