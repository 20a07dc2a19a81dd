"""PostgreSQL is restarted while posts arrive, once gently and once as in a crash: senders hear 451 meanwhile,
nothing is lost, nobody gets a post twice, and everything goes on by itself."""

import smtplib
import time
from pathlib import Path

import pytest

from support.ledger import Ledger
from support.postgresql import FAST, IMMEDIATE, PostgresServer
from support.relay import Relay
from support.server import RunningServer, wait_until
from support.traffic import Traffic

pytestmark = pytest.mark.postgresql

LISTS = {
    f"{name}@example.com": [f"{name}{number}@example.net" for number in range(4)] for name in ("ant", "bee")
}
POSTS = 20


def rcpt(server: RunningServer, address: str) -> tuple[int, bytes]:
    """What a peer hears that has mail for `address`."""
    with smtplib.LMTP("127.0.0.1", server.lmtp_port, timeout=20) as client:
        client.ehlo("peer.example.net")
        client.mail("peer@example.net")
        return client.rcpt(address)


def test_restarts_of_the_database_lose_and_repeat_nothing(tmp_path: Path) -> None:
    # As an operator runs it: what it has committed is there after its crash.
    durable = {"fsync": "on", "full_page_writes": "on"}
    with PostgresServer(**durable) as database, Relay(tmp_path) as relay:
        database.start()
        config = {"database": {"url": database.create_database("mlcore")}}
        with RunningServer(tmp_path, smtp_port=relay.port, config=config) as server:
            for address, members in LISTS.items():
                server.make_list(address, members)
            ledger = Ledger(server, relay)
            server.start()
            with Traffic(ledger, LISTS, pause_s=0.02):
                for how in (FAST, IMMEDIATE):
                    await_posts(ledger, POSTS)
                    database.stop(how)
                    # a list that is not in memory cannot be found and not be refused for good either
                    code, text = rcpt(server, f"nobody-{how.name.lower()}@example.com")
                    assert (code, text[:5]) == (451, b"4.3.0"), text
                    time.sleep(0.3)  # under load without its database
                    assert server.running
                    database.start()
                await_posts(ledger, POSTS)
            server.wait_drained(60)
            assert rcpt(server, "nobody@example.com")[0] == 550
            ledger.verify()
            repeats = ledger.repeats().total()
            print(f"{ledger.acknowledged} posts, {ledger.copies().total()} copies, {repeats} repeats")
            assert repeats == 0  # the server itself never died
            assert server.spool() == {}
            assert server.stop() == 0


def await_posts(ledger: Ledger, number: int) -> None:
    """Until so many more posts were accepted."""
    wanted = ledger.acknowledged + number
    wait_until(lambda: ledger.acknowledged >= wanted, 40, ledger.server.tell)
