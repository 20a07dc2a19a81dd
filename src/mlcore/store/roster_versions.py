"""Which lists notice that an address or a user has changed: those where either has a role, since preferences,
spelling and whose address it is all are part of what `store.rosters` keeps in memory."""

from sqlalchemy import Connection, bindparam, or_, select, update

from mlcore.store.schema import addresses, lists, members

_RAISE = update(lists).values(roster_version=lists.c.roster_version + 1)

_OF_USER = _RAISE.where(
    lists.c.id.in_(
        select(members.c.list).where(
            or_(
                members.c.user == bindparam("b_user"),
                members.c.address.in_(select(addresses.c.id).where(addresses.c.user == bindparam("b_user"))),
            )
        )
    )
)
_OF_ADDRESS = _RAISE.where(
    lists.c.id.in_(select(members.c.list).where(members.c.address == bindparam("b_address")))
)


def raise_of_user(conn: Connection, user: int) -> None:
    """user: row. Every list where the user or one of the addresses has a role."""
    conn.execute(_OF_USER, {"b_user": user})


def raise_of_address(conn: Connection, address: int, user: int | None) -> None:
    """address, user: rows, of the address and of whose it is. Every list where either has a role."""
    conn.execute(_OF_ADDRESS, {"b_address": address})
    if user is not None:
        raise_of_user(conn, user)
