"""P16: a stop under load is quick, sets nothing aside, and repeats nothing."""

import time
from pathlib import Path

from support.ledger import Ledger
from support.relay import Relay
from support.server import RunningServer
from support.traffic import Traffic

LISTS = {
    "ant@example.com": tuple(f"a{number}@example.org" for number in range(5)),
    "bee@example.com": tuple(f"b{number}@example.net" for number in range(12)),
}


def test_p16_p10_stopped_under_load(tmp_path: Path) -> None:
    config = {"mta": {"max_connections": 4, "max_recipients": 3}}
    with (
        Relay(tmp_path, "--delay-ms=30") as relay,
        RunningServer(tmp_path, smtp_port=relay.port, config=config) as server,
    ):
        for address, members in LISTS.items():
            server.make_list(address, members)
        ledger = Ledger(server, relay, connections=4)
        server.start()
        with Traffic(ledger, LISTS):
            for _ in range(3):
                ledger.wait_acknowledged(40)
                begun = time.monotonic()
                assert server.stop() == 0
                took_s = time.monotonic() - begun
                print(f"stopped after {took_s:.2f} s with {server.in_transit().keys()} left")
                assert took_s < 10
                assert server.names("shunt") == []
                ledger.stopped()
                server.start()
        relay.barrier()
        server.wait_drained(60)
        assert server.spool() == {}
        ledger.verify_once()
        assert server.stop() == 0
        print(f"{ledger.acknowledged} posts, {ledger.copies().total()} copies")


def test_p16_the_peer_owes_a_reply(tmp_path: Path) -> None:
    """A relay that never answers cannot hold a stop up; only who was in flight may get a second copy."""
    with (
        Relay(tmp_path, "--delay-ms=60000") as relay,
        RunningServer(tmp_path, smtp_port=relay.port) as server,
    ):
        members = LISTS["ant@example.com"]
        server.make_list("ant@example.com", members)
        ledger = Ledger(server, relay)
        server.start()
        with Traffic(ledger, {"ant@example.com": members}, senders=1):
            ledger.wait_acknowledged(10)
        relay.wait_transactions(1)
        begun = time.monotonic()
        assert server.stop() == 0
        took_s = time.monotonic() - begun
        print(f"stopped after {took_s:.2f} s")
        assert took_s < 10
        ledger.crashed()
        relay.restart()
        server.start()
        server.wait_drained()
        ledger.verify()
        assert server.spool() == {}
