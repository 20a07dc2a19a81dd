"""Posts of people the list does not know wait for a moderator; posts of nobody go nowhere."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy, Role
from mlcore.lists.senders import senders
from mlcore.lists.verdict import Hit

_AT_HOME = frozenset({Role.MEMBER, Role.OWNER, Role.MODERATOR})


def rule(draft: Draft, _policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """No hit for members, owners and moderators. Without any valid sender address the message is discarded:
    there is nobody to ask, to tell or to let in later. Otherwise it is held."""
    if not _AT_HOME.isdisjoint(facts.sender_roles):
        return None
    if not senders(draft.fields, facts.reverse_path):
        return Hit("no-senders", "The message has no valid senders", "discard")
    return Hit("nonmember-moderation", "The message is not from a list member", "hold")
