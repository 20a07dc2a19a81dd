"""A message of nobody: there is nobody to ask, to tell or to let in later."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit


def rule(_draft: Draft, _policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits where neither fields nor envelope have a valid sender address."""
    return None if facts.senders else Hit("no-senders", Reason("The message has no valid senders"))
