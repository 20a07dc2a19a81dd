"""Many rows at once, as tuples straight to the driver: a third of the time that dictionaries take."""

import os
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table


def insert_rows(conn: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Inserts `rows`, in each the values of `columns`; other columns are NULL or what the database has for
    them, so those with a default of Python alone must be given. Nothing for no rows."""
    if not rows:
        return
    mark = "?" if conn.dialect.paramstyle == "qmark" else "%s"
    names = ", ".join(f'"{table.c[name].name}"' for name in columns)
    marks = ", ".join([mark] * len(columns))
    conn.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608  (our own names)


class Growth:
    """Counts memberships that were added, and has PostgreSQL look at the tables again whenever they may have
    doubled. By itself it does so once a minute: until then it takes a new list for an empty one, and reads it
    as a whole where it should look up a row (seen: 0.1 s for each 500 members that are added, and growing).

    first: at how many rows the first look is due."""

    def __init__(self, first: int = 2_000) -> None:
        self._rows = 0
        self._due = first

    def by(self, conn: Connection, rows: int) -> None:
        """So many rows more; conn: a transaction in which the tables may be looked at."""
        self._rows += rows
        if self._rows < self._due or conn.dialect.name != "postgresql":
            return
        self._due = 2 * self._rows
        # a table that somebody vacuums is left out: to wait for it would fail after the lock time-out
        conn.exec_driver_sql("ANALYZE (SKIP_LOCKED) addresses, users, members")


def uuid_text() -> str:
    """A random UUID (RFC 9562 5.4), as `str(uuid.uuid4())`, which takes four times as long."""
    text = os.urandom(16).hex()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
