"""Several people make lists at the same time while posts arrive: none of them fails, no post is lost or
doubled, and each list takes posts as soon as its command has ended."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.ledger import Ledger
from support.relay import Relay
from support.server import RunningServer
from support.traffic import Sender, Traffic

LISTS = {
    f"{name}@example.com": [f"{name}{number}@example.net" for number in range(3)] for name in ("ant", "bee")
}
AT_ONCE = 4
EACH = 3
CONFIG = {"mta": {"incoming": "postfix"}}


def test_creates_and_posts_do_not_disturb_each_other(tmp_path: Path) -> None:
    with Relay(tmp_path) as relay, RunningServer(tmp_path, smtp_port=relay.port, config=CONFIG) as server:
        for address, members in LISTS.items():
            server.make_list(address, members)
        ledger = Ledger(server, relay)
        server.start()
        turn = threading.Barrier(AT_ONCE)

        def make(person: int) -> list[str]:
            turn.wait()
            return [_made_and_used(server, ledger, f"new{person}x{number}") for number in range(EACH)]

        with Traffic(ledger, LISTS, pause_s=0.02), ThreadPoolExecutor(AT_ONCE) as people:
            made = sorted(name for names in people.map(make, range(AT_ONCE)) for name in names)
        assert len(made) == AT_ONCE * EACH
        shown = server.mlcore("lists", "-q").stdout.decode().split()
        assert shown == sorted([*LISTS, *made], key=lambda address: address.replace("@", "."))
        server.wait_drained(60)
        ledger.verify()
        assert ledger.repeats().total() == 0
        assert server.spool() == {}
        assert not [event for event in server.events() if event["level"] == "error"]
        assert "maps failed" not in {event["event"] for event in server.events()}
        assert server.stop() == 0


def _made_and_used(server: RunningServer, ledger: Ledger, name: str) -> str:
    address, member = f"{name}@{name}.example", f"{name}@example.net"
    for arguments, stdin in (
        (("create", "-N", "-o", "olga@example.org", address), ""),
        (("addmembers", "-W", "-", address), member),
    ):
        done = server.mlcore(*arguments, stdin=stdin.encode())
        assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    with Sender(ledger, name) as sender:
        assert sender.send(address, [member])
    return address
