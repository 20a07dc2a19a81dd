"""Addresses that are known here: one row per mailbox, found in any spelling, shown as first written."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from mlcore.base.errors import BadInput
from mlcore.lists.model import MailAddress
from mlcore.mail.address import BadAddress, key_of
from mlcore.store import preferences
from mlcore.store.roster_versions import raise_of_address
from mlcore.store.schema import addresses, users
from mlcore.store.sql import chunks

CHUNK: Final = 500
"""Rows asked about in one statement."""

_FULL = select(
    addresses.c.address,
    addresses.c.display_name,
    addresses.c.created_at,
    addresses.c.verified_at,
    users.c.user_uuid,
    *preferences.columns(addresses),
).select_from(addresses.outerjoin(users, addresses.c.user == users.c.id))
_BY_KEY = _FULL.where(addresses.c.address_key == bindparam("b_key"))
_ALL = _FULL.order_by(addresses.c.id)
_OF_USER = _ALL.where(users.c.user_uuid == bindparam("b_uuid"))
_IDS = select(addresses.c.address_key, addresses.c.id).where(
    addresses.c.address_key.in_(bindparam("b_keys", expanding=True))
)
_ROW = select(addresses.c.id, addresses.c.user, addresses.c.verified_at).where(
    addresses.c.address_key == bindparam("b_key")
)
_USER = select(users.c.id).where(users.c.user_uuid == bindparam("b_uuid"))


class NoSuchAddress(BadInput):
    """Nobody here has this address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is not known here", "`mlcore findmember` shows who is")


def get(conn: Connection, address: str) -> MailAddress | None:
    """The address in whatever spelling; None also for what is none."""
    try:
        row = conn.execute(_BY_KEY, {"b_key": key_of(address)}).one_or_none()
    except BadAddress:
        return None
    return None if row is None else _value(row)


def all_matching(conn: Connection, predicate: Callable[[MailAddress], bool]) -> list[MailAddress]:
    """Those that the predicate likes, by creation. Reads all, a thousand at a time."""
    rows = conn.execute(_ALL, execution_options={"yield_per": 1_000})
    return [value for row in rows if predicate(value := _value(row))]


def of_user(conn: Connection, user_id: str) -> list[MailAddress]:
    """The addresses of the user with this UUID, by creation."""
    return [_value(row) for row in conn.execute(_OF_USER, {"b_uuid": user_id})]


def ids(conn: Connection, keys: Iterable[str]) -> dict[str, int]:
    """The row of each key (`mail.address.key_of`); keys that are not known are left out."""
    found: dict[str, int] = {}
    for chunk in chunks(keys, CHUNK):
        found.update((row[0], row[1]) for row in conn.execute(_IDS, {"b_keys": chunk}))
    return found


def ensure(conn: Connection, address: str, display_name: str, now: float) -> MailAddress:
    """The address; made, without user, where it is not known: spelled and named so. now: Unix seconds.

    Raises BadAddress."""
    key = key_of(address)
    row = conn.execute(_BY_KEY, {"b_key": key}).one_or_none()
    if row is not None:
        return _value(row)
    values = {"address": address, "address_key": key, "display_name": display_name, "created_at": now}
    conn.execute(insert(addresses), values)
    return MailAddress(address=address, display_name=display_name, created_at=now)


def verify(conn: Connection, address: str, now: float) -> None:
    """Notes that the owner has shown it is his; the first time stays. Raises NoSuchAddress."""
    row = _row(conn, address)
    if row.verified_at is None:
        conn.execute(update(addresses).where(addresses.c.id == row.id).values(verified_at=now))


def unverify(conn: Connection, address: str) -> None:
    """Forgets it; an address that is somebody's preferred one stays that. Raises NoSuchAddress."""
    conn.execute(update(addresses).where(addresses.c.id == _row(conn, address).id).values(verified_at=None))


def link(conn: Connection, address: str, user_id: str) -> None:
    """Gives a free address to the user with this UUID; one that is his already stays so.

    Raises NoSuchAddress, or BadInput if there is no such user or the address is another's."""
    row = _row(conn, address)
    user: int | None = conn.execute(_USER, {"b_uuid": user_id}).scalar()
    if user is None:
        raise BadInput(f"no user {user_id}", "`mlcore users` shows those there are")
    if row.user == user:
        return
    if row.user is not None:
        raise BadInput(f"{address} belongs to another user", "take it from him, or merge the two users")
    conn.execute(update(addresses).where(addresses.c.id == row.id).values(user=user))
    raise_of_address(conn, row.id, user)


def unlink(conn: Connection, address: str) -> None:
    """Takes the address from its user, if it has one; it is nobody's preferred one then. Its own memberships
    stay. Raises NoSuchAddress."""
    row = _row(conn, address)
    if row.user is None:
        return
    raise_of_address(conn, row.id, row.user)
    conn.execute(update(users).where(users.c.preferred_address == row.id).values(preferred_address=None))
    conn.execute(update(addresses).where(addresses.c.id == row.id).values(user=None))


def rename(conn: Connection, old: str, new: str) -> None:
    """Spells the address `old` as `new` from now on, with all its memberships; a change of case alone is one
    too. Whether it is verified, and everything else, stays.

    Raises NoSuchAddress, BadAddress, or BadInput if `new` is another address that is known here."""
    row, key = _row(conn, old), key_of(new)
    taken = ids(conn, [key]).get(key)
    if taken is not None and taken != row.id:
        raise BadInput(f"{new} is known here already", "remove one of the two first, or merge their users")
    conn.execute(update(addresses).where(addresses.c.id == row.id).values(address=new, address_key=key))
    raise_of_address(conn, row.id, row.user)


def remove(conn: Connection, address: str) -> bool:
    """Removes the address with its memberships; a user stays, and so do the memberships that are the user's.
    False when it is not known."""
    try:
        row = _row(conn, address)
    except BadInput:
        return False
    raise_of_address(conn, row.id, row.user)
    conn.execute(delete(addresses).where(addresses.c.id == row.id))
    return True


def _row(conn: Connection, address: str) -> Any:
    row = conn.execute(_ROW, {"b_key": key_of(address)}).one_or_none()
    if row is None:
        raise NoSuchAddress(address)
    return row


def _value(row: Sequence[Any]) -> MailAddress:
    address, display_name, created_at, verified_at, user_id, *rest = row
    return MailAddress(
        address=address,
        display_name=display_name,
        created_at=created_at,
        verified_at=verified_at,
        user_id=user_id or "",
        preferences=preferences.of_row(rest),
    )
