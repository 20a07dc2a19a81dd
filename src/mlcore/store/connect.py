"""Connections to the database: the file and its rights, the settings of each connection, real transactions.

The sqlite3 module starts transactions by guesswork of its own; it is told not to, and BEGIN is emitted here,
so that DDL and savepoints behave and a writer takes its lock before it reads (else a read that turns into a
write fails at once, whatever the time-out)."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
)

from mlcore.base.errors import BadInput, StoreTrouble

BUSY_TIMEOUT_S = 5.0
"""How long a connection waits for the lock of another process."""

_TROUBLE = (OperationalError, InternalError, InterfaceError)


def database_path(url: str) -> str:
    """The file behind `url`, `sqlite:///relative` or `sqlite:////absolute`. Raises BadInput for any other
    URL."""
    return _path_of(_parsed(url))


def make_engine(url: str, *, writes: bool, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """An engine without a pool: who connects keeps the connection and closes it.

    writes: each transaction takes the write lock when it begins; otherwise the connection refuses to write
    and each transaction sees one snapshot. Nothing is opened yet; a file that is missing then is trouble,
    `secure` makes it. Raises BadInput for a URL of no use."""
    path = quote(os.path.abspath(database_path(url)))

    def connect() -> sqlite3.Connection:
        # mode=rw: a database that is away is not replaced by an empty one that everybody may read
        return sqlite3.connect(
            f"file:{path}?mode=rw",
            uri=True,
            timeout=busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
        )

    engine = create_engine(url, poolclass=NullPool, creator=connect)
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    def on_connect(driver_connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            driver_connection.execute(f"PRAGMA {pragma}").close()
        if not writes:
            driver_connection.execute("PRAGMA query_only=ON").close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine


def is_trouble(error: BaseException) -> bool:
    """Whether `error` says that the database cannot be used now (locked, full, down), not that the caller
    erred."""
    # a bare DatabaseError is SQLite's "malformed" and "not a database": nothing a caller can put right
    return isinstance(error, _TROUBLE) or type(error) is DatabaseError


def trouble_of(error: BaseException) -> StoreTrouble:
    """A fresh StoreTrouble with `error` as its cause; its text is the driver's, without statement and
    values (P27)."""
    private = error.orig if isinstance(error, DBAPIError) else error
    trouble = StoreTrouble(f"database: {private}")
    trouble.__cause__ = error
    return trouble


@contextmanager
def troubles() -> Iterator[None]:
    """Turns what `is_trouble` into StoreTrouble; other errors pass."""
    try:
        yield
    except DBAPIError as error:
        if is_trouble(error):
            raise trouble_of(error) from error
        raise


def secure(path: str) -> bool:
    """Makes the database file, empty, 0600, in a 0700 directory, where it is missing; True when it was.

    Raises BadInput when file or directory is writable for everybody, or the file is not a regular one
    (P26), and StoreTrouble when the disk refuses. An existing file is only looked at, never opened: closing
    a second descriptor would drop the locks that SQLite holds in this process."""
    directory = os.path.dirname(path) or "."
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        _refuse_world_writable(directory, os.stat(directory))
        made = _make(path)
        status = os.lstat(path)
    except OSError as error:
        raise StoreTrouble(f"database file {path}: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise BadInput(f"the database {path} is not a regular file", "name the file itself, not a link to it")
    _refuse_world_writable(path, status)
    return made


def _make(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    return True


def _refuse_world_writable(path: str, status: os.stat_result) -> None:
    if status.st_mode & stat.S_IWOTH:
        raise BadInput(f"{path} is writable for everybody", f"chmod o-w {path}")


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise BadInput(f"{url!r} is no database URL", "write sqlite:////path/to/mlcore.db") from error


def _path_of(url: URL) -> str:
    path = url.database
    if url.get_backend_name() != "sqlite" or not path or path.startswith((":memory:", "file:")):
        shown = url.render_as_string(hide_password=True)
        raise BadInput(f"{shown} is not a database of use here", "write sqlite:////path/to/mlcore.db")
    return path
