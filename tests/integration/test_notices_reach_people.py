"""Who becomes a member, ceases to be one, or owns a new list is told of it by the running server."""

import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from support.exchange import KeepingRelay, mark, message, post
from support.server import RunningServer, wait_until


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, relay: KeepingRelay) -> Iterator[RunningServer]:
    with RunningServer(tmp_path, smtp_port=relay.port) as made:
        yield made


def _done(server: RunningServer, *arguments: str, stdin: str = "") -> None:
    done = server.mlcore(*arguments, stdin=stdin.encode())
    assert done.returncode == 0, done.stderr.decode()


def _mail(relay: KeepingRelay) -> list[tuple[str, str, Message]]:
    """Recipient, envelope sender and message of each copy."""
    return [
        (recipient, taken.reverse_path, message_from_bytes(octets))
        for taken, octets in relay.accepted()
        for recipient in taken.recipients
    ]


def test_each_is_told_once(server: RunningServer, relay: KeepingRelay) -> None:
    server.start()
    _done(server, "create", "-n", "-o", "olga@example.org", "ant@example.com")
    _done(server, "addmembers", "-w", "-", "ant@example.com", stdin="Anne <anne@example.net>\n")
    _done(server, "delmembers", "-g", "-n", "-l", "ant@example.com", "-m", "anne@example.net")
    wait_until(lambda: len(_mail(relay)) >= 4, 20.0, server.tail)
    server.wait_drained()
    found = {(recipient, text["Subject"]) for recipient, _, text in _mail(relay)}
    assert found == {
        ("olga@example.org", "Your new mailing list: ant@example.com"),
        ("anne@example.net", 'Welcome to the "Ant" mailing list'),
        ("anne@example.net", "You have been unsubscribed from the Ant mailing list"),
        ("olga@example.org", "Ant unsubscription notification"),
    }
    assert len(_mail(relay)) == 4
    for _, reverse_path, text in _mail(relay):
        assert reverse_path == "ant-bounces@example.com"
        assert text["Auto-Submitted"] == "auto-generated"
        assert text["Precedence"] == "bulk"


def test_what_was_changed_without_a_server_is_told_after_the_start(
    server: RunningServer, relay: KeepingRelay
) -> None:
    _done(server, "create", "ant@example.com")
    _done(server, "addmembers", "-w", "-", "ant@example.com", stdin="anne@example.net\n")
    server.start()
    wait_until(lambda: _mail(relay), 20.0, server.tail)
    assert [recipient for recipient, _, _ in _mail(relay)] == ["anne@example.net"]


def test_p7_a_post_does_not_wait_for_hundreds_of_welcomes(server: RunningServer, relay: KeepingRelay) -> None:
    for name in ("ant", "bee"):
        _done(server, "create", f"{name}@example.com")
    _done(server, "addmembers", "-W", "-", "bee@example.com", stdin="bart@example.org\n")
    server.start()
    people = "".join(f"u{number}@example.net\n" for number in range(400))
    _done(server, "addmembers", "-w", "-", "ant@example.com", stdin=people)
    begun = time.monotonic()
    octets = message("urgent", author="bart@example.org")
    post(server.lmtp_port, octets, "bee@example.com", sender="bart@example.org")
    relay.wait_copies(1, mark("urgent"), timeout_s=20)
    assert time.monotonic() - begun < 5.0
    wait_until(lambda: len(_mail(relay)) >= 401, 60.0, server.tail)
    welcomed = [recipient for recipient, _, text in _mail(relay) if "Welcome" in text["Subject"]]
    assert len(welcomed) == len(set(welcomed)) == 400
