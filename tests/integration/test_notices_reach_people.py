"""Who becomes a member, ceases to be one, or owns a new list is told of it by the running server."""

import time
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

import pytest

from support.exchange import KeepingRelay, change_list, mark, message, post
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


@pytest.mark.row("mail: new_list")
@pytest.mark.row("mail: welcome")
@pytest.mark.row("mail: goodbye")
@pytest.mark.row("mail: unsubscribed")
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


def _reply(server: RunningServer, question: Message, author: str) -> None:
    """What a mail program makes of a click on "reply" and another one on "send"."""
    octets = (
        f"From: {author}\r\nTo: {question['From']}\r\nSubject: Re: {question['Subject']}\r\n"
        f"Message-ID: <reply@example.net>\r\nIn-Reply-To: {question['Message-ID']}\r\n\r\n"
    ).encode()
    (reply,) = post(server.lmtp_port, octets, question["From"], sender=author)
    assert reply.code == 250


@pytest.mark.row("mail: confirm_join")
@pytest.mark.parametrize(
    ("name", "by_address"),
    [("ant", "yes"), ("ant", "no"), ("a-list-with-a-very-long-name", "yes")],
)
def test_a_reply_to_a_confirmation_needs_no_editing(
    tmp_path: Path, relay: KeepingRelay, name: str, by_address: str
) -> None:
    config = {"mta": {"verp_confirmations": by_address}}
    with RunningServer(tmp_path, smtp_port=relay.port, config=config) as server:
        server.start()
        _done(server, "create", f"{name}@example.com")
        octets = message("please", author="Buy pills <zed@example.net>", subject="Cheap pills")
        post(server.lmtp_port, octets, f"{name}-join@example.com", sender="zed@example.net")
        wait_until(lambda: _mail(relay), 20.0, server.tail)
        ((recipient, reverse_path, question),) = _mail(relay)
        assert (recipient, reverse_path) == ("zed@example.net", f"{name}-bounces@example.com")
        assert "Precedence" not in question
        assert "pills" not in question.as_string()
        _reply(server, question, "zed@example.net")
        wait_until(lambda: len(_mail(relay)) >= 2, 20.0, server.tail)
        recipient, _, welcome = _mail(relay)[1]
        assert recipient == "zed@example.net"
        assert welcome["Subject"] == f'Welcome to the "{name.capitalize()}" mailing list'


@pytest.mark.row("attribute: preferred_language")
@pytest.mark.row("attribute: charset")
def test_a_japanese_list_writes_japanese_as_its_members_can_read_it(
    server: RunningServer, relay: KeepingRelay
) -> None:
    policy = server.make_list("ari@example.com", [], plain=False)
    change_list(server, policy.list_id, preferred_language="ja", charset="iso-2022-jp", display_name="蟻の会")
    server.start()
    _done(server, "addmembers", "-w", "-", "ari@example.com", stdin="山田太郎 <taro@example.jp>\n")
    wait_until(lambda: _mail(relay), 20.0, server.tail)
    ((_, _, welcome),) = _mail(relay)
    assert welcome.get_content_charset() == "iso-2022-jp"
    text = welcome.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "蟻の会" in text.decode("iso-2022-jp")
    assert str(make_header(decode_header(welcome["Subject"]))) == "メーリングリスト「蟻の会」へようこそ"
    assert str(make_header(decode_header(welcome["To"]))) == "山田太郎 <taro@example.jp>"
