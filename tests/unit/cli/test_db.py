"""`mlcore db upgrade`."""

import re
from pathlib import Path

import pytest

from mlcore.base.durable import make_directories
from mlcore.config.directories import prepare
from mlcore.spool.operator import spool_lock
from mlcore.store.upgrade import State, state
from support.database import ON_POSTGRESQL
from support.old_database import make_old
from support.site import SiteInDirectory


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    prepare(site.settings.paths)
    return site


@pytest.fixture
def old(site: SiteInDirectory) -> SiteInDirectory:
    make_old(site.settings.database.url)
    return site


def test_makes_a_new_database_and_leaves_a_current_one(site: SiteInDirectory) -> None:
    for _ in range(2):
        result = site.run("db", "upgrade")
        assert (result.exit_code, result.output) == (0, "The database is up to date\n")
    assert state(site.settings.database.url)[0] is State.CURRENT
    assert not list(Path(site.settings.paths.data_dir).glob("*.bak"))


def test_other_commands_say_what_to_do(old: SiteInDirectory) -> None:
    result = old.run("lists")
    assert result.exit_code == 2
    assert "has schema 0001" in result.output
    assert "stop the server, run `mlcore db upgrade`" in result.output


@pytest.mark.sqlite
def test_copy_is_made_first_and_named(old: SiteInDirectory) -> None:
    result = old.run("db", "upgrade")
    assert result.exit_code == 0, result.output
    shown = re.match(r"Copy of the database: (\S+)\nThe database is up to date\n", result.output)
    assert shown is not None
    directory = old.settings.paths.data_dir
    assert re.fullmatch(rf"{directory}/mlcore\.db\.0001-\d{{8}}T\d{{6}}\.bak", shown[1])
    assert state(f"sqlite:///{shown[1]}") == (State.OLDER, "0001")
    assert "ant@example.com" in old.run("lists").output


@pytest.mark.postgresql
def test_copy_of_postgresql_is_the_operators(old: SiteInDirectory) -> None:
    result = old.run("db", "upgrade")
    assert result.exit_code == 2
    assert "run pg_dump" in result.output
    assert state(old.settings.database.url) == (State.OLDER, "0001")


def test_no_copy_where_there_is_one_already(old: SiteInDirectory) -> None:
    result = old.run("db", "upgrade", "--no-copy")
    assert (result.exit_code, result.output) == (0, "The database is up to date\n")
    assert ON_POSTGRESQL or not list(Path(old.settings.paths.data_dir).glob("*.bak"))
    assert "ant@example.com" in old.run("lists").output


def test_refused_while_a_server_runs(old: SiteInDirectory) -> None:
    queue_dir = old.settings.paths.queue_dir
    make_directories(queue_dir, ())
    lock = spool_lock(queue_dir)
    assert lock.take()
    try:
        result = old.run("db", "upgrade", "--no-copy")
    finally:
        lock.release()
    assert result.exit_code == 2
    assert "stop the server first" in result.output
    assert state(old.settings.database.url) == (State.OLDER, "0001")
