"""Held posts: a row for each file in some spool's hold/. The row's decision is what a moderator said; the
host of the spool carries it out and then deletes the row."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from mlcore.store.lists import row_key
from mlcore.store.schema import held, lists
from mlcore.store.sql import insertion

_LARGEST_ID: Final = 2**31 - 1
"""Of an Integer column in PostgreSQL."""

Decision = Literal["accept", "discard", "reject"]


class HeldPost(msgspec.Struct, frozen=True, kw_only=True):
    """One held post. spool: which host's; entry: its name there; times are Unix seconds."""

    spool: str
    entry: str
    list_id: str
    sender: str
    subject: str
    reasons: tuple[str, ...]
    """One line each."""
    arrived_at: float
    held_at: float
    id: int = 0
    """Given by the database; what moderators call it by. 0: not inserted yet."""
    decision: Decision | None = None
    decided_at: float | None = None


_SELECT = select(
    held.c.id,
    held.c.spool,
    held.c.entry,
    lists.c.list_id,
    held.c.sender,
    held.c.subject,
    held.c.reasons,
    held.c.arrived_at,
    held.c.held_at,
    held.c.decision,
    held.c.decided_at,
).select_from(held.join(lists, held.c.list == lists.c.id))
_SELECT_ALL = _SELECT.order_by(held.c.id)
_OF_LIST = _SELECT_ALL.where(lists.c.list_id == bindparam("b_list_id"))
_OF_SPOOL = _SELECT_ALL.where(held.c.spool == bindparam("b_spool"))
_BY_ID = _SELECT.where(held.c.id == bindparam("b_id"))
_THE_ONE = (held.c.spool == bindparam("b_spool")) & (held.c.entry == bindparam("b_entry"))
_BY_ENTRY = _SELECT.where(_THE_ONE)
_INSERT = insertion(held)
_DECIDE = (
    update(held)
    .where(_THE_ONE, held.c.decision.is_(None))
    .values(decision=bindparam("b_decision"), decided_at=bindparam("b_now"))
)
_DELETE = held.delete().where(_THE_ONE)


def insert_if_absent(conn: Connection, post: HeldPost) -> bool:
    """Adds the row; False when this spool's entry has one (then that one stays as it is). `id` is ignored.

    Line ends within a reason become blanks. Raises NoSuchList."""
    values = {
        "spool": post.spool,
        "entry": post.entry,
        "list": row_key(conn, post.list_id),
        "sender": post.sender,
        "subject": post.subject,
        "reasons": "\n".join(" ".join(reason.splitlines()) for reason in post.reasons),
        "arrived_at": post.arrived_at,
        "held_at": post.held_at,
        "decision": post.decision,
        "decided_at": post.decided_at,
    }
    return conn.execute(_INSERT, values).rowcount > 0


def rows(conn: Connection, list_id: str | None = None) -> list[HeldPost]:
    """Every held post (of one list), oldest row first; decided ones too, until they are carried out."""
    if list_id is None:
        return _posts(conn.execute(_SELECT_ALL))
    return _posts(conn.execute(_OF_LIST, {"b_list_id": list_id}))


def of_spool(conn: Connection, spool: str) -> list[HeldPost]:
    """What the database believes to be in this spool's hold/, oldest row first."""
    return _posts(conn.execute(_OF_SPOOL, {"b_spool": spool}))


def get(conn: Connection, spool: str, entry: str) -> HeldPost | None:
    """The row of this spool's entry."""
    return next(iter(_posts(conn.execute(_BY_ENTRY, _place(spool, entry)))), None)


def by_id(conn: Connection, number: int) -> HeldPost | None:
    """The row that a moderator names by its id; None also for a number that no row can have."""
    if not 0 < number <= _LARGEST_ID:
        return None
    return next(iter(_posts(conn.execute(_BY_ID, {"b_id": number}))), None)


def decide(conn: Connection, spool: str, entry: str, decision: Decision, now: float) -> bool:
    """Writes down the decision; its commit is the decision. False when one was taken before, or no row is
    left."""
    values = {**_place(spool, entry), "b_decision": decision, "b_now": now}
    return conn.execute(_DECIDE, values).rowcount > 0


def delete(conn: Connection, spool: str, entry: str) -> bool:
    """Removes the row, once the entry has durably left hold/. False when there is none."""
    return conn.execute(_DELETE, _place(spool, entry)).rowcount > 0


def _place(spool: str, entry: str) -> dict[str, str]:
    return {"b_spool": spool, "b_entry": entry}


def _posts(result: Iterable[Sequence[Any]]) -> list[HeldPost]:
    return [_post(row) for row in result]


def _post(row: Sequence[Any]) -> HeldPost:
    number, spool, entry, list_id, sender, subject, reasons, arrived_at, held_at, decision, decided_at = row
    return HeldPost(
        id=number,
        spool=spool,
        entry=entry,
        list_id=list_id,
        sender=sender,
        subject=subject,
        reasons=tuple(reasons.split("\n")) if reasons else (),
        arrived_at=arrived_at,
        held_at=held_at,
        decision=decision,
        decided_at=decided_at,
    )
