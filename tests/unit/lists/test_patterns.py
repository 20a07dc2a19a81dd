"""Expressions of owners: no case, no exceptions, no more than their time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.base.errors import BadInput
from mlcore.lists import patterns
from mlcore.lists.patterns import Patterns, checked, compiled

SLOW = "(?:a|b|(?R))*(?R)?x"
LONG = "a" * 60 + "!@example.org"


def test_search_is_anywhere_and_match_at_the_beginning_without_case() -> None:
    tried = Patterns()
    assert tried.search("LOTTERY", "you won the lottery")
    assert not tried.match("lottery", "you won the lottery")
    assert tried.match("YOU", "you won the lottery")
    assert tried.search("^$", "")
    assert tried.search("あり", "働きありの会")
    assert tried.late == []


def test_what_is_no_expression_matches_nothing() -> None:
    tried = Patterns()
    assert not tried.search("[", "[")
    assert not tried.match("(?:a{999}){999}", "a")
    assert not tried.search("(" * 5_000 + ")" * 5_000, "a")
    assert tried.late == []


def test_p7_one_that_takes_too_long_does_not_match_and_is_named() -> None:
    tried = Patterns()
    began = time.process_time()
    assert not tried.search(SLOW, LONG)
    assert time.process_time() - began < 0.5
    assert tried.late == [SLOW]
    assert tried.search("example", LONG), "half of the time is left to the others"
    assert not tried.search(SLOW, "x"), "it is not tried again"
    assert tried.late == [SLOW]


def test_p7_many_slow_ones_share_one_budget() -> None:
    tried = Patterns()
    slow = [SLOW.replace("b", letter) for letter in "bcdefghijklmnopqrst"]
    began = time.process_time()
    assert not any(tried.search(pattern, LONG) for pattern in slow)
    assert time.process_time() - began < 0.5
    assert tried.late == slow
    assert not tried.search("example", LONG)
    assert tried.late == [*slow, "example"]


def test_several_texts() -> None:
    tried = Patterns()
    assert tried.search_any("one", ["two", "twenty-one"])
    assert not tried.match_any("one", ["two", "twenty-one"])
    assert tried.match_any("one", iter(["two", "one"]))
    assert not tried.search_any("one", [])


def test_p7_a_late_one_is_not_tried_on_all_the_other_texts() -> None:
    """A thousand addresses and ten thousand aliases were ten million questions, each without a chance."""
    tried = Patterns()
    texts = iter([LONG, LONG, LONG])
    assert not tried.search_any(SLOW, texts)
    assert len(list(texts)) == 2


def test_p9_the_log_is_told_of_some() -> None:
    tried = Patterns(0.0)
    tried._left_s = -1.0
    assert not any(tried.search(str(number), "x") for number in range(10_000))
    assert tried.late == [str(number) for number in range(patterns.MOST_LATE)]


def test_p7_time_to_compile_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "COMPILING_S", 0.0)
    tried = Patterns()
    assert not tried.search("example", LONG)
    assert tried.late == ["example"]


def test_waiting_for_the_processor_is_no_use_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy host decided about posts: the clock on the wall went on while another process ran."""
    walls = iter(float(second) for second in range(1_000))
    monkeypatch.setattr(time, "perf_counter", lambda: next(walls))
    tried = Patterns()
    assert all(tried.search("example", LONG) for _ in range(100))
    assert tried.late == []


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("[", "bad regular expression"),
        ("a" * 1_001, "too long"),
        ("あ" * 334, "too long"),
        ("a\nb", "invisible characters"),
        ("\udcff", "invisible characters"),
        ("(" * 500 + ")" * 500, "bad regular expression"),
        ("(?:a{999}){999}", "too many repetitions"),
        ("(?:a{ 2, 999 }){,999}", "too many repetitions"),
        ("(?:" + "[ab]" * 200 + "){20000}", "too many repetitions"),
        ("a{99999999999999999999}", "too many repetitions"),
    ],
)
def test_what_cannot_be_stored(pattern: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        checked(pattern)


def test_what_can_be_stored_stays_as_it_is() -> None:
    for pattern in ("", " a ", "^.*@example\\.com$", "a{20000}", "(?:[0-9]{1,3}\\.){3}[0-9]{1,3}"):
        assert checked(pattern) == pattern
        assert compiled(pattern) is compiled(pattern)


@given(st.text(max_size=40), st.text(max_size=200))
def test_nothing_is_raised(pattern: str, text: str) -> None:
    tried = Patterns(0.01)
    assert tried.search(pattern, text) in {True, False}
    assert tried.match(pattern, text) in {True, False}
