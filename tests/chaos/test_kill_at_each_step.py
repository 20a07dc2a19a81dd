"""P1, P10, P14: SIGKILL at every named step of the spool. Afterwards nothing is lost, nobody is skipped, and
nobody gets a second copy but who was in flight."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlcore.base.errors import MlcoreError
from mlcore.spool.layout import TMP
from mlcore.spool.operator import unshunt
from mlcore.spool.steps import STEPS
from mlcore.store import held
from mlcore.store.engine import open_sync
from support.launch import KILL_COUNT, KILL_STEP, KILLED, RAISE_WHILE
from support.ledger import Ledger
from support.relay import Relay
from support.server import RunningServer, wait_until
from support.traffic import Sender

ANT = "ant@example.com"
MEMBERS = ("anne@example.org", "bart@example.net", "cate@example.edu")
GREYLISTING = f"--refuse={MEMBERS[2]}=450"
"""One member is put off as long as the relay is in this mood."""
POSTS = 4


@dataclass
class Scene:
    """A server that is about to be killed at `step`, and what goes with it."""

    server: RunningServer
    relay: Relay
    ledger: Ledger
    sender: Sender
    fault: Path
    step: str
    count: int

    def start(self, *, killed: bool = False) -> None:
        """Starts the server; killed: with the order to kill itself at the step."""
        order = {KILL_STEP: self.step, KILL_COUNT: str(self.count)} if killed else {}
        self.server.launch(**{RAISE_WHILE: str(self.fault)}, **order)
        with contextlib.suppress(AssertionError):  # it may die before it is ready
            self.server.wait_ready()
        assert killed or self.server.running, self.server.tail()

    def post(self, subject: str = "tea", sender: str = "") -> None:
        """A few posts, of which those behind the kill are refused."""
        for _ in range(POSTS):
            self.sender.send(ANT, MEMBERS, subject=subject, sender=sender)

    def hold_some(self) -> None:
        """Posts of a stranger, which wait for a moderator."""
        self.post(sender="zoe@example.org")

    def accept_held(self) -> None:
        """A moderator lets everything go that is held."""
        with open_sync(self.server.settings.database.url) as connection:
            for row in held.rows(connection):
                held.decide(connection, row.spool, row.entry, "accept", row.held_at)
        self.ring()

    def unshunt(self) -> None:
        """An operator puts back what is in shunt/, as the command does."""
        disk = self.server.open_disk()
        try:
            assert all(not one.error for one in unshunt(disk, None))
        finally:
            disk.shut()
        self.ring()

    def ring(self) -> None:
        """The bell, which kills some servers."""
        with contextlib.suppress(MlcoreError):
            self.server.control("bell")

    def wait_killed(self) -> None:
        """It ended, by its own hand, where it was told to."""
        assert self.server.wait_exit() == -9, self.server.tail()
        assert f"{KILLED} {self.step}" in self.server.log_lines()
        self.ledger.crashed()

    def kill_somewhere(self, step: str, count: int) -> None:
        """An earlier crash, so that recovery has something to do."""
        wanted = self.step, self.count
        self.step, self.count = step, count
        self.start(killed=True)
        self.post()
        self.wait_killed()
        self.step, self.count = wanted


# -- what has to happen so that a step is reached; each ends with the server dead --------------------------


def plain(scene: Scene) -> None:
    """Posts that every member gets at once."""
    scene.start(killed=True)
    scene.post()
    scene.wait_killed()


def one_by_one(scene: Scene) -> None:
    """One transaction per member, so that records are written between them."""
    plain(scene)


def deferred(scene: Scene) -> None:
    """One member of three is put off by the relay."""
    scene.relay.restart(GREYLISTING)
    plain(scene)
    scene.relay.restart()


def kept(scene: Scene) -> None:
    """Posts of a stranger; killed while they are put into hold/."""
    scene.start(killed=True)
    scene.hold_some()
    scene.wait_killed()


def decided(scene: Scene) -> None:
    """Killed while a moderator's decision is carried out."""
    scene.start()
    scene.hold_some()
    scene.server.wait_drained()
    scene.server.kill()
    scene.ledger.crashed()
    scene.start(killed=True)
    scene.accept_held()
    scene.wait_killed()


def shunted(scene: Scene) -> None:
    """A handler raises; killed while the posts are set aside."""
    scene.fault.touch()
    scene.start(killed=True)
    scene.post(subject="raise")
    scene.wait_killed()
    scene.fault.unlink()


def adopted(scene: Scene) -> None:
    """Killed while the server takes up what an operator put back from shunt/."""
    scene.fault.touch()
    scene.start()
    scene.post(subject="raise")
    wait_until(lambda: len(scene.server.names("shunt")) == POSTS)
    scene.server.kill()
    scene.ledger.crashed()
    scene.fault.unlink()
    scene.start(killed=True)
    scene.unshunt()
    scene.wait_killed()


def children(scene: Scene) -> None:
    """Killed in the recovery after a kill that left a child beside its parent."""
    recovering(scene, "advance: children synced", 2)


def deferral(scene: Scene) -> None:
    """Killed in the recovery after a kill that left one entry in out/ and in retry/."""
    scene.relay.restart(GREYLISTING)
    recovering(scene, "defer: linked", 1)
    scene.relay.restart()


