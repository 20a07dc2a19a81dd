"""One process owns a spool; what a dead one left stops nobody."""

import time
from pathlib import Path

from support.ledger import Ledger
from support.relay import Relay
from support.server import RunningServer
from support.traffic import Sender

MEMBERS = ("anne@example.org", "bart@example.net")


def test_second_instance_is_sent_away(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        server.start()
        begun = time.monotonic()
        second = server.mlcore("start", "--foreground")
        assert time.monotonic() - begun < 5
        assert second.returncode == 2
        assert second.stderr.decode() == "Error: mlcore is already running\n"
        assert server.is_ready()  # the first one has noticed nothing
        assert server.mlcore("status").returncode == 0


def test_p14_nothing_stale_stops_a_start(tmp_path: Path) -> None:
    """P14: lock and control socket of a killed server are there still, and the next one starts."""
    with Relay(tmp_path) as relay, RunningServer(tmp_path, smtp_port=relay.port) as server:
        server.make_list("ant@example.com", MEMBERS)
        server.start()
        server.kill()
        assert Path(server.settings.paths.control_socket).exists()
        assert (Path(server.settings.paths.queue_dir) / "lock").exists()
        status = server.mlcore("status")
        assert status.returncode == 3
        assert b"not running" in status.stdout
        assert server.mlcore("stop").returncode == 0
        server.start()
        ledger = Ledger(server, relay)
        with Sender(ledger) as sender:
            assert sender.send("ant@example.com", MEMBERS)
        server.wait_drained()
        ledger.verify_once()
        assert server.mlcore("stop").returncode == 0
        assert server.wait_exit() == 0
        assert not Path(server.settings.paths.control_socket).exists()


def test_p14_killed_while_it_starts(tmp_path: Path) -> None:
    """P14: a kill before it is ready is no different."""
    with RunningServer(tmp_path) as server:
        for delay_s in (0.05, 0.2, 0.3, 0.4):
            server.launch()
            time.sleep(delay_s)
            server.kill()
        server.start()
        assert server.stop() == 0
