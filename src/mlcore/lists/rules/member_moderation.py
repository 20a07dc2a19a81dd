"""What a moderator said of a member, or of all members."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, SenderFacts
from mlcore.lists.links import TERMINALS
from mlcore.lists.model import Action, ListPolicy, Role
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit


def rule(_draft: Draft, policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits with the action of the first sender who is a member, or with `default_member_action`; not where
    that is `defer`, and not where a sender is banned. Who does not vouch (`SenderFacts`) is not accepted."""
    member = member_of(facts)
    if member is None or any(sender.banned for sender in facts.senders):
        return None
    action = member.standing.moderation_action or policy.default_member_action
    if action is Action.DEFER or (action is Action.ACCEPT and not member.vouches):
        return None
    return Hit("member-moderation", Reason("The message comes from a moderated member"), TERMINALS[action])


def member_of(facts: PostFacts) -> SenderFacts | None:
    """The first sender who is a member, through any address of the person."""
    return next((sender for sender in facts.senders if Role.MEMBER in sender.standing.roles), None)
