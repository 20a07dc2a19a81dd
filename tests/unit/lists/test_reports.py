"""What a mail to `-bounces` reports, whatever the format; formats stand in test_reports_corpus.py."""

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists import reports
from mlcore.lists.reports import recognise
from mlcore.mail.fields import Fields, split
from support.reports import corpus, report

FAILED = "<bart@example.org>:\n550 5.1.1 user unknown\n"
QMAIL = f"Hi. This is the qmail-send program at example.org.\n\n{FAILED}"


def mail(body: str, *fields: str) -> bytes:
    return "\r\n".join((*fields, "", body)).replace("\r\n", "\n").replace("\n", "\r\n").encode()


def fields(*lines: str) -> Fields:
    return split(mail("", *lines))[0]


@pytest.mark.parametrize(
    "lines",
    [
        ("From: MAILER-DAEMON@example.org",),
        ("From: Mail Delivery System <Mailer-Daemon@example.org>",),
        ("From: postmaster@example.org (Post)",),
        ('From: "Postmaster@example.org" <x@example.org>',),
        ("From: MicrosoftExchange329e71ec88ae@example.org",),
        ("Return-Path: <>", "From: x@example.org"),
        ("X-Failed-Recipients: a@example.org",),
        ("From: Mail Delivery System <Mailer-Daemon@mx.example.org>", "Auto-Submitted: auto-replied"),
        ("From: MDaemon@example.org", "Subject: Warning: a@example.org - User unknown!"),
        ("From: x@example.org", "Subject: Permanent Delivery Failure"),
        ("From: x@example.org", "Content-Type: multipart/report; report-type=delivery-status; boundary=x"),
        ("Subject: Undeliverable: tea",),
        ("Subject: [SPAM?] Mail delivery failed: returning message to sender",),
        ("Subject: Returned mail: see transcript", "Auto-Submitted: auto-replied"),
    ],
)
def test_what_looks_like_a_report(lines: tuple[str, ...]) -> None:
    assert reports.is_report(fields(*lines))


@pytest.mark.parametrize(
    "lines",
    [
        ("From: anne@example.org", "Subject: tea"),
        ("From: anne@example.org", "Subject: Re: Undeliverable: tea"),
        ("From: anne@example.org", "Subject: Fwd: Returned mail"),
        ("From: anne@mailer-daemon.example.org",),
        ("From: postmasters@example.org",),
        ("Return-Path: <>", "In-Reply-To: <x@example.org>", "From: anne@example.org"),
        ("Return-Path: <>", "Auto-Submitted: Auto-Replied (vacation)"),
        ("Return-Path: <>", "Subject: Out of Office: tea"),
        (),
    ],
)
def test_what_does_not(lines: tuple[str, ...]) -> None:
    assert not reports.is_report(fields(*lines))


def test_words_count_in_reports_alone() -> None:
    assert recognise(mail(QMAIL, "From: anne@example.org", "Subject: tea")).kind == "unknown"
    assert recognise(mail(QMAIL, "From: mailer-daemon@example.org")).kind == "failure"


def test_a_status_counts_whoever_sends_it() -> None:
    status = "Final-Recipient: rfc822; anne@example.org\nAction: failed\n"
    assert recognise(mail(status, "From: a@b", "Content-Type: message/delivery-status")).kind == "failure"


def test_the_message_id_is_that_of_the_report() -> None:
    assert recognise(mail("x", "Message-ID: <one@example.org>")).message_id == "<one@example.org>"


def test_more_parts_than_the_limits_allow_are_unknown() -> None:
    parts = "--b\n\nx\n" * 1_100
    octets = mail(parts, "Message-ID: <a@b>", "Content-Type: multipart/report; boundary=b")
    found = recognise(octets)
    assert (found.kind, found.message_id) == ("unknown", "<a@b>")


def test_a_large_mail_is_not_shown_to_flufl_bounce() -> None:
    text = "Failed addresses follow:\n anne@example.org\n"
    small = mail(text, "From: mailer-daemon@example.org")
    assert recognise(small).findings[0].format == "flufl:simplematch"
    assert recognise(small + b"x" * 300_000).kind == "unknown"


def test_at_most_a_thousand_are_collected() -> None:
    many = "".join(f"<a{number}@example.org>: no\n" for number in range(2_000))
    assert len(recognise(mail(QMAIL + many, "From: mailer-daemon@example.org")).findings) == 1_000
    header = "X-Failed-Recipients: " + ",\n ".join(f"a{number}@example.org" for number in range(2_000))
    assert len(recognise(mail("", header)).findings) == 1_000


