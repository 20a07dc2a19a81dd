"""Senders who may not let a post in (`sender_headers`), but may stop it."""

from typing import Any

import pytest

from mlcore.lists.facts import SenderFacts
from mlcore.lists.model import Action, Role
from mlcore.lists.patterns import Patterns
from mlcore.lists.rules import (
    auto_reply,
    banned_address,
    member_moderation,
    nonmember_moderation,
    restricted_member,
)
from mlcore.lists.verdict import Hit
from support.posts import draft, policy, post_facts, sender

MALLORY = sender("mallory@example.net", Role.NONMEMBER)


def _silent(*roles: Role, **facts: Any) -> SenderFacts:
    """Of Reply-To, where `sender_headers` does not name it."""
    return sender("anne@example.org", *roles, vouches=False, **facts)


def _nonmembers(*senders: SenderFacts, **settings: Any) -> Hit | None:
    facts = post_facts(senders=senders)
    return nonmember_moderation.rule(draft("Subject: Tea"), policy(**settings), facts, Patterns())


@pytest.mark.parametrize("role", [Role.MEMBER, Role.OWNER, Role.MODERATOR])
def test_nobody_gets_in_by_a_members_address_in_reply_to(role: Role) -> None:
    held = _nonmembers(MALLORY, _silent(role))
    assert held is not None
    assert held.action == "hold"
    assert _nonmembers(MALLORY, sender("anne@example.org", role)) is None


@pytest.mark.parametrize("action", [Action.ACCEPT, Action.DEFER])
def test_nor_by_that_of_a_nonmember_who_may_post(action: Action) -> None:
    known = _silent(Role.NONMEMBER, moderation_action=action)
    held = _nonmembers(MALLORY, known)
    assert held is not None
    assert held.action == "hold"
    named = _nonmembers(MALLORY, _silent(Role.NONMEMBER), accept_these_nonmembers=("anne@example.org",))
    assert named is not None
    assert named.action == "hold"


def test_what_is_said_against_an_address_counts_all_the_same() -> None:
    refused = _nonmembers(MALLORY, _silent(Role.NONMEMBER, moderation_action=Action.DISCARD))
    assert refused is not None
    assert refused.action == "discard"
    banned = post_facts(senders=(MALLORY, _silent(Role.MEMBER, banned=True)))
    assert banned_address.rule(draft(), policy(), banned) is not None
    restricted = post_facts(senders=(MALLORY, _silent(Role.MEMBER, restricted=True)))
    assert restricted_member.rule(draft(), policy(), restricted) is not None
    moderated = post_facts(senders=(MALLORY, _silent(Role.MEMBER, moderation_action=Action.REJECT)))
    rejected = member_moderation.rule(draft(), policy(), moderated)
    assert rejected is not None
    assert rejected.action == "reject"


def test_a_member_who_is_always_accepted_is_so_where_he_vouches() -> None:
    accepted = {"moderation_action": Action.ACCEPT}
    silent = post_facts(senders=(MALLORY, _silent(Role.MEMBER, **accepted)))
    assert member_moderation.rule(draft(), policy(), silent) is None
    heard = post_facts(senders=(sender("anne@example.org", Role.MEMBER, **accepted),))
    hit = member_moderation.rule(draft(), policy(), heard)
    assert hit is not None
    assert hit.action == "accept"


def test_a_program_is_not_welcome_for_a_members_address_in_reply_to() -> None:
    facts = post_facts(senders=(MALLORY, _silent(Role.MEMBER)))
    report = draft("Auto-Submitted: auto-generated")
    assert auto_reply.rule(report, policy(), facts, Patterns()) is not None
