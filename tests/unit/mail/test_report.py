"""Values about reports: their text is one bounded line."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail import report
from mlcore.mail.report import Complaint, Finding, Recognised


def finding(*, permanent: bool) -> Finding:
    return Finding(address="anne@example.org", permanent=permanent, format="x")


def test_a_line_has_single_blanks_and_no_controls() -> None:
    assert report.line(b" smtp;\r\n 550\t5.1.1\x00  no\x1b such ") == "smtp; 550 5.1.1 no such"


def test_a_line_is_decoded_and_bounded() -> None:
    assert report.line(b"=?utf-8?q?caf=C3=A9?=") == "café"
    assert report.line("x" * 10_000) == "x" * 500


def test_a_character_cut_in_two_does_not_make_all_of_it_latin_1() -> None:
    assert set(report.line(b"a" * 3_999 + "é".encode())) == {"a"}
    assert report.line("é".encode() * 3_000) == "é" * 500


def test_octets_that_are_no_utf_8_are_cut_anywhere() -> None:
    assert report.line(b"\x80" * 5_000) == ""


@given(st.binary() | st.text())
def test_a_line_is_one_line(text: bytes | str) -> None:
    found = report.line(text)
    assert len(found) <= report.LONGEST_LINE
    assert not set(found) & set("\r\n\0\t")


def test_one_failure_makes_a_failure() -> None:
    assert report.kind_of(()) == "unknown"
    assert report.kind_of((finding(permanent=False),)) == "delayed"
    assert report.kind_of((finding(permanent=False), finding(permanent=True))) == "failure"


def test_they_pass_between_processes() -> None:
    found = Recognised(
        kind="failure",
        findings=(finding(permanent=True),),
        complaint=Complaint(feedback_type="abuse", recipients=("a@example.org",)),
    )
    assert msgspec.json.decode(msgspec.json.encode(found), type=Recognised) == found
