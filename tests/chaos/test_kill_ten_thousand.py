"""P1, P10, P14: SIGKILL again and again while one post goes to ten thousand people over a few connections
that are kept open. Everybody gets it, and each kill repeats no more than was in flight."""

import os
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.ledger import Ledger
from support.relay import Relay
from support.server import RunningServer
from support.traffic import Sender

ANT = "ant@example.com"
MEMBERS = tuple(f"member-{number:05}@d{number % 40}.example.net" for number in range(10_000))
CONNECTIONS = 4


@dataclass(frozen=True)
class Way:
    """How the copies go out. together: transactions on one connection that may lack a record; recipients: of
    one transaction; per_life: transactions that the relay gets in one life of the server, at least."""

    mta: dict[str, object]
    together: int
    recipients: int
    per_life: tuple[int, int]
    manners: tuple[str, ...]

    @property
    def bound(self) -> int:
        """Copies that one kill may repeat (P10)."""
        return CONNECTIONS * self.together * self.recipients


SHARED = Way({"max_recipients": 500}, 1, 500, (1, 6), ("--delay-ms=40",))
EACH = Way({"verp_delivery_interval": 1, "max_unsynced": 50}, 50, 1, (1, 1_500), ())


@pytest.mark.parametrize(("way", "kills"), [(SHARED, 10), (EACH, 5)], ids=["shared", "each"])
def test_p1_p10_p14_killed_in_a_post_to_ten_thousand(tmp_path: Path, way: Way, kills: int) -> None:
    scenario(tmp_path, way, kills)


@pytest.mark.soak
def test_p1_p10_p14_killed_ten_times_with_a_sender_for_each(tmp_path: Path) -> None:
    scenario(tmp_path, EACH, 10)


def scenario(directory: Path, way: Way, kills: int) -> None:
    """`kills` crashes, each while the post is on its way, then quiet and a reckoning."""
    seed = int(os.environ.get("MLTEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    print(f"MLTEST_SEED={seed}")
    moments = random.Random(seed)
    config = {"mta": {"max_connections": CONNECTIONS, **way.mta}}
    with (
        Relay(directory, *way.manners) as relay,
        RunningServer(directory, smtp_port=relay.port, config=config) as server,
    ):
        server.make_list(ANT, MEMBERS)
        ledger = Ledger(server, relay, connections=CONNECTIONS * way.together)
        server.start()
        with Sender(ledger) as sender:
            for _ in range(kills):
                if left(ledger) < way.per_life[1] * way.recipients * 2:
                    sender.close()  # its connection ended with the last server
                    assert sender.send(ANT, MEMBERS), server.tail()
                kill_on_the_way(ledger, way, moments)
                server.start()
        server.wait_drained(60)
        ledger.verify()
        assert server.spool() == {}
        repeated = [len(crash.copies) for crash in ledger.crashes]
        print(
            f"{ledger.acknowledged} posts; copies in flight at the kills: {repeated} of at most {way.bound}"
        )
        assert ledger.repeats().total() <= sum(repeated)
        assert any(repeated), "no kill hit anything"
        senders = {taken.reverse_path for taken in relay.taken()}
        assert len(senders) == (len(MEMBERS) if way is EACH else 1)
        assert server.stop() == 0
        ledger.stopped()


def left(ledger: Ledger) -> int:
    """Copies that nobody has got yet."""
    return ledger.acknowledged * len(MEMBERS) - len(ledger.copies())


def kill_on_the_way(ledger: Ledger, way: Way, moments: random.Random) -> None:
    """SIGKILL once the relay has got some more of the post."""
    server, relay = ledger.server, ledger.relay
    relay.wait_transactions(len(relay.taken()) + moments.randint(*way.per_life))
    server.kill()
    crash = ledger.crashed()
    assert len(crash.copies) <= way.bound, crash.transactions
    assert max(len(taken.recipients) for taken in relay.taken()) <= way.recipients
