"""Decides who is told that his post went through."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, SenderFacts
from mlcore.lists.model import ListPolicy, Role
from mlcore.lists.robots import is_robot


def wanted(_policy: ListPolicy, facts: PostFacts, draft: Draft) -> SenderFacts | None:
    """The sender to be told: a member who asked for it (`acknowledge_posts`); None: nobody.

    draft: before the second pass, which makes list mail of it. Nobody is told of what a program wrote
    (P18), nor of mail to the owners."""
    sender = facts.sender
    if sender is None or facts.purpose != "post" or not sender.standing.acknowledge_posts:
        return None
    if Role.MEMBER not in sender.standing.roles or is_robot(draft.fields, facts.reverse_path):
        return None
    return sender
