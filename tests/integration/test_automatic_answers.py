"""What a list answers by itself, over LMTP and SMTP: once, to people, and then the mail goes on or ends."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from support.exchange import KeepingRelay, codes, post
from support.server import RunningServer, wait_until

BART, OLGA, EVE = "bart@example.org", "olga@example.org", "eve@example.net"
ADDRESSES = {
    "postings": "ant@example.com",
    "owner": "ant-owner@example.com",
    "requests": "ant-request@example.com",
}
TEXTS = {
    "postings": "autoresponse_postings_text",
    "owner": "autoresponse_owner_text",
    "requests": "autoresponse_request_text",
}


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, relay: KeepingRelay) -> Iterator[RunningServer]:
    with RunningServer(tmp_path, smtp_port=relay.port) as made:
        made.make_list("ant", [BART], owners=[OLGA], plain=False)
        made.start()
        yield made


def settings(server: RunningServer, *changes: str) -> None:
    """By the command, which the server hears of."""
    assert server.mlcore("settings", "ant@example.com", *changes).returncode == 0


def send(
    server: RunningServer,
    to: str,
    subject: str,
    *more: str,
    sender: str = EVE,
    message_id: str = "<1@example.net>",
) -> None:
    fields = [f"From: Eve <{sender}>", f"To: {to}", f"Subject: {subject}", f"Message-ID: {message_id}", *more]
    octets = "\r\n".join([*fields, "", "echo", ""]).encode()
    assert codes(post(server.lmtp_port, octets, to, sender=sender)) == [250]


def mails(relay: KeepingRelay, recipient: str) -> list[EmailMessage]:
    found = []
    for taken, octets in relay.accepted():
        if recipient in taken.recipients:
            read = message_from_bytes(octets, policy=policy.default)
            assert isinstance(read, EmailMessage)
            found.append(read)
    return found


def subjects(relay: KeepingRelay, recipient: str) -> list[str]:
    return sorted(str(one["Subject"]) for one in mails(relay, recipient))


@pytest.mark.row("attribute: autorespond_owner")
@pytest.mark.row("attribute: autorespond_postings")
@pytest.mark.row("attribute: autorespond_requests")
@pytest.mark.parametrize("kind", list(ADDRESSES))
def test_it_is_answered_once_and_goes_on_or_ends(
    server: RunningServer, relay: KeepingRelay, kind: str
) -> None:
    settings(
        server,
        f"autorespond_{kind}=respond_and_continue",
        f"{TEXTS[kind]}=Words of the list.",
        "default_nonmember_action=accept",
    )
    to, answer = ADDRESSES[kind], 'Auto-response for your message to the "Ant" mailing list'
    reader = {"postings": BART, "owner": OLGA, "requests": EVE}[kind]
    goes_on = {"postings": "[Ant] tea", "owner": "tea", "requests": "The results of your email commands"}[
        kind
    ]

    send(server, to, "tea" if kind != "requests" else "")
    wait_until(
        lambda: {answer, goes_on} <= {*subjects(relay, EVE), *subjects(relay, reader)}, 20.0, server.tail
    )
    (found,) = [one for one in mails(relay, EVE) if one["Subject"] == answer]
    assert found.get_content().strip() == "Words of the list."
    (taken,) = [one for one, octets in relay.accepted() if b"Auto-response" in octets]
    assert taken.reverse_path == ""

    # again: the mail goes on, and no second answer
    send(server, to, "tea" if kind != "requests" else "", message_id="<2@example.net>")
    server.wait_drained()
    assert subjects(relay, EVE).count(answer) == 1
    assert len(subjects(relay, reader)) >= 2

    # a program is not answered, and what only is answered goes no further
    settings(server, f"autorespond_{kind}=respond_and_discard")
    before = len(relay.accepted())
    send(server, to, "tea", "Precedence: bulk", sender="zed@example.net")
    server.wait_drained()
    assert len(relay.accepted()) == before
    send(server, to, "tea", sender="zed@example.net")
    wait_until(lambda: subjects(relay, "zed@example.net") == [answer], 20.0, server.tail)
    server.wait_drained()
    assert len(relay.accepted()) == before + 1
