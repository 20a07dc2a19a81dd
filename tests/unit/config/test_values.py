"""Texts and values of one configuration key."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.config import values


@pytest.mark.parametrize("text", ["true", "Yes", "1", "ON", "enable", "enabled", " yes "])
def test_words_for_yes(text: str) -> None:
    assert values.parse_boolean(text) is True


@pytest.mark.parametrize("text", ["false", "No", "0", "OFF", "disable", "disabled"])
def test_words_for_no(text: str) -> None:
    assert values.parse_boolean(text) is False


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("90s", 90), ("15m", 900), ("1d12h", 129_600), ("1w", 604_800), ("1W2D3H4M5S", 788_645)],
)
def test_spans_of_time(text: str, seconds: int) -> None:
    assert values.parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "h", "1h1d", "1.5h", "-1h", "1 d", "1y"])
def test_what_is_no_span_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="no span"):
        values.parse_duration(text)


@given(st.integers(min_value=0, max_value=10**9))
def test_a_span_that_is_shown_reads_back(seconds: int) -> None:
    value = timedelta(seconds=seconds)
    assert values.parse_duration(values.show_duration(value)) == value


@pytest.mark.parametrize(("text", "octets"), [("0", 0), ("64M", 1 << 26), ("1k", 1024), ("2G", 1 << 31)])
def test_sizes(text: str, octets: int) -> None:
    assert values.parse_size(text) == octets


@pytest.mark.parametrize("text", ["", "M", "64MB", "-1", "1.5M"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="no size"):
        values.parse_size(text)


@given(st.integers(min_value=0, max_value=1 << 40))
def test_a_size_that_is_shown_reads_back(octets: int) -> None:
    assert values.parse_size(values.show_size(octets)) == octets


@pytest.mark.parametrize("text", ["root@example.com", "太郎@例え.jp", ""])
def test_addresses_that_may_stand_there(text: str) -> None:
    assert values.optional_address().parse(text) == text


def test_some_of_several_words() -> None:
    kind = values.some_of("from", "reply-to")
    assert kind.parse(" Reply-To from  reply-to ") == ("reply-to", "from")
    assert kind.show(("from", "reply-to")) == "from reply-to"
    for text, wrong in (("", "names nothing"), ("from to", "'to' is not offered")):
        with pytest.raises(ValueError, match=wrong):
            kind.parse(text)


def test_a_choice_has_other_words_that_are_not_offered() -> None:
    kind = values.choice("regexp", "hash", also={"regex": "regexp"})

    assert kind.parse(" Regex ") == "regexp"
    assert "regex " not in kind.remedy


@pytest.mark.parametrize(
    ("text", "found"),
    [("[a]", "a"), ("[-_.0-3]", "-_.0123"), ("[a-]", "a-"), ("[a-cx-z]", "abcxyz"), ("[.-0]", "./0")],
)
def test_signs_of_a_class(text: str, found: str) -> None:
    """As Python's own reading of the class says."""
    assert values.signs(text) == set(found)
    assert values.signs(text) == {chr(code) for code in range(128) if re.fullmatch(text, chr(code))}


@pytest.mark.parametrize(
    "text", ["", "a-z", "[]", "[^a]", "[a]b]", "[[:alpha:]]", r"[\w]", "[a--]", "[~~]", "[ä]"]
)
def test_what_is_no_class_of_signs(text: str) -> None:
    with pytest.raises(ValueError, match="no class of signs"):
        values.signs(text)


def test_a_class_within_another() -> None:
    kind = values.characters("[-_.0-9a-z]")

    assert kind.parse("[a-z.]") == "[a-z.]"
    with pytest.raises(ValueError, match=r"this allows \+ ~"):
        kind.parse("[a-z~+]")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (values.optional_address(), "root"),
        (values.optional_address(), "a@b c@d"),
        (values.optional_address(), "<a@b>"),
        (values.host(), ""),
        (values.host(), "a b"),
        (values.local_part(), "no reply"),
        (values.language(), "English"),
        (values.name(), "a/b"),
        (values.text(), "two\nlines"),
        (values.integer(0, 9), "10"),
        (values.integer(0, 9), "٣"),
    ],
)
def test_values_that_are_refused(kind: values.Kind, text: str) -> None:
    with pytest.raises(ValueError, match=r"this (is|has)"):
        kind.parse(text)
