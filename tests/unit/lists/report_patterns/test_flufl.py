"""What flufl.bounce is shown, and what becomes of what it says."""

import pytest
from flufl.bounce import _scan

from mlcore.lists.report_patterns import flufl, notice
from mlcore.lists.report_patterns.notice import Notice
from mlcore.mail import mime
from mlcore.mail.fields import split

A = "anne@example.org"
SMAIL = ("Failed addresses follow:", f" {A} ... unknown host", "next", "third", "fourth")


def told(*lines: str, head: str = "From: mailer-daemon@example.net") -> Notice:
    return notice.read(mime.parse(*split("\r\n".join((head, "", *lines)).encode())))


def test_its_detector_is_named_and_the_words_around_are_kept() -> None:
    (one,) = flufl.find(told(*SMAIL))
    assert (one.address, one.format, one.permanent) == (A, "flufl:simplematch", True)
    assert one.diagnostic == f"{A} ... unknown host next third fourth"


def test_nothing_is_nothing() -> None:
    assert flufl.find(told("hello")) == ()


def test_a_warning_in_words_outweighs_it() -> None:
    (one,) = flufl.find(told(*SMAIL, "No action is required on your part."))
    assert not one.permanent


def test_a_detector_that_raises_has_found_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def process(self, message: object) -> None:
            raise RecursionError(message)

    monkeypatch.setattr(_scan, "_DETECTORS", [Broken, *_scan._DETECTORS])
    assert len(flufl.find(told(*SMAIL))) == 1


def test_what_it_finds_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd:
        def process(self, message: object) -> tuple[set[bytes], set[bytes]]:
            return {b"bart@example.org"}, {
                b"\xff@x",
                b"",
                b"elsewhere@example.org",
                b"mailer-daemon@example.net",
            }

    monkeypatch.setattr(_scan, "_DETECTORS", [Odd])
    found = flufl.find(told("x"))
    assert [(each.address, each.permanent, each.diagnostic) for each in found] == [
        ("elsewhere@example.org", True, ""),
        ("bart@example.org", False, ""),
    ]


def test_postfix_marks_its_part() -> None:
    octets = (
        "From: mailer-daemon@example.net\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        "Content-Description: Notification\r\nContent-Type: text/plain\r\n\r\n"
        f"   The Keftamail program\r\n\r\n<{A}>: no\r\n--b--\r\n"
    )
    (one,) = flufl.find(notice.read(mime.parse(*split(octets.encode()))))
    assert one.format == "flufl:postfix"


def test_lines_that_make_it_slow_are_not_shown() -> None:
    shown = flufl._tame(told("good", "<<<<<<<<<", "x" * 500, "--=_notice", "@@@@@@@@@", "((((((((", "fine"))
    assert shown.split(b"\n\n")[1] == b"good\nfine\n"
