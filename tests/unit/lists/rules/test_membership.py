"""Members post, others wait, nobody goes nowhere."""

import pytest

from mlcore.lists.model import Role
from mlcore.lists.rules.membership import rule
from mlcore.lists.verdict import Hit
from support.posts import draft, policy, post_facts

ANNE = draft("From: anne@example.org")


@pytest.mark.parametrize("role", [Role.MEMBER, Role.OWNER, Role.MODERATOR])
def test_who_belongs_to_the_list_may_post(role: Role) -> None:
    assert rule(ANNE, policy(), post_facts(sender_roles=frozenset({role, Role.NONMEMBER}))) is None


@pytest.mark.parametrize("roles", [frozenset(), frozenset({Role.NONMEMBER})])
def test_others_wait(roles: frozenset[Role]) -> None:
    hit = rule(ANNE, policy(), post_facts(sender_roles=roles))
    assert hit == Hit("nonmember-moderation", "The message is not from a list member", "hold")


def test_without_any_sender_it_ends() -> None:
    hit = rule(draft("Subject: x"), policy(), post_facts(sender_roles=frozenset(), reverse_path=""))
    assert hit == Hit("no-senders", "The message has no valid senders", "discard")
