"""`mlcore unshunt --discard` beside a running server: the message is gone for good."""

from pathlib import Path

from support.exchange import KeepingRelay, codes, mark, message, post
from support.launch import RAISE_WHILE
from support.server import RunningServer, wait_until

_MEMBERS = ("anne@example.com", "bo@example.net")


def test_a_discarded_message_reaches_nobody_even_after_a_restart(tmp_path: Path) -> None:
    fault = tmp_path / "fault"
    fault.touch()
    with KeepingRelay() as relay, RunningServer(tmp_path, smtp_port=relay.port) as server:
        server.make_list("ant@example.com", _MEMBERS)
        server.start(**{RAISE_WHILE: str(fault)})
        for token in ("unwanted", "wanted"):
            assert codes(post(server.lmtp_port, message(token, subject="raise"))) == [250]
        wait_until(lambda: len(server.names("shunt")) == 2)
        unwanted, wanted = server.names("shunt")

        done = server.mlcore("unshunt", "--discard", unwanted)
        assert (done.returncode, done.stderr) == (0, b"")
        assert server.names("shunt") == [wanted]
        done = server.mlcore("unshunt", unwanted)
        assert done.returncode == 1
        assert unwanted.encode() in done.stderr

        server.stop()
        fault.unlink()
        server.start()
        assert server.mlcore("unshunt").returncode == 0
        relay.wait_copies(len(_MEMBERS), mark("wanted"))
        server.wait_drained()
        wait_until(lambda: not server.spool())
        assert relay.copies(mark("wanted")) == dict.fromkeys(_MEMBERS, 1)
        assert not relay.copies(mark("unwanted"))
