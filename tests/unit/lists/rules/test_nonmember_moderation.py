"""People who are not on the list."""

from typing import Any

import pytest

from mlcore.lists.facts import SenderFacts
from mlcore.lists.links import TERMINALS
from mlcore.lists.model import Action, Role
from mlcore.lists.patterns import Patterns
from mlcore.lists.reasons import Reason
from mlcore.lists.rules.nonmember_moderation import rule
from mlcore.lists.verdict import Hit
from support.posts import draft, policy, post_facts, sender

POST = draft("From: anne@example.org")
STRANGER = Reason("The message is not from a list member")


def _nonmember(address: str = "Anne@example.org", **facts: Any) -> SenderFacts:
    return sender(address, Role.NONMEMBER, **facts)


def _hit(*senders: SenderFacts, from_usenet: bool = False, **settings: Any) -> Hit | None:
    facts = post_facts(senders=senders, from_usenet=from_usenet)
    return rule(POST, policy(**settings), facts, Patterns())


@pytest.mark.row("rule: nonmember-moderation")
@pytest.mark.row("attribute: default_nonmember_action")
@pytest.mark.parametrize("action", Action)
def test_the_default_or_what_a_moderator_said(action: Action) -> None:
    expected = None if action is Action.DEFER else Hit("nonmember-moderation", STRANGER, TERMINALS[action])
    assert _hit(_nonmember(), default_nonmember_action=action) == expected
    assert _hit(_nonmember(moderation_action=action), default_nonmember_action=Action.HOLD) == expected


@pytest.mark.parametrize("role", [Role.MEMBER, Role.OWNER, Role.MODERATOR])
def test_who_belongs_to_the_list_may_post(role: Role) -> None:
    assert _hit(_nonmember("x@example.org"), sender("anne@example.org", role, Role.NONMEMBER)) is None


def test_banned_senders_and_newsgroups_are_no_matter_of_this_rule() -> None:
    assert _hit(_nonmember(banned=True)) is None
    assert _hit(_nonmember(), from_usenet=True) is None


def test_nobody_is_treated_by_the_default() -> None:
    """There an enumeration took the place of its name, and the chain failed."""
    hit = _hit(default_nonmember_action=Action.REJECT)
    assert hit == Hit("nonmember-moderation", Reason("No sender was found in the message."), "reject")


@pytest.mark.parametrize(
    "action",
    [
        pytest.param("hold", marks=pytest.mark.row("attribute: hold_these_nonmembers")),
        pytest.param("reject", marks=pytest.mark.row("attribute: reject_these_nonmembers")),
        pytest.param("discard", marks=pytest.mark.row("attribute: discard_these_nonmembers")),
    ],
)
@pytest.mark.parametrize("entry", ["anne@example.org", "^ANNE@", "^.*@EXAMPLE\\.org$"])
def test_the_lists_of_nonmembers(action: str, entry: str) -> None:
    """Addresses and expressions, without regard to case; there expressions minded it."""
    named: dict[str, Any] = {f"{action}_these_nonmembers": ("zoe@example.org", entry)}
    hit = _hit(_nonmember(), default_nonmember_action=Action.DEFER, **named)
    reason = Reason("The sender is in the nonmember {} list", action)
    assert hit is not None
    assert (hit.rule, hit.reason, hit.action) == ("nonmember-moderation", reason, action)
    assert _hit(_nonmember("bart@example.net"), default_nonmember_action=Action.DEFER, **named) is None


@pytest.mark.row("attribute: accept_these_nonmembers")
@pytest.mark.parametrize("entry", ["anne@example.org", "^anne@", "@bee@example.com"])
def test_who_is_accepted_is_treated_like_a_member(entry: str) -> None:
    anne = _nonmember(lists=frozenset({"bee@example.com"}))
    named: dict[str, Any] = {"accept_these_nonmembers": (entry,), "discard_these_nonmembers": ("^.*",)}
    assert _hit(anne, default_nonmember_action=Action.REJECT, **named) is None
    other = _nonmember("bart@example.net", lists=frozenset({"cow@example.com"}))
    hit = _hit(other, default_nonmember_action=Action.REJECT, **named)
    assert hit is not None
    assert hit.action == "discard"


def test_the_lists_are_tried_in_the_order_accept_hold_reject_discard() -> None:
    named: dict[str, Any] = {
        f"{action}_these_nonmembers": ("^anne",) for action in ("hold", "reject", "discard")
    }
    hit = _hit(_nonmember(), **named)
    assert hit is not None
    assert hit.action == "hold"


def test_what_a_moderator_said_comes_before_the_lists() -> None:
    assert _hit(_nonmember(moderation_action=Action.DEFER), discard_these_nonmembers=("^.*",)) is None


def test_the_first_sender_that_the_list_knows_counts() -> None:
    known = _nonmember("bart@example.org")
    hit = _hit(_nonmember(), known, discard_these_nonmembers=("bart@example.org",))
    assert hit is not None
    assert hit.action == "discard"


def test_an_expression_that_takes_too_long_accepts_nobody() -> None:
    slow = "^(?:a|b|(?R))*(?R)?x"
    anne = _nonmember("a" * 60 + "!@example.org")
    assert _hit(anne, accept_these_nonmembers=(slow,)) == Hit("nonmember-moderation", STRANGER, "hold")
