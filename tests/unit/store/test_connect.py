"""The file and its rights, the settings of each connection, and what counts as trouble."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from mlcore.base.errors import BadInput, StoreTrouble
from mlcore.store.connect import database_path, is_trouble, make_engine, secure, trouble_of
from mlcore.store.engine import open_sync
from mlcore.store.upgrade import prepare


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_p26_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    """P26: directory 0700, files 0600, also those that SQLite makes beside it, whatever the umask."""
    old = os.umask(0)
    try:
        url = f"sqlite:///{tmp_path}/var/mlcore.db"
        prepare(url)
        with open_sync(url) as conn:
            conn.execute(text("UPDATE generation SET number = number + 1"))
            files = sorted((tmp_path / "var").iterdir())
            assert [path.name for path in files] == ["mlcore.db", "mlcore.db-shm", "mlcore.db-wal"]
            assert {mode(path) for path in files} == {0o600}
    finally:
        os.umask(old)
    assert mode(tmp_path / "var") == 0o700


def test_p26_start_refuses_what_everybody_may_write(tmp_path: Path) -> None:
    """P26: a world-writable database or directory is refused, with the command that mends it."""
    path = tmp_path / "var" / "mlcore.db"
    prepare(f"sqlite:///{path}")
    path.chmod(0o602)
    with pytest.raises(BadInput, match=f"chmod o-w {path}"):
        prepare(f"sqlite:///{path}")
    path.chmod(0o600)
    path.parent.chmod(0o777)
    with pytest.raises(BadInput, match=f"chmod o-w {path.parent}"):
        prepare(f"sqlite:///{path}")


def test_p26_links_are_not_followed(tmp_path: Path) -> None:
    """P26: a link, even a dangling one, is not the database."""
    (tmp_path / "link.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(BadInput, match="not a regular file"):
        secure(str(tmp_path / "link.db"))
    assert not (tmp_path / "elsewhere.db").exists()


def test_secure_tells_whether_it_made_the_file(tmp_path: Path) -> None:
    assert secure(str(tmp_path / "a.db"))
    assert not secure(str(tmp_path / "a.db"))


def test_directory_that_cannot_be_made_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreTrouble, match="Not a directory"):
        secure(str(tmp_path / "file" / "var" / "a.db"))


def test_path_in_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert secure(database_path("sqlite:///a.db"))


@pytest.mark.parametrize(
    "url",
    ["", "mlcore.db", "sqlite://", "sqlite:///:memory:", "sqlite:///file:a?uri=true", "mysql://u:secret@h/d"],
)
def test_url_of_no_use_is_refused_with_the_remedy(url: str) -> None:
    with pytest.raises(BadInput, match=r"sqlite:////path/to/mlcore\.db") as caught:
        make_engine(url, writes=True)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)],
)
@pytest.mark.parametrize("writes", [True, False])
def test_settings_of_a_connection(url: str, pragma: str, value: object, writes: bool) -> None:
    with make_engine(url, writes=writes).connect() as conn:
        assert conn.execute(text(f"PRAGMA {pragma}")).scalar() == value


def test_writer_holds_the_lock_from_its_first_statement(url: str) -> None:
    with make_engine(url, writes=True).begin():
        other = sqlite3.connect(database_path(url), timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_reader_cannot_write(url: str) -> None:
    with pytest.raises(StoreTrouble, match="readonly"), open_sync(url, read_only=True) as conn:
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
    with engine.connect() as conn, pytest.raises(Exception, match="no such table") as caught:
        conn.execute(text("SELECT :value FROM nowhere"), {"value": "hunter2"})
    shown = str(trouble_of(caught.value))
    assert shown == "database: no such table: nowhere"
