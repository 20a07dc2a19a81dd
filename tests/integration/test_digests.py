"""A post goes out at once to those who want it so, and with others in a digest, plain or MIME."""

import time
from collections.abc import Sequence
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from mlcore.lists.model import DeliveryMode, Member
from mlcore.store import digests, members
from mlcore.store.engine import open_sync
from support.digests import copies
from support.exchange import change_list, mark, message, post
from support.server import RunningServer, wait_until

ANT = "ant@example.com"
LIST_ID = "ant.example.com"
ANNE, PLAIN, MIME = "anne@example.com", "plain@example.org", "mime@example.net"
POSTS = ("first", "second", "third")


@pytest.fixture
def server(tmp_path: Path) -> RunningServer:
    """A list with a member of each kind, not started yet."""
    server = RunningServer(tmp_path)
    server.make_list(ANT, [ANNE])
    change_list(server, LIST_ID, digests_enabled=True)
    modes = {PLAIN: DeliveryMode.PLAINTEXT_DIGESTS, MIME: DeliveryMode.MIME_DIGESTS}
    with open_sync(server.settings.database.url) as connection:
        people = [Member(address=address, delivery_mode=mode) for address, mode in modes.items()]
        members.add_many(connection, LIST_ID, people, time.time())
    return server


def send(server: RunningServer, tokens: Sequence[str], *, body: bytes = b"") -> None:
    """Posts, one after the other, which wait for a digest when this returns."""
    for token in tokens:
        (reply,) = post(server.lmtp_port, message(token, subject=f"About {token}", body=body))
        assert reply.code == 250
        server.wait_drained()


def waiting(server: RunningServer) -> int:
    with open_sync(server.settings.database.url, read_only=True) as connection:
        return sum(digests.waiting(connection).values())


def digests_of(server: RunningServer, address: str, count: int) -> list[Message]:
    """What an address has got, once there are so many."""
    wait_until(lambda: len(copies(server, address)) >= count, 10, server.tail)
    server.wait_drained()
    return [message_from_bytes(octets) for octets in copies(server, address)]


@pytest.mark.row("attribute: digests_enabled")
@pytest.mark.row("handler: to-digest")
def test_what_has_gathered_goes_to_those_who_take_digests(server: RunningServer) -> None:
    with server:
        server.start()
        send(server, POSTS)
        assert waiting(server) == 3
        assert len(copies(server, ANNE)) == 3
        assert copies(server, PLAIN) == copies(server, MIME) == []

        said = server.mlcore("digests", "--send", "--verbose")
        assert (said.stdout, said.stderr) == (b"ant.example.com sent volume 1, number 1\n", b"")
        (plain,) = digests_of(server, PLAIN, 1)
        (mime,) = digests_of(server, MIME, 1)
        for digest in (plain, mime):
            assert digest["Subject"] == "Ant Digest, Vol 1, Issue 1"
            assert (digest["From"], digest["To"], digest["Reply-To"]) == ("ant-request@example.com", ANT, ANT)
            assert digest["Return-Path"] == "<ant-bounces@example.com>"
            assert digest["List-Id"] is not None
        assert plain.get_content_type() == "text/plain"
        found = [part for part in mime.walk() if part.get_content_type() == "message/rfc822"]
        posts = [part.get_payload(0) for part in found]
        assert [isinstance(one, Message) and one["Subject"] for one in posts] == [
            f"[Ant] About {token}" for token in POSTS
        ]
        for octets in (copies(server, PLAIN)[0], copies(server, MIME)[0]):
            assert [octets.count(mark(token)) for token in POSTS] == [1, 1, 1]
        assert len(copies(server, ANNE)) == 3
        assert server.mlcore("digests", "--send", "--verbose").stdout == b""
        assert server.stop() == 0
        assert server.spool() == {}


@pytest.mark.row("attribute: digest_size_threshold")
def test_enough_of_them_go_by_themselves(server: RunningServer) -> None:
    change_list(server, LIST_ID, digest_size_threshold=2.0)
    with server:
        server.start()
        send(server, POSTS, body=b"0123456789\r\n" * 80)
        digests_of(server, PLAIN, 1)
        digests_of(server, MIME, 1)
        assert waiting(server) == 1
        (made,) = server.events("digest made")
        assert (made["cause"], made["volume"], made["number"]) == ("size", 1, 1)
        (sent,) = server.events("digest sent")
        assert (sent["posts"], sent["plain"], sent["mime"]) == (2, 1, 1)


@pytest.mark.row("attribute: digests_enabled")
def test_a_list_without_digests_gathers_nothing(server: RunningServer) -> None:
    change_list(server, LIST_ID, digests_enabled=False)
    with server:
        server.start()
        send(server, POSTS)
        assert waiting(server) == 0
        assert server.mlcore("digests", "--send", "--verbose").stdout == b""


@pytest.mark.row("attribute: digest_send_periodic")
def test_what_waits_from_before_today_goes_when_the_server_starts(server: RunningServer) -> None:
    yesterday = time.time() // 86_400 * 86_400 - 60
    with open_sync(server.settings.database.url) as connection:
        one = digests.DigestPost("1a0000000000000000000.d", 1, message("first"), yesterday)
        assert digests.keep(connection, LIST_ID, one)
    with server:
        server.start()
        digests_of(server, PLAIN, 1)
        digests_of(server, MIME, 1)
        (made,) = server.events("digest made")
        assert made["cause"] == "day"
        server.restart()
        server.wait_drained()
        assert len(copies(server, PLAIN)) == 1


def test_who_stops_gets_one_last_digest_and_issues_made_without_a_server_wait(server: RunningServer) -> None:
    with server:
        server.start()
        send(server, ["first"])
        command = message("set", author=PLAIN, to="ant-request@example.com", subject="set digest off")
        post(server.lmtp_port, command, "ant-request@example.com", sender=PLAIN)
        server.wait_drained()
        send(server, ["second"])
        assert server.stop() == 0
        before = len(copies(server, PLAIN))
        said = server.mlcore("digests", "--send")
        assert said.stderr.startswith(b"mlcore is not running")
        assert len(copies(server, MIME)) == 0
        server.start()
        digests_of(server, MIME, 1)
        last = digests_of(server, PLAIN, before + 1)[-1]
        assert "Digest, Vol 1, Issue 1" in str(last["Subject"])
        send(server, ["third"])
        server.mlcore("digests", "--send")
        digests_of(server, MIME, 2)
        subjects = [str(one["Subject"]) for one in digests_of(server, PLAIN, 1)]
        assert sum("Digest, Vol" in subject for subject in subjects) == 1
        assert "About third" in " ".join(subjects)
