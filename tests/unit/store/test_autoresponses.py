"""When a list answered whom by itself: one row each, and the same answer for the same entry."""

import msgspec
import pytest
from sqlalchemy import Connection, func, select

from mlcore.base.errors import BadInput
from mlcore.lists.autoresponse import Kind
from mlcore.lists.model import ListPolicy
from mlcore.store import lists
from mlcore.store.autoresponses import may_answer, purge
from mlcore.store.schema import autoresponses

ANT = "ant.example.com"
ANNE = "anne@example.org"
DAY = 86_400
NOON = 1_700_481_600.0
WEEK = 7 * DAY


def ask(
    conn: Connection,
    cause: str,
    now: float,
    *,
    key: str = ANNE,
    kind: Kind = "owner",
    grace_s: int = WEEK,
) -> bool:
    return may_answer(conn, ANT, key, kind, cause, grace_s, now)


def rows(conn: Connection) -> int:
    count: int = conn.execute(select(func.count()).select_from(autoresponses)).scalar_one()
    return count


def test_once_within_the_time_of_grace(conn: Connection) -> None:
    assert ask(conn, "e1", NOON)
    assert not ask(conn, "e2", NOON + 1)
    assert not ask(conn, "e3", NOON + 6 * DAY)
    assert ask(conn, "e4", NOON + WEEK)
    assert not ask(conn, "e5", NOON + WEEK + DAY)
    assert rows(conn) == 1


def test_p10_the_same_entry_is_answered_again(conn: Connection) -> None:
    assert ask(conn, "e1", NOON)
    assert ask(conn, "e1", NOON + 60)
    assert not ask(conn, "e2", NOON + 60)


def test_each_address_and_kind_by_itself(conn: Connection) -> None:
    assert ask(conn, "e1", NOON)
    assert ask(conn, "e2", NOON, key="bart@example.org")
    assert ask(conn, "e3", NOON, kind="postings")
    assert not ask(conn, "e4", NOON, kind="postings")


def test_without_grace_always(conn: Connection) -> None:
    assert all(ask(conn, f"e{number}", NOON, grace_s=0) for number in range(3))
    assert rows(conn) == 1


def test_a_list_that_is_not_there(conn: Connection) -> None:
    with pytest.raises(BadInput):
        may_answer(conn, "bee.example.com", ANNE, "owner", "e1", 0, NOON)


def test_what_is_over_is_forgotten(conn: Connection, ant: ListPolicy) -> None:
    lists.change(conn, msgspec.structs.replace(ant, autoresponse_grace_period=WEEK))
    ask(conn, "e1", NOON)
    assert purge(conn, NOON + WEEK - 1) == 0
    assert purge(conn, NOON + WEEK) == 1
    assert rows(conn) == 0
