"""What was in a database of 0001 is there afterwards, in its new place."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, RowMapping, text

from mlcore.lists.model import ListPolicy, Recipient, ReplyGoesToList, Role
from mlcore.store import domains, generation, held, lists, members, numbers, users
from mlcore.store.engine import open_sync
from mlcore.store.upgrade import prepare, upgrade
from support.old_database import make_old
from support.standing import roles_of


@pytest.fixture
def conn(database_url: str) -> Iterator[Connection]:
    make_old(database_url)
    upgrade(database_url)
    with open_sync(database_url) as connection:
        yield connection


def rows(conn: Connection, statement: str) -> list[RowMapping]:
    return list(conn.execute(text(statement)).mappings())


def values(row: RowMapping, *names: str) -> list[Any]:
    return [row[name] for name in names]


def test_a_domain_for_each_mail_host(conn: Connection) -> None:
    assert [domain.mail_host for domain in domains.all(conn)] == ["example.com", "example.org"]
    assert [row["created_at"] for row in rows(conn, "SELECT * FROM domains ORDER BY mail_host")] == [
        1000,
        2000,
    ]


def test_lists_keep_what_they_had_and_get_the_rest(conn: Connection) -> None:
    ant = lists.get(conn, "ant.example.com")
    assert ant == ListPolicy(
        list_id="ant.example.com",
        list_name="ant",
        mail_host="example.com",
        display_name="Ant",
        description="About ants",
        subject_prefix="[Ant] ",
        preferred_language="de",
        include_rfc2369_headers=False,
        reply_goes_to_list=ReplyGoesToList.POINT_TO_LIST,
    )
    (row,) = rows(conn, "SELECT * FROM lists WHERE id = 1")
    kept = ("post_id", "last_post_at", "roster_version", "created_at", "style")
    assert values(row, *kept) == [7, 12.5, 3, 1000, "legacy-default"]
    (bee,) = rows(conn, "SELECT * FROM lists WHERE id = 2")
    own = ("allow_list_posts", "advertised", "first_strip_reply_to", "reply_to_address", "last_post_at")
    assert values(bee, *own) == [False, False, True, "r@example.org", None]


def test_a_user_for_each_address_that_takes_part(conn: Connection) -> None:
    found = rows(conn, "SELECT * FROM addresses ORDER BY id")
    assert [row["user"] is not None for row in found] == [True, True, False, True]
    assert [row["verified_at"] for row in found] == [5, 7, None, 9]
    anne = users.of_address(conn, "anne@example.org")
    assert anne is not None
    assert (anne.display_name, anne.created_at, anne.preferred_address) == ("Anne Person", 5.0, "")
    assert len(users.all(conn)) == 3


def test_preferences_that_were_the_default_are_open(conn: Connection) -> None:
    names = ("delivery_mode", "delivery_status", "receive_own_postings", "receive_list_copy")
    anne, bart = rows(conn, "SELECT * FROM members WHERE id < 3 ORDER BY id")
    assert values(anne, *names) == [None] * 4
    assert values(bart, *names) == ["mime_digests", "by_bounces", False, False]
    assert values(anne, "member_uuid", "display_name", "subscribed_at", "user") == ["u1", "Annie", 10, None]


def test_administrators_may_post(conn: Connection) -> None:
    found = rows(conn, "SELECT moderation_action FROM members ORDER BY id")
    assert [row["moderation_action"] for row in found] == [None, None, "accept", None, "accept"]


def test_the_store_reads_all_of_it(conn: Connection) -> None:
    assert members.recipients(conn, "ant.example.com") == (Recipient("Anne@Example.org"),)
    assert roles_of(conn, "ant.example.com", ["spam@example.net"]) == frozenset({Role.NONMEMBER})
    assert numbers.take(conn, "e1", "ant.example.com", 1.0) == 6
    assert numbers.take(conn, "e9", "ant.example.com", 1.0) == 7
    assert [(post.id, post.list_id, post.subject) for post in held.rows(conn)] == [
        (3, "ant.example.com", "Buy")
    ]
    assert len(rows(conn, "SELECT * FROM delivery_failures")) == 1
    assert generation.read(conn) == 9


def test_new_rows_get_numbers_of_their_own(conn: Connection, database_url: str) -> None:
    """Tables that were made anew count on."""
    users.ensure(conn, "new@example.org", "", 1.0)
    lists.create(
        conn,
        ListPolicy(list_id="d.example.com", list_name="d", mail_host="example.com", display_name=""),
        1.0,
    )
    assert max(row["id"] for row in rows(conn, "SELECT id FROM lists")) == 4
    assert not prepare(database_url)


def test_keys_are_in_force_afterwards(conn: Connection) -> None:
    assert lists.remove(conn, "ant.example.com")
    assert [row["member_uuid"] for row in rows(conn, "SELECT * FROM members")] == ["u3"]
    assert rows(conn, "SELECT * FROM held") == []
    assert domains.remove(conn, "example.org")
    assert [row["list_id"] for row in rows(conn, "SELECT * FROM lists")] == ["cow.example.com"]
