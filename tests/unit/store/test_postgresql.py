"""PostgreSQL: its URLs, the settings of each connection, connections that break, text that it refuses."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Connection, text

from mlcore.base.errors import BadInput, StoreTrouble
from mlcore.store import addresses, generation, upgrade
from mlcore.store.connect import is_postgresql, make_engine, shown
from mlcore.store.engine import Store, open_sync
from mlcore.store.postgresql import parameters

on_server = pytest.mark.postgresql


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_url_in_its_spellings(scheme: str) -> None:
    url = f"{scheme}://anne@db.example.com:5433/lists?sslmode=verify-full"
    assert is_postgresql(url)
    given = parameters(url)
    wanted = {"host": "db.example.com", "port": "5433", "user": "anne", "dbname": "lists"}
    assert {name: given[name] for name in wanted} == wanted
    assert (given["sslmode"], given["connect_timeout"]) == ("verify-full", "5")


def test_url_may_say_otherwise() -> None:
    assert parameters("postgresql://db.example.com/lists?connect_timeout=2")["connect_timeout"] == "2"


@pytest.mark.parametrize("url", ["postgresql://?service=mlcore", "postgresql:///?service=mlcore"])
def test_url_of_a_service(url: str) -> None:
    assert parameters(url)["service"] == "mlcore"
    assert shown(url) == "PostgreSQL database service=mlcore"


def test_password_is_not_shown() -> None:
    url = "postgresql://anne:hunter2@db.example.com/lists?password=hunter3"
    assert shown(url) == "PostgreSQL database user=anne host=db.example.com dbname=lists"
    assert "hunter" not in repr(make_engine(url, writes=True))


@pytest.mark.parametrize("end", ["?colour=red", "/%00", "/%zz"])
def test_url_that_libpq_cannot_read(end: str) -> None:
    with pytest.raises(BadInput, match="cannot be read") as caught:
        make_engine(f"postgresql://anne:hunter2@db.example.com{end}", writes=True).connect()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_server_that_is_not_there_is_trouble(tmp_path: Path) -> None:
    url = f"postgresql://anne:hunter2@/lists?host={tmp_path}"
    with pytest.raises(StoreTrouble, match="No such file or directory") as caught:
        upgrade.prepare(url)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@on_server
def test_database_that_is_not_there_is_trouble(url: str) -> None:
    with pytest.raises(StoreTrouble, match='database "nowhere" does not exist'):
        upgrade.prepare(urlsplit(url)._replace(path="/nowhere").geturl())


@on_server
@pytest.mark.parametrize(
    ("writes", "name", "value"),
    [
        (True, "transaction_isolation", "read committed"),
        (True, "transaction_read_only", "off"),
        (False, "transaction_isolation", "repeatable read"),
        (False, "transaction_read_only", "on"),
        (True, "lock_timeout", "5s"),
        (True, "synchronous_commit", "on"),
        (True, "application_name", "mlcore"),
    ],
)
def test_settings_of_a_connection(url: str, writes: bool, name: str, value: str) -> None:
    with make_engine(url, writes=writes).begin() as conn:
        assert conn.exec_driver_sql(f"SHOW {name}").scalar() == value


@on_server
@pytest.mark.parametrize(
    ("given", "kept"), [("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")]
)
def test_commits_wait_for_the_disk_whatever_the_role_says(url: str, given: str, kept: str) -> None:
    with make_engine(f"{url}&options=-csynchronous_commit%3D{given}", writes=True).begin() as conn:
        assert conn.exec_driver_sql("SHOW synchronous_commit").scalar() == kept


@on_server
@pytest.mark.parametrize("form", ["postgresql://?service=mlcore", "postgresql+psycopg:///?service=mlcore"])
def test_service_file(url: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = urlsplit(url)
    (tmp_path / "services").write_text(
        f"[mlcore]\nhost={parse_qs(parts.query)['host'][0]}\ndbname={parts.path[1:]}\nuser=mlcore\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    assert not upgrade.prepare(form)
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "nothing"))
    with pytest.raises(StoreTrouble):
        upgrade.prepare(form)


@on_server
def test_text_with_nul_is_taken_without(conn: Connection) -> None:
    """Mail may hold the octet, PostgreSQL's text may not: a post must not fail for it."""
    addresses.ensure(conn, "anne@example.org", "An\0ne", 1.0)
    found = addresses.get(conn, "anne@example.org")
    assert found is not None
    assert found.display_name == "An\N{REPLACEMENT CHARACTER}ne"


@on_server
def test_table_that_is_away_is_trouble(url: str) -> None:
    """An operator's mistake, which the operator mends: mail waits."""
    with open_sync(url) as conn:
        conn.execute(text("ALTER TABLE generation RENAME TO degeneration"))
    with pytest.raises(StoreTrouble, match='relation "generation" does not exist'), open_sync(url) as conn:
        generation.read(conn)


def break_others(url: str) -> None:
    """Ends every other connection to the database, as a restart of the server does, and waits for it."""
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    with make_engine(url, writes=False).connect() as conn:
        conn.execute(text(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"))


def break_oneself(conn: Connection) -> None:
    conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


@on_server
async def test_connection_that_broke_while_idle_is_nobodys_trouble(url: str, store: Store) -> None:
    for number in range(3):
        await store.write(generation.raise_)
        assert await store.read(generation.read) == number + 4
        break_others(url)


@on_server
async def test_connection_that_breaks_in_use_is_trouble_and_later_works(store: Store) -> None:
    before = await store.read(generation.read)
    for submit in (store.write, store.submit_read):
        with pytest.raises(StoreTrouble, match="terminating connection"):
            await submit(break_oneself)
    assert await store.write(generation.read) == await store.read(generation.read) == before
