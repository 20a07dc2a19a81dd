"""Users: the persons behind the addresses."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from mlcore.base.errors import BadInput
from mlcore.lists.model import MailAddress, User
from mlcore.mail.address import BadAddress, key_of
from mlcore.store import addresses as address_store
from mlcore.store import preferences
from mlcore.store.roster_versions import raise_of_user
from mlcore.store.schema import addresses, domain_owners, members, users
from mlcore.store.sql import chunks, insertion

CHUNK: Final = 500
"""Rows asked about in one statement."""

_PREFERRED = addresses.alias("preferred")
SELECT: Final = select(
    users.c.user_uuid,
    users.c.display_name,
    users.c.created_at,
    users.c.is_server_owner,
    _PREFERRED.c.address,
    *preferences.columns(users),
).select_from(users.outerjoin(_PREFERRED, _PREFERRED.c.id == users.c.preferred_address))
"""What `of_row` reads."""

_BY_UUID = SELECT.where(users.c.user_uuid == bindparam("b_uuid"))
_OF_ADDRESS = SELECT.where(
    users.c.id
    == select(addresses.c.user).where(addresses.c.address_key == bindparam("b_key")).scalar_subquery()
)
_ALL = SELECT.order_by(users.c.id)
_HIS_ADDRESSES = select(addresses.c.id).where(addresses.c.user == users.c.id)
_WITHOUT = _ALL.where(
    ~exists().where(members.c.user == users.c.id),
    ~exists().where(members.c.address == addresses.c.id, addresses.c.user == users.c.id),
)
_ROW = select(users.c.id, users.c.preferred_address).where(users.c.user_uuid == bindparam("b_uuid"))
_ROWS = select(users.c.user_uuid, users.c.id).where(
    users.c.user_uuid.in_(bindparam("b_uuids", expanding=True))
)
_KNOWN = select(addresses.c.address_key, addresses.c.id, addresses.c.user).where(
    addresses.c.address_key.in_(bindparam("b_keys", expanding=True))
)
_NOT_GIVEN: Final = frozenset({"id", "verified_at", "password", "preferred_address", *preferences.NAMES})
_ADD_USER = insertion(users, leave_out=_NOT_GIVEN, strict=True)
_ADD_ADDRESS = insertion(addresses, leave_out=_NOT_GIVEN, strict=True)
_ADOPT = update(addresses).where(addresses.c.id == bindparam("b_id")).values(user=bindparam("b_user"))


class NoSuchUser(BadInput):
    """No user has this UUID (any more)."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"no user {user_id}", "`mlcore users` shows those there are")


def create(conn: Connection, *, display_name: str = "", now: float) -> User:
    """A new user without addresses. now: Unix seconds."""
    user = User(user_id=str(uuid4()), display_name=display_name, created_at=now)
    values = {"user_uuid": user.user_id, "display_name": display_name, "created_at": now}
    conn.execute(insert(users), {**values, "is_server_owner": False})
    return user


def get(conn: Connection, user_id: str) -> User | None:
    """The user with this UUID."""
    return _one(conn, _BY_UUID, {"b_uuid": user_id})


def of_address(conn: Connection, address: str) -> User | None:
    """Whose address this is, in whatever spelling; None also for what is no address."""
    try:
        return _one(conn, _OF_ADDRESS, {"b_key": key_of(address)})
    except BadAddress:
        return None


def all(conn: Connection) -> list[User]:  # noqa: A001  (read as `users.all`)
    """Everybody, by creation."""
    return [of_row(row) for row in conn.execute(_ALL)]


def without_memberships(conn: Connection) -> list[User]:
    """Those who have no role on any list, neither themselves nor by an address; by creation. Owners of
    domains and of the server may be among them."""
    return [of_row(row) for row in conn.execute(_WITHOUT)]


