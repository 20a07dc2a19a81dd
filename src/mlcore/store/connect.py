"""Connections to the database, whichever it is, and what its errors mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError

from mlcore.base.errors import StoreTrouble
from mlcore.store import sqlite

BUSY_TIMEOUT_S = 5.0
"""How long a transaction waits for the lock of another process."""

_POSTGRESQL = ("postgresql://", "postgres://", "postgresql+psycopg://")
_TROUBLE = (OperationalError, InternalError, InterfaceError)


_UNUSABLE: Final = frozenset(
    {
        "42P01",  # undefined_table
        "42703",  # undefined_column
        "42501",  # insufficient_privilege
        "3F000",  # invalid_schema_name
        "0A000",  # feature_not_supported: a stand-by that refuses to write
    }
)
"""SQLSTATEs of class Programming that are the fault of the database as it is, not of a statement: an operator
mends it, and the mail waits meanwhile."""


def is_postgresql(url: str) -> bool:
    """Whether `url` names a PostgreSQL database; otherwise it is SQLite's, or of no use."""
    # asked here, not in `postgresql`: importing psycopg costs 60 ms that a site with SQLite is spared
    return url.startswith(_POSTGRESQL)


def make_engine(url: str, *, writes: bool, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """An engine without a pool: who connects keeps the connection and closes it.

    writes: each transaction takes the write lock of the site when it begins; otherwise the connection
    refuses to write and each transaction sees one snapshot. Nothing is opened yet. Raises BadInput for a URL
    of no use."""
    if is_postgresql(url):
        from mlcore.store import postgresql  # noqa: PLC0415  (see `is_postgresql`)

        return postgresql.make_engine(url, writes=writes, wait_s=busy_timeout_s)
    return sqlite.make_engine(url, writes=writes, wait_s=busy_timeout_s)


def shown(url: str) -> str:
    """The database for a person to read: no password. Raises BadInput for a URL of no use."""
    if is_postgresql(url):
        from mlcore.store import postgresql  # noqa: PLC0415  (see `is_postgresql`)

        return postgresql.shown(url)
    return sqlite.database_path(url)


def is_stale(connection: Connection) -> bool:
    """Whether a connection that is between two transactions is of no use any more. Costs no round trip."""
    if connection.dialect.name != "postgresql":
        return False
    from mlcore.store import postgresql  # noqa: PLC0415  (see `is_postgresql`)

    return (
        connection.closed
        or connection.invalidated
        or postgresql.is_stale(connection.connection.driver_connection)
    )


def is_trouble(error: BaseException) -> bool:
    """Whether `error` says that the database cannot be used now (locked, full, down), not that the caller
    erred."""
    # a bare DatabaseError is SQLite's "malformed" and "not a database": nothing a caller can put right
    if isinstance(error, _TROUBLE) or type(error) is DatabaseError:
        return True
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _UNUSABLE


def trouble_of(error: BaseException) -> StoreTrouble:
    """A fresh StoreTrouble with `error` as its cause; its text is the driver's first line, without statement
    and values (P27)."""
    private = error.orig if isinstance(error, DBAPIError) else error
    lines = str(private).splitlines()
    text = lines[0] if lines else type(private).__name__
    trouble = StoreTrouble(text if isinstance(private, StoreTrouble) else f"database: {text}")
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
