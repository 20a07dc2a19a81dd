"""Moderated members."""

import pytest

from mlcore.lists.links import TERMINALS
from mlcore.lists.model import Action, Role
from mlcore.lists.reasons import Reason
from mlcore.lists.rules.member_moderation import rule
from mlcore.lists.verdict import Hit
from support.posts import draft, policy, post_facts, sender

POST = draft("From: anne@example.org")
REASON = Reason("The message comes from a moderated member")


@pytest.mark.row("rule: member-moderation")
@pytest.mark.row("attribute: default_member_action")
@pytest.mark.parametrize("action", Action)
def test_the_action_of_the_list_or_of_the_member(action: Action) -> None:
    expected = None if action is Action.DEFER else Hit("member-moderation", REASON, TERMINALS[action])
    assert rule(POST, policy(default_member_action=action), post_facts()) == expected
    own = post_facts(senders=(sender(moderation_action=action),))
    assert rule(POST, policy(default_member_action=Action.HOLD), own) == expected


def test_the_first_member_among_the_senders_counts() -> None:
    stranger = sender("x@example.org", Role.OWNER)
    anne = sender(moderation_action=Action.HOLD)
    bart = sender("bart@example.org", moderation_action=Action.DISCARD)
    hit = rule(POST, policy(), post_facts(senders=(stranger, anne, bart)))
    assert hit == Hit("member-moderation", REASON, "hold")


def test_no_hit_without_members_and_with_banned_senders() -> None:
    strict = policy(default_member_action=Action.HOLD)
    assert rule(POST, strict, post_facts(senders=(sender("x@example.org", Role.NONMEMBER),))) is None
    assert rule(POST, strict, post_facts(senders=())) is None
    banned = sender("x@example.org", Role.NONMEMBER, banned=True)
    assert rule(POST, strict, post_facts(senders=(sender(), banned))) is None