def search(conn: Connection, text: str) -> list[User]:
    """Those with `text` in a name or address of theirs, without regard to case; by creation.

    Reads all names and addresses: no two databases fold the case of every script alike."""
    wanted = text.casefold()
    found = {
        row[0]
        for row in conn.execute(select(users.c.id, users.c.display_name))
        if wanted in row[1].casefold()
    }
    theirs = select(addresses.c.user, addresses.c.address, addresses.c.display_name).where(
        addresses.c.user.is_not(None)
    )
    for user, address, display_name in conn.execute(theirs):
        if wanted in address.casefold() or wanted in display_name.casefold():
            found.add(user)
    rows = [
        row
        for chunk in chunks(sorted(found), CHUNK)
        for row in conn.execute(_ALL.where(users.c.id.in_(chunk)))
    ]
    return [of_row(row) for row in rows]


def ensure(conn: Connection, address: str, display_name: str, now: float) -> User:
    """The user who has this address; both are made where they are missing. Raises BadAddress."""
    ensure_many(conn, [(address, display_name)], now)
    user = of_address(conn, address)
    assert user is not None
    return user


def ensure_many(conn: Connection, people: Sequence[tuple[str, str]], now: float) -> list[int]:
    """The row of each address, in order. people: (address, display name). Addresses that are missing are
    made, spelled and named as the first of `people` does, and a user for each address that has none.

    Raises BadAddress before anything is written. now: Unix seconds."""
    keyed = [(key_of(address), address, display_name) for address, display_name in people]
    rows: dict[str, int] = {}
    for chunk in chunks(keyed, CHUNK):
        first = {
            key: (address, display_name) for key, address, display_name in reversed(chunk) if key not in rows
        }
        if first:
            rows.update(_ensure_chunk(conn, first, now))
    return [rows[key] for key, _, _ in keyed]


def _ensure_chunk(conn: Connection, people: dict[str, tuple[str, str]], now: float) -> dict[str, int]:
    """people: (address, display name) by key, in reverse order; the row of each key."""
    keys = list(reversed(people))
    known = {row[0]: (row[1], row[2]) for row in conn.execute(_KNOWN, {"b_keys": keys})}
    new = [key for key in keys if key not in known]
    free = [key for key in keys if key in known and known[key][1] is None]
    made = _make_users(conn, [people[key][1] for key in (*new, *free)], now)
    if free:
        adoptions = zip(free, made[len(new) :], strict=True)
        conn.execute(_ADOPT, [{"b_id": known[key][0], "b_user": user} for key, user in adoptions])
        for user in made[len(new) :]:
            raise_of_user(conn, user)
    if new:
        values = [
            {
                "address": people[key][0],
                "address_key": key,
                "display_name": people[key][1],
                "created_at": now,
                "user": user,
            }
            for key, user in zip(new, made, strict=False)
        ]
        conn.execute(_ADD_ADDRESS, values)
    return {key: row[0] for key, row in known.items()} | address_store.ids(conn, new)


def _make_users(conn: Connection, names: Sequence[str], now: float) -> list[int]:
    """New users with these names; their rows, in order."""
    if not names:
        return []
    uuids = [str(uuid4()) for _ in names]
    values = [
        {"user_uuid": uuid, "display_name": name, "created_at": now, "is_server_owner": False}
        for uuid, name in zip(uuids, names, strict=True)
    ]
    conn.execute(_ADD_USER, values)
    rows = {row[0]: row[1] for row in conn.execute(_ROWS, {"b_uuids": uuids})}
    return [rows[uuid] for uuid in uuids]


def change(
    conn: Connection,
    user_id: str,
    *,
    display_name: str | None = None,
    is_server_owner: bool | None = None,
    password: str | None = None,
) -> None:
    """Changes what is given. password: a hash; empty: none any more. Raises NoSuchUser."""
    row = _row(conn, user_id)
    values: dict[str, Any] = {}
    if display_name is not None:
        values["display_name"] = display_name
    if is_server_owner is not None:
        values["is_server_owner"] = is_server_owner
    if password is not None:
        values["password"] = password or None
    if values:
        conn.execute(update(users).where(users.c.id == row.id).values(values))


def password_of(conn: Connection, user_id: str) -> str | None:
    """The hash; None if the user has none. Raises NoSuchUser."""
    row = _row(conn, user_id)
    found: str | None = conn.execute(select(users.c.password).where(users.c.id == row.id)).scalar()
    return found


