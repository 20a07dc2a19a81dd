"""First start, later starts, and databases of another age."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from mlcore.base.errors import BadInput, StoreTrouble
from mlcore.store import generation, lists, schema
from mlcore.store.connect import secure
from mlcore.store.engine import open_sync
from mlcore.store.upgrade import prepare, upgrade


@pytest.fixture
def fresh(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/var%20/data/mlcore.db"


def set_revision(url: str, revision: str) -> None:
    with open_sync(url) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_first_start_makes_the_database(fresh: str) -> None:
    assert prepare(fresh)
    with open_sync(fresh, read_only=True) as conn:
        assert lists.all(conn) == []
        assert generation.read(conn) == 1


def test_second_start_changes_nothing(url: str) -> None:
    assert not prepare(url)
    with open_sync(url, read_only=True) as conn:
        assert len(lists.all(conn)) == 1


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


def test_older_database_is_refused_with_the_remedy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "REVISION", "0002")
    with pytest.raises(BadInput, match="mlcore db upgrade") as caught:
        prepare(url)
    assert "0001" in caught.value.text


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
def test_database_of_something_else_is_left_alone(tmp_path: Path, statement: str) -> None:
    url = f"sqlite:///{tmp_path}/other.db"
    secure(f"{tmp_path}/other.db")
    with open_sync(url) as conn:
        conn.execute(text(statement))
    with pytest.raises(BadInput, match="something else"):
        prepare(url)


def test_file_that_is_no_database_is_trouble(tmp_path: Path) -> None:
    path = tmp_path / "mlcore.db"
    path.write_bytes(b"From nobody\n" * 1_000)
    path.chmod(0o600)
    with pytest.raises(StoreTrouble, match="not a database"):
        prepare(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"From nobody")


def test_failed_migration_leaves_nothing(fresh: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    def disk_full(*args: object) -> None:
        raise StoreTrouble("database: database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(op, "execute", disk_full)  # the last step of the first migration
        with pytest.raises(StoreTrouble):
            prepare(fresh)
    with open_sync(fresh, read_only=True) as conn:
        assert conn.execute(text("SELECT count(*) FROM sqlite_master")).scalar() == 0
    assert prepare(fresh)
