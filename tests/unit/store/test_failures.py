"""Bounce events that delivery saw."""

import msgspec
from sqlalchemy import Connection, select

from mlcore.store import failures, lists, schema
from mlcore.store.failures import DeliveryFailure

FAILURE = DeliveryFailure(
    entry="e1.o",
    number=3,
    list_id="ant.example.com",
    address="Bob@example.net",
    code=550,
    enhanced="5.1.1",
    text="No such user",
    policy=False,
    at=10.5,
)


def rows(conn: Connection) -> list[DeliveryFailure]:
    columns = [schema.delivery_failures.c[name] for name in DeliveryFailure.__struct_fields__]
    found = conn.execute(select(*columns).order_by(schema.delivery_failures.c.number))
    return [DeliveryFailure(**row._mapping) for row in found]


def test_every_column_comes_back(conn: Connection) -> None:
    policy = msgspec.structs.replace(FAILURE, number=4, policy=True)
    failures.record(conn, [FAILURE, policy])
    assert rows(conn) == [FAILURE, policy]


def test_a_repeated_step_changes_nothing(conn: Connection) -> None:
    failures.record(conn, [FAILURE])
    failures.record(conn, [msgspec.structs.replace(FAILURE, text="other", at=99.0)])
    assert rows(conn) == [FAILURE]


def test_nothing_to_record(conn: Connection) -> None:
    failures.record(conn, [])
    assert rows(conn) == []


def test_an_event_outlives_its_list(conn: Connection) -> None:
    failures.record(conn, [FAILURE])
    lists.remove(conn, FAILURE.list_id)
    assert rows(conn) == [FAILURE]
