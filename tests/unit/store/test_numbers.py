"""Post numbers: dense, and one per entry."""

import asyncio

import pytest
from sqlalchemy import Connection, text

from mlcore.base.errors import BadInput
from mlcore.lists.model import ListPolicy
from mlcore.store import lists, numbers
from mlcore.store.engine import Store
from mlcore.store.lists import NoSuchList

ANT = "ant.example.com"
BEE = ListPolicy(list_id="bee.example.com", list_name="bee", mail_host="example.com", display_name="Bee")


def entries(conn: Connection) -> list[str]:
    return list(conn.execute(text("SELECT entry FROM post_numbers ORDER BY entry")).scalars())


def test_numbers_start_at_one_and_are_dense_per_list(conn: Connection) -> None:
    lists.create(conn, BEE, 1.0)
    assert [numbers.take(conn, f"a{position}", ANT, 2.0) for position in range(3)] == [1, 2, 3]
    assert numbers.take(conn, "b", BEE.list_id, 2.0) == 1


def test_same_entry_gets_the_same_number_and_changes_nothing(conn: Connection) -> None:
    assert numbers.take(conn, "a", ANT, 2.0) == 1
    assert numbers.take(conn, "b", ANT, 3.0) == 2
    assert numbers.take(conn, "a", ANT, 4.0) == 1
    assert conn.execute(text("SELECT post_id, last_post_at FROM lists")).one() == (3, 3.0)


def test_unknown_list_is_refused(conn: Connection) -> None:
    with pytest.raises(NoSuchList):
        numbers.take(conn, "a", "wasp.example.com", 2.0)
    assert entries(conn) == []


async def test_numbers_stay_dense_when_many_take_one_at_once(store: Store) -> None:
    """Each of 50 entries asks three times, all at once."""
    takes = [store.write(numbers.take, f"e{position % 50}", ANT, 2.0) for position in range(150)]
    taken = await asyncio.gather(*takes)
    assert taken[:50] == taken[50:100] == taken[100:]
    assert sorted(taken[:50]) == list(range(1, 51))


async def test_a_number_that_was_not_committed_is_given_again(store: Store) -> None:
    def take_and_fail(conn: Connection) -> None:
        numbers.take(conn, "a", ANT, 2.0)
        raise BadInput("no")

    with pytest.raises(BadInput):
        await store.write(take_and_fail)
    assert await store.write(numbers.take, "b", ANT, 2.0) == 1


def test_purge_forgets_old_entries_that_are_gone(conn: Connection) -> None:
    for at, entry in enumerate(("old-gone", "old-alive", "young-gone"), 1):
        numbers.take(conn, entry, ANT, float(at))
    assert numbers.purge(conn, 3.0, {"old-alive"}.__contains__) == 1
    assert entries(conn) == ["old-alive", "young-gone"]
    assert numbers.take(conn, "old-alive", ANT, 9.0) == 2
    assert numbers.take(conn, "next", ANT, 9.0) == 4  # a purge gives no number twice


def test_purge_asks_about_old_entries_alone(conn: Connection) -> None:
    numbers.take(conn, "old", ANT, 1.0)
    numbers.take(conn, "young", ANT, 5.0)
    asked: list[str] = []

    def is_alive(entry: str) -> bool:
        asked.append(entry)
        return True

    assert numbers.purge(conn, 5.0, is_alive) == 0
    assert asked == ["old"]


def test_purge_passes_by_what_is_alive_and_stops_at_its_limit(conn: Connection) -> None:
    """Entries of one moment included: pages go on by time and name."""
    for position in range(2_500):
        numbers.take(conn, f"e{position:04}", ANT, 1.0 if position < 1_500 else 2.0)

    def is_alive(entry: str) -> bool:
        return entry < "e1200"

    assert numbers.purge(conn, 3.0, is_alive, limit=500) == 800
    assert numbers.purge(conn, 3.0, is_alive, limit=500) == 500
    assert numbers.purge(conn, 3.0, is_alive, limit=500) == 0
    assert len(entries(conn)) == 1_200


def test_what_is_remembered_of_posts(conn: Connection) -> None:
    lists.create(conn, BEE, 1.0)
    numbers.take(conn, "a", ANT, 2.0, numbers.Post("anne@example.net", "m1", "c1"))
    numbers.take(conn, "b.h.p", BEE.list_id, 3.0, numbers.Post("", "m1", ""))
    numbers.take(conn, "c", ANT, 4.0)
    assert numbers.recent(conn, 1.0, 10) == [
        (ANT, "a", "anne@example.net", "c1", 2.0),
        (BEE.list_id, "b.h.p", "", "", 3.0),
        (ANT, "c", "", "", 4.0),
    ]
    assert [post.entry for post in numbers.recent(conn, 2.0, 10)] == ["b.h.p", "c"]
    assert [post.entry for post in numbers.recent(conn, 1.0, 1)] == ["c"]


def test_of_two_lists_only_the_later_is_told_of_the_other(conn: Connection) -> None:
    """However often both are asked: a person on both lists gets one copy, and never none."""
    lists.create(conn, BEE, 1.0)
    numbers.take(conn, "a", ANT, 2.0, numbers.Post(message_key="m1"))
    assert numbers.taken_before(conn, "a", ANT, "m1") == ()
    numbers.take(conn, "b", BEE.list_id, 2.0, numbers.Post(message_key="m1"))
    for _ in range(2):
        assert numbers.taken_before(conn, "a", ANT, "m1") == ()
        assert numbers.taken_before(conn, "b", BEE.list_id, "m1") == (ANT,)
    assert numbers.taken_before(conn, "b", BEE.list_id, "m2") == ()
    assert numbers.taken_before(conn, "none", BEE.list_id, "m1") == ()
