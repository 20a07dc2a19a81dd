"""Scores of the filter before mlcore."""

import pytest

from mlcore.lists.reasons import Reason
from mlcore.lists.rules.spam_score import rule
from mlcore.lists.verdict import Hit
from support.posts import draft, policy, post_facts

LIMITS = policy(spam_hold_score=5.0, spam_discard_score=15.5)


def _action(*lines: str) -> str | None:
    hit = rule(draft(*lines), LIMITS, post_facts())
    return None if hit is None else hit.action


@pytest.mark.parametrize(
    "form",
    [
        "X-Spam-Status: Yes, score={} required=5.0 tests=BAYES_99",
        "X-Spam-Status: Yes, hits={} required=5.0",
        "X-Spam-Status: Yes, score={}\r\n\ttagged_above=-999 required=6.31",
        "X-Spam-Score: {}",
        "X-Spam-Score: {} (+++++++)",
        "X-Spam-Score: {}/5",
        "X-Rspamd-Score: {}",
        "X-Spamd-Result: default: False [{} / 15.00];\r\n\tARC_NA(0.00)[]",
    ],
)
@pytest.mark.parametrize(
    ("score", "action"),
    [
        ("-7.1", None),
        ("4.99", None),
        ("5", "hold"),
        ("+15.49", "hold"),
        ("15.5", "discard"),
        ("999", "discard"),
    ],
)
def test_forms_of_scores(form: str, score: str, action: str | None) -> None:
    assert _action(form.format(score)) == action


@pytest.mark.row("rule: spam-score")
@pytest.mark.row("attribute: spam_hold_score")
@pytest.mark.row("attribute: spam_discard_score")
def test_the_reason_names_the_limit_and_nothing_of_the_message() -> None:
    text = "The message has a spam score of {} or more"
    hit = rule(draft("X-Spam-Score: 16"), LIMITS, post_facts())
    assert hit == Hit("spam-score", Reason(text, "15.5"), "discard")
    hit = rule(draft("X-Spam-Score: 6"), LIMITS, post_facts())
    assert hit == Hit("spam-score", Reason(text, "5"), "hold")


def test_the_highest_score_counts() -> None:
    assert _action("X-Spam-Score: 0", "X-Spam-Score: 6", "X-Rspamd-Score: -3") == "hold"
    assert _action("X-Spam-Score: 6", "X-Spam-Status: No, score=20") == "discard"


@pytest.mark.parametrize(
    "line", ["X-Spam-Score: lots", "X-Spam-Score: 1.2.3", "X-Spam-Score: 99999999", "X-Spam: 99", "A: b"]
)
def test_what_is_no_score(line: str) -> None:
    assert _action(line) is None


def test_each_limit_may_be_off() -> None:
    made = draft("X-Spam-Score: 99")
    assert rule(made, policy(), post_facts()) is None
    hold, discard = policy(spam_hold_score=5.0), policy(spam_discard_score=100.0)
    hit = rule(made, hold, post_facts())
    assert hit is not None
    assert hit.action == "hold"
    assert rule(made, discard, post_facts()) is None
