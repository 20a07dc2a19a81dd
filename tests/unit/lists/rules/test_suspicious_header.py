"""The old setting about header fields."""

import pytest

from mlcore.lists.patterns import Patterns
from mlcore.lists.reasons import Reason
from mlcore.lists.rules.suspicious_header import rule
from mlcore.lists.verdict import Hit
from support.posts import draft, policy, post_facts

LINES = """# to: ant
not a line
X-Spam-Flag:
From : .*@EVIL\\.example
Subject:  make money
Subject: never
Bad Name: x
"""


def _hit(*lines: str, setting: str = LINES) -> Hit | None:
    return rule(draft(*lines), policy(bounce_matching_headers=setting), post_facts(), Patterns())


@pytest.mark.row("rule: suspicious-header")
@pytest.mark.row("attribute: bounce_matching_headers")
@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("FROM: Eve <eve@evil.example>", "From"),
        ("Subject: how to MAKE MONEY", "Subject"),
        ("Subject: =?utf-8?q?make_money?=", "Subject"),
    ],
)
def test_a_line_matches(line: str, name: str) -> None:
    reason = Reason('Header "{}" matched a bounce_matching_header line', name)
    assert _hit("A: b", line) == Hit("suspicious-header", reason)
    assert _hit(line, setting="") is None


@pytest.mark.parametrize("line", ["To: ant@example.com", "X-Spam-Flag: x", "Subject: make", "Bad: x", "A: b"])
def test_no_line_matches(line: str) -> None:
    assert _hit(line) is None


def test_p7_a_thousand_lines_are_looked_at() -> None:
    assert _hit("X: y", setting="A: b\n" * 999 + "X: y") is not None
    assert _hit("X: y", setting="A: b\n" * 1_000 + "X: y") is None
