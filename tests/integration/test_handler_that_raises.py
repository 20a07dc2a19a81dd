"""P6, P7: a defect in a handler sets its message aside with the reason, and nobody else notices."""

from pathlib import Path

from support.exchange import KeepingRelay, codes, mark, message, post
from support.launch import RAISE_WHILE
from support.server import SITE_OWNER, RunningServer, wait_until

_MEMBERS = ("anne@example.com", "bo@example.net")
_ONCE = dict.fromkeys(_MEMBERS, 1)


def test_p6_it_is_shunted_with_its_traceback_and_delivered_once_when_the_fault_is_mended(
    tmp_path: Path,
) -> None:
    fault = tmp_path / "fault"
    fault.touch()
    with KeepingRelay() as relay, RunningServer(tmp_path, smtp_port=relay.port) as server:
        server.make_list("ant@example.com", _MEMBERS)
        server.start(**{RAISE_WHILE: str(fault)})
        assert codes(post(server.lmtp_port, message("broken", subject="raise one"))) == [250]
        assert codes(post(server.lmtp_port, message("well"))) == [250]

        relay.wait_copies(len(_MEMBERS), mark("well"))
        assert relay.copies(mark("well")) == _ONCE
        wait_until(lambda: server.names("shunt"))
        (name,) = server.names("shunt")
        (event,) = server.events("shunted")
        assert (event["queue_id"], event["queue"]) == (name, "in")
        assert len(server.events("raised")) == 1, "it was tried once more"

        shown = server.mlcore("qfile", name).stdout.decode()
        assert "Traceback (most recent call last)" in shown
        assert "WantedByTest" in shown
        assert mark("broken").decode() in shown

        _one_notice_only(relay, server, name)
        fault.unlink()
        assert server.mlcore("unshunt", name).returncode == 0
        relay.wait_copies(len(_MEMBERS), mark("broken"))
        server.wait_drained()
        wait_until(lambda: name not in server.names("shunt"))
        assert server.mlcore("unshunt").returncode == 0
        relay.wait_copies(len(_MEMBERS), mark("broken too"))
        server.wait_drained()
        assert relay.copies(mark("broken")) == relay.copies(mark("broken too")) == _ONCE
        assert not server.spool()
        assert server.stop() == 0


def _one_notice_only(relay: KeepingRelay, server: RunningServer, name: str) -> None:
    """The site owner hears of the first one, by way of virgin/, and of no other one within the hour."""
    about = f"{name}".encode()
    assert relay.wait_copies(1, about) == {SITE_OWNER: 1}
    ((taken, octets),) = relay.accepted(about)
    assert taken.reverse_path == ""
    assert b"Auto-Submitted: auto-generated" in octets
    (accepted,) = [event for event in server.events("accepted") if event["queue"] == "virgin"]
    assert accepted["kind"] == "shunted"
    assert codes(post(server.lmtp_port, message("broken too", subject="raise two"))) == [250]
    wait_until(lambda: len(server.events("shunted")) == 2)
    server.wait_drained()
    assert relay.copies()[SITE_OWNER] == 1
