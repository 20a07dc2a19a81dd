"""When the moderators of each list were last reminded of what waits for them."""

from sqlalchemy import Connection, bindparam, select, update

from mlcore.store.lists import row_key
from mlcore.store.schema import lists, notices

_ALL = select(lists.c.list_id, lists.c.reminded_at).where(lists.c.reminded_at.is_not(None))
_NOTE = update(lists).where(lists.c.id == bindparam("b_list")).values(reminded_at=bindparam("b_now"))
_QUEUED = (
    select(notices.c.id)
    .select_from(notices.join(lists, notices.c.list == lists.c.id))
    .where(notices.c.kind == "pending", lists.c.list_id == bindparam("b_list_id"))
    .limit(1)
)


def last(conn: Connection) -> dict[str, float]:
    """When (Unix seconds) each list was reminded, by List-ID; those that never were are left out."""
    return {row[0]: row[1] for row in conn.execute(_ALL)}


def note(conn: Connection, list_id: str, now: float) -> None:
    """The moderators of this list are reminded now (Unix seconds). Raises NoSuchList."""
    conn.execute(_NOTE, {"b_list": row_key(conn, list_id), "b_now": now})


def is_queued(conn: Connection, list_id: str) -> bool:
    """Whether a reminder about this list waits to be sent."""
    return conn.execute(_QUEUED, {"b_list_id": list_id}).first() is not None
