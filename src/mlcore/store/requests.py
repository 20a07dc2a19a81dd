"""Requests to join or leave a list that wait for the person or for a moderator, and invitations."""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, select

from mlcore.lists.model import DeliveryMode, DeliveryStatus
from mlcore.store.lists import row_key
from mlcore.store.schema import lists, requests
from mlcore.store.sql import chunks, insertion

Kind = Literal["subscription", "unsubscription"]
Owner = Literal["subscriber", "moderator"]

CHUNK: Final = 500
"""Rows asked about in one statement."""
_LARGEST_ID: Final = 2**31 - 1
"""Of an Integer column in PostgreSQL."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One open request; times are Unix seconds.

    owner: who has to consent now; as_user: it is about the membership of the user, not of the address;
    language: of the person, empty: that of the list; welcome: whether the person is told in the end, None: as
    the list has it (when leaving, that is the goodbye)."""

    list_id: str
    kind: Kind
    owner: Owner
    address: str
    address_key: str
    identity: str
    """160 random bits, 40 hex digits."""
    token_hash: str
    created_at: float
    expires_at: float
    display_name: str = ""
    as_user: bool = False
    invitation: bool = False
    pre_approved: bool = False
    delivery_mode: DeliveryMode = DeliveryMode.REGULAR
    delivery_status: DeliveryStatus = DeliveryStatus.ENABLED
    language: str = ""
    welcome: bool | None = None
    id: int = 0
    """What moderators call it by, 9 digits; 0: not inserted yet."""


_FIELDS: Final = tuple(name for name in Request.__struct_fields__ if name != "list_id")
_SELECT = select(*(requests.c[name] for name in _FIELDS), lists.c.list_id).select_from(
    requests.join(lists, requests.c.list == lists.c.id)
)
_ALL = _SELECT.order_by(requests.c.created_at, requests.c.id)
_OF_LIST = lists.c.list_id == bindparam("b_list_id")
_BY_ID = _SELECT.where(requests.c.id == bindparam("b_id"))
_BY_TOKEN = _SELECT.where(requests.c.token_hash == bindparam("b_token_hash"))
_THE_ONE = _SELECT.where(
    _OF_LIST, requests.c.address_key == bindparam("b_key"), requests.c.kind == bindparam("b_kind")
)
_WAITING = (
    select(lists.c.list_id, requests.c.kind, func.count())
    .select_from(requests.join(lists, requests.c.list == lists.c.id))
    .where(requests.c.owner == bindparam("b_owner"), requests.c.expires_at > bindparam("b_now"))
    .group_by(lists.c.list_id, requests.c.kind)
)
_TAKEN = select(requests.c.id).where(requests.c.id == bindparam("b_id"))
_INSERT = insertion(requests, leave_out=frozenset(), strict=True)
_DELETE = delete(requests).where(requests.c.id == bindparam("b_id"))
_LIST_ROW = select(lists.c.id).where(_OF_LIST).scalar_subquery()
_ANY_OF_LIST = (
    select(requests.c.id).where(requests.c.list == _LIST_ROW, requests.c.kind == bindparam("b_kind")).limit(1)
)
_DELETE_OF = delete(requests).where(
    requests.c.list == _LIST_ROW,
    requests.c.kind == bindparam("b_kind"),
    requests.c.address_key.in_(bindparam("b_keys", expanding=True)),
)
_EXPIRED = (
    _SELECT.where(requests.c.expires_at <= bindparam("b_now"))
    .order_by(requests.c.expires_at)
    .limit(bindparam("b_limit"))
)


def insert(conn: Connection, request: Request) -> Request:
    """Adds the row; the request with its id. One list has one of each kind for an address.

    Ids are random: one that somebody has seen in a listing is not given to another request meanwhile, which
    he would then decide about. Raises NoSuchList."""
    number = _new_id(conn)
    plain = {name: getattr(request, name) for name in _FIELDS}
    plain |= {
        "id": number,
        "list": row_key(conn, request.list_id),
        "delivery_mode": request.delivery_mode.value,
        "delivery_status": request.delivery_status.value,
    }
    conn.execute(_INSERT, plain)
    return msgspec.structs.replace(request, id=number)


