"""In an emergency moderators see everything first."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit


def rule(_draft: Draft, policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits while `emergency` is on, unless a moderator has let the message go."""
    if not policy.emergency or facts.moderator_approved:
        return None
    return Hit("emergency", Reason("Emergency moderation is in effect for this list"))
