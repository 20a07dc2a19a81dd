"""Lists and domains made, changed and removed beside a running server, which knows of it at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.exchange import KeepingRelay, codes, mark, message, post
from support.server import RunningServer

ANNE = "anne@example.com"


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, relay: KeepingRelay) -> Iterator[RunningServer]:
    with RunningServer(tmp_path, smtp_port=relay.port) as made:
        yield made.start()


def _run(server: RunningServer, *arguments: str, stdin: bytes = b"") -> None:
    done = server.mlcore(*arguments, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()


def _sent(server: RunningServer, token: str, recipient: str) -> list[int]:
    return codes(post(server.lmtp_port, message(token), recipient, sender=ANNE))


def test_what_exists_is_accepted_and_nothing_else(server: RunningServer, relay: KeepingRelay) -> None:
    assert _sent(server, "early", "ant@example.com") == [550]
    _run(server, "create", "ant@example.com", "-o", "olga@example.org")
    _run(server, "addmembers", "-W", "-", "ant@example.com", stdin=ANNE.encode())
    assert _sent(server, "first", "ant@example.com") == [250]
    assert relay.wait_copies(1, mark("first"), timeout_s=5) == {ANNE: 1}

    assert _sent(server, "alias-early", "ant@alias.example") == [550]
    _run(server, "domains", "set", "example.com", "--alias-domain", "alias.example")
    assert _sent(server, "alias", "ant@alias.example") == [250]
    assert relay.wait_copies(1, mark("alias"), timeout_s=5) == {ANNE: 1}
    assert _sent(server, "owner", "ant-owner@alias.example") == [250]
    assert relay.wait_copies(1, mark("owner"), timeout_s=5) == {"olga@example.org": 1}

    _run(server, "settings", "ant@example.com", "subject_prefix=[changed] ")
    assert _sent(server, "changed", "ant@example.com") == [250]
    assert relay.wait_copies(1, mark("changed"), timeout_s=5) == {ANNE: 1}
    ((_, content),) = relay.accepted(mark("changed"))
    assert b"Subject: [changed] " in content

    _run(server, "domains", "set", "example.com", "--alias-domain", "")
    assert _sent(server, "alias-late", "ant@alias.example") == [550]
    _run(server, "remove", "ant@example.com")
    assert _sent(server, "late", "ant@example.com") == [550]
    server.wait_drained()
    assert relay.copies().total() == 4
