"""What a list answers by itself, and to which mail."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists import autoresponse
from mlcore.lists.autoresponse import Kind
from mlcore.lists.model import ListPolicy, ResponseAction
from mlcore.mail.fields import Fields, split
from support.posts import policy

ANNE = "anne@example.org"
DAY = 86_400
MONDAY_NOON = 1_700_481_600.0  # 2023-11-20T12:00:00Z
KINDS: tuple[Kind, ...] = ("owner", "postings", "requests")
TEXTS = {"owner": "autoresponse_owner_text", "postings": "autoresponse_postings_text"}


def fields(*lines: str) -> Fields:
    return split("".join(f"{line}\r\n" for line in ("From: Anne <anne@example.org>", *lines)).encode())[0]


def answering(kind: Kind, action: ResponseAction = ResponseAction.RESPOND_AND_CONTINUE) -> ListPolicy:
    """A list that answers mail of this kind and no other."""
    given: dict[str, Any] = {f"autorespond_{kind}": action}
    return policy(**given, **{TEXTS.get(kind, "autoresponse_request_text"): f"Words for {kind}."})


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_mail_has_its_own_answer(kind: Kind) -> None:
    about = answering(kind)
    assert autoresponse.text(about, kind) == f"Words for {kind}."
    for other in KINDS:
        assert autoresponse.wanted(about, fields(), other, ANNE) is (other == kind)
        assert (autoresponse.action(about, other) is ResponseAction.NONE) is (other != kind)
        assert not autoresponse.ends(about, other)


@pytest.mark.parametrize("kind", KINDS)
def test_discarded_or_not(kind: Kind) -> None:
    discarding = answering(kind, ResponseAction.RESPOND_AND_DISCARD)
    assert [autoresponse.ends(discarding, other) for other in KINDS] == [other == kind for other in KINDS]
    assert autoresponse.wanted(discarding, fields(), kind, ANNE)
    # who gets no answer goes no further either
    assert not autoresponse.wanted(discarding, fields("Precedence: bulk"), kind, ANNE)
    assert autoresponse.ends(discarding, kind)


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_without_words_there_is_no_answer(text: str) -> None:
    about = policy(autorespond_owner=ResponseAction.RESPOND_AND_CONTINUE, autoresponse_owner_text=text)
    assert not autoresponse.wanted(about, fields(), "owner", ANNE)


@pytest.mark.parametrize(
    ("lines", "reverse_path", "answered"),
    [
        ((), ANNE, True),
        ((), "", False),
        (("Auto-Submitted: auto-replied",), ANNE, False),
        (("Auto-Submitted: auto-generated",), ANNE, False),
        (("Auto-Submitted: no",), ANNE, True),
        (("Precedence: bulk",), ANNE, False),
        (("Precedence: junk",), ANNE, False),
        (("Precedence: list",), ANNE, False),
        (("Precedence: list", "X-Ack: yes"), ANNE, True),
        (("X-Ack: no",), ANNE, False),
        (("List-Id: <bee.example.com>",), ANNE, False),
        (("Subject: Out of office: tea",), ANNE, False),
    ],
)
def test_p18_programs_are_not_answered(lines: tuple[str, ...], reverse_path: str, answered: bool) -> None:
    assert autoresponse.wanted(answering("owner"), fields(*lines), "owner", reverse_path) is answered


def test_an_author_may_ask_for_an_answer_in_any_case() -> None:
    assert autoresponse.asks_always(fields("X-Ack: Yes"))
    assert not autoresponse.asks_always(fields())
    assert not autoresponse.asks_always(fields("X-Ack: no"))


@pytest.mark.parametrize(
    ("grace_s", "later_s", "due"),
    [
        (0, 0, True),
        (60, 59, False),
        (60, 60, True),
        (DAY - 1, 12 * 3_600, False),
        # by date: noon of one day, and the first second of another one
        (DAY, 12 * 3_600 - 1, False),
        (DAY, 12 * 3_600, True),
        (7 * DAY, 6.5 * DAY - 1, False),
        (7 * DAY, 6.5 * DAY, True),
        (90 * DAY, 89 * DAY, False),
        (90 * DAY, 90 * DAY, True),
        # a clock that was set back
        (7 * DAY, -DAY, False),
    ],
)
def test_the_time_of_grace(grace_s: int, later_s: float, due: bool) -> None:
    assert autoresponse.is_due(grace_s, MONDAY_NOON, MONDAY_NOON + later_s) is due


def test_without_grace_two_mails_at_once_are_both_answered() -> None:
    """The one that came first may be answered last."""
    assert autoresponse.is_due(0, MONDAY_NOON, MONDAY_NOON - 0.001)


@given(st.integers(0, 3650 * DAY), st.floats(0, 4e9), st.floats(0, 4e9))
def test_nobody_waits_longer_than_he_has_to(grace_s: int, last: float, later: float) -> None:
    if autoresponse.is_due(grace_s, last, last + later):
        assert later >= grace_s - DAY - 1
    else:
        assert later <= grace_s
