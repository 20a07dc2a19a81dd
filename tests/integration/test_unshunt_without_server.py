"""`mlcore unshunt` while no server runs: the next start delivers, once."""

from pathlib import Path

import pytest

from support.exchange import KeepingRelay, codes, mark, message, post
from support.launch import RAISE_WHILE
from support.server import RunningServer, wait_until

_MEMBERS = ("anne@example.com", "bo@example.net")


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_p6_unshunted_messages_are_delivered_once_by_the_next_start(tmp_path: Path, killed: bool) -> None:
    fault = tmp_path / "fault"
    fault.touch()
    with KeepingRelay() as relay, RunningServer(tmp_path, smtp_port=relay.port) as server:
        server.make_list("ant@example.com", _MEMBERS)
        server.start(**{RAISE_WHILE: str(fault)})
        assert codes(post(server.lmtp_port, message("broken", subject="raise"))) == [250]
        wait_until(lambda: server.names("shunt"))
        server.wait_drained()
        (name,) = server.names("shunt")
        if killed:
            server.kill()
        else:
            assert server.stop() == 0

        done = server.mlcore("unshunt")
        assert (done.returncode, done.stderr) == (0, b"")
        assert server.spool() == {"in": [name]}
        server.start()
        assert relay.wait_copies(len(_MEMBERS), mark("broken")) == dict.fromkeys(_MEMBERS, 1)
        server.wait_drained()
        assert server.stop() == 0
        assert not server.spool()
        assert relay.copies(mark("broken")) == dict.fromkeys(_MEMBERS, 1)
