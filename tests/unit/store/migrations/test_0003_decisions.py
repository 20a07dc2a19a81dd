"""What was in an older database is there afterwards, and what is new begins as a new list does."""

from collections.abc import Iterator

import msgspec
import pytest
from sqlalchemy import Connection, text

from mlcore.store import held, lists, notices
from mlcore.store.engine import open_sync
from mlcore.store.upgrade import upgrade
from support.old_database import make_old


@pytest.fixture
def conn(database_url: str) -> Iterator[Connection]:
    make_old(database_url)
    upgrade(database_url)
    with open_sync(database_url) as connection:
        yield connection


def test_lists_begin_without_anything_new(conn: Connection) -> None:
    ant = lists.get(conn, "ant.example.com")
    assert ant is not None
    assert (ant.header_matches, ant.topics, ant.moderator_password, ant.max_posts_per_day) == ((), (), "", 0)
    assert (ant.posting_chain, ant.owner_pipeline) == ("default-posting-chain", "default-owner-pipeline")
    assert lists.state(conn, "ant.example.com").usenet_watermark is None


def test_members_are_not_restricted(conn: Connection) -> None:
    found = conn.execute(text("SELECT DISTINCT restricted, nonmatching_topics FROM members")).all()
    assert [tuple(map(bool, row)) for row in found] == [(False, False)]


def test_posts_that_are_held_can_be_decided(conn: Connection) -> None:
    (post,) = held.rows(conn)
    assert (post.entry, post.sender, post.comment, post.forward_to, post.preserve) == (
        "e2",
        "spam@example.net",
        "",
        (),
        False,
    )
    assert [reason.english for reason in post.reasons] == ["not a member"]
    assert len(post.identity) == 40
    assert len(post.token_hash) == 64


def test_numbers_of_posts_that_were_held_are_not_given_again(conn: Connection) -> None:
    (post,) = held.rows(conn)
    held.delete(conn, post.spool, post.entry)
    next_one = msgspec.structs.replace(post, entry="e9", identity="1" * 40, token_hash="2" * 64)
    held.insert_if_absent(conn, next_one)
    assert held.rows(conn)[0].id > post.id


def test_posts_that_went_through_are_no_duplicates(conn: Connection) -> None:
    row = conn.execute(text("SELECT sender_key, message_key, content_key FROM post_numbers")).one()
    assert tuple(row) == ("", "", "")


def test_notices_still_wait(conn: Connection) -> None:
    notices.queue(conn, "welcome", "ant.example.com", [("anne@example.net", "")], 5.0)
    assert [one.kind for one in notices.take(conn, 5)] == ["welcome"]
