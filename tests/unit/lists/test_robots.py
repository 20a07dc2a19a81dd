"""Mail that a program wrote: no automatic answer, no confirmation (P18)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.robots import is_automatic_reply, is_robot
from mlcore.mail.fields import Fields, split

ANNE = "anne@example.org"


def fields(*lines: str) -> Fields:
    return split("".join(f"{line}\r\n" for line in ("From: Anne <anne@example.org>", *lines)).encode())[0]


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: Auto-Replied; owner-email=x@y.example",
        "Auto-Submitted: auto-replied (vacation)",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-Autorespond:",
        "X-Failed-Recipients: bart@example.org",
        "Return-Path: <>",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
        "Content-Type: Multipart/Report;\r\n report-type=disposition-notification",
        "Content-Type: multipart/report",
        "Subject: Out of Office: tea",
        "Subject: Out of the Office AutoReply: tea",
        "Subject: Automatic reply: tea",
        "Subject: Auto-Reply: tea",
        "Subject: Automatische Antwort: tea",
        "Subject: =?utf-8?b?6Ieq5YuV5b+c562UOiDjgYrojLY=?=",
        "Subject: 自動応答： お茶",
        "Subject: Réponse automatique : thé",
        "From: MAILER-DAEMON@example.net (Mail Delivery System)",
    ],
)
def test_p18_an_automatic_reply_is_recognised(line: str) -> None:
    found = fields(line)
    if line.startswith("From:"):
        found = split(f"{line}\r\n".encode())[0]
    assert is_automatic_reply(found, ANNE)
    assert is_robot(found, ANNE)


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-generated",
        "Auto-Submitted: auto-notified",
        "Precedence: bulk",
        "Precedence: Junk",
        "Precedence: list",
        "X-Ack: no",
        "X-No-Ack: yes",
        "List-Id: <bee.example.com>",
        "List-Unsubscribe: <mailto:bee-leave@example.com>",
    ],
)
def test_p18_what_went_to_many_or_wants_no_answer_is_no_reply_but_gets_none(line: str) -> None:
    assert is_robot(fields(line), ANNE)
    assert not is_automatic_reply(fields(line), ANNE)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("Subject: tea",),
        ("Subject: Re: Automatic reply: tea",),
        ("Subject: Automatic replies are a nuisance",),
        ("Auto-Submitted: no",),
        ("Auto-Submitted: NO ; because=a person wrote it",),
        ("X-Auto-Response-Suppress: All",),
        ("Precedence: bulk", "X-Ack: yes"),
        ("Precedence: first-class",),
        ("Content-Type: text/plain",),
        ("Content-Type: multipart/report; report-type=tlsrpt",),
        ("Content-Type: multipart/report; report-type=feedback-report",),
        ("Return-Path: <anne@example.org>",),
        ("Reply-To: mailer-daemon@example.org",),
    ],
)
def test_mail_of_people_is_answered(lines: tuple[str, ...]) -> None:
    assert not is_robot(fields(*lines), ANNE)


@pytest.mark.parametrize("reverse_path", ["", "MAILER-DAEMON@example.net", "mailer-daemon@example.net"])
def test_p18_the_null_sender_and_a_mailer_daemon_get_no_answer(reverse_path: str) -> None:
    assert is_automatic_reply(fields(), reverse_path)
    assert is_robot(fields(), reverse_path)


@pytest.mark.parametrize(
    "body", ["mailer-daemon fan <anne@example.org>", "mailer-daemon", "Anne", '"mailer-daemon"@']
)
def test_a_name_makes_no_daemon(body: str) -> None:
    assert not is_automatic_reply(split(f"From: {body}\r\n".encode())[0], ANNE)


def test_without_a_from_field_the_reverse_path_decides() -> None:
    assert not is_robot(Fields(()), ANNE)
    assert is_robot(Fields(()), "")


@given(st.binary(max_size=300), st.text(max_size=30))
def test_nothing_raises(octets: bytes, reverse_path: str) -> None:
    found = split(b"Auto-Submitted: " + octets.replace(b"\r", b"").replace(b"\n", b"\r\n ") + b"\r\n")[0]
    is_robot(found, reverse_path)
