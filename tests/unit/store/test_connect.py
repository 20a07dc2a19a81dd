"""What every database does alike: one writer, readers on snapshots, and what counts as trouble."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from mlcore.base.errors import BadInput, StoreTrouble
from mlcore.store.connect import is_stale, is_trouble, make_engine, shown, trouble_of
from mlcore.store.engine import open_sync


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "oracle://u:hunter2@h", "u:hunter2@h"])
def test_url_of_another_database_is_refused_with_the_remedy(url: str) -> None:
    with pytest.raises(BadInput, match=r"write sqlite:////path/to/mlcore\.db or postgresql://") as caught:
        make_engine(url, writes=True)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value.__cause__)


def test_second_writer_waits_its_time_and_is_trouble(url: str) -> None:
    with make_engine(url, writes=True).begin(), pytest.raises(Exception, match=r"lock") as caught:
        make_engine(url, writes=True, busy_timeout_s=0.01).connect().begin()
    assert is_trouble(caught.value)


def test_reader_cannot_write(url: str) -> None:
    with pytest.raises(StoreTrouble, match=r"read-?only"), open_sync(url, read_only=True) as conn:
        conn.execute(text("DELETE FROM lists"))


def test_reader_sees_one_snapshot(url: str) -> None:
    count = text("SELECT count(*) FROM lists")
    with open_sync(url, read_only=True) as conn:
        assert conn.execute(count).scalar() == 1
        with open_sync(url) as writer:
            writer.execute(text("DELETE FROM lists"))
        assert conn.execute(count).scalar() == 1


def test_errors_of_the_caller_are_not_trouble(url: str) -> None:
    with pytest.raises(IntegrityError) as caught, open_sync(url) as conn:
        conn.execute(text("INSERT INTO generation (id, number) VALUES (1, 1)"))
    assert not is_trouble(caught.value)


def test_p27_trouble_tells_neither_statement_nor_values(url: str) -> None:
    """P27: the text of an error is one line of the driver's, without what the statement carried."""
    engine = make_engine(url, writes=True)
    with engine.connect() as conn, pytest.raises(Exception, match="nowhere") as caught:
        conn.execute(text("SELECT :value FROM nowhere"), {"value": "hunter2"})
    assert is_trouble(caught.value)
    told = str(trouble_of(caught.value))
    assert told in {"database: no such table: nowhere", 'database: relation "nowhere" does not exist'}


def test_database_is_shown_without_password() -> None:
    assert shown("sqlite:////srv/mlcore.db") == "/srv/mlcore.db"
    assert "hunter2" not in shown("postgresql://anne:hunter2@db.example.com/mlcore")


def test_connection_that_works_is_not_stale(url: str) -> None:
    with make_engine(url, writes=False).connect() as conn:
        for _ in range(2):
            conn.execute(text("SELECT 1")).close()
            conn.rollback()
            assert not is_stale(conn)


def test_p27_values_are_not_in_the_text_of_an_error(url: str) -> None:
    """What a crash logs is the text of its error: no hashes of passwords in it, nor what people wrote."""
    user = {"b_uuid": "u", "b_name": "Anne", "b_password": "hunter2"}
    statement = text(
        "INSERT INTO users (user_uuid, display_name, password, created_at, is_server_owner)"
        " VALUES (:b_uuid, :b_name, :b_password, 1.0, FALSE)"
    )
    with open_sync(url) as conn:
        conn.execute(statement, user)
    with pytest.raises(IntegrityError) as caught, open_sync(url) as conn:
        conn.execute(statement, user)
    assert "hunter2" not in repr(caught.value)
