"""`mail.date`: date and time of a header field."""

from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail import date

_NOW = 1_700_000_000.0


@given(st.integers(0, 253_402_300_799))
def test_what_is_written_is_read(unix: int) -> None:
    text = date.format(unix)
    assert date.parse(text) == unix
    assert parsedate_to_datetime(text).timestamp() == unix


@given(st.text())
def test_nothing_raises(text: str) -> None:
    date.parse(text)


def test_format_stays_within_four_digits_of_a_year() -> None:
    assert date.format(_NOW + 0.9) == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert date.format(-1) == "Thu, 01 Jan 1970 00:00:00 +0000"
    assert date.format(1e15) == "Fri, 31 Dec 9999 23:59:59 +0000"


@pytest.mark.parametrize(
    ("text", "ahead_s"),
    [
        ("Tue, 14 Nov 2023 22:13:20 +0000", 0),
        ("14 Nov 2023 22:13:20 +0000", 0),
        ("Tue,14 Nov 2023 22:13:20 GMT", 0),
        ("Tue, 15 Nov 2023 07:13:20 +0900 (JST)", 0),
        ("Tue, 14 Nov 2023 17:13:20 -0500", 0),
        ("Tue, 14 Nov 2023 17:13:20 EST", 0),
        ("Tue, 14 Nov 2023 22:13:20 XYZ", 0),
        ("Tue, 14 Nov 2023 22:13:20", 0),
        ("Tuesday, 14-Nov-23 22:13:20 -0000", 0),
        ("Tue (comment), 14 november 2023 22:13:20 +00:00", 0),
        ("\r\n\tTue, 14 Nov 123 22.13.20 Z", 0),
        ("14 Nov 2023 22:13 UT", -20),
        ("14 Nov 73 22:13:20 +0000", -1_577_836_800),
        ("14 Nov 2023 22:13:60 +0000", 39),
    ],
)
def test_forms_of_a_date(text: str, ahead_s: int) -> None:
    assert date.parse(text) == _NOW + ahead_s


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Tue, 14 Foo 2023 22:13:20 +0000",
        "Tue, 32 Nov 2023 22:13:20 +0000",
        "Tue, 14 Nov 2023 25:13:20 +0000",
        "Tue, 14 Nov 0000 22:13:20 +0000",
        "Tue, ١٤ Nov 2023 22:13:20 +0000",
        "(" * 300,
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert date.parse(text) is None


def test_the_ends_of_the_calendar() -> None:
    assert date.parse("01 Jan 0001 00:00:00 +2300") is not None
    assert date.parse("31 Dec 9999 23:59:59 -2300") is not None