def set_preferred(conn: Connection, user_id: str, address: str | None) -> None:
    """Makes the address the one that mail for the user goes to; None: there is none, and memberships of the
    user get no mail. A free address becomes the user's.

    Raises NoSuchUser, NoSuchAddress, or BadInput if it is not verified or belongs to another."""
    user = _row(conn, user_id)
    number: int | None = None
    if address is not None:
        known = address_store.get(conn, address)
        if known is not None and known.verified_at is None:
            raise BadInput(f"{address} is not verified", "verify it first")
        address_store.link(conn, address, user_id)
        number = address_store.ids(conn, [key_of(address)])[key_of(address)]
    conn.execute(update(users).where(users.c.id == user.id).values(preferred_address=number))
    raise_of_user(conn, user.id)


def addresses_of(conn: Connection, user_id: str) -> list[MailAddress]:
    """The addresses of the user with this UUID, by creation."""
    return address_store.of_user(conn, user_id)


def absorb(conn: Connection, into: str, other: str) -> None:
    """Makes two users (UUIDs) one: `into` gets the addresses, domains and memberships of `other`, and what it
    lacks itself of preferences, name, password, rights and preferred address; `other` is gone then.

    Where both are subscribed by user to a list in one role, the membership of `into` stays. Memberships of
    addresses are as they were. Raises NoSuchUser; BadInput for a user and himself."""
    if into == other:
        raise BadInput("a user cannot absorb himself", "give two users")
    mine, its = _row(conn, into), _row(conn, other)
    raise_of_user(conn, its.id)
    held = members.alias("held")
    conn.execute(
        delete(members).where(
            members.c.user == its.id,
            exists().where(
                held.c.user == mine.id, held.c.list == members.c.list, held.c.role == members.c.role
            ),
        )
    )
    conn.execute(update(members).where(members.c.user == its.id).values(user=mine.id))
    _take_domains(conn, mine.id, its.id)
    conn.execute(update(addresses).where(addresses.c.user == its.id).values(user=mine.id))
    _fill(conn, mine.id, its.id)
    conn.execute(delete(users).where(users.c.id == its.id))
    raise_of_user(conn, mine.id)


def _take_domains(conn: Connection, mine: int, its: int) -> None:
    his = select(domain_owners.c.domain).where(domain_owners.c.user == mine)
    conn.execute(
        update(domain_owners)
        .where(domain_owners.c.user == its, domain_owners.c.domain.not_in(his))
        .values(user=mine)
    )


def _fill(conn: Connection, mine: int, its: int) -> None:
    names = ("display_name", "password", "is_server_owner", "preferred_address", *preferences.NAMES)
    columns = [users.c[name] for name in names]
    have = conn.execute(select(*columns).where(users.c.id == mine)).one()
    give = conn.execute(select(*columns).where(users.c.id == its)).one()
    values = {
        name: theirs
        for name, ours, theirs in zip(names, have, give, strict=True)
        # a preference of False is one; an empty name or a missing right is none
        if ours is None or (name in {"display_name", "is_server_owner"} and not ours)
    }
    if values:
        conn.execute(update(users).where(users.c.id == mine).values(values))


def remove(conn: Connection, user_id: str) -> bool:
    """Removes the user with all addresses and every membership of both. False when there is none."""
    row = conn.execute(_ROW, {"b_uuid": user_id}).one_or_none()
    if row is None:
        return False
    raise_of_user(conn, row.id)
    conn.execute(delete(addresses).where(addresses.c.user == row.id))
    conn.execute(delete(users).where(users.c.id == row.id))
    return True


def of_row(row: Sequence[Any]) -> User:
    """The user in a row of `SELECT`."""
    user_id, display_name, created_at, is_server_owner, preferred, *rest = row
    return User(
        user_id=user_id,
        display_name=display_name,
        created_at=created_at,
        is_server_owner=is_server_owner,
        preferred_address=preferred or "",
        preferences=preferences.of_row(rest),
    )


def _one(conn: Connection, statement: Any, values: dict[str, str]) -> User | None:
    row = conn.execute(statement, values).one_or_none()
    return None if row is None else of_row(row)


def _row(conn: Connection, user_id: str) -> Any:
    row = conn.execute(_ROW, {"b_uuid": user_id}).one_or_none()
    if row is None:
        raise NoSuchUser(user_id)
    return row
