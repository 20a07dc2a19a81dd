"""SIGKILL at every step between a post in digest/ and its digest in out/: no post is in two digests, none is
in no digest, and nobody gets the same issue twice."""

import os
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

from mlcore.lists.model import DeliveryMode, Member
from mlcore.store import digests, members
from mlcore.store.engine import open_sync
from support.digests import copies, mark, marks, put
from support.exchange import change_list
from support.launch_digests import COUNT, KILL
from support.server import TESTS, RunningServer, wait_until

ANT = "ant@example.com"
LIST_ID = "ant.example.com"
MODES = {
    DeliveryMode.PLAINTEXT_DIGESTS: ("bart@example.org", "cate@example.org"),
    DeliveryMode.MIME_DIGESTS: ("dirk@example.org", "elsa@example.org"),
}
REGULAR = "anne@example.org"
POSTS = 12

CASES: tuple[tuple[tuple[str, int], ...], ...] = (
    (("attempt: marked", 2),),
    (("before collect", 3),),
    (("after collect", 3),),
    (("after collect", 5),),  # the one that makes an issue
    (("unlink digest", 2),),
    (("unlink digest", 5),),
    (("advance: children written", 1),),
    (("advance: child renamed", 1),),
    (("advance: child renamed", 2),),
    (("advance: children synced", 1),),
    (("before hand_over", 1),),
    (("before hand_over", 2),),
    (("after hand_over", 1),),
    (("after hand_over", 2),),
    (("unlink virgin", 1),),
    (("advance: parent unlinked", 1),),
    (("advance: parent synced", 1),),
    # and in the start after that, which removes what was never awake
    (("before hand_over", 1), ("recover: synced", 1)),
    (("before hand_over", 1), ("unlink virgin", 1)),
    (("before hand_over", 1), ("unlink virgin", 2)),
    (("before hand_over", 1), ("before hand_over", 1)),
    (("advance: child renamed", 1), ("unlink virgin", 1)),
    (("advance: child renamed", 1), ("after hand_over", 1)),
)


def kill_at(server: RunningServer, place: str, count: int) -> None:
    """A start that ends at this place by its own hand."""
    path = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
    status = subprocess.run(
        [sys.executable, "-m", "support.launch_digests", str(server.config_file)],
        env={**os.environ, "PYTHONPATH": path, KILL: place, COUNT: str(count)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert status.returncode == -9, status.stderr.decode()


TELLING: frozenset[tuple[tuple[str, int], ...]] = frozenset(
    (
        (("after collect", 5),),
        (("advance: children written", 1),),
        (("before hand_over", 1),),
        (("after hand_over", 1),),
        (("before hand_over", 1), ("unlink virgin", 2)),
    )
)
"""Kills between two things that must not come apart: tried with every change, the others in the soak."""


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(
            case,
            id=" then ".join(f"{place} {count}" for place, count in case),
            marks=() if case in TELLING else pytest.mark.soak,
        )
        for case in CASES
    ],
)
def test_p1_p10_each_post_is_in_one_digest(tmp_path: Path, kills: tuple[tuple[str, int], ...]) -> None:
    with RunningServer(tmp_path) as server:
        server.make_list(ANT, [REGULAR])
        change_list(server, LIST_ID, digests_enabled=True, digest_size_threshold=1.0)
        with open_sync(server.settings.database.url) as connection:
            for mode, addresses in MODES.items():
                people = [Member(address=address, delivery_mode=mode) for address in addresses]
                members.add_many(connection, LIST_ID, people, 1.0)
        put(server, LIST_ID, range(1, POSTS + 1))
        for place, count in kills:
            kill_at(server, place, count)
        server.start()
        server.wait_drained()
        put(server, LIST_ID, [POSTS + 1])
        server.control("bell", queue="digest")
        server.wait_drained()
        assert server.mlcore("digests", "--send", "-v").stdout.startswith(b"ant.example.com sent volume 1, ")
        wait_until(lambda: not issues_left(server), 10, server.tail)
        server.wait_drained()
        wanted = dict.fromkeys(map(mark, range(1, POSTS + 2)), 1)
        for address in chain(*MODES.values()):
            assert marks(copies(server, address)) == wanted, address
        assert copies(server, REGULAR) == []
        assert server.stop() == 0
        assert server.spool() == {}


def issues_left(server: RunningServer) -> int:
    """Issues that are not handed over."""
    with open_sync(server.settings.database.url, read_only=True) as connection:
        return len(digests.open_issues(connection)) + sum(digests.waiting(connection).values())
