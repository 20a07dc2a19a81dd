"""Preferences of addresses, users and memberships: seven columns that each of the three tables has."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, bindparam, select, update

from mlcore.base.errors import BadInput
from mlcore.lists.model import DeliveryMode, DeliveryStatus, Preferences
from mlcore.mail.address import key_of
from mlcore.store.roster_versions import raise_of_address, raise_of_user
from mlcore.store.schema import addresses, lists, members, users

NAMES: Final = Preferences.__struct_fields__
"""The columns, in the order of `of_row`."""

_ADDRESS = select(addresses.c.id, addresses.c.user).where(addresses.c.address_key == bindparam("b_key"))
_USER = select(users.c.id).where(users.c.user_uuid == bindparam("b_uuid"))
_MEMBER = select(members.c.id, members.c.list).where(members.c.member_uuid == bindparam("b_uuid"))


def columns(table: Table) -> list[Column[Any]]:
    """The columns of `NAMES` in `table`: addresses, users or members, or an alias of one."""
    return [table.c[name] for name in NAMES]


def values(preferences: Preferences) -> dict[str, Any]:
    """The preferences by column."""
    return {name: getattr(preferences, name) for name in NAMES}


def of_row(row: Sequence[Any]) -> Preferences:
    """What `columns` gave, in that order."""
    acknowledge, hide, language, list_copy, own, mode, status = row
    return Preferences(
        acknowledge_posts=acknowledge,
        hide_address=hide,
        preferred_language=language,
        receive_list_copy=list_copy,
        receive_own_postings=own,
        delivery_mode=None if mode is None else DeliveryMode(mode),
        delivery_status=None if status is None else DeliveryStatus(status),
    )


def set_of_address(conn: Connection, address: str, preferences: Preferences) -> None:
    """Gives the address, in any spelling, all seven of these. Raises BadInput if it is not known."""
    row = conn.execute(_ADDRESS, {"b_key": key_of(address)}).one_or_none()
    if row is None:
        raise BadInput(f"{address} is not known here", "give an address of this site")
    conn.execute(update(addresses).where(addresses.c.id == row.id).values(values(preferences)))
    raise_of_address(conn, row.id, row.user)


def set_of_user(conn: Connection, user_id: str, preferences: Preferences) -> None:
    """The same for the user with this UUID."""
    row: int | None = conn.execute(_USER, {"b_uuid": user_id}).scalar()
    if row is None:
        raise BadInput(f"no user {user_id}", "`mlcore users` shows those there are")
    conn.execute(update(users).where(users.c.id == row).values(values(preferences)))
    raise_of_user(conn, row)


def set_of_member(conn: Connection, member_id: str, preferences: Preferences) -> None:
    """The same for the membership with this UUID."""
    row = conn.execute(_MEMBER, {"b_uuid": member_id}).one_or_none()
    if row is None:
        raise BadInput(f"no membership {member_id}", "`mlcore members --json` shows those there are")
    conn.execute(update(members).where(members.c.id == row.id).values(values(preferences)))
    conn.execute(
        update(lists).where(lists.c.id == row.list).values(roster_version=lists.c.roster_version + 1)
    )
