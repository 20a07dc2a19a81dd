"""Which schema a database has, how a new one gets it at once, and how an older one gets it by migrations.
alembic is imported only to change one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

from sqlalchemy import Connection, inspect, text

from mlcore.base.errors import BadInput
from mlcore.store import schema, sqlite
from mlcore.store.connect import BUSY_TIMEOUT_S, is_postgresql, make_engine, shown, troubles
from mlcore.store.engine import open_sync

MIGRATIONS = os.path.join(os.path.dirname(__file__), "migrations")
"""The directory of `env.py` and `versions/`, for alembic."""

_STAMP = (
    # as alembic makes it: it reads and changes the row from the next migration on
    "CREATE TABLE alembic_version"
    " (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


class State(Enum):
    """How a database stands to this program."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"


def prepare(url: str) -> bool:
    """Makes a database of use at `url`: a file that is missing or a database that is empty gets the tables,
    True then; a current one is left. On PostgreSQL the database itself must be there.

    Raises BadInput, with the remedy, when the schema is older or newer than this program, when the database
    holds something else, or when others may write to the file (P26); StoreTrouble when it is locked or down
    or the disk is full."""
    revision = _look(url)
    if revision == schema.REVISION:
        return False
    if revision is not None:
        raise _refusal(revision)
    return _create(url)


def state(url: str) -> tuple[State, str]:
    """How the database stands to this program, and its revision (empty: none). Raises as `prepare` does,
    but an older one is no error."""
    revision = _look(url)
    if revision is None:
        return State.EMPTY, ""
    if revision == schema.REVISION:
        return State.CURRENT, revision
    if revision not in _known():
        raise _refusal(revision)
    return State.OLDER, revision


def upgrade(url: str) -> None:
    """Brings the schema up to this program's, in one transaction: all migrations or, on any error, none. No
    server may run meanwhile.

    Raises BadInput when the database is newer or holds something else, StoreTrouble as `prepare` does."""
    now, _ = state(url)
    if now is State.EMPTY:
        _create(url)
    elif now is State.OLDER:
        migrate(url)


def copy(url: str, stamp: str) -> str:
    """Copies an SQLite database to a new file beside it, `mlcore.db.REVISION-STAMP.bak`, 0600; its path.

    stamp: the time, as text. Raises BadInput for PostgreSQL (pg_dump does that) or where the copy exists,
    StoreTrouble when the disk refuses."""
    path = sqlite.database_path(url)
    _, revision = state(url)
    target = f"{path}.{revision or 'empty'}-{stamp}.bak"
    sqlite.copy(path, target)
    return target


def _create(url: str) -> bool:
    """All tables in one transaction; False if another process made them meanwhile."""
    with open_sync(url) as connection:
        # the write lock is held from here on: of two that start at once, one does the work
        if _revision(connection, url) is not None:
            return False
        schema.metadata.create_all(connection, checkfirst=False)
        connection.execute(schema.generation.insert().values(id=1, number=1))
        connection.execute(text(_STAMP))
        connection.execute(
            text("INSERT INTO alembic_version (version_num) VALUES (:revision)"),
            {"revision": schema.REVISION},
        )
    return True


def migrate(url: str, target: str = "head") -> None:
    """Runs the migrations up to the revision `target`, in one transaction, on a database that has one of them
    or is empty."""
    from alembic import command  # noqa: PLC0415  (0.2 s and 10 MiB that a start with a current schema is spared)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", MIGRATIONS.replace("%", "%%"))
    with _rebuilding(url) as connection:
        # alembic reads the revision once more, now under the lock
        config.attributes["connection"] = connection
        command.upgrade(config, target)


@contextmanager
def _rebuilding(url: str) -> Iterator[Connection]:
    """One transaction in which tables may be made anew under their old names.

    SQLite knows no other way to change most of a table, and with foreign keys in force the end of the old
    one would take along all rows that point to it. So they are off, and what they demand is checked at the
    end."""
    if is_postgresql(url):
        with open_sync(url) as connection:
            yield connection
        return
    with troubles(), make_engine(url, writes=True).connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF").close()  # of no effect within a transaction
        with connection.begin():
            yield connection
            lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if lost:
                tables = ", ".join(sorted({row[0] for row in lost}))
                raise BadInput(
                    f"rows of {tables} point to nothing", "restore a copy; the database is as it was"
                )


def _known() -> frozenset[str]:
    names = os.listdir(os.path.join(MIGRATIONS, "versions"))
    return frozenset(name[:4] for name in names if name[:4].isdigit())


def _look(url: str) -> str | None:
    """The revision of the database, None when it is empty; an SQLite file is made, and its rights are
    checked."""
    if is_postgresql(url):
        with troubles(), make_engine(url, writes=False).connect() as connection:
            _refuse_encoding(connection)
            return _revision(connection, url)
    sqlite.secure(sqlite.database_path(url))
    # it may be somebody else's: not even the mode of its journal is changed
    engine = sqlite.make_engine(url, writes=False, wait_s=BUSY_TIMEOUT_S, wal=False)
    with troubles(), engine.connect() as connection:
        return _revision(connection, url)


def _refuse_encoding(connection: Connection) -> None:
    """Display names and subjects are in every script."""
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise BadInput(
            f"the database has the encoding {encoding}",
            "make it with createdb --encoding=UTF8 --template=template0",
        )


def _revision(connection: Connection, url: str) -> str | None:
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    revision: str | None = None
    if "alembic_version" in tables:
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is None:
        raise BadInput(
            f"the database {shown(url)} holds tables of something else",
            "name another one in the database URL",
        )
    return revision


def _refusal(revision: str) -> BadInput:
    if revision in _known():
        return BadInput(
            f"the database has schema {revision}, this mlcore needs {schema.REVISION}",
            "stop the server, run `mlcore db upgrade`",
        )
    return BadInput(
        f"the database has schema {revision}, which this mlcore ({schema.REVISION}) does not know",
        "start the mlcore that made it, restore the copy made before its `mlcore db upgrade`, or name another"
        " database in the URL",
    )
