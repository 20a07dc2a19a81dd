"""Notices that wait in the database."""

import pytest
from sqlalchemy import Connection, insert, select

from mlcore.lists.model import ListPolicy
from mlcore.store import lists, notices, requests
from mlcore.store.lists import NoSuchList
from mlcore.store.notices import QueuedNotice
from mlcore.store.requests import Request
from mlcore.store.schema import notices as table

ANNE = ("anne@example.org", "Anne")
BART = ("bart@example.org", "")


def request(policy: ListPolicy) -> Request:
    """Anne asks to join."""
    return Request(
        list_id=policy.list_id,
        kind="subscription",
        owner="subscriber",
        address=ANNE[0],
        address_key=ANNE[0],
        identity="0" * 40,
        token_hash="0" * 64,
        created_at=1.0,
        expires_at=2.0,
    )


def test_they_come_back_in_order_and_stay(conn: Connection, ant: ListPolicy) -> None:
    notices.queue(conn, "welcome", ant.list_id, [BART, ANNE], 5.5)
    notices.queue(conn, "goodbye", ant.list_id, iter([ANNE]), 6.5)
    found = notices.take(conn, 10)
    assert [(row.kind, row.address, row.display_name, row.created_at) for row in found] == [
        ("welcome", *BART, 5.5),
        ("welcome", *ANNE, 5.5),
        ("goodbye", *ANNE, 6.5),
    ]
    assert {row.list_id for row in found} == {ant.list_id}
    assert notices.take(conn, 2) == found[:2]
    assert notices.take(conn, 10) == found


def test_what_they_are_about(conn: Connection, ant: ListPolicy) -> None:
    asked = requests.insert(conn, request(ant))
    notices.queue(conn, "confirm-join", ant.list_id, [ANNE], 5.0, request=asked.id)
    notices.queue(conn, "refuse", ant.list_id, [ANNE], 5.0, detail="We are full.\nSorry.")
    found = notices.take(conn, 10)
    assert [(row.request, row.detail) for row in found] == [(asked.id, ""), (None, "We are full.\nSorry.")]


def test_they_go_with_their_request(conn: Connection, ant: ListPolicy) -> None:
    """Nobody is asked what he has answered already."""
    asked = requests.insert(conn, request(ant))
    notices.queue(conn, "confirm-join", ant.list_id, [ANNE], 5.0, request=asked.id)
    notices.queue(conn, "goodbye", ant.list_id, [ANNE], 5.0)
    requests.remove(conn, asked)
    assert [row.kind for row in notices.take(conn, 10)] == ["goodbye"]


def test_what_is_done_goes(conn: Connection, ant: ListPolicy) -> None:
    notices.queue(conn, "welcome", ant.list_id, [BART, ANNE], 5.0)
    bart, anne = notices.take(conn, 10)
    notices.delete_these(conn, [bart])
    assert notices.take(conn, 10) == [anne]
    notices.delete_these(conn, [bart, anne])
    assert notices.take(conn, 10) == []


def test_nothing_for_nobody(conn: Connection, ant: ListPolicy) -> None:
    notices.queue(conn, "welcome", ant.list_id, [], 5.0)
    notices.delete_these(conn, [])
    assert notices.take(conn, 10) == []


def test_no_such_list(conn: Connection) -> None:
    with pytest.raises(NoSuchList):
        notices.queue(conn, "welcome", "wasp.example.com", [ANNE], 5.0)


def test_they_go_with_their_list(conn: Connection, ant: ListPolicy) -> None:
    notices.queue(conn, "goodbye", ant.list_id, [ANNE], 5.0)
    lists.remove(conn, ant.list_id)
    assert conn.execute(select(table)).all() == []


def test_a_number_that_was_given_again_is_not_taken_for_the_old_row(
    conn: Connection, ant: ListPolicy
) -> None:
    notices.queue(conn, "goodbye", ant.list_id, [ANNE], 5.0)
    (new,) = notices.take(conn, 10)
    old = QueuedNotice(
        number=new.number,
        kind="welcome",
        list_id=ant.list_id,
        address=ANNE[0],
        display_name="",
        created_at=4.0,
    )
    notices.delete_these(conn, [old])
    assert notices.take(conn, 10) == [new]


def test_a_kind_of_a_newer_version_is_left_alone(conn: Connection, ant: ListPolicy) -> None:
    key = lists.row_key(conn, ant.list_id)
    row = {"kind": "birthday", "list": key, "address": ANNE[0], "display_name": "", "created_at": 1.0}
    row |= {"detail": ""}
    conn.execute(insert(table), row)
    notices.queue(conn, "welcome", ant.list_id, [ANNE], 5.0)
    (found,) = notices.take(conn, 1)
    assert found.kind == "welcome"
    notices.delete_these(conn, [found])
    assert len(conn.execute(select(table)).all()) == 1


def test_many_rows(conn: Connection, ant: ListPolicy) -> None:
    notices.queue(conn, "welcome", ant.list_id, ((f"u{n}@example.org", "") for n in range(1_201)), 5.0)
    found = notices.take(conn, 5_000)
    assert [row.address for row in found] == [f"u{n}@example.org" for n in range(1_201)]
    notices.delete_these(conn, found)
    assert notices.take(conn, 1) == []
