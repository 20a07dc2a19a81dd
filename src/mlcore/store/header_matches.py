"""Rules of a list about header fields: rows in, `HeaderMatch` out. What they mean is in
`lists.rules.header_match`."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select

from mlcore.lists.model import Action, HeaderMatch
from mlcore.store import generation
from mlcore.store.lists import row_key
from mlcore.store.schema import header_matches as table

_ALL = (
    select(table.c.header, table.c.pattern, table.c.action, table.c.tag)
    .where(table.c.list == bindparam("b_list"))
    .order_by(table.c.position)
)


def all(conn: Connection, list_id: str) -> tuple[HeaderMatch, ...]:  # noqa: A001  (read as `header_matches.all`)
    """Those of the list, in the order they are tried. Raises NoSuchList."""
    rows = conn.execute(_ALL, {"b_list": row_key(conn, list_id)})
    return tuple(
        HeaderMatch(header=header, pattern=pattern, action=Action(action) if action else None, tag=tag)
        for header, pattern, action, tag in rows
    )


def replace(conn: Connection, list_id: str, matches: Sequence[HeaderMatch]) -> None:
    """Gives the list these, in this order, in place of those it has; each header with each pattern once.
    Raises NoSuchList."""
    key = row_key(conn, list_id)
    conn.execute(delete(table).where(table.c.list == key))
    rows = [
        {"list": key, "position": position, **msgspec.to_builtins(match)}
        for position, match in enumerate(matches)
    ]
    if rows:
        conn.execute(insert(table), rows)
    generation.raise_(conn)
