"""Memberships on the way of a post and in bulk: plain columns all the way, in batches.

What is in force for a membership, and for whom, is in `store.effective`; memberships in full, looked up,
changed and ended one by one, are in `store.memberships`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select, union_all, update

from mlcore.lists.model import (
    DEFAULTS,
    Action,
    Addressee,
    DeliveryMode,
    DeliveryStatus,
    Member,
    Recipient,
    Role,
)
from mlcore.mail.address import BadAddress, key_of
from mlcore.store import users
from mlcore.store.bulk import Growth, insert_rows, uuid_text
from mlcore.store.effective import (
    DISPLAY_NAME,
    ENABLED,
    JOINED,
    NOT_SHADOWED,
    OF_LIST,
    PERSON,
    REGULAR,
    effective,
)
from mlcore.store.lists import row_key
from mlcore.store.schema import addresses, lists
from mlcore.store.schema import members as table
from mlcore.store.schema import users as user_table
from mlcore.store.sql import chunks

RosterVersion = tuple[int, float, int]
"""Row, birth and number of changes: a list that was removed and made anew is another one."""

CHUNK = 500
"""Rows asked about in one statement."""

_RECIPIENT = (addresses.c.address, effective("receive_own_postings"), effective("receive_list_copy"))

_RECIPIENTS = (
    select(*_RECIPIENT)
    .select_from(JOINED)
    .where(OF_LIST, table.c.role == Role.MEMBER.value, NOT_SHADOWED, REGULAR, ENABLED)
    .order_by(table.c.id)
)
_PREFERRED = addresses.alias("preferred")
_ADDRESSEES = (
    select(
        addresses.c.address_key,
        DISPLAY_NAME,
        func.coalesce(effective("preferred_language"), lists.c.preferred_language),
        func.coalesce(_PREFERRED.c.address, addresses.c.address),
    )
    .select_from(JOINED.outerjoin(_PREFERRED, _PREFERRED.c.id == PERSON.c.preferred_address))
    .where(OF_LIST, table.c.role == Role.MEMBER.value, NOT_SHADOWED, REGULAR, ENABLED)
)
_ADMINISTRATORS = (
    select(*_RECIPIENT)
    .select_from(JOINED)
    .where(OF_LIST, table.c.role.in_((Role.OWNER.value, Role.MODERATOR.value)), NOT_SHADOWED, ENABLED)
    .order_by(table.c.id)
)
_DELIVERED = (
    select(addresses.c.address, addresses.c.address_key, effective("delivery_mode"))
    .select_from(JOINED)
    .where(OF_LIST, table.c.role == Role.MEMBER.value, NOT_SHADOWED, ENABLED)
    .order_by(table.c.id)
)
_MEMBERS = (
    select(
        addresses.c.address_key,
        addresses.c.address,
        DISPLAY_NAME,
        effective("delivery_mode"),
        effective("delivery_status"),
        effective("receive_own_postings"),
        effective("receive_list_copy"),
    )
    .select_from(JOINED)
    .where(OF_LIST, table.c.role == bindparam("b_role"), NOT_SHADOWED)
)

_ROSTER_VERSION = select(lists.c.id, lists.c.created_at, lists.c.roster_version).where(OF_LIST)
_RAISE = (
    update(lists).where(lists.c.id == bindparam("b_list")).values(roster_version=lists.c.roster_version + 1)
)

_ADDRESS_IDS = select(addresses.c.address_key, addresses.c.id).where(
    addresses.c.address_key.in_(bindparam("b_keys", expanding=True))
)
_INSERTED = (
    "address",
    "role",
    "list",
    "subscribed_at",
    "member_uuid",
    "display_name",
    "delivery_mode",
    "delivery_status",
    "receive_own_postings",
    "receive_list_copy",
    "moderation_action",
    "restricted",
    "nonmatching_topics",
    "bounce_score",
    "warnings_sent",
)
_MODES = {mode.value: mode for mode in DeliveryMode}
_STATUSES = {status.value: status for status in DeliveryStatus}
_AT_HOME = frozenset({Role.OWNER, Role.MODERATOR})
_PRESENT = union_all(
    select(table.c.address, table.c.role).where(
        table.c.list == bindparam("b_list"), table.c.address.in_(bindparam("b_ids", expanding=True))
    ),
    select(user_table.c.preferred_address, table.c.role)
    .select_from(user_table.join(table, table.c.user == user_table.c.id))
    .where(
        table.c.list == bindparam("b_list"),
        user_table.c.preferred_address.in_(bindparam("b_ids", expanding=True)),
    ),
)
_VERIFY = (
    update(addresses)
    .where(addresses.c.id.in_(bindparam("b_ids", expanding=True)), addresses.c.verified_at.is_(None))
    .values(verified_at=bindparam("b_now"))
)
_KEYED = select(addresses.c.id).where(addresses.c.address_key.in_(bindparam("b_keys", expanding=True)))
_REMOVALS = tuple(
    delete(table).where(
        table.c.list == bindparam("b_list"), table.c.role == bindparam("b_role"), column.in_(subscribers)
    )
    for column, subscribers in (
        (table.c.address, _KEYED),
        (table.c.user, select(user_table.c.id).where(user_table.c.preferred_address.in_(_KEYED))),
    )
)


class DigestRecipients(NamedTuple):
    """Who gets a digest in which form: addresses, each once in both together."""

    plain: tuple[str, ...]
    mime: tuple[str, ...]


def add_many(
    conn: Connection, list_id: str, members: Iterable[Member], now: float, *, verified: bool = False
) -> tuple[list[Member], list[Member]]:
    """Adds those that are not there yet with this address and role; (added, already), each in order of input.

    Whoever is there as a user with this preferred address is there already. An address known in another
    spelling keeps the one it has; an address without a user gets one, but for nonmembers. verified: the
    addresses of `members` count as shown to be theirs from now on. now: Unix seconds. Raises NoSuchList, and
    BadAddress for the first address that is none (nothing may then be committed)."""
    list_key = row_key(conn, list_id)
    added: list[Member] = []
    already: list[Member] = []
    growth = Growth(first=10 * CHUNK)
    for chunk in chunks(members, CHUNK):
        keyed = [(key_of(member.address), member) for member in chunk]
        ids = _address_ids(conn, keyed, now)
        if verified:
            conn.execute(_VERIFY, {"b_ids": list(ids.values()), "b_now": now})
        values = {"b_list": list_key, "b_ids": list(ids.values())}
        present: set[tuple[int, str]] = {(row[0], row[1]) for row in conn.execute(_PRESENT, values)}
        rows = []
        for key, member in keyed:
            identity = (ids[key], member.role.value)
            if identity in present:
                already.append(member)
                continue
            present.add(identity)
            added.append(member)
            rows.append((*identity, list_key, now, *_own_columns(member)))
        insert_rows(conn, table, _INSERTED, rows)
        growth.by(conn, len(rows))
    if added:
        conn.execute(_RAISE, {"b_list": list_key})
    return added, already


def remove_many(conn: Connection, list_id: str, members: Iterable[str], *, role: Role = Role.MEMBER) -> int:
    """Ends the memberships of these addresses (any spelling) in this role, and of the users who prefer them;
    how many there were.

    The address itself stays known; what is no address is no member. Raises NoSuchList."""
    list_key = row_key(conn, list_id)
    removed = 0
    for chunk in chunks(members, CHUNK):
        keys = [key for address in chunk if (key := _key_or_none(address)) is not None]
        values = {"b_list": list_key, "b_role": role.value, "b_keys": keys}
        removed += sum(conn.execute(statement, values).rowcount for statement in _REMOVALS)
    if removed:
        conn.execute(_RAISE, {"b_list": list_key})
    return removed


def members(conn: Connection, list_id: str, role: Role) -> list[Member]:
    """Everybody with this role who has an address, one for each address, sorted by its key; empty also where
    there is no such list. The preferences are those in force."""
    rows = [tuple(row) for row in conn.execute(_MEMBERS, {"b_list_id": list_id, "b_role": role.value})]
    rows.sort()  # here, because the order of text differs between databases; keys are unique within a role
    return [
        Member(
            address=address,
            display_name=display_name,
            role=role,
            delivery_mode=_MODES[mode],
            delivery_status=_STATUSES[status],
            receive_own_postings=own_postings,
            receive_list_copy=list_copy,
        )
        for _, address, display_name, mode, status, own_postings, list_copy in rows
    ]


def recipients(conn: Connection, list_id: str) -> tuple[Recipient, ...]:
    """Members with regular delivery that is enabled, in the order of their membership; one per address."""
    return tuple([Recipient(*row) for row in conn.execute(_RECIPIENTS, {"b_list_id": list_id})])


def digest_recipients(
    conn: Connection, list_id: str, last_ones: Mapping[str, DeliveryMode] | None = None
) -> DigestRecipients:
    """Members who take digests and whose delivery is enabled, in the order of their membership; one per
    address. Who wants summaries gets the MIME digest. last_ones: by address key, members who take none any
    more and get this one in the mode that was theirs, if their delivery is enabled."""
    last_ones = last_ones or {}
    statement = _DELIVERED if last_ones else _DELIVERED.where(~REGULAR)
    plain: list[str] = []
    mime: list[str] = []
    for address, key, mode in conn.execute(statement, {"b_list_id": list_id}):
        wanted = last_ones.get(key) if mode == DeliveryMode.REGULAR.value else _MODES[mode]
        if wanted is not None:
            (plain if wanted is DeliveryMode.PLAINTEXT_DIGESTS else mime).append(address)
    return DigestRecipients(tuple(plain), tuple(mime))


def addressees(conn: Connection, list_id: str) -> dict[str, Addressee]:
    """What personal copies may say about those of `recipients`, by address key. The language is theirs, else
    that of the list."""
    rows = conn.execute(_ADDRESSEES, {"b_list_id": list_id})
    return {
        key: Addressee(name=name, language=language, user_address=own) for key, name, language, own in rows
    }


def administrators(conn: Connection, list_id: str) -> tuple[Recipient, ...]:
    """Owners and moderators whose delivery is enabled, in the order of their membership; one per address."""
    found: dict[str, Recipient] = {}
    for row in conn.execute(_ADMINISTRATORS, {"b_list_id": list_id}):
        found.setdefault(row[0], Recipient(*row))
    return tuple(found.values())


def roster_version(conn: Connection, list_id: str) -> RosterVersion | None:
    """What changes with every membership of the list; None: no such list."""
    row = conn.execute(_ROSTER_VERSION, {"b_list_id": list_id}).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def _address_ids(conn: Connection, keyed: Sequence[tuple[str, Member]], now: float) -> dict[str, int]:
    """The row of each address key, made where it is missing; the first spelling wins."""
    people = [(key, member) for key, member in keyed if member.role is not Role.NONMEMBER]
    ids: dict[str, int] = {}
    if people:
        numbers = users.ensure_many(
            conn, [(member.address, member.display_name) for _, member in people], now
        )
        ids = {key: number for (key, _), number in zip(people, numbers, strict=True)}
    strangers = {key: member for key, member in reversed(keyed) if key not in ids}
    if strangers:
        ids.update(_strangers(conn, strangers, now))
    return ids


def _strangers(conn: Connection, by_key: dict[str, Member], now: float) -> dict[str, int]:
    """The same for those who need no user."""
    ids: dict[str, int] = {row[0]: row[1] for row in conn.execute(_ADDRESS_IDS, {"b_keys": list(by_key)})}
    missing = {key: member for key, member in by_key.items() if key not in ids}
    if missing:
        insert_rows(
            conn,
            addresses,
            ("address_key", "address", "display_name", "created_at"),
            [(key, member.address, member.display_name, now) for key, member in missing.items()],
        )
        ids.update((row[0], row[1]) for row in conn.execute(_ADDRESS_IDS, {"b_keys": list(missing)}))
    return ids


def _own_columns(member: Member) -> tuple[Any, ...]:
    """The last columns of `_INSERTED`. Preferences that are the defaults are left to address and user."""
    mode, status = member.delivery_mode, member.delivery_status
    return (
        uuid_text(),
        member.display_name,
        None if mode is DEFAULTS.delivery_mode else mode.value,
        None if status is DEFAULTS.delivery_status else status.value,
        None if member.receive_own_postings else False,
        None if member.receive_list_copy else False,
        Action.ACCEPT.value if member.role in _AT_HOME else None,
        False,
        False,
        0,
        0,
    )


def _key_or_none(address: str) -> str | None:
    try:
        return key_of(address)
    except BadAddress:
        return None