def get(conn: Connection, list_id: str, address_key: str, kind: Kind) -> Request | None:
    """What is open for this address, expired or not."""
    return _one(conn.execute(_THE_ONE, {"b_list_id": list_id, "b_key": address_key, "b_kind": kind}))


def by_id(conn: Connection, number: int) -> Request | None:
    """The one that moderators call `number`; None also for a number that no row can have."""
    if not 0 < number <= _LARGEST_ID:
        return None
    return _one(conn.execute(_BY_ID, {"b_id": number}))


def by_token_hash(conn: Connection, token_hash: str) -> Request | None:
    """The one whose token has this hash (`lists.tokens.token_hash`); the token is still to be compared."""
    return _one(conn.execute(_BY_TOKEN, {"b_token_hash": token_hash}))


def rows(
    conn: Connection,
    list_id: str | None = None,
    *,
    kind: Kind | None = None,
    owner: Owner | None = None,
    now: float | None = None,
    most: int | None = None,
) -> list[Request]:
    """Requests (of one list, one kind, that wait for `owner`), oldest first; now: without those that have
    expired then; most: the first so many."""
    statement, values = _ALL, {}
    if list_id is not None:
        statement, values = statement.where(_OF_LIST), {"b_list_id": list_id}
    if kind is not None:
        statement = statement.where(requests.c.kind == kind)
    if owner is not None:
        statement = statement.where(requests.c.owner == owner)
    if now is not None:
        statement = statement.where(requests.c.expires_at > now)
    if most is not None:
        statement = statement.limit(most)
    return [_request(row) for row in conn.execute(statement, values)]


def waiting(conn: Connection, owner: Owner, now: float) -> dict[str, dict[Kind, int]]:
    """How many requests of each kind wait for `owner`, by List-ID, without those that have expired; lists
    and kinds without any are left out. now: Unix seconds."""
    found: dict[str, dict[Kind, int]] = {}
    for list_id, kind, count in conn.execute(_WAITING, {"b_owner": owner, "b_now": now}):
        found.setdefault(list_id, {})[kind] = count
    return found


def remove(conn: Connection, request: Request) -> bool:
    """Ends the request, and what was not sent yet of mail about it; False if somebody else has."""
    return conn.execute(_DELETE, {"b_id": request.id}).rowcount > 0


def remove_of(conn: Connection, list_id: str, kind: Kind, keys: Iterable[str]) -> None:
    """Ends what is open of this kind for addresses (`mail.address.key_of`): it is done in another way."""
    values: dict[str, Any] = {"b_list_id": list_id, "b_kind": kind}
    if conn.execute(_ANY_OF_LIST, values).first() is None:
        return
    for chunk in chunks(keys, CHUNK):
        conn.execute(_DELETE_OF, {**values, "b_keys": chunk})


def expire(conn: Connection, now: float, limit: int) -> list[Request]:
    """Ends those that have expired, the oldest `limit` of them; which they were. now: Unix seconds."""
    found = [_request(row) for row in conn.execute(_EXPIRED, {"b_now": now, "b_limit": limit})]
    for one in found:
        remove(conn, one)
    return found


def _new_id(conn: Connection) -> int:
    """One that no row has; nobody else writes meanwhile."""
    while True:
        number = secrets.randbelow(900_000_000) + 100_000_000
        if conn.execute(_TAKEN, {"b_id": number}).first() is None:
            return number


def _one(result: Iterable[Sequence[Any]]) -> Request | None:
    return next((_request(row) for row in result), None)


def _request(row: Sequence[Any]) -> Request:
    *values, list_id = row
    plain = dict(zip(_FIELDS, values, strict=True))
    plain["delivery_mode"] = DeliveryMode(plain["delivery_mode"])
    plain["delivery_status"] = DeliveryStatus(plain["delivery_status"])
    return Request(list_id=list_id, **plain)
