"""Which addresses a pattern bans."""

import time

import pytest

from mlcore.base.errors import BadInput
from mlcore.lists.bans import BanTest, is_banned, valid_pattern

ANNE = "anne@example.org"


@pytest.mark.parametrize(
    ("pattern", "banned"),
    [
        (ANNE, True),
        ("bart@example.org", False),
        ("^anne", True),
        ("^.*@EXAMPLE\\.org", True),
        ("^example", False),  # matched at the start
        ("^.*@example\\.net", False),
        ("^(?:bart|anne)@", True),
    ],
)
def test_one_pattern(pattern: str, banned: bool) -> None:
    assert is_banned(ANNE, [valid_pattern(pattern)]) is banned


def test_several_patterns() -> None:
    test = BanTest(["bart@example.org", "^.*@spam\\.example$"])
    assert [test(key) for key in ("bart@example.org", "x@spam.example", ANNE)] == [True, True, False]
    assert not is_banned(ANNE, [])


def test_stored_pattern_that_is_none_any_more_bans_nobody() -> None:
    assert not is_banned(ANNE, ["^[", "^(a{999}){999}"])


def test_expression_that_takes_too_long_bans() -> None:
    """An address made to exhaust it is not let through, and costs a twentieth of a second."""
    began = time.process_time()
    assert is_banned("a" * 60 + "!@example.org", ["^(?:a|b|(?R))*(?R)?x"])
    assert time.process_time() - began < 2


def test_an_expression_that_takes_too_long_is_not_tried_for_ever() -> None:
    """Who adds two thousand members has a transaction open meanwhile."""
    test = BanTest(["^(?:a|b|(?R))*(?R)?x", "^bart"])
    began = time.process_time()
    assert all(test(f"{'a' * 60}{number}!@example.org") for number in range(200))
    assert time.process_time() - began < 4
    assert test("bart@example.org")


def test_pattern_as_it_is_stored() -> None:
    assert valid_pattern("  Anne@Example.ORG ") == ANNE
    assert valid_pattern(" ^Anne.*@x ") == "^Anne.*@x"


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("", "not an address"),
        ("@example.org", "not an address"),
        ("^[", "bad regular expression"),
        ("^" + "a" * 1_000, "too long"),
        ("^" + "\u3042" * 334, "too long"),  # an index of PostgreSQL takes some 2,700 octets
        ("^\udcff", "invisible characters"),
        ("^a\0b", "invisible characters"),
        ("^a\nb", "invisible characters"),
        ("^" + "(" * 499 + ")" * 499, "bad regular expression"),
        ("^(?:a{999}){999}", "too many repetitions"),
        ("^(?:a{ 2, 999 }){,999}", "too many repetitions"),
    ],
)
def test_pattern_of_no_use(pattern: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        valid_pattern(pattern)
