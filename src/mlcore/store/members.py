"""Memberships: rows in, `Member` and `Recipient` out; plain columns all the way, in batches."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from mlcore.lists.model import DeliveryMode, DeliveryStatus, Member, Recipient, Role, Roster
from mlcore.mail.address import BadAddress, key_of
from mlcore.store.lists import row_key
from mlcore.store.schema import addresses, lists
from mlcore.store.schema import members as table
from mlcore.store.sql import chunks, insertion

RosterVersion = tuple[int, float, int]
"""Row, birth and number of changes: a list that was removed and made anew is another one."""

CHUNK = 500
"""Rows asked about in one statement."""

_JOINED = table.join(addresses, table.c.address == addresses.c.id)
_OF_LIST = _JOINED.join(lists, and_(table.c.list == lists.c.id, lists.c.list_id == bindparam("b_list_id")))
_RECIPIENT = (addresses.c.address, table.c.own_postings, table.c.list_copy)

_RECIPIENTS = (
    select(*_RECIPIENT)
    .select_from(_OF_LIST)
    .where(
        table.c.role == Role.MEMBER.value,
        table.c.delivery_mode == DeliveryMode.REGULAR.value,
        table.c.delivery_status == DeliveryStatus.ENABLED.value,
    )
    .order_by(table.c.id)
)
_ADMINISTRATORS = (
    select(*_RECIPIENT)
    .select_from(_OF_LIST)
    .where(
        table.c.role.in_((Role.OWNER.value, Role.MODERATOR.value)),
        table.c.delivery_status == DeliveryStatus.ENABLED.value,
    )
    .order_by(table.c.id)
)
_ROLES_OF_ONE = (
    select(table.c.role).select_from(_OF_LIST).where(addresses.c.address_key == bindparam("b_key"))
)
_ROLES_OF_SEVERAL = (
    select(addresses.c.address_key, table.c.role)
    .select_from(_OF_LIST)
    .where(addresses.c.address_key.in_(bindparam("b_keys", expanding=True)))
)
_MEMBERS = (
    select(
        addresses.c.address_key,
        addresses.c.address,
        table.c.display_name,
        table.c.delivery_mode,
        table.c.delivery_status,
        table.c.own_postings,
        table.c.list_copy,
    )
    .select_from(_OF_LIST)
    .where(table.c.role == bindparam("b_role"))
)
_ADDRESS_IDS = select(addresses.c.address_key, addresses.c.id).where(
    addresses.c.address_key.in_(bindparam("b_keys", expanding=True))
)
_PRESENT = select(table.c.address, table.c.role).where(
    table.c.list == bindparam("b_list"), table.c.address.in_(bindparam("b_ids", expanding=True))
)
_ADD_ADDRESS = insertion(addresses)
_ROSTER_VERSION = select(lists.c.id, lists.c.created_at, lists.c.roster_version).where(
    lists.c.list_id == bindparam("b_list_id")
)
_RAISE = (
    update(lists).where(lists.c.id == bindparam("b_list")).values(roster_version=lists.c.roster_version + 1)
)
_ROSTER = (
    select(
        addresses.c.address_key,
        *_RECIPIENT,
        table.c.role,
        table.c.delivery_mode,
        table.c.delivery_status,
    )
    .select_from(_OF_LIST)
    .order_by(table.c.id)
    .limit(bindparam("b_most"))
)
_REMOVE = delete(table).where(
    table.c.list == bindparam("b_list"),
    table.c.role == bindparam("b_role"),
    table.c.address.in_(
        select(addresses.c.id).where(addresses.c.address_key.in_(bindparam("b_keys", expanding=True)))
    ),
)


def add_many(
    conn: Connection, list_id: str, members: Iterable[Member], now: float
) -> tuple[list[Member], list[Member]]:
    """Adds those that are not there yet with this address and role; (added, already), each in order of input.

    An address known in another spelling keeps the one it has. now: Unix seconds. Raises NoSuchList, and
    BadAddress for the first address that is none (nothing may then be committed)."""
    list_key = row_key(conn, list_id)
    added: list[Member] = []
    already: list[Member] = []
    for chunk in chunks(members, CHUNK):
        keyed = [(key_of(member.address), member) for member in chunk]
        ids = _address_ids(conn, keyed, now)
        present: set[tuple[int, str]] = {
            (row[0], row[1])
            for row in conn.execute(_PRESENT, {"b_list": list_key, "b_ids": list(ids.values())})
        }
        rows = []
        for key, member in keyed:
            identity = (ids[key], member.role.value)
            if identity in present:
                already.append(member)
                continue
            present.add(identity)
            added.append(member)
            rows.append(_row(list_key, identity, member, now))
        if rows:
            conn.execute(insert(table), rows)
    if added:
        conn.execute(_RAISE, {"b_list": list_key})
    return added, already


def remove_many(conn: Connection, list_id: str, members: Iterable[str], *, role: Role = Role.MEMBER) -> int:
    """Ends the memberships of these addresses (any spelling) in this role; how many there were.

    The address itself stays known; what is no address is no member. Raises NoSuchList."""
    list_key = row_key(conn, list_id)
    removed = 0
    for chunk in chunks(members, CHUNK):
        keys = [key for address in chunk if (key := _key_or_none(address)) is not None]
        values = {"b_list": list_key, "b_role": role.value, "b_keys": keys}
        removed += conn.execute(_REMOVE, values).rowcount
    if removed:
        conn.execute(_RAISE, {"b_list": list_key})
    return removed


def members(conn: Connection, list_id: str, role: Role) -> list[Member]:
    """Everybody with this role, sorted by the key of the address; empty also where there is no such list."""
    rows = [tuple(row) for row in conn.execute(_MEMBERS, {"b_list_id": list_id, "b_role": role.value})]
    rows.sort()  # here, because the order of text differs between databases; keys are unique within a role
    return [
        Member(
            address=address,
            display_name=display_name,
            role=role,
            delivery_mode=DeliveryMode(mode),
            delivery_status=DeliveryStatus(status),
            receive_own_postings=own_postings,
            receive_list_copy=list_copy,
        )
        for _, address, display_name, mode, status, own_postings, list_copy in rows
    ]


def recipients(conn: Connection, list_id: str) -> tuple[Recipient, ...]:
    """Members with regular delivery that is enabled, in the order of their membership; one per address."""
    return tuple([Recipient(*row) for row in conn.execute(_RECIPIENTS, {"b_list_id": list_id})])


def administrators(conn: Connection, list_id: str) -> tuple[Recipient, ...]:
    """Owners and moderators whose delivery is enabled, in the order of their membership; one per address."""
    found: dict[str, Recipient] = {}
    for row in conn.execute(_ADMINISTRATORS, {"b_list_id": list_id}):
        found.setdefault(row[0], Recipient(*row))
    return tuple(found.values())


def roles_of(conn: Connection, list_id: str, keys: Sequence[str]) -> frozenset[Role]:
    """The roles of the first of `keys` (`mail.address.key_of`) that has any on this list; empty: none has."""
    if not keys:
        return frozenset()
    # nearly every post has one sender address: a plain comparison costs half of an IN
    found = conn.execute(_ROLES_OF_ONE, {"b_list_id": list_id, "b_key": keys[0]}).scalars().all()
    if found or len(keys) == 1:
        return frozenset(map(Role, found))
    by_key: dict[str, set[Role]] = {}
    for chunk in chunks(keys[1:], CHUNK):
        for key, role in conn.execute(_ROLES_OF_SEVERAL, {"b_list_id": list_id, "b_keys": chunk}):
            by_key.setdefault(key, set()).add(Role(role))
    return frozenset(next((by_key[key] for key in keys if key in by_key), ()))


def roster_version(conn: Connection, list_id: str) -> RosterVersion | None:
    """What changes with every membership of the list; None: no such list."""
    row = conn.execute(_ROSTER_VERSION, {"b_list_id": list_id}).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def roster(conn: Connection, list_id: str, most: int) -> Roster | None:
    """All memberships of a small list at once; None for a list with more than `most`."""
    rows = conn.execute(_ROSTER, {"b_list_id": list_id, "b_most": most + 1}).all()
    if len(rows) > most:
        return None
    roles: dict[str, frozenset[Role]] = {}
    recipients: list[Recipient] = []
    for key, address, own_postings, list_copy, role, mode, status in rows:
        roles[key] = roles.get(key, frozenset()) | {Role(role)}
        if (
            role == Role.MEMBER.value
            and mode == DeliveryMode.REGULAR.value
            and status == DeliveryStatus.ENABLED.value
        ):
            recipients.append(Recipient(address, own_postings, list_copy))
    return Roster(recipients=tuple(recipients), roles=roles)


def _address_ids(conn: Connection, keyed: Sequence[tuple[str, Member]], now: float) -> dict[str, int]:
    """The row of each address key, made where it is missing."""
    keys = [key for key, _ in keyed]
    ids: dict[str, int] = {row[0]: row[1] for row in conn.execute(_ADDRESS_IDS, {"b_keys": keys})}
    missing = {key: member for key, member in reversed(keyed) if key not in ids}  # the first spelling wins
    if missing:
        conn.execute(
            _ADD_ADDRESS,
            [
                {
                    "address": member.address,
                    "address_key": key,
                    "display_name": member.display_name,
                    "created_at": now,
                    "verified_at": None,
                }
                for key, member in missing.items()
            ],
        )
        ids.update((row[0], row[1]) for row in conn.execute(_ADDRESS_IDS, {"b_keys": list(missing)}))
    return ids


def _row(list_key: int, identity: tuple[int, str], member: Member, now: float) -> dict[str, Any]:
    return {
        "member_uuid": str(uuid.uuid4()),
        "list": list_key,
        "address": identity[0],
        "role": identity[1],
        "delivery_mode": member.delivery_mode.value,
        "delivery_status": member.delivery_status.value,
        "own_postings": member.receive_own_postings,
        "list_copy": member.receive_list_copy,
        "display_name": member.display_name,
        "subscribed_at": now,
    }


def _key_or_none(address: str) -> str | None:
    try:
        return key_of(address)
    except BadAddress:
        return None
