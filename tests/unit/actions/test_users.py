"""Users with all that belongs to them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event

from mlcore.actions import lists, users
from mlcore.lists.model import Member, Role
from mlcore.store import addresses, members, memberships
from mlcore.store import users as store
from mlcore.store.engine import open_sync
from mlcore.store.upgrade import prepare


@pytest.fixture
def conn(database_url: str) -> Iterator[Connection]:
    prepare(database_url)
    with open_sync(database_url) as connection:
        lists.create(connection, "ant@example.com", owners=["olga@example.org"], now=1.0)
        yield connection


def names(records: list[users.UserRecord]) -> list[str]:
    return [record.name for record in records]


def test_a_record_holds_all_that_belongs_to_the_user(conn: Connection) -> None:
    anne = store.ensure(conn, "anne@example.org", "Anne", 1.0)
    addresses.verify(conn, "anne@example.org", 2.0)
    store.set_preferred(conn, anne.user_id, "anne@example.org")
    memberships.subscribe_user(conn, "ant.example.com", anne.user_id, Role.MEMBER, 3.0)
    members.add_many(conn, "ant.example.com", [Member(address="anne@example.org", role=Role.OWNER)], 4.0)
    (record,) = users.records(conn, users.chosen(conn, ["ANNE@example.org"]))
    assert record.user.user_id == anne.user_id
    assert [(one.address, one.verified_at) for one in record.addresses] == [("anne@example.org", 2.0)]
    assert sorted((one.role.value, one.as_user) for one in record.memberships) == [
        ("member", True),
        ("owner", False),
    ]
    assert record.name == "anne@example.org"
    assert not record.is_in_charge


def test_a_user_without_address_is_called_by_the_uuid(conn: Connection) -> None:
    nemo = store.create(conn, display_name="Nemo", now=1.0)
    assert names(list(users.records(conn, [nemo]))) == [nemo.user_id]


def test_many_users_in_few_statements(conn: Connection) -> None:
    count = 1_200
    store.ensure_many(conn, [(f"u{n}@example.org", "") for n in range(count)], 1.0)
    everybody = users.chosen(conn)
    with counted(conn) as statements:
        records = list(users.records(conn, everybody))
    assert len(records) == count + 1
    assert names(records)[-1] == f"u{count - 1}@example.org"
    assert len(statements) <= 4 * 3


@contextmanager
def counted(conn: Connection) -> Iterator[list[str]]:
    found: list[str] = []

    def hear(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        found.append(statement)

    event.listen(conn, "before_cursor_execute", hear)
    yield found
    event.remove(conn, "before_cursor_execute", hear)


def test_who_has_subscribed_meanwhile_is_not_deleted(conn: Connection) -> None:
    anne, bart = (
        store.ensure(conn, address, "", 1.0).user_id for address in ("anne@example.org", "bart@example.org")
    )
    members.add_many(conn, "ant.example.com", [Member(address="anne@example.org")], 2.0)
    deleted, kept = users.remove(conn, [anne, bart, "no such"], without_subscriptions=True)
    assert (names(deleted), kept) == (["bart@example.org"], [])
    assert store.get(conn, anne) is not None
    assert store.get(conn, bart) is None
