"""Commands beside a running server: what they do is seen at once by it, and what it does by them."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlcore.mail.reply import NO_SUCH_ADDRESS
from support.exchange import KeepingRelay, change_list, codes, mark, message, post
from support.server import RunningServer, wait_until
from support.sink import SinkSettings

_MEMBERS = ("anne@example.com", "bo@example.net")
_ONCE = dict.fromkeys(_MEMBERS, 1)


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, relay: KeepingRelay) -> Iterator[RunningServer]:
    with RunningServer(tmp_path, smtp_port=relay.port) as made:
        made.make_list("ant@example.com", _MEMBERS)
        yield made.start()


def _told(server: RunningServer, *arguments: str, stdin: bytes = b"") -> str:
    done = server.mlcore(*arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def _json(server: RunningServer, *arguments: str) -> Any:
    return json.loads(_told(server, *arguments, "--json"))


def test_an_injected_message_goes_to_the_members_at_once(server: RunningServer, relay: KeepingRelay) -> None:
    _told(server, "inject", "ant@example.com", stdin=message("injected").replace(b"\r\n", b"\n"))
    assert relay.wait_copies(2, mark("injected"), timeout_s=5) == _ONCE
    file = server.directory / "post.eml"
    file.write_bytes(message("from a file"))
    _told(server, "inject", "--filename", str(file), "ant.example.com")
    assert relay.wait_copies(2, mark("from a file"), timeout_s=5) == _ONCE
    refused = server.mlcore("inject", "nobody@example.com", stdin=message("refused"))
    assert refused.returncode == 2
    server.wait_drained()
    assert relay.copies().total() == 4


def test_held_posts_are_shown_accepted_and_discarded(server: RunningServer, relay: KeepingRelay) -> None:
    for token in ("good", "bad", "undecided"):
        octets = message(token, author="zed@example.org", subject=f"About {token}")
        assert codes(post(server.lmtp_port, octets, sender="zed@example.org")) == [250]
    wait_until(lambda: len(_json(server, "held", "list")) == 3)
    held = {one["subject"]: one for one in _json(server, "held", "list", "ant@example.com")}
    assert set(held) == {"About good", "About bad", "About undecided"}  # in the order in which they were held
    good = held["About good"]
    assert (good["sender"], good["list_id"]) == ("zed@example.org", "ant.example.com")
    assert good["reasons"] == ["The message is not from a list member"]
    assert mark("good").decode() in _told(server, "qfile", good["entry"])
    assert not relay.copies()

    _told(server, "held", "accept", str(good["request_id"]))
    _told(server, "held", "discard", str(held["About bad"]["request_id"]))
    assert relay.wait_copies(2, mark("good"), timeout_s=5) == _ONCE
    wait_until(lambda: len(server.names("hold")) == 1)
    assert [one["subject"] for one in _json(server, "held", "list")] == ["About undecided"]
    again = server.mlcore("held", "accept", str(good["request_id"]))
    assert again.returncode != 0

    server.restart()
    assert [one["subject"] for one in _json(server, "held", "list")] == ["About undecided"]
    _told(server, "held", "accept", str(held["About undecided"]["request_id"]))
    assert relay.wait_copies(2, mark("undecided"), timeout_s=5) == _ONCE
    server.wait_drained()
    assert not relay.copies(mark("bad"))
    assert relay.copies().total() == 4
    assert not server.spool()


def test_queues_and_status_tell_what_waits(tmp_path: Path) -> None:
    with (
        KeepingRelay(SinkSettings(temp_fail_rate=1.0)) as relay,
        RunningServer(
            tmp_path, smtp_port=relay.port, config={"mta": {"retry_base": "1h", "retry_cap": "1h"}}
        ) as server,
    ):
        server.make_list("ant@example.com", _MEMBERS)
        server.start()
        for number in range(3):
            assert codes(post(server.lmtp_port, message(f"waits {number}"))) == [250]
        wait_until(lambda: _json(server, "queues")["retry"]["entries"] == 3)
        depths = _json(server, "queues")
        assert sum(depth["entries"] for depth in depths.values()) == 3
        assert abs(depths["retry"]["oldest"] - time.time()) < 60
        names = _json(server, "queues", "--names", "retry")
        assert names == server.names("retry")
        shown = _told(server, "qfile", names[0])
        assert all(f"{number} {address}" in shown for number, address in enumerate(_MEMBERS))

        status = _json(server, "status")
        assert (status["running"], status["state"], status["pid"]) == (True, "running", server.pid)
        assert status["queues"]["retry"]["entries"] == 3
        assert status["lmtp"] == [f"127.0.0.1:{server.lmtp_port}"]
        assert f"mlcore is running (master pid: {server.pid})" in _told(server, "status")


def test_stop_ends_the_server_and_status_knows(server: RunningServer) -> None:
    assert "Shutting down" in _told(server, "stop")
    assert server.wait_exit(5) == 0
    status = server.mlcore("status", "--json")
    assert (status.returncode, json.loads(status.stdout)) == (3, {"running": False})
    again = server.mlcore("stop")
    assert again.returncode == 0
    assert b"mlcore is not running" in again.stderr


def test_a_member_who_was_just_added_gets_the_next_post(server: RunningServer, relay: KeepingRelay) -> None:
    assert codes(post(server.lmtp_port, message("before"))) == [250]
    relay.wait_copies(2, mark("before"))
    _told(server, "addmembers", "-", "ant@example.com", stdin=b"Cy <cy@example.org>\n")
    assert [one["email"] for one in _json(server, "members", "ant@example.com")] == [
        *_MEMBERS,
        "cy@example.org",
    ]
    assert codes(post(server.lmtp_port, message("after"))) == [250]
    assert relay.wait_copies(3, mark("after")) == _ONCE | {"cy@example.org": 1}


def test_p20_a_list_is_taken_mail_for_from_the_moment_it_is_there(
    server: RunningServer, relay: KeepingRelay
) -> None:
    """A name that is not in memory is asked of the database before it is refused."""
    assert codes(post(server.lmtp_port, message("warm"))) == [250]
    for name in ("bee", "cat"):
        address = f"{name}@example.com"
        assert post(server.lmtp_port, message("early"), address) == [NO_SUCH_ADDRESS]
        _told(server, "create", "--quiet", address)
        _told(server, "addmembers", "-", address, stdin=b"anne@example.com\n")
        assert codes(post(server.lmtp_port, message(f"first of {name}", to=address), address)) == [250]
        assert relay.wait_copies(1, mark(f"first of {name}")) == {"anne@example.com": 1}
    listed = [one["fqdn_listname"] for one in _json(server, "lists")]
    assert listed == ["ant@example.com", "bee@example.com", "cat@example.com"]


def test_a_changed_setting_counts_within_a_second(server: RunningServer, relay: KeepingRelay) -> None:
    assert codes(post(server.lmtp_port, message("before"))) == [250]
    relay.wait_copies(2, mark("before"))
    change_list(server, "ant.example.com", subject_prefix="[changed] ")
    time.sleep(1.0)
    assert codes(post(server.lmtp_port, message("after"))) == [250]
    relay.wait_copies(2, mark("after"))
    ((_, before),) = relay.accepted(mark("before"))
    ((_, after),) = relay.accepted(mark("after"))
    assert b"\r\nSubject: [Ant] Tea\r\n" in before
    assert b"\r\nSubject: [changed] Tea\r\n" in after
