"""P17: a service that dies is seen, logged and started again; one that dies too often ends the process."""

from pathlib import Path

from support.exchange import KeepingRelay, codes, mark, message, post
from support.launch_crashing import ATTEMPTS, CRASHES
from support.server import wait_until
from support.sink import SinkSettings
from support.wrapped import WrappedServer

_MEMBERS = ("anne@example.com", "bo@example.net")
_ONCE = dict.fromkeys(_MEMBERS, 1)


def _server(directory: Path, relay: KeepingRelay) -> WrappedServer:
    server = WrappedServer(directory, module="support.launch_crashing", smtp_port=relay.port)
    server.make_list("ant@example.com", _MEMBERS)
    return server


def _defer(relay: KeepingRelay, server: WrappedServer, token: str) -> None:
    """Hands in a post that its relay does not want now, so that the runner of retry/ gets to work."""
    assert codes(post(server.lmtp_port, message(token))) == [250]
    wait_until(lambda: server.spool().get("retry"))
    relay.close()
    relay.open(temp_fail_rate=0.0)


def test_p17_a_runner_that_dies_is_logged_and_started_again(tmp_path: Path) -> None:
    with KeepingRelay(SinkSettings(temp_fail_rate=1.0)) as relay, _server(tmp_path, relay) as server:
        server.start(**{CRASHES: "1"})
        pid = server.pid
        _defer(relay, server, "deferred")
        assert relay.wait_copies(2, mark("deferred")) == _ONCE
        (event,) = server.events("crashed")
        assert (event["service"], event["level"]) == ("retry", "error")
        assert "WantedByTest" in event["traceback"]
        assert server.pid == pid
        server.wait_drained()
        assert server.stop() == 0
        assert not server.spool()


def test_p17_a_runner_that_keeps_dying_ends_the_process_and_loses_nothing(tmp_path: Path) -> None:
    with KeepingRelay(SinkSettings(temp_fail_rate=1.0)) as relay, _server(tmp_path, relay) as server:
        server.start(**{CRASHES: "1000000"})
        _defer(relay, server, "deferred")
        wait_until(lambda: server.events("crashed"))
        assert codes(post(server.lmtp_port, message("meanwhile"))) == [250]
        assert relay.wait_copies(2, mark("meanwhile")) == _ONCE

        assert server.wait_exit(40) == 1
        assert [event["service"] for event in server.events("crashed")] == ["retry"] * 6
        assert server.events("ended")[0]["reason"] == "retry crashed 6 times"
        assert not relay.copies(mark("deferred"))

        server.start()
        assert relay.wait_copies(2, mark("deferred")) == _ONCE
        server.wait_drained()
        assert server.stop() == 0
        assert not server.spool()
        assert relay.copies() == dict.fromkeys(_MEMBERS, 2)


def test_p17_an_attempt_that_dies_ends_no_runner(tmp_path: Path) -> None:
    with KeepingRelay() as relay, _server(tmp_path, relay) as server:
        server.start(**{ATTEMPTS: "1"})
        assert codes(post(server.lmtp_port, message("first"))) == [250]
        wait_until(lambda: server.events("crashed"))
        (event,) = server.events("crashed")
        assert "WantedByTest" in event["traceback"]
        assert codes(post(server.lmtp_port, message("second"))) == [250]
        assert relay.wait_copies(2, mark("second")) == _ONCE
        assert server.stop() == 0
        server.start()
        assert relay.wait_copies(2, mark("first")) == _ONCE
        server.wait_drained()
        assert relay.copies() == dict.fromkeys(_MEMBERS, 2)
        assert not server.spool()
