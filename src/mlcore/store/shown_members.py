"""The members of a list as those see them who may: a bounded part of a roster of any size."""

from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, false, func, select

from mlcore.lists.model import Role
from mlcore.store.effective import (
    DISPLAY_NAME,
    ENABLED,
    JOINED,
    NOT_SHADOWED,
    OF_LIST,
    PERSON,
    REGULAR,
)
from mlcore.store.schema import addresses, members

_MEMBERS: Final = and_(OF_LIST, members.c.role == Role.MEMBER.value, NOT_SHADOWED)
_HIDDEN: Final = func.coalesce(
    members.c.hide_address, addresses.c.hide_address, PERSON.c.hide_address, false()
)
"""Only where somebody has said so: the default of the site concerns archives."""


class ShownMember(NamedTuple):
    """One member; the name may be empty."""

    address: str
    display_name: str


class Shown(NamedTuple):
    """members: the first ones by the time of their membership, sorted by address; more: how many others
    there are; hidden: how many do not want to be seen."""

    members: tuple[ShownMember, ...]
    more: int = 0
    hidden: int = 0


_IS_HIDDEN: Final = select(_HIDDEN).select_from(JOINED).where(members.c.member_uuid == bindparam("b_uuid"))


def is_hidden(conn: Connection, member_id: str) -> bool:
    """Whether the membership with this UUID is hidden from others; no for one that has ended."""
    return bool(conn.execute(_IS_HIDDEN, {"b_uuid": member_id}).scalar())


def shown(
    conn: Connection,
    list_id: str,
    *,
    enabled: bool | None = None,
    digest: bool | None = None,
    hidden_too: bool = False,
    most: int,
) -> Shown:
    """Members with (True) or without (False) delivery, and digests; None: both. hidden_too: those as well who
    hide their addresses. most: rows that are read. Nobody where there is no such list."""
    where: list[ColumnElement[bool]] = [_MEMBERS]
    if enabled is not None:
        where.append(ENABLED if enabled else ~ENABLED)
    if digest is not None:
        where.append(~REGULAR if digest else REGULAR)
    visible = [] if hidden_too else [~_HIDDEN]
    values = {"b_list_id": list_id}
    counted = select(func.count(), func.coalesce(func.sum(case((_HIDDEN, 1), else_=0)), 0))
    total, hidden = conn.execute(counted.select_from(JOINED).where(*where), values).one()
    rows = (
        select(addresses.c.address, DISPLAY_NAME)
        .select_from(JOINED)
        .where(*where, *visible)
        .order_by(members.c.id)
        .limit(bindparam("b_most"))
    )
    found = [ShownMember(*row) for row in conn.execute(rows, {**values, "b_most": most})]
    if hidden_too:
        hidden = 0
    return Shown(
        # here, because the order of text differs between databases
        tuple(sorted(found, key=lambda member: member.address.lower())),
        total - hidden - len(found),
        hidden,
    )
