"""Members whose delivery bounces have disabled: who is to be warned next, or removed."""

from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, func, or_, select, update

from mlcore.lists.model import DeliveryStatus, Role
from mlcore.store.effective import DISPLAY_NAME, EVERYBODY, OF_LIST
from mlcore.store.schema import addresses, lists, members

_THEY: Final = (
    members.c.role == Role.MEMBER.value,
    members.c.delivery_status == DeliveryStatus.BY_BOUNCES.value,
)
_LISTS = (
    select(lists.c.list_id)
    .where(lists.c.process_bounces, lists.c.id.in_(select(members.c.list).where(*_THEY)))
    .order_by(lists.c.list_id)
)
_DUE = (
    select(
        members.c.id,
        members.c.member_uuid,
        func.coalesce(addresses.c.address, ""),
        DISPLAY_NAME,
        members.c.warnings_sent,
    )
    .select_from(EVERYBODY)
    .where(
        OF_LIST,
        *_THEY,
        members.c.id > bindparam("b_after"),
        or_(members.c.last_warning_at.is_(None), members.c.last_warning_at <= bindparam("b_before")),
    )
    .order_by(members.c.id)
    .limit(bindparam("b_limit"))
    # Elsewhere than in SQLite, which has one writer, a command may give one his posts back at this moment.
    .with_for_update(of=members)
)
_WARNED = (
    update(members)
    .where(members.c.id.in_(bindparam("b_ids", expanding=True)))
    .values(warnings_sent=members.c.warnings_sent + 1, last_warning_at=bindparam("b_now"))
)


class Disabled(msgspec.Struct, frozen=True):
    """One of them. row: of the membership; address: where its mail goes, empty: nowhere; warnings_sent: since
    delivery was disabled."""

    row: int
    member_id: str
    address: str
    display_name: str
    warnings_sent: int


def lists_with(conn: Connection) -> list[str]:
    """The List-IDs of lists that look at bounces and have such members, sorted."""
    return list(conn.execute(_LISTS).scalars())


def due(conn: Connection, list_id: str, before: float, after: int, limit: int) -> list[Disabled]:
    """Those of a list who were never warned, or for the last time at `before` (Unix seconds) or earlier; in
    order of row, behind row `after`, at most `limit`. They stay as they are until the transaction ends."""
    values = {"b_list_id": list_id, "b_before": before, "b_after": after, "b_limit": limit}
    return [Disabled(*row) for row in conn.execute(_DUE, values)]


def warned(conn: Connection, found: list[Disabled], now: float) -> None:
    """Counts a warning for each. now: Unix seconds."""
    conn.execute(_WARNED, {"b_ids": [one.row for one in found], "b_now": now})
