"""The words of a report, without the mail that it returns."""

from mlcore.lists.report_patterns import notice
from mlcore.lists.report_patterns.notice import Notice
from mlcore.mail import mime
from mlcore.mail.fields import split


def read(text: str, codec: str = "utf-8") -> Notice:
    return notice.read(mime.parse(*split(text.replace("\n", "\r\n").encode(codec))))


def lines(text: str) -> tuple[str, ...]:
    return read(text).lines


def test_the_text_ends_where_the_returned_mail_begins() -> None:
    for mark in (
        "--- Below this line is a copy of the message.",
        "------ This is a copy of your message ------",
        "   ----- Unsent message follows -----",
        "-------- Original Message --------",
        "Included is a copy of the message header:",
        "Received: from x",
        "Return-Path: <x>",
        "----- 元のメッセージ -----",
    ):
        assert lines(f"\none\n{mark}\ntwo\n") == ("one",)


def test_other_rules_are_text() -> None:
    text = (
        "one",
        "----- Transcript of session follows -----",
        "-",
        "--",
        "The original message was received",
    )
    assert lines("\n" + "\n".join(text)) == text


def test_a_first_line_is_text_whatever_it_is() -> None:
    assert lines("\nReceived: x\ny") == ("Received: x", "y")


def test_the_first_text_with_anything_in_it_counts() -> None:
    parts = "Content-Type: multipart/mixed; boundary=b\n\n"
    parts += "--b\nContent-Type: text/plain\n\n \n"
    parts += "--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nno\n"
    parts += "--b\nContent-Type: text/html\n\n<p>no</p>\n"
    parts += "--b\nContent-Type: text/plain\nContent-Description: Notification\n\nyes\n"
    parts += "--b\nContent-Type: text/plain\n\nno\n--b--\n"
    found = read(parts)
    assert (found.lines, found.description, found.parts) == (("yes",), "notification", True)


def test_without_one_html_counts_and_what_is_returned_never() -> None:
    parts = "Content-Type: multipart/mixed; boundary=b\n\n"
    parts += (
        "--b\nContent-Type: text/html\n\n<head>a</head><b>one</b> &lt;two&gt;<br>three<style>no</style>\n"
    )
    parts += "--b\nContent-Type: text/html\n\nno\n"
    parts += "--b\nContent-Type: text/rfc822-headers\n\nSubject: x\n"
    parts += "--b\nContent-Type: text/plain\n\nno\n--b--\n"
    assert [line.strip() for line in lines(parts)] == ["one <two>", "three"]


def test_html_with_letters_that_grow_or_no_ends_is_read_as_it_is() -> None:
    assert "İ" in read("Content-Type: text/html; charset=utf-8\n\nİ<style>x</style>").lines[0]
    assert "x" in lines("Content-Type: text/html\n\n<style>x")[0]


def test_mail_without_text_has_no_lines() -> None:
    found = read("Content-Type: image/png\n\nx")
    assert (found.lines, found.description, found.sender) == ((), "", "")


def test_fields_are_told() -> None:
    found = read("From: Post <Postmaster@Example.org>\nSubject: =?utf-8?q?caf=C3=A9?=\n\nx")
    assert (found.sender, found.subject) == ("postmaster@example.org", "café")


def test_a_margin_of_spaces_is_kept_and_other_blanks_are_one() -> None:
    assert lines("\n  a\t b\u3000\n\tc") == ("  a b", "c")


def test_lines_are_bounded() -> None:
    found = lines("\n" + "x" * 5_000 + "\ny" * 9_000)
    assert (len(found[0]), len(found)) == (1_000, 4_000)


def test_a_position_is_in_a_line() -> None:
    found = read("\none\nİ two\nthree")
    assert found.line_of(found.lower.find("three")) == 2
