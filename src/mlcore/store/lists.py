"""Lists: rows in, `ListPolicy` out. Whatever changes one raises the generation in the same transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, or_, select, update

from mlcore.base.errors import BadInput
from mlcore.lists.model import ListPolicy, ListState
from mlcore.mail.address import BadAddress, key_of
from mlcore.store import generation
from mlcore.store.schema import domains, header_matches, list_values, lists, topics

_FIELDS = [name for name in ListPolicy.__struct_fields__ if name in lists.c]
_RECORDS = {"header_matches": header_matches, "topics": topics}
"""Settings that are records: rows of a table of their own."""
_MANY = [name for name in ListPolicy.__struct_fields__ if name not in lists.c and name not in _RECORDS]
"""Settings with several values: rows of `list_values`."""
_COLUMNS = [lists.c.id, *(lists.c[name] for name in _FIELDS)]
_ALIASED = select(domains.c.mail_host).where(domains.c.alias_domain == bindparam("b_host"))
_AT_HOST = or_(lists.c.mail_host == bindparam("b_host"), lists.c.mail_host == _ALIASED.scalar_subquery())

_ALL = select(*_COLUMNS).order_by(lists.c.id)
_BY_ID = select(*_COLUMNS).where(lists.c.list_id == bindparam("b_list_id"))
_BY_POSTING = select(*_COLUMNS).where(lists.c.list_name == bindparam("b_list_name"), _AT_HOST)
_TAKEN = select(lists.c.list_name).where(
    lists.c.list_name.in_(bindparam("b_names", expanding=True)), lists.c.mail_host == bindparam("b_host")
)
_KEY = select(lists.c.id).where(lists.c.list_id == bindparam("b_list_id"))
_ALL_VALUES = select(list_values.c.list, list_values.c.attribute, list_values.c.value).order_by(
    list_values.c.list, list_values.c.attribute, list_values.c.position
)
_VALUES = _ALL_VALUES.where(list_values.c.list == bindparam("b_list"))
_ALL_RECORDS = {
    name: select(*(column for column in table.c if column.name != "position")).order_by(
        table.c.list, table.c.position
    )
    for name, table in _RECORDS.items()
}
_OF_LIST = {
    name: statement.where(_RECORDS[name].c.list == bindparam("b_list"))
    for name, statement in _ALL_RECORDS.items()
}
_STATE = select(*(lists.c[name] for name in ListState.__struct_fields__))
_ROUTES = select(lists.c.list_name, lists.c.mail_host, func.coalesce(domains.c.alias_domain, "")).select_from(
    lists.join(domains, lists.c.mail_host == domains.c.mail_host)
)
_HOSTS = select(domains.c.mail_host, domains.c.alias_domain).order_by(domains.c.id)
_IS_DOMAIN = select(domains.c.id).where(domains.c.mail_host == bindparam("b_host"))

_Values = dict[str, list[Any]]


class NoSuchList(BadInput):
    """No list has this List-ID (any more)."""

    def __init__(self, list_id: str) -> None:
        super().__init__(f"no list {list_id}", "`mlcore lists` shows those there are")
        self.list_id = list_id


def create(conn: Connection, policy: ListPolicy, now: float, *, style: str = "legacy-default") -> None:
    """Adds a list without members, whose next post has number 1. now: Unix seconds; style: what it was made
    with.

    Raises BadInput when its domain is not there, its List-ID or posting address exists, or names are not in
    the form that mail is compared with (lower case, domain as A-labels; `list_id` is `name.host`)."""
    _check_names(policy)
    if conn.execute(_IS_DOMAIN, {"b_host": policy.mail_host}).first() is None:
        raise BadInput(f"Undefined domain: {policy.mail_host}", f"`mlcore domains add {policy.mail_host}`")
    if get(conn, policy.list_id) is not None or find(conn, policy.posting_address) is not None:
        raise BadInput(f"the list {policy.posting_address} exists already", "choose another name")
    columns = {**_columns(policy), "created_at": now, "style": style}
    made = conn.execute(insert(lists), columns).inserted_primary_key
    assert made is not None
    _insert_values(conn, made[0], policy)
    for name in _RECORDS:
        _insert_records(conn, name, made[0], policy)
    generation.raise_(conn)


def change(conn: Connection, policy: ListPolicy) -> None:
    """Gives the list of this List-ID these settings. Raises NoSuchList, or BadInput when the names differ."""
    known = get(conn, policy.list_id)
    if known is None:
        raise NoSuchList(policy.list_id)
    if known.posting_address != policy.posting_address:
        raise BadInput(f"{policy.list_id} cannot become {policy.posting_address}", "make a new list")
    conn.execute(update(lists).where(lists.c.list_id == policy.list_id).values(_columns(policy)))
    if any(getattr(known, name) != getattr(policy, name) for name in _MANY):
        key = row_key(conn, policy.list_id)
        conn.execute(delete(list_values).where(list_values.c.list == key))
        _insert_values(conn, key, policy)
    for name, table in _RECORDS.items():
        if getattr(known, name) != getattr(policy, name):
            key = row_key(conn, policy.list_id)
            conn.execute(delete(table).where(table.c.list == key))
            _insert_records(conn, name, key, policy)
    generation.raise_(conn)


def remove(conn: Connection, list_id: str) -> bool:
    """Removes the list with its members, bans, numbers and held rows; addresses stay. False when there is
    none."""
    gone = conn.execute(delete(lists).where(lists.c.list_id == list_id)).rowcount > 0
    if gone:
        generation.raise_(conn)
    return gone


def get(conn: Connection, list_id: str) -> ListPolicy | None:
    """The list with this List-ID (lower case)."""
    return _one(conn, conn.execute(_BY_ID, {"b_list_id": list_id}).first())


def find(conn: Connection, posting_address: str) -> ListPolicy | None:
    """The list with this posting address, in any spelling, at its mail host or at the alias domain of that;
    None also for what is no address."""
    try:
        list_name, _, host = key_of(posting_address).rpartition("@")
    except BadAddress:
        return None
    return _one(conn, conn.execute(_BY_POSTING, {"b_list_name": list_name, "b_host": host}).first())


def taken(conn: Connection, mail_host: str, list_names: Sequence[str]) -> list[str]:
    """Those of `list_names` (lower case, some dozens) that are lists at `mail_host`."""
    return list(conn.execute(_TAKEN, {"b_names": list(list_names), "b_host": mail_host}).scalars())


def names(conn: Connection) -> list[tuple[str, str]]:
    """(list_name, mail_host) of every list, in order of creation."""
    return [
        (row[0], row[1])
        for row in conn.execute(select(lists.c.list_name, lists.c.mail_host).order_by(lists.c.id))
    ]


def routes(conn: Connection) -> list[tuple[str, str, str]]:
    """(list_name, mail_host, alias_domain or "") of every list, sorted by host and name: what the maps of an
    MTA are made of."""
    found = [(row[0], row[1], row[2]) for row in conn.execute(_ROUTES)]
    # here, because the order of text differs between databases
    return sorted(found, key=lambda route: (route[1], route[0]))


def hosts(conn: Connection) -> dict[str, str]:
    """The mail host of every domain under its own name and, where it has one, under its alias domain."""
    found: dict[str, str] = {}
    for mail_host, alias in conn.execute(_HOSTS):
        found[mail_host] = mail_host
        if alias:
            found[alias] = mail_host
    return found


def all(conn: Connection) -> list[ListPolicy]:  # noqa: A001  (read as `lists.all` where it is used)
    """Every list with all settings, in order of creation."""
    values = _gathered(conn.execute(_ALL_VALUES))
    for name, statement in _ALL_RECORDS.items():
        _gather_records(values, name, conn.execute(statement))
    empty: _Values = {}
    return [_policy(row, values.get(row[0], empty)) for row in conn.execute(_ALL)]


def state(conn: Connection, list_id: str) -> ListState:
    """What the list has come to, which nobody sets. Raises NoSuchList."""
    row = conn.execute(_STATE.where(lists.c.list_id == list_id)).first()
    if row is None:
        raise NoSuchList(list_id)
    return ListState(*row)


def row_key(conn: Connection, list_id: str) -> int:
    """The primary key that other tables point to. Raises NoSuchList."""
    key: int | None = conn.execute(_KEY, {"b_list_id": list_id}).scalar()
    if key is None:
        raise NoSuchList(list_id)
    return key


def _one(conn: Connection, row: Row[Any] | None) -> ListPolicy | None:
    if row is None:
        return None
    values = _gathered(conn.execute(_VALUES, {"b_list": row[0]}))
    for name, statement in _OF_LIST.items():
        _gather_records(values, name, conn.execute(statement, {"b_list": row[0]}))
    return _policy(row, values.get(row[0], {}))


def _gathered(rows: Iterable[Sequence[Any]]) -> dict[int, _Values]:
    """Rows of `list_values`, in their order, by list and attribute."""
    found: dict[int, _Values] = {}
    for key, attribute, value in rows:
        found.setdefault(key, {}).setdefault(attribute, []).append(value)
    return found


def _gather_records(found: dict[int, _Values], name: str, rows: Iterable[Row[Any]]) -> None:
    """The same for rows of the table of setting `name`."""
    for row in rows:
        # plain texts as keys: SQLAlchemy's own are not taken for such
        record = {str(name): value for name, value in row._mapping.items()}  # noqa: SLF001  (a public name)
        found.setdefault(record.pop("list"), {}).setdefault(name, []).append(record)


def _policy(row: Row[Any], values: _Values) -> ListPolicy:
    return msgspec.convert(dict(zip(_FIELDS, row[1:], strict=True), **values), ListPolicy)


def _columns(policy: ListPolicy) -> dict[str, Any]:
    plain = msgspec.to_builtins(policy)
    return {name: plain[name] for name in _FIELDS}


def _insert_values(conn: Connection, key: int, policy: ListPolicy) -> None:
    rows = [
        {"list": key, "attribute": name, "position": position, "value": value}
        for name in _MANY
        for position, value in enumerate(getattr(policy, name))
    ]
    if rows:
        conn.execute(insert(list_values), rows)


def _insert_records(conn: Connection, name: str, key: int, policy: ListPolicy) -> None:
    rows = [
        {"list": key, "position": position, **msgspec.to_builtins(record)}
        for position, record in enumerate(getattr(policy, name))
    ]
    if rows:
        conn.execute(insert(_RECORDS[name]), rows)


def _check_names(policy: ListPolicy) -> None:
    key = key_of(policy.posting_address)
    if policy.posting_address != key:
        raise BadInput(f"{policy.posting_address} cannot name a list", f"write {key}")
    list_id = f"{policy.list_name}.{policy.mail_host}"
    if policy.list_id != list_id:
        raise BadInput(f"{policy.list_id} is not the List-ID of {policy.posting_address}", f"write {list_id}")
