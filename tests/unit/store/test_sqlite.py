"""SQLite: the file and its rights, the settings of each connection, copies."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from mlcore.base.errors import BadInput, StoreTrouble
from mlcore.store.connect import make_engine
from mlcore.store.engine import open_sync
from mlcore.store.sqlite import copy, database_path, secure
from mlcore.store.upgrade import prepare

pytestmark = pytest.mark.sqlite


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


def test_copy_is_a_database_of_its_owner_alone(url: str, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    copy(database_path(url), str(target))
    assert mode(target) == 0o600
    with open_sync(f"sqlite:///{target}", read_only=True) as conn:
        assert conn.execute(text("SELECT list_id FROM lists")).scalars().all() == ["ant.example.com"]


def test_copy_does_not_overwrite(url: str, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_bytes(b"precious")
    with pytest.raises(BadInput, match="exists already"):
        copy(database_path(url), str(tmp_path / "copy.db"))
    assert (tmp_path / "copy.db").read_bytes() == b"precious"


def test_copy_that_fails_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"From nobody\n" * 1_000)
    with pytest.raises(StoreTrouble, match="not a database"):
        copy(str(tmp_path / "broken.db"), str(tmp_path / "copy.db"))
    assert not (tmp_path / "copy.db").exists()
    with pytest.raises(StoreTrouble, match="No such file"):
        copy(str(tmp_path / "broken.db"), str(tmp_path / "nowhere" / "copy.db"))


def test_a_path_with_two_slashes_before_it_is_that_path(tmp_path: Path) -> None:
    """`sqlite:////$data_dir/mlcore.db`: SQLite takes what stands behind two slashes for a host."""
    url = f"sqlite:////{tmp_path}/mlcore.db"
    assert prepare(url)
    with open_sync(url, read_only=True) as conn:
        assert conn.execute(text("SELECT count(*) FROM lists")).scalar() == 0
    copy(f"/{tmp_path}/mlcore.db", f"{tmp_path}/copy.db")
    assert (tmp_path / "copy.db").exists()
