"""Lists: rows in, `ListPolicy` out. Whatever changes one raises the generation in the same transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from mlcore.base.errors import BadInput
from mlcore.lists.model import ListPolicy, ReplyGoesToList
from mlcore.mail.address import BadAddress, key_of
from mlcore.store import generation
from mlcore.store.schema import lists

_FIELDS = ListPolicy.__struct_fields__
_COLUMNS = [lists.c[name] for name in _FIELDS]

_ALL = select(*_COLUMNS).order_by(lists.c.id)
_BY_ID = select(*_COLUMNS).where(lists.c.list_id == bindparam("b_list_id"))
_BY_POSTING = select(*_COLUMNS).where(
    lists.c.list_name == bindparam("b_list_name"), lists.c.mail_host == bindparam("b_mail_host")
)
_KEY = select(lists.c.id).where(lists.c.list_id == bindparam("b_list_id"))


class NoSuchList(BadInput):
    """No list has this List-ID (any more)."""

    def __init__(self, list_id: str) -> None:
        super().__init__(f"no list {list_id}", "`mlcore lists` shows those there are")
        self.list_id = list_id


def create(conn: Connection, policy: ListPolicy, now: float, *, advertised: bool = True) -> None:
    """Adds a list without members, whose next post has number 1. now: Unix seconds.

    Raises BadInput when its List-ID or posting address exists, or names are not in the form that mail is
    compared with (lower case, domain as A-labels; `list_id` is `name.host`)."""
    _check_names(policy)
    if get(conn, policy.list_id) is not None or find(conn, policy.posting_address) is not None:
        raise BadInput(f"the list {policy.posting_address} exists already", "choose another name")
    values = {**_values(policy), "advertised": advertised, "post_id": 1, "created_at": now}
    conn.execute(insert(lists), values)
    generation.raise_(conn)


def change(conn: Connection, policy: ListPolicy) -> None:
    """Gives the list of this List-ID these settings. Raises NoSuchList, or BadInput when the names differ."""
    known = get(conn, policy.list_id)
    if known is None:
        raise NoSuchList(policy.list_id)
    if known.posting_address != policy.posting_address:
        raise BadInput(f"{policy.list_id} cannot become {policy.posting_address}", "make a new list")
    conn.execute(update(lists).where(lists.c.list_id == policy.list_id).values(_values(policy)))
    generation.raise_(conn)


def remove(conn: Connection, list_id: str) -> bool:
    """Removes the list with its members, numbers and held rows; addresses stay. False when there is none."""
    gone = conn.execute(delete(lists).where(lists.c.list_id == list_id)).rowcount > 0
    if gone:
        generation.raise_(conn)
    return gone


def get(conn: Connection, list_id: str) -> ListPolicy | None:
    """The list with this List-ID (lower case)."""
    row = conn.execute(_BY_ID, {"b_list_id": list_id}).one_or_none()
    return None if row is None else _policy(row)


def find(conn: Connection, posting_address: str) -> ListPolicy | None:
    """The list with this posting address, in any spelling; None also for what is no address."""
    try:
        list_name, _, mail_host = key_of(posting_address).rpartition("@")
    except BadAddress:
        return None
    row = conn.execute(_BY_POSTING, {"b_list_name": list_name, "b_mail_host": mail_host}).one_or_none()
    return None if row is None else _policy(row)


def names(conn: Connection) -> list[tuple[str, str]]:
    """(list_name, mail_host) of every list, in order of creation."""
    return [
        (row[0], row[1])
        for row in conn.execute(select(lists.c.list_name, lists.c.mail_host).order_by(lists.c.id))
    ]


def all(conn: Connection) -> list[ListPolicy]:  # noqa: A001  (read as `lists.all` where it is used)
    """Every list, in order of creation."""
    return [_policy(row) for row in conn.execute(_ALL)]


def row_key(conn: Connection, list_id: str) -> int:
    """The primary key that other tables point to. Raises NoSuchList."""
    key: int | None = conn.execute(_KEY, {"b_list_id": list_id}).scalar()
    if key is None:
        raise NoSuchList(list_id)
    return key


def _policy(row: Sequence[Any]) -> ListPolicy:
    values = dict(zip(_FIELDS, row, strict=True))
    values["reply_goes_to_list"] = ReplyGoesToList(values["reply_goes_to_list"])
    return ListPolicy(**values)


def _values(policy: ListPolicy) -> dict[str, Any]:
    values = {name: getattr(policy, name) for name in _FIELDS}
    values["reply_goes_to_list"] = policy.reply_goes_to_list.value
    return values


def _check_names(policy: ListPolicy) -> None:
    key = key_of(policy.posting_address)
    if policy.posting_address != key:
        raise BadInput(f"{policy.posting_address} cannot name a list", f"write {key}")
    list_id = f"{policy.list_name}.{policy.mail_host}"
    if policy.list_id != list_id:
        raise BadInput(f"{policy.list_id} is not the List-ID of {policy.posting_address}", f"write {list_id}")
