"""A member who sends too much, or a program in his name, is slowed down by a person."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit


def rule(_draft: Draft, policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits where the list took `max_posts_per_day` posts of the sender within 24 hours (0: never)."""
    most, sender = policy.max_posts_per_day, facts.sender
    if not most or sender is None or sender.posts_today < most:
        return None
    return Hit("posting-rate", Reason("The sender has reached the limit of {} posts a day", str(most)))
