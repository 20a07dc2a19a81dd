"""Texts of one's own reach people: from another host, over a restart without it, and from files."""

import email
import email.policy
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.exchange import KeepingRelay
from support.server import RunningServer, wait_until
from support.web import serving

WELCOME = "list:user:notice:welcome"
ANT = "ant@example.com"


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, relay: KeepingRelay) -> Iterator[RunningServer]:
    with RunningServer(tmp_path, smtp_port=relay.port) as made:
        made.make_list(ANT, ["anne@example.com"], plain=False)
        yield made.start()


def told(server: RunningServer, *arguments: str, stdin: bytes = b"") -> str:
    done = server.mlcore(*arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def welcomed(server: RunningServer, relay: KeepingRelay, address: str) -> str:
    """What a new member reads."""
    told(server, "addmembers", "--welcome-msg", "-", ANT, stdin=f"{address}\n".encode())
    wait_until(lambda: relay.copies()[address] == 1)
    (octets,) = [octets for taken, octets in relay.accepted() if address in taken.recipients]
    body = str(email.message_from_bytes(octets, policy=email.policy.default).get_content())
    return body.replace("\r\n", "\n")


def test_a_text_of_another_host_and_one_in_a_file(server: RunningServer, relay: KeepingRelay) -> None:
    assert "elsewhere" not in welcomed(server, relay, "bart@example.org")

    with serving(welcome="Hello $user_email, from elsewhere.\n") as web:
        told(server, "templates", "set", "--list", ANT, WELCOME, web.url("/welcome"))
        wait_until(lambda: "not fetched" not in told(server, "templates", "list"))
        assert welcomed(server, relay, "cate@example.org") == "Hello cate@example.org, from elsewhere.\n"

    server.stop()
    server.start()  # the other host is gone
    assert welcomed(server, relay, "dora@example.org") == "Hello dora@example.org, from elsewhere.\n"

    told(server, "templates", "remove", "--list", ANT, WELCOME)
    file = server.directory / "var" / "templates" / "site" / "en" / f"{WELCOME}.txt"
    file.parent.mkdir(parents=True)
    file.write_text("Hello $user_email, from a file.\n")
    told(server, "reopen")
    begun = time.monotonic()
    wait_until(lambda: "from a file" in told(server, "templates", "show", "--list", ANT, WELCOME))
    time.sleep(max(0.0, 2.0 - (time.monotonic() - begun)))  # seconds, where a minute is promised without it
    assert welcomed(server, relay, "emma@example.org") == "Hello emma@example.org, from a file.\n"
