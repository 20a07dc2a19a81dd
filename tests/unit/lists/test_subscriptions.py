"""Who has to consent, by the policy of the list; and which addresses reach one person."""

import pytest

from mlcore.lists.model import ListPolicy, SubscriptionPolicy
from mlcore.lists.subscriptions import (
    Lives,
    Outcome,
    Step,
    join_step,
    leave_step,
    mailbox_key,
    speaks_for_mailbox,
)

OPEN, CONFIRM, MODERATE, BOTH = SubscriptionPolicy
V, C, A = {"verified": True}, {"confirmed": True}, {"approved": True}


def policy(join: SubscriptionPolicy = OPEN, leave: SubscriptionPolicy = OPEN) -> ListPolicy:
    return ListPolicy(
        list_id="ant.example.com",
        list_name="ant",
        mail_host="example.com",
        display_name="Ant",
        subscription_policy=join,
        unsubscription_policy=leave,
    )


@pytest.mark.parametrize(
    ("asks", "consents", "expected"),
    [
        (OPEN, V, Step.DO),
        (OPEN, {}, Step.CONFIRM),
        (OPEN, C | A, Step.CONFIRM),
        (CONFIRM, V, Step.CONFIRM),
        (CONFIRM, V | A, Step.CONFIRM),
        (CONFIRM, V | C, Step.DO),
        (CONFIRM, C, Step.CONFIRM),
        (MODERATE, V, Step.MODERATE),
        (MODERATE, V | C, Step.MODERATE),
        (MODERATE, V | A, Step.DO),
        (MODERATE, A, Step.CONFIRM),
        (BOTH, V, Step.CONFIRM),
        (BOTH, V | A, Step.CONFIRM),
        (BOTH, V | C, Step.MODERATE),
        (BOTH, V | C | A, Step.DO),
        (BOTH, C | A, Step.CONFIRM),
    ],
)
def test_joining(asks: SubscriptionPolicy, consents: dict[str, bool], expected: Step) -> None:
    assert join_step(policy(join=asks), **consents) is expected


@pytest.mark.parametrize("asks", list(SubscriptionPolicy))
def test_who_is_invited_is_asked_and_nobody_else(asks: SubscriptionPolicy) -> None:
    assert join_step(policy(join=asks), **V, invitation=True) is Step.CONFIRM
    assert join_step(policy(join=asks), invitation=True) is Step.CONFIRM
    assert join_step(policy(join=asks), **V, **C, invitation=True) is Step.DO


@pytest.mark.parametrize(
    ("asks", "consents", "expected"),
    [
        (OPEN, {}, Step.DO),
        (CONFIRM, {}, Step.CONFIRM),
        (CONFIRM, A, Step.CONFIRM),
        (CONFIRM, C, Step.DO),
        (MODERATE, {}, Step.MODERATE),
        (MODERATE, C, Step.MODERATE),
        (MODERATE, A, Step.DO),
        (BOTH, {}, Step.CONFIRM),
        (BOTH, A, Step.CONFIRM),
        (BOTH, C, Step.MODERATE),
        (BOTH, C | A, Step.DO),
    ],
)
def test_leaving(asks: SubscriptionPolicy, consents: dict[str, bool], expected: Step) -> None:
    assert leave_step(policy(leave=asks), **consents) is expected


@pytest.mark.parametrize(
    ("key", "mailbox", "speaks"),
    [
        ("anne@example.com", "anne@example.com", True),
        ("anne+lists@example.com", "anne@example.com", False),
        ("anne+a+b@example.com", "anne@example.com", False),
        ("+anne@example.com", "+anne@example.com", True),
        ("+anne+x@example.com", "+anne@example.com", False),
        ("a.nne@example.com", "a.nne@example.com", True),
        ("anne@gmail.com", "anne@gmail.com", True),
        ("a.n.n.e+x@gmail.com", "anne@gmail.com", True),
        ("A.nne".lower() + "@googlemail.com", "anne@gmail.com", True),
        ('"anne+ 1"@example.com', "anne@example.com", False),
        ('"a.nne+ 1"@gmail.com', "anne@gmail.com", True),
        ('"a b"@example.com', '"a b"@example.com', True),
        ('"a b+c"@example.com', '"a b"@example.com', False),
        ('"a\\\\+ 1"@example.com', '"a\\\\"@example.com', False),
        ('"\\"+ 1"@example.com', '"\\""@example.com', False),
        ("太郎+x@例え.jp", "太郎@例え.jp", False),
    ],
)
def test_p19_addresses_that_reach_one_person_count_together(key: str, mailbox: str, speaks: bool) -> None:
    assert mailbox_key(key) == mailbox
    assert mailbox_key(mailbox) == mailbox
    assert speaks_for_mailbox(key) is speaks


def test_what_is_configured_by_default() -> None:
    assert Lives() == (3 * 86_400, 180 * 86_400, 3)


def test_outcomes_are_words_for_a_log() -> None:
    assert all(one.isascii() and one == one.lower() and " " not in one for one in Outcome)
