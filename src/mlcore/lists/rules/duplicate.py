"""The same message twice: a mailer that lost an answer, or a relay that sends on what it had sent."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit


def rule(_draft: Draft, _policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits where this list got a message with the same Message-ID and the same content within a day."""
    if not facts.duplicate_of:
        return None
    return Hit("duplicate", Reason("This message has reached the list before"))
