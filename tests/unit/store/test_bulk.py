"""Rows as tuples, on either database."""

import uuid

import pytest
from sqlalchemy import Connection, event, select

from mlcore.store.bulk import Growth, insert_rows, uuid_text
from mlcore.store.connect import make_engine
from mlcore.store.engine import open_sync
from mlcore.store.schema import addresses


def test_values_of_every_type_arrive_and_others_are_null(conn: Connection) -> None:
    columns = ("address", "address_key", "display_name", "created_at", "hide_address")
    rows = [("Ä%s@x.example", "a", "日本 '\"?", 1.5, False), ("b@x.example", "b", "", 2.0, None)]
    insert_rows(conn, addresses, columns, [])
    insert_rows(conn, addresses, columns, rows)
    found = conn.execute(
        select(*(addresses.c[name] for name in columns), addresses.c.verified_at).order_by(addresses.c.id)
    )
    assert [tuple(row) for row in found] == [(*row, None) for row in rows]


def test_texts_are_random_uuids() -> None:
    texts = {uuid_text() for _ in range(200)}
    assert len(texts) == 200
    for text in texts:
        parsed = uuid.UUID(text)
        assert (str(parsed), parsed.version, parsed.variant) == (text, 4, uuid.RFC_4122)


def test_postgresql_looks_again_whenever_the_tables_may_have_doubled(conn: Connection) -> None:
    """A list that was just filled was read as a whole for each address that was looked up."""
    looks: list[int] = []
    growth = Growth(first=10)
    event.listen(conn, "before_cursor_execute", lambda *_: looks.append(rows))
    rows = 0
    for _ in range(10):
        rows += 5
        growth.by(conn, 5)
    assert looks == ([10, 20, 40] if conn.dialect.name == "postgresql" else [])


@pytest.mark.postgresql
def test_a_table_that_somebody_vacuums_is_not_waited_for(url: str) -> None:
    """After five seconds the members that were added would be lost with the transaction."""
    with open_sync(url) as other, make_engine(url, writes=False).connect() as held:
        held.exec_driver_sql("SET TRANSACTION READ WRITE")
        held.exec_driver_sql("LOCK TABLE addresses IN SHARE UPDATE EXCLUSIVE MODE")
        other.exec_driver_sql("SET LOCAL lock_timeout = '10ms'")
        Growth(first=1).by(other, 1)
