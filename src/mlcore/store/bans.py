"""Bans, of one list or of the whole site: rows in, patterns out. What they mean is in `lists.bans`."""

from sqlalchemy import Connection, bindparam, delete, or_, select

from mlcore.lists.bans import valid_pattern
from mlcore.lists.model import Ban
from mlcore.store import generation
from mlcore.store.lists import row_key
from mlcore.store.schema import bans, lists
from mlcore.store.sql import insertion

_OWN = bans.c.list == bindparam("b_list")
_SITE = bans.c.list.is_(None)
_PATTERNS = select(bans.c.pattern).order_by(bans.c.id)
_FOR_LIST = (
    select(bans.c.pattern, bans.c.list)
    .select_from(bans.outerjoin(lists, bans.c.list == lists.c.id))
    .where(or_(_SITE, lists.c.list_id == bindparam("b_list_id")))
    .order_by(bans.c.id)
)
_EVERY = (
    select(bans.c.pattern, lists.c.list_id)
    .select_from(bans.outerjoin(lists, bans.c.list == lists.c.id))
    .order_by(bans.c.id)
)
_ADD = insertion(bans)


def add(conn: Connection, pattern: str, list_id: str = "", *, now: float) -> bool:
    """Bans an address, or all that `^regex` matches, from a list or (empty list_id) from all; False when it
    is there already. Existing members stay. now: Unix seconds.

    Raises BadInput for a pattern of no use, NoSuchList."""
    values = {"pattern": valid_pattern(pattern), "list": _scope(conn, list_id), "created_at": now}
    added = conn.execute(_ADD, values).rowcount > 0
    if added:
        generation.raise_(conn)
    return added


def remove(conn: Connection, pattern: str, list_id: str = "") -> bool:
    """Takes the ban of this scope away; False when there is none. Raises as `add` does."""
    gone = delete(bans).where(bans.c.pattern == valid_pattern(pattern))
    scope = _scope(conn, list_id)
    gone = gone.where(_SITE) if scope is None else gone.where(bans.c.list == scope)
    removed = conn.execute(gone).rowcount > 0
    if removed:
        generation.raise_(conn)
    return removed


def by_list(conn: Connection) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """The patterns of the site, and those of each list that has any of its own, in the order they were
    made."""
    site: list[str] = []
    found: dict[str, list[str]] = {}
    for pattern, list_id in conn.execute(_EVERY):
        (site if list_id is None else found.setdefault(list_id, [])).append(pattern)
    return tuple(site), {list_id: tuple(patterns) for list_id, patterns in found.items()}


def all(conn: Connection, list_id: str = "") -> list[Ban]:  # noqa: A001  (read as `bans.all`)
    """The bans of this list, or (empty) those of the whole site; not both. By creation. Raises NoSuchList."""
    scope = _scope(conn, list_id)
    if scope is None:
        rows = conn.execute(_PATTERNS.where(_SITE))
    else:
        rows = conn.execute(_PATTERNS.where(_OWN), {"b_list": scope})
    return [Ban(pattern=row[0], list_id=list_id) for row in rows]


def for_list(conn: Connection, list_id: str) -> tuple[str, ...]:
    """The patterns of the list and of the site: addresses before expressions, those of the list first (the
    order in which they are tried). Nothing of the list if there is none."""
    rows = conn.execute(_FOR_LIST, {"b_list_id": list_id}).all()
    ordered = sorted(rows, key=lambda row: (row[0].startswith("^"), row[1] is None))
    return tuple(dict.fromkeys(row[0] for row in ordered))


def _scope(conn: Connection, list_id: str) -> int | None:
    return row_key(conn, list_id) if list_id else None
