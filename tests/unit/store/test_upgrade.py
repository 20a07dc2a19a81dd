"""First start, later starts, and databases of another age."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mlcore.base.errors import BadInput, StoreTrouble
from mlcore.store import generation, lists, schema
from mlcore.store import upgrade as store_upgrade
from mlcore.store.engine import open_sync
from mlcore.store.upgrade import State, copy, prepare, state, upgrade
from support.old_database import make_old


@pytest.fixture
def fresh(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/var%20/data/mlcore.db"


@pytest.fixture
def old(database_url: str) -> str:
    """A database of 0001 with data."""
    make_old(database_url)
    return database_url


def set_revision(url: str, revision: str) -> None:
    with open_sync(url) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_first_start_makes_the_database(database_url: str) -> None:
    assert prepare(database_url)
    with open_sync(database_url, read_only=True) as conn:
        assert lists.all(conn) == []
        assert generation.read(conn) == 1


def test_second_start_changes_nothing(url: str) -> None:
    assert not prepare(url)
    with open_sync(url, read_only=True) as conn:
        assert len(lists.all(conn)) == 1


@pytest.mark.sqlite
def test_an_empty_file_is_a_first_start(tmp_path: Path) -> None:
    (tmp_path / "mlcore.db").touch(mode=0o600)
    assert prepare(f"sqlite:///{tmp_path}/mlcore.db")


def test_current_database_needs_no_alembic(url: str) -> None:
    """A start with nothing to do imports none of it."""
    code = (
        "import sys; from mlcore.store.upgrade import prepare; "
        f"prepare({url!r}); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_new_database_needs_no_alembic(fresh: str) -> None:
    """Making the tables at once takes a tenth of the time of the migrations."""
    code = (
        "import sys; from mlcore.store.upgrade import prepare; "
        f"prepare({fresh!r}); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sqlite_needs_no_psycopg(fresh: str) -> None:
    code = (
        "import sys; from mlcore.store.upgrade import prepare; "
        f"prepare({fresh!r}); sys.exit('psycopg' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_older_database_is_refused_with_the_remedy(old: str) -> None:
    with pytest.raises(BadInput, match="mlcore db upgrade") as caught:
        prepare(old)
    assert "0001" in caught.value.text
    assert state(old) == (State.OLDER, "0001")


def test_of_several_first_starts_at_once_one_makes_the_database(database_url: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(prepare, [database_url] * 6))
    assert sorted(made) == [False] * 5 + [True]
    with open_sync(database_url, read_only=True) as conn:
        assert generation.read(conn) == 1


def test_newer_database_is_refused_by_start_and_upgrade(url: str) -> None:
    set_revision(url, "0999")
    for step in (prepare, upgrade):
        with pytest.raises(BadInput, match="mlcore db upgrade") as caught:
            step(url)
        assert "0999" in caught.value.text


def test_upgrade_of_a_current_database_changes_nothing(url: str) -> None:
    upgrade(url)
    with open_sync(url, read_only=True) as conn:
        assert len(lists.all(conn)) == 1


def test_upgrade_makes_a_missing_database(fresh: str) -> None:
    upgrade(fresh)
    assert not prepare(fresh)


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE t (a INTEGER)", "CREATE TABLE alembic_version (version_num TEXT)"]
)
def test_database_of_something_else_is_left_alone(database_url: str, statement: str) -> None:
    state(database_url)  # makes the file
    with open_sync(database_url) as conn:
        conn.execute(text(statement))
    with pytest.raises(BadInput, match="something else"):
        prepare(database_url)


@pytest.mark.sqlite
def test_file_that_is_no_database_is_trouble(tmp_path: Path) -> None:
    path = tmp_path / "mlcore.db"
    path.write_bytes(b"From nobody\n" * 1_000)
    path.chmod(0o600)
    with pytest.raises(StoreTrouble, match="not a database"):
        prepare(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"From nobody")


def test_first_start_that_fails_leaves_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(store_upgrade, "_STAMP", "CREATE NONSENSE")  # after all tables
        with pytest.raises((StoreTrouble, DBAPIError)):
            prepare(database_url)
    assert state(database_url) == (State.EMPTY, "")
    assert prepare(database_url)


def test_failed_migration_leaves_everything(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    real = op.execute

    def disk_full(statement: str) -> None:
        if statement.startswith("UPDATE members"):  # the last but one step
            raise StoreTrouble("database: database or disk is full")
        real(statement)

    with monkeypatch.context() as patch:
        patch.setattr(op, "execute", disk_full)
        with pytest.raises(StoreTrouble):
            upgrade(old)
    assert state(old) == (State.OLDER, "0001")
    with open_sync(old, read_only=True) as conn:
        assert conn.execute(text("SELECT own_postings FROM members ORDER BY id")).scalars().all()
    upgrade(old)
    assert state(old) == (State.CURRENT, schema.REVISION)


def test_p26_copy_before_an_upgrade(tmp_path: Path) -> None:
    """P26: what is copied is for the owner alone, as what it was copied from."""
    url = f"sqlite:///{tmp_path}/data/mlcore.db"
    make_old(url)
    path = copy(url, "20261120T123000")
    assert path == f"{tmp_path}/data/mlcore.db.0001-20261120T123000.bak"
    assert os.stat(path).st_mode & 0o777 == 0o600
    upgrade(url)
    assert state(f"sqlite:///{path}") == (State.OLDER, "0001")
    with pytest.raises(BadInput, match="not a database of use"):
        copy("postgresql://anne@db.example.com/mlcore", "20261120T123000")


def test_encoding_that_cannot_hold_every_name_is_refused() -> None:
    conn = FakeConnection("LATIN1")
    with pytest.raises(BadInput, match="createdb --encoding=UTF8"):
        store_upgrade._refuse_encoding(conn)  # type: ignore[arg-type]


class FakeConnection:
    """Answers every statement with one text."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def execute(self, statement: object) -> "FakeConnection":
        return self

    def scalar(self) -> str:
        return self._answer


@pytest.mark.sqlite
@pytest.mark.parametrize("table", ["ant (id INTEGER)", "alembic_version (version_num TEXT)"])
def test_a_file_of_somebody_else_is_refused_as_it_was(tmp_path: Path, table: str) -> None:
    """A look put it into write-ahead mode once."""
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute(f"CREATE TABLE {table}")
        if table.startswith("alembic"):
            other.execute("INSERT INTO alembic_version VALUES ('bb7ad86b1ef0')")
    before = path.read_bytes()
    for ask in (prepare, state, upgrade):
        with pytest.raises(BadInput, match=r"something else|does not know"):
            ask(f"sqlite:///{path}")
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["other.db"]
