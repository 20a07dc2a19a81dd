"""Members who may read, and no more."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.rules.member_moderation import member_of
from mlcore.lists.verdict import Hit


def rule(_draft: Draft, _policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits where the first sender who is a member is a restricted one."""
    member = member_of(facts)
    if member is None or not member.standing.restricted:
        return None
    return Hit("restricted-member", Reason("The sender may read this list, but not post to it"))
