"""Statements that SQLAlchemy has no portable word for."""

from collections.abc import Iterator

from sqlalchemy import Connection

from mlcore.store import schema, users
from mlcore.store.sql import chunks, insertion

MEMBER = {
    "member_uuid": "u",
    "list": 1,
    "user": 1,
    "role": "member",
    "display_name": "",
    "subscribed_at": 1.0,
}
MEMBER |= {"bounce_score": 0, "warnings_sent": 0, "restricted": False, "nonmatching_topics": False}


def test_insertion_leaves_what_is_there(conn: Connection) -> None:
    statement = insertion(schema.generation, leave_out=frozenset())
    assert conn.execute(statement, {"id": 1, "number": 70}).rowcount == 0
    assert conn.execute(statement, {"id": 2, "number": 71}).rowcount == 1
    assert conn.execute(schema.generation.select().where(schema.generation.c.number >= 70)).all() == [(2, 71)]


def test_insertion_names_every_column_but_the_key() -> None:
    shown = str(insertion(schema.held))
    assert shown.startswith('INSERT INTO held ("spool", "entry", ')
    assert ":id," not in shown
    assert ":decided_at" in shown


def test_chunks_have_all_items_in_order() -> None:
    assert list(chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(chunks([], 2)) == []


def test_chunks_do_not_read_ahead() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    assert next(chunks(items(), 3)) == [0, 1, 2]
    assert taken == [0, 1, 2]


def test_words_of_sql_are_names_too(conn: Connection) -> None:
    """`user` and `list` are columns."""
    users.create(conn, now=1.0)
    conn.execute(insertion(schema.members), dict.fromkeys(schema.members.columns.keys(), None) | MEMBER)
    assert conn.execute(schema.members.select()).mappings().one()["user"] == 1
