"""P1, P10, P11, P12, P14: SIGKILL at random moments while many post and the relay misbehaves."""

import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from mlcore.spool.layout import TMP
from mlcore.store.engine import open_sync
from mlcore.store.schema import delivery_failures
from support.ledger import Ledger
from support.relay import Relay
from support.server import RunningServer
from support.traffic import Traffic

CONNECTIONS = 4
REFUSED = ("gone@example.org", "full@example.net")
REFUSALS = tuple(f"--refuse={address}=550" for address in REFUSED)
LISTS = {
    "ant@example.com": ("anne@example.org", "bart@example.net", "cate@example.edu", "gone@example.org"),
    "bee@example.com": ("anne@example.org", "dave@example.net", "full@example.net"),
    "cat@example.com": ("elle@example.org", *(f"m{number}@example.info" for number in range(7))),
}
MOOD = ("--temp-fail-rate=0.05", "--drop-rate=0.06", "--delay-ms=4")
"""What the relay does while the server is being killed."""


def test_p1_p10_p14_eight_kills(tmp_path: Path) -> None:
    seed = int(os.environ.get("MLTEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    scenario(tmp_path, seed=seed, kills=8, longest_life_s=2.5)


@pytest.mark.soak
def test_p1_p10_p14_many_kills(tmp_path: Path) -> None:
    """MLTEST_SEED, MLTEST_KILLS (default 80) and MLTEST_LIFE_S (default 4.0) change it."""
    seed = int(os.environ.get("MLTEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    kills = int(os.environ.get("MLTEST_KILLS", "80"))
    scenario(tmp_path, seed=seed, kills=kills, longest_life_s=float(os.environ.get("MLTEST_LIFE_S", "4.0")))


def scenario(directory: Path, *, seed: int, kills: int, longest_life_s: float) -> None:
    """Load, `kills` crashes at moments that `seed` gives, then quiet and a reckoning."""
    print(f"MLTEST_SEED={seed}")
    moments = random.Random(seed)
    config = {"mta": {"max_connections": CONNECTIONS, "max_recipients": 3}}
    with (
        Relay(directory, *REFUSALS, *MOOD, f"--seed={seed}") as relay,
        RunningServer(directory, smtp_port=relay.port, config=config) as server,
    ):
        for address, members in LISTS.items():
            server.make_list(address, members)
        ledger = Ledger(server, relay, connections=CONNECTIONS, refused=REFUSED)
        server.start()
        with Traffic(ledger, LISTS, pause_s=0.02):
            for _ in range(kills):
                time.sleep(moments.uniform(0.2, longest_life_s))
                server.kill()
                ledger.crashed()
                left_behind = server.names(TMP)
                server.start()
                assert not set(left_behind).intersection(server.names(TMP))
        server.kill()
        ledger.crashed()
        relay.restart(*REFUSALS)
        server.start()
        server.wait_drained(60)
        reckon(server, ledger)
        assert server.stop() == 0
        ledger.stopped()


def reckon(server: RunningServer, ledger: Ledger) -> None:
    """Nothing lost, nobody skipped, no repeat without its excuse, nothing set aside, failures recorded."""
    ledger.verify()
    assert server.spool() == {}
    in_flight = [crash.transactions for crash in ledger.crashes]
    print(
        f"{ledger.acknowledged} posts, {ledger.copies().total()} copies, {ledger.repeats().total()} repeats; "
        f"in flight at the crashes: {in_flight}; replies lost for {ledger.lost_replies().total()} copies"
    )
    assert ledger.acknowledged > 20 * len(ledger.crashes) / 2, "this was no load"
    failures = recorded_failures(server)
    assert set(failures) == set(REFUSED)
    for address in REFUSED:
        # One for every post that went out, however often its entry was tried.
        assert failures[address] == ledger.sent_posts(address), address


def recorded_failures(server: RunningServer) -> Counter[str]:
    """Failed recipients by address, as the database has them: one per entry and recipient."""
    table = delivery_failures
    with open_sync(server.settings.database.url) as connection:
        return Counter(row[0] for row in connection.execute(select(table.c.address)))


def test_p10_killed_in_every_start(tmp_path: Path) -> None:
    """P14: a server that dies young again and again sets no innocent post aside."""
    with Relay(tmp_path, "--delay-ms=3") as relay, RunningServer(tmp_path, smtp_port=relay.port) as server:
        for address, members in LISTS.items():
            server.make_list(address, members)
        ledger = Ledger(server, relay)
        server.start()
        with Traffic(ledger, LISTS, pause_s=0.0):
            for _ in range(6):
                ledger.wait_acknowledged(5)
                server.kill()
                ledger.crashed()
                server.start()
        server.wait_drained()
        ledger.verify()
        assert server.spool() == {}
