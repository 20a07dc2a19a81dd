"""Bans as rows and as patterns."""

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from mlcore.base.errors import BadInput
from mlcore.lists.model import Ban
from mlcore.store import bans, lists
from mlcore.store.lists import NoSuchList
from mlcore.store.schema import bans as table

ANT = "ant.example.com"


def test_each_scope_has_its_own(conn: Connection) -> None:
    assert bans.add(conn, "Anne@Example.org", now=1.0)
    assert bans.add(conn, "anne@example.org", ANT, now=1.0)
    assert bans.add(conn, "^.*@Example\\.net$", now=1.0)
    assert not bans.add(conn, "ANNE@example.org", now=2.0)
    assert not bans.add(conn, "anne@example.org", ANT, now=2.0)
    assert bans.all(conn) == [Ban(pattern="anne@example.org"), Ban(pattern="^.*@Example\\.net$")]
    assert bans.all(conn, ANT) == [Ban(pattern="anne@example.org", list_id=ANT)]


def test_database_keeps_each_pattern_once(conn: Connection) -> None:
    bans.add(conn, "anne@example.org", now=1.0)
    with pytest.raises(IntegrityError), conn.begin_nested():
        conn.execute(insert(table), {"pattern": "anne@example.org", "created_at": 1.0})


def test_patterns_for_a_list(conn: Connection) -> None:
    """Addresses before expressions, those of the list first."""
    for pattern, scope in (
        ("^s", ""),
        ("site@example.org", ""),
        ("^l", ANT),
        ("list@example.org", ANT),
        ("^s", ANT),
    ):
        bans.add(conn, pattern, scope, now=1.0)
    assert bans.for_list(conn, ANT) == ("list@example.org", "site@example.org", "^l", "^s")
    assert bans.for_list(conn, "bee.example.com") == ("site@example.org", "^s")


def test_removed_from_its_scope_alone(conn: Connection) -> None:
    for scope in ("", ANT):
        bans.add(conn, "anne@example.org", scope, now=1.0)
    assert bans.remove(conn, "Anne@example.org", ANT)
    assert not bans.remove(conn, "anne@example.org", ANT)
    assert bans.for_list(conn, ANT) == ("anne@example.org",)
    assert bans.remove(conn, "anne@example.org")
    assert bans.all(conn) == []


def test_those_of_a_list_go_with_it(conn: Connection) -> None:
    bans.add(conn, "anne@example.org", ANT, now=1.0)
    lists.remove(conn, ANT)
    assert bans.all(conn) == []
    with pytest.raises(NoSuchList):
        bans.all(conn, ANT)


def test_what_cannot_be_banned(conn: Connection) -> None:
    for pattern in ("^[", "nonsense", ""):
        with pytest.raises(BadInput):
            bans.add(conn, pattern, now=1.0)
    with pytest.raises(NoSuchList):
        bans.add(conn, "anne@example.org", "bee.example.com", now=1.0)