def test_the_program_that_reports_is_no_recipient() -> None:
    octets = mail(QMAIL + "\n<postmaster@example.org>: for help\n", "From: postmaster@example.org")
    assert [found.address for found in recognise(octets).findings] == ["bart@example.org"]


def test_the_package_is_loaded_when_it_is_needed() -> None:
    script = (
        "import sys; from mlcore.lists.reports import recognise;"
        "found = recognise(sys.stdin.buffer.read()); assert found.findings, found;"
        "print('flufl.bounce' in sys.modules)"
    )
    for name, is_loaded in (("rfc3464-simple", "False"), ("qmail", "False"), ("flufl-mdaemon", "True")):
        done = subprocess.run(
            [sys.executable, "-c", script], input=report(name).octets, capture_output=True, check=True
        )
        assert done.stdout.decode().strip() == is_loaded


HEAD = b"From: mailer-daemon@example.org\r\nSubject: Undeliverable\r\n"
TEXT = HEAD + b"\r\n"
STATUS = HEAD + b"Content-Type: message/delivery-status\r\n\r\n"
SIZE = 5 * 2**20
UNDER_WAY = b"This Message was undeliverable due to the following reason:\r\n"


def filled(head: bytes, piece: bytes, size: int = SIZE) -> bytes:
    return head + piece * (size // len(piece))


@pytest.mark.parametrize(
    "octets",
    [
        filled(TEXT, b"a"),
        filled(TEXT, b"<"),
        filled(TEXT, b"a@"),
        filled(TEXT, b"\r\n"),
        filled(TEXT, b"-" * 900 + b"\r\n"),
        filled(TEXT, b"Hi. This is the\r\n\r\n<a@example.org>:\r\nno\r\n"),
        filled(TEXT, b"this is the mail system at host user unknown 550 the following address\r\n"),
        filled(TEXT, "宛先不明 配送できません".encode() + b"\r\n"),
        filled(HEAD + b"X-Failed-Recipients: ", b"("),
        filled(HEAD + b"X-Failed-Recipients: ", b"a@b.example,"),
        filled(b"Subject: ", b"["),
        filled(b"From: ", b"mailer-daemon"),
        filled(HEAD + b"Content-Type: text/html\r\n\r\n", b"<style"),
        filled(HEAD + b"Content-Type: text/html\r\n\r\n", b"<a"),
        filled(STATUS, b"\r\n"),
        filled(STATUS, b"Final-Recipient: rfc822; a@example.org\r\nAction: failed\r\n"),
        filled(STATUS + b"a:", b" x\r\n"),
        filled(TEXT + UNDER_WAY, b"<" * 6 + b" " + b"x" * 90 + b"\r\n", 260_000),
        filled(TEXT + UNDER_WAY, b"\x0b" * 998 + b"\r\n", 260_000),
        filled(TEXT + UNDER_WAY, b"x" * 99 + b"\r\n", 260_000),
        filled(TEXT + b"rcpt to: the following addresses had\r\n", b"\t" * 90 + b"\r\n", 260_000),
        filled(TEXT + b"did not reach the following recipient\r\n", b"a on " * 30 + b"\r\n", 260_000),
    ],
    ids=lambda octets: f"{octets[:12]!r}{octets[-12:]!r}{len(octets)}",
)
def test_hostile_mail_takes_linear_time(octets: bytes) -> None:
    start = time.process_time()
    recognise(octets)
    assert time.process_time() - start < 2


PIECES = st.sampled_from(
    [
        *(line + b"\r\n" for each in corpus() for line in each.octets.split(b"\r\n")[:60]),
        *(b"\r\n", b"\r\n\r\n", b"--=_b\r\n", b"\x00", b"\x1b$B", b"<" * 50, b"@", b"\xff\xfe", b"(" * 40),
    ]
)


@given(st.lists(PIECES | st.binary(max_size=40), max_size=60))
def test_no_mail_raises(pieces: list[bytes]) -> None:
    found = recognise(b"".join(pieces))
    assert bool(found.findings) <= (found.kind in {"failure", "delayed"})
    for each in found.findings:
        assert "@" in each.address
        assert each.address.isprintable()
        assert each.diagnostic.isprintable()
        assert len(each.diagnostic) <= 500


@given(st.sampled_from(corpus()), st.data())
def test_no_cut_or_change_of_a_report_raises(each: object, data: st.DataObject) -> None:
    octets = getattr(each, "octets", b"")
    start = data.draw(st.integers(0, len(octets)))
    end = data.draw(st.integers(start, len(octets)))
    recognise(octets[:start] + data.draw(st.binary(max_size=8)) + octets[end:])
