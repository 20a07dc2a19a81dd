"""Rows of held posts, and the one decision each of them takes."""

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.lists.model import ListPolicy
from mlcore.store import held, lists
from mlcore.store.engine import Store
from mlcore.store.held import HeldPost
from mlcore.store.lists import NoSuchList

POST = HeldPost(
    spool="host-a",
    entry="e1.h",
    list_id="ant.example.com",
    sender="anne@example.net",
    subject="Grüße",
    reasons=("The message is not from a list member", "Message has no subject"),
    arrived_at=10.5,
    held_at=11.5,
)


def post(entry: str, **changes: object) -> HeldPost:
    return msgspec.structs.replace(POST, entry=entry, **changes)


def test_every_column_comes_back(conn: Connection) -> None:
    assert held.insert_if_absent(conn, POST)
    found = held.get(conn, "host-a", "e1.h")
    assert found is not None
    assert found.id > 0
    assert found == msgspec.structs.replace(POST, id=found.id)
    assert held.by_id(conn, found.id) == found
    assert held.rows(conn) == held.of_spool(conn, "host-a") == [found]


def test_insert_is_repeatable_and_keeps_the_first(conn: Connection) -> None:
    assert held.insert_if_absent(conn, POST)
    assert held.decide(conn, POST.spool, POST.entry, "reject", 12.0)
    assert not held.insert_if_absent(conn, post("e1.h", subject="other"))
    (found,) = held.rows(conn)
    assert (found.subject, found.decision) == ("Grüße", "reject")


def test_same_entry_in_another_spool_is_another_post(conn: Connection) -> None:
    assert held.insert_if_absent(conn, POST)
    assert held.insert_if_absent(conn, post("e1.h", spool="host-b"))
    assert [found.spool for found in held.rows(conn)] == ["host-a", "host-b"]
    assert [found.spool for found in held.of_spool(conn, "host-b")] == ["host-b"]


@pytest.mark.parametrize(
    ("reasons", "found"), [((), ()), (("one",), ("one",)), (("a\nb\rc", "d"), ("a b c", "d"))]
)
def test_reasons_are_one_line_each(
    conn: Connection, reasons: tuple[str, ...], found: tuple[str, ...]
) -> None:
    held.insert_if_absent(conn, post("e1.h", reasons=reasons))
    assert held.rows(conn)[0].reasons == found


def test_unknown_list_is_refused(conn: Connection) -> None:
    with pytest.raises(NoSuchList):
        held.insert_if_absent(conn, post("e1.h", list_id="wasp.example.com"))


def test_what_is_not_there(conn: Connection) -> None:
    assert held.get(conn, "host-a", "e1.h") is None
    assert held.by_id(conn, 1) is None
    assert held.rows(conn) == held.rows(conn, "wasp.example.com") == held.of_spool(conn, "host-a") == []
    assert not held.decide(conn, "host-a", "e1.h", "accept", 12.0)
    assert not held.delete(conn, "host-a", "e1.h")


def test_rows_of_one_list_in_order(conn: Connection) -> None:
    bee = ListPolicy(list_id="bee.example.com", list_name="bee", mail_host="example.com", display_name="Bee")
    lists.create(conn, bee, 1.0)
    for entry, list_id in (("e3", POST.list_id), ("e2", bee.list_id), ("e1", POST.list_id)):
        held.insert_if_absent(conn, post(entry, list_id=list_id))
    assert [found.entry for found in held.rows(conn)] == ["e3", "e2", "e1"]
    assert [found.entry for found in held.rows(conn, POST.list_id)] == ["e3", "e1"]


def test_first_decision_holds(conn: Connection) -> None:
    held.insert_if_absent(conn, POST)
    held.insert_if_absent(conn, post("e2.h"))
    assert held.decide(conn, "host-a", "e1.h", "accept", 12.0)
    assert not held.decide(conn, "host-a", "e1.h", "discard", 13.0)
    first, second = held.rows(conn)
    assert (first.decision, first.decided_at) == ("accept", 12.0)
    assert (second.decision, second.decided_at) == (None, None)


async def test_of_two_moderators_at_once_one_decides(store: Store) -> None:
    await store.write(held.insert_if_absent, POST)
    accepted = store.write(held.decide, "host-a", "e1.h", "accept", 12.0)
    discarded = store.write(held.decide, "host-a", "e1.h", "discard", 12.0)
    assert (await accepted, await discarded) == (True, False)
    (found,) = await store.read(held.rows)
    assert found.decision == "accept"


def test_delete_removes_the_one(conn: Connection) -> None:
    held.insert_if_absent(conn, POST)
    held.insert_if_absent(conn, post("e2.h"))
    assert held.delete(conn, "host-a", "e1.h")
    assert [found.entry for found in held.rows(conn)] == ["e2.h"]


def test_number_that_no_row_can_have(conn: Connection) -> None:
    """SQLite's driver refuses what has more than 64 bits."""
    for number in (0, -1, 2**31, 2**63, 10**30):
        assert held.by_id(conn, number) is None
