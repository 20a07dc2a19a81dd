"""Nobody who is banned posts, under any of the addresses of a message."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit


def rule(_draft: Draft, _policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits where one of the senders is banned from the list or the site.

    The argument of the reason is the address, the one thing of a message that a reason may name: it is a
    valid address, and the chain discards such a message, so that nobody but the log is told."""
    for sender in facts.senders:
        if sender.banned:
            return Hit("banned-address", Reason("Message sender {} is banned from this list", sender.key))
    return None
