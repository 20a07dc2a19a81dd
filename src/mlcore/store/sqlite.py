"""SQLite: the file and its rights, the settings of each connection, real transactions.

The sqlite3 module starts transactions by guesswork of its own; it is told not to, and BEGIN is emitted here,
so that DDL and savepoints behave and a writer takes its lock before it reads (else a read that turns into a
write fails at once, whatever the time-out)."""

import os
import sqlite3
import stat
from contextlib import closing
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from mlcore.base.errors import BadInput, StoreTrouble

_REMEDY = "write sqlite:////path/to/mlcore.db or postgresql://user@host/mlcore"


def database_path(url: str) -> str:
    """The file behind `url`, `sqlite:///relative` or `sqlite:////absolute`. Raises BadInput for any other
    URL, whose password it does not show."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        # it may hold a password where nobody expects one: not even the cause shows it
        raise BadInput("this is no database URL", _REMEDY) from None
    path = parsed.database
    if parsed.get_backend_name() != "sqlite" or not path or path.startswith((":memory:", "file:")):
        shown = parsed.set(query={}).render_as_string(hide_password=True)
        raise BadInput(f"{shown} is not a database of use here", _REMEDY)
    return path


def make_engine(url: str, *, writes: bool, wait_s: float, wal: bool = True) -> Engine:
    """See `connect.make_engine`. A file that is missing when a connection opens is trouble: `secure` makes
    it. wal: the file is put into write-ahead mode, which changes it; without, it is only looked at."""
    path = quote(os.path.abspath(database_path(url)))

    def connect() -> sqlite3.Connection:
        # mode=rw: a database that is away is not replaced by an empty one that everybody may read
        return sqlite3.connect(
            f"file://{path}?mode=rw",
            uri=True,
            timeout=wait_s,
            isolation_level=None,
            check_same_thread=False,
        )

    # values in the texts of errors would come into logs: hashes of passwords, what people wrote (P27)
    engine = create_engine(url, poolclass=NullPool, creator=connect, hide_parameters=True)
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    def on_connect(driver_connection: Any, _record: object) -> None:
        for pragma in (*(("journal_mode=WAL",) if wal else ()), "synchronous=FULL", "foreign_keys=ON"):
            driver_connection.execute(f"PRAGMA {pragma}").close()
        if not writes:
            driver_connection.execute("PRAGMA query_only=ON").close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine


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


def copy(path: str, target: str) -> None:
    """Writes what the database holds now into the new file `target`, 0600, durably.

    Raises BadInput if `target` exists, StoreTrouble when the disk refuses; then nothing is left there."""
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        raise BadInput(f"{target} exists already", "try again in a second, or move it away") from None
    except OSError as error:
        raise StoreTrouble(f"copy of the database {target}: {error.strerror}") from error
    try:
        with closing(sqlite3.connect(f"file://{quote(os.path.abspath(path))}?mode=rw", uri=True)) as source:
            source.execute("VACUUM INTO ?", (target,)).close()
        _sync(target)
        _sync(os.path.dirname(target) or ".")
    except (sqlite3.Error, OSError) as error:
        os.unlink(target)
        raise StoreTrouble(f"copy of the database {target}: {error}") from error


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    return True


def _refuse_world_writable(path: str, status: os.stat_result) -> None:
    if status.st_mode & stat.S_IWOTH:
        raise BadInput(f"{path} is writable for everybody", f"chmod o-w {path}")
