"""Decisions about held posts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import held, lists
from mlcore.base.errors import BadInput
from mlcore.store.held import HeldPost, insert_if_absent
from support.site import SiteInDirectory

NOW = 1_700_000_000.0


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        for name in ("ant", "bee"):
            lists.create(connection, f"{name}@example.com", now=NOW)
        for entry, name in (("a" * 21, "ant"), ("b" * 21, "bee"), ("c" * 21, "ant")):
            post = HeldPost(
                spool="here",
                entry=f"{entry}.h",
                list_id=f"{name}.example.com",
                sender="eve@example.net",
                subject="offer",
                reasons=("The message is not from a list member",),
                arrived_at=NOW,
                held_at=NOW,
            )
            assert insert_if_absent(connection, post)
        yield connection


def test_what_waits_is_shown_oldest_first(connection: Connection) -> None:
    assert [post.entry[0] for post in held.waiting(connection)] == ["a", "b", "c"]
    assert [post.entry[0] for post in held.waiting(connection, "ant.example.com")] == ["a", "c"]


def test_a_decision_is_taken_once(connection: Connection) -> None:
    first, second, _ = held.waiting(connection)

    decided, before = held.decide(connection, [first.id, second.id, first.id], "accept", now=NOW)
    assert ([post.id for post in decided], before) == ([first.id, second.id], [])

    decided, before = held.decide(connection, [first.id], "discard", now=NOW)
    assert decided == []
    assert [(post.id, post.decision) for post in before] == [(first.id, "accept")]
    assert [post.entry[0] for post in held.waiting(connection)] == ["c"]


def test_a_number_of_nobody_is_refused(connection: Connection) -> None:
    with pytest.raises(BadInput, match=r"^No such held post: 99"):
        held.decide(connection, [99], "accept", now=NOW)
