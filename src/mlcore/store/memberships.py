"""One membership in full, `lists.model.Membership`: looked up, changed, ended."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import uuid4

from msgspec import UNSET, UnsetType
from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from mlcore.base.errors import BadInput
from mlcore.lists.model import Action, Membership, Preferences, Role
from mlcore.mail.address import BadAddress, key_of
from mlcore.store import preferences
from mlcore.store.effective import DISPLAY_NAME, EVERYBODY, OF_LIST, PERSON, effective
from mlcore.store.lists import row_key
from mlcore.store.schema import addresses, lists, members, users
from mlcore.store.sql import chunks

CHUNK: Final = 500
"""Memberships or addresses asked about in one statement."""
_STREAMED: Final = 1_000
_RANKS: Final = {role: rank for rank, role in enumerate(Role)}

_FULL = select(
    members.c.member_uuid,
    lists.c.list_id,
    members.c.role,
    func.coalesce(addresses.c.address, ""),
    func.coalesce(PERSON.c.user_uuid, ""),
    members.c.user.is_not(None),
    DISPLAY_NAME,
    members.c.moderation_action,
    members.c.restricted,
    members.c.nonmatching_topics,
    members.c.subscribed_at,
    *(members.c[name] for name in preferences.NAMES),
    *(effective(name) for name in preferences.NAMES),
).select_from(EVERYBODY)
_PLAIN: Final = 11
"""Columns of `_FULL` before the preferences."""

_ONE = _FULL.where(members.c.member_uuid == bindparam("b_member_id"))
_EXPLICIT_KEY = members.c.address.in_(
    select(addresses.c.id).where(addresses.c.address_key.in_(bindparam("b_keys", expanding=True)))
)
_PREFERRED_KEY = members.c.user.in_(
    select(users.c.id)
    .join(addresses, addresses.c.id == users.c.preferred_address)
    .where(addresses.c.address_key.in_(bindparam("b_keys", expanding=True)))
)
_USER_ROWS = select(users.c.id).where(users.c.user_uuid.in_(bindparam("b_users", expanding=True)))
_AS_USER = members.c.user.in_(_USER_ROWS)
_BY_HIS_ADDRESS = members.c.address.in_(select(addresses.c.id).where(addresses.c.user.in_(_USER_ROWS)))

_SEEN = select(addresses.c.address, addresses.c.address_key, users.c.user_uuid).select_from(
    addresses.outerjoin(users, addresses.c.user == users.c.id)
)
_ROW = select(members.c.id, members.c.list, members.c.user, members.c.address, members.c.role).where(
    members.c.member_uuid == bindparam("b_member_id")
)
_ADDRESS = select(addresses.c.id, addresses.c.user, addresses.c.verified_at).where(
    addresses.c.address_key == bindparam("b_key")
)
_THESE = members.c.member_uuid.in_(bindparam("b_member_ids", expanding=True))
_RAISE_OF_THESE = (
    update(lists)
    .where(lists.c.id.in_(select(members.c.list).where(_THESE)))
    .values(roster_version=lists.c.roster_version + 1)
)
_RAISE = (
    update(lists).where(lists.c.id == bindparam("b_list")).values(roster_version=lists.c.roster_version + 1)
)
_REMOVE = delete(members).where(_THESE)


def membership(conn: Connection, member_id: str) -> Membership | None:
    """The membership with this UUID."""
    row = conn.execute(_ONE, {"b_member_id": member_id}).one_or_none()
    return None if row is None else _membership(row)


def memberships_of_address(conn: Connection, address: str) -> list[Membership]:
    """Those of the address itself (any spelling), and those of the user who prefers it; in order of list and
    role. Empty for what is no address."""
    try:
        keys = [key_of(address)]
    except BadAddress:
        return []
    return _several(conn, (_FULL.where(_EXPLICIT_KEY), _FULL.where(_PREFERRED_KEY)), {"b_keys": keys})


def memberships_of_addresses(
    conn: Connection, keys: Iterable[str], role: Role | None = None
) -> list[Membership]:
    """As `memberships_of_address` for each of `keys` (`mail.address.key_of`), all or those with this role."""
    statements = [_FULL.where(_EXPLICIT_KEY), _FULL.where(_PREFERRED_KEY)]
    if role is not None:
        statements = [statement.where(members.c.role == role.value) for statement in statements]
    return [found for chunk in chunks(keys, CHUNK) for found in _several(conn, statements, {"b_keys": chunk})]


def memberships_of_user(conn: Connection, user_id: str) -> list[Membership]:
    """Those of the user and of all his addresses, in order of list and role; empty if there is no such
    user."""
    return memberships_of_users(conn, [user_id])


def memberships_of_users(conn: Connection, user_ids: Iterable[str]) -> list[Membership]:
    """As `memberships_of_user`, for several."""
    statements = (_FULL.where(_AS_USER), _FULL.where(_BY_HIS_ADDRESS))
    return [
        found for chunk in chunks(user_ids, CHUNK) for found in _several(conn, statements, {"b_users": chunk})
    ]


def on_list(conn: Connection, list_id: str, role: Role, keys: Iterable[str]) -> list[Membership]:
    """The memberships of one list that the addresses `keys` (`mail.address.key_of`) have in this role, their
    own and those of the users who prefer them."""
    statements = [
        _FULL.where(where, OF_LIST, members.c.role == role.value) for where in (_EXPLICIT_KEY, _PREFERRED_KEY)
    ]
    return [
        found
        for chunk in chunks(keys, CHUNK)
        for found in _several(conn, statements, {"b_keys": chunk, "b_list_id": list_id})
    ]


def all_memberships(
    conn: Connection, *, list_id: str = "", role: Role | None = None, most: int | None = None
) -> Iterator[Membership]:
    """Every membership, or those of one list or role, in the order in which they were made; at most `most`.

    They are read as they are asked for: nothing is changed on this connection meanwhile."""
    statement = _FULL.order_by(members.c.id)
    values = {}
    if list_id:
        statement, values = statement.where(OF_LIST), {"b_list_id": list_id}
    if role is not None:
        statement = statement.where(members.c.role == role.value)
    if most is not None:
        statement = statement.limit(most)
    with conn.execute(statement, values, execution_options={"yield_per": _STREAMED}) as rows:
        yield from map(_membership, rows)


def known_addresses(conn: Connection) -> Iterator[tuple[str, str, str]]:
    """Address, its key and the UUID of its user (empty: of none) of every address there is, read as they are
    asked for."""
    with conn.execute(_SEEN, execution_options={"yield_per": _STREAMED}) as rows:
        for address, key, user_id in rows:
            yield address, key, user_id or ""


def subscribe_user(conn: Connection, list_id: str, user_id: str, role: Role, now: float) -> str:
    """Makes the user a subscriber, whose mail goes to the address he prefers at the time; the UUID of the
    membership. now: Unix seconds. Raises NoSuchList, and BadInput: no such user, one without preferred
    address, one who (or whose preferred address) has this role already."""
    list_key = row_key(conn, list_id)
    user = conn.execute(
        select(users.c.id, users.c.preferred_address).where(users.c.user_uuid == user_id)
    ).one_or_none()
    if user is None:
        raise BadInput("No such user", "a user_id is a UUID")
    if user[1] is None:
        raise BadInput("User has no preferred address", "set one that is verified")
    taken = select(members.c.id).where(
        members.c.list == list_key,
        members.c.role == role.value,
        (members.c.user == user[0]) | (members.c.address == user[1]),
    )
    if conn.execute(taken).first() is not None:
        raise BadInput("Member already subscribed", "end the other membership first")
    member_id = str(uuid4())
    conn.execute(
        insert(members),
        {
            "member_uuid": member_id,
            "list": list_key,
            "user": user[0],
            "role": role.value,
            "display_name": "",
            "moderation_action": Action.ACCEPT.value if role in {Role.OWNER, Role.MODERATOR} else None,
            "restricted": False,
            "nonmatching_topics": False,
            "subscribed_at": now,
        },
    )
    conn.execute(_RAISE, {"b_list": list_key})
    return member_id


def change(
    conn: Connection,
    member_id: str,
    *,
    display_name: str | None = None,
    moderation_action: Action | UnsetType | None = UNSET,
    restricted: bool | None = None,
    nonmatching_topics: bool | None = None,
    address: str | None = None,
) -> None:
    """Gives the membership what is not left out; its preferences are `store.preferences.set_of_member`.

    moderation_action: None leaves posts to the list's default. restricted, nonmatching_topics: see
    `Membership`. address: another one of the same user, verified. Raises BadInput: no such member, or an
    address that cannot take over."""
    row = conn.execute(_ROW, {"b_member_id": member_id}).one_or_none()
    if row is None:
        raise BadInput("No such member", "a member_id is a UUID")
    values: dict[str, Any] = {}
    if display_name is not None:
        values["display_name"] = display_name
    if not isinstance(moderation_action, UnsetType):
        values["moderation_action"] = None if moderation_action is None else moderation_action.value
    if restricted is not None:
        values["restricted"] = restricted
    if nonmatching_topics is not None:
        values["nonmatching_topics"] = nonmatching_topics
    if address is not None:
        values["address"] = _successor(conn, row, address)
    if values:
        conn.execute(update(members).where(members.c.id == row[0]).values(values))
        conn.execute(_RAISE, {"b_list": row[1]})


def remove(conn: Connection, member_ids: Iterable[str]) -> int:
    """Ends these memberships, on whichever lists; how many there were. Addresses and users stay known."""
    removed = 0
    for chunk in chunks(member_ids, CHUNK):
        values = {"b_member_ids": chunk}
        conn.execute(_RAISE_OF_THESE, values)
        removed += conn.execute(_REMOVE, values).rowcount
    return removed


def _successor(conn: Connection, row: Sequence[Any], address: str) -> int:
    """The row of the address that is to take over a membership, a row of `_ROW`. Raises BadInput."""
    _, list_key, user, old, role = row
    if user is not None:
        raise BadInput("Membership is via preferred address", "change the preferred address of the user")
    new = conn.execute(_ADDRESS, {"b_key": key_of(address)}).one_or_none()
    if new is None:
        raise BadInput("Address not registered", f"{address} is to belong to the same user")
    if new[2] is None:
        raise BadInput("Unverified address", f"verify {address}")
    owner = conn.execute(select(addresses.c.user).where(addresses.c.id == old)).scalar()
    if owner is None or new[1] != owner:
        raise BadInput("Address is not controlled by user", f"{address} is to belong to the same user")
    taken = select(members.c.id).where(
        members.c.list == list_key,
        members.c.role == role,
        members.c.address == new[0],
        members.c.address != old,
    )
    if conn.execute(taken).first() is not None:
        raise BadInput("Member already subscribed", "end the other membership first")
    row_id: int = new[0]
    return row_id


def _several(conn: Connection, statements: Iterable[Select[Any]], values: dict[str, Any]) -> list[Membership]:
    """What the statements find, in order of list, role and address."""
    found = [_membership(row) for statement in statements for row in conn.execute(statement, values)]
    return sorted(found, key=lambda one: (one.list_id, _RANKS[one.role], one.address.lower()))


def _membership(row: Sequence[Any]) -> Membership:
    member_id, list_id, role, address, user_id, as_user, display_name, *more = row[:_PLAIN]
    action, restricted, nonmatching, since = more
    split = _PLAIN + len(preferences.NAMES)
    return Membership(
        member_id=member_id,
        list_id=list_id,
        role=Role(role),
        address=address,
        user_id=user_id,
        as_user=bool(as_user),
        display_name=display_name,
        moderation_action=None if action is None else Action(action),
        restricted=restricted,
        nonmatching_topics=nonmatching,
        subscribed_at=since,
        preferences=_preferences(*row[_PLAIN:split]),
        effective=_preferences(*row[split:]),
    )


@lru_cache(maxsize=256)  # nearly all memberships have the same few
def _preferences(*columns: Any) -> Preferences:
    return preferences.of_row(columns)
