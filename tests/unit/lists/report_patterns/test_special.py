"""Recipients in the header section, and without their domain."""

from mlcore.lists.report_patterns import notice, special
from mlcore.lists.report_patterns.notice import Notice
from mlcore.mail import mime
from mlcore.mail.fields import split

A, B = "anne@example.org", "bart@example.org"


def told(head: str, *lines: str) -> Notice:
    return notice.read(mime.parse(*split("\r\n".join((head, "", *lines)).encode())))


def test_mail_of_others_names_nobody() -> None:
    assert special.exim_header(told("From: x@example.org")) == ()
    assert special.aol_names(told("From: x@aol.com", "hello")) == ()
    assert (
        special.aol_names(
            told("From: x@aol.example", "mail to the following recipients could not be delivered")
        )
        == ()
    )


def test_the_header_names_recipients_that_the_text_does_not() -> None:
    found = special.exim_header(
        told(f"X-Failed-Recipients: {A}, {B}, mailer-daemon@example.org", "x", f"to {A}", "552 5.2.2 full")
    )
    assert [(each.address, each.code) for each in found] == [(A, "5.2.2"), (B, "")]


def test_behind_an_alias_the_text_counts() -> None:
    text = (
        "The following address(es) failed:",
        "",
        f"  {B}",
        f"    (generated from {A})",
        "    550 5.1.1 no",
    )
    found = special.exim_header(told(f"X-Failed-Recipients: {B}", *text))
    assert [each.address for each in found] == [A]


def test_a_warning_with_the_header_is_no_failure() -> None:
    (one,) = special.exim_header(told(f"X-Failed-Recipients: {A}", "No action is required on your part."))
    assert not one.permanent


AOL = "Your mail to the following recipients could not be delivered"


def test_screen_names_end_with_the_first_line_of_other_text() -> None:
    found = special.aol_names(
        told(
            "From: MAILER-DAEMON@aol.com",
            AOL,
            "because of words here",
            "anne",
            "bart@aol.com",
            "",
            "more words",
            "cate",
        )
    )
    assert [each.address for each in found] == ["anne@aol.com", "bart@aol.com"]


def test_screen_names_that_make_no_address_are_left_out() -> None:
    assert special.aol_names(told("From: MAILER-DAEMON@aol.com", AOL, ".anne.", "..")) == ()


def test_without_other_text_all_lines_are_names() -> None:
    assert len(special.aol_names(told("From: MAILER-DAEMON@aol.com", AOL, "anne", "bart"))) == 2