def recovering(scene: Scene, step: str, count: int) -> None:
    """An earlier crash leaves something to remove, and a temporary file; then the recovery is killed."""
    scene.kill_somewhere(step, count)
    (Path(scene.server.settings.paths.queue_dir) / TMP / "s-torn").write_bytes(b"mlcore-entry 1 00")
    scene.start(killed=True)
    scene.wait_killed()


Play = Callable[[Scene], None]

CASES: tuple[tuple[str, int, Play], ...] = (
    ("accept: written", 1, plain),
    ("accept: written", 3, plain),
    ("accept: renamed", 2, plain),
    ("accept: synced", 1, plain),
    ("accept: synced", 3, plain),
    ("attempt: marked", 1, plain),
    ("attempt: marked", 4, plain),
    ("advance: children written", 2, plain),
    ("advance: children written", 1, kept),
    ("advance: children written", 2, decided),
    ("advance: child renamed", 2, plain),
    ("advance: child renamed", 3, kept),
    ("advance: child renamed", 1, decided),
    ("advance: children synced", 1, plain),
    ("advance: children synced", 2, kept),
    ("advance: children synced", 3, decided),
    ("advance: row made", 1, kept),
    ("advance: row made", 3, kept),
    ("advance: parent unlinked", 1, plain),
    ("advance: parent unlinked", 2, kept),
    ("advance: parent unlinked", 2, decided),
    ("advance: parent synced", 2, plain),
    ("advance: parent synced", 1, kept),
    ("advance: parent synced", 1, decided),
    ("settle: synced", 1, one_by_one),
    ("settle: synced", 5, one_by_one),
    ("settle: synced", 2, deferred),
    ("finish: unlinked", 1, plain),
    ("finish: unlinked", 2, one_by_one),
    ("finish: synced", 2, plain),
    ("finish: synced", 1, one_by_one),
    ("defer: linked", 1, deferred),
    ("defer: link synced", 2, deferred),
    ("defer: unlinked", 1, deferred),
    ("defer: synced", 2, deferred),
    ("shunt: reason synced", 1, shunted),
    ("shunt: linked", 2, shunted),
    ("shunt: link synced", 1, shunted),
    ("shunt: unlinked", 2, shunted),
    ("shunt: synced", 1, shunted),
    ("adopt: synced", 1, adopted),
    ("adopt: shunt unlinked", 1, adopted),
    ("recover: listed", 1, children),
    ("recover: synced", 1, deferral),
    ("recover: unlinked", 1, children),
    ("recover: unlinked", 2, children),
    ("recover: unlinked", 1, deferral),
    ("recover: unlinked", 2, deferral),
    ("recover: resynced", 1, children),
    ("recover: resynced", 1, deferral),
)


def test_every_step_is_killed_at() -> None:
    assert {step for step, _, _ in CASES} == set(STEPS)


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    with Relay(tmp_path) as relay:
        yield relay


@pytest.mark.parametrize(
    ("step", "count", "play"), CASES, ids=[f"{step} {count} {play.__name__}" for step, count, play in CASES]
)
def test_p1_p10_p14_killed_once(tmp_path: Path, relay: Relay, step: str, count: int, play: Play) -> None:
    mta = {"max_recipients": 1} if play is one_by_one else {}
    with RunningServer(tmp_path, smtp_port=relay.port, config={"mta": mta}) as server:
        server.make_list(ANT, MEMBERS)
        ledger = Ledger(server, relay)
        with Sender(ledger) as sender:
            scene = Scene(server, relay, ledger, sender, tmp_path / "fault", step, count)
            play(scene)
            finish(scene)


def finish(scene: Scene) -> None:
    """The server starts by itself, is told what people would tell it, and then all is as it should be."""
    server = scene.server
    left_behind = server.names(TMP)
    scene.start()
    assert not set(left_behind).intersection(server.names(TMP))
    scene.unshunt()
    scene.post()
    server.wait_drained()
    scene.accept_held()
    wait_until(lambda: not server.spool(), 20, lambda: f"left: {server.spool()}\n{server.tail()}")
    scene.ledger.verify()
    # No step has a name between a final reply and its record: what repeats was in flight beside the step.
    print(f"{scene.step}: {scene.ledger.acknowledged} posts, {scene.ledger.repeats().total()} repeats")
    assert server.stop() == 0
    with open_sync(server.settings.database.url) as connection:
        assert held.rows(connection) == []
    scene.ledger.stopped()


def test_p10_only_what_was_in_flight_repeats(tmp_path: Path, relay: Relay) -> None:
    relay.restart("--delay-ms=60000")
    with RunningServer(tmp_path, smtp_port=relay.port, config={"mta": {"max_connections": 2}}) as server:
        server.make_list(ANT, MEMBERS)
        ledger = Ledger(server, relay, connections=2)
        with Sender(ledger) as sender:
            scene = Scene(server, relay, ledger, sender, tmp_path / "fault", "", 1)
            scene.start()
            scene.post()
            relay.wait_transactions(2)
            server.kill()
            crash = ledger.crashed()
            assert crash.transactions == 2
            assert len(crash.copies) == 2 * len(MEMBERS)
            relay.restart()
            scene.start()
            server.wait_drained()
            ledger.verify()
            assert ledger.acknowledged == POSTS
            assert dict(ledger.repeats()) == dict.fromkeys(crash.copies, 1)
            assert server.stop() == 0
