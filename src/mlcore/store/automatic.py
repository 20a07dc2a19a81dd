"""Automatic mail that an address has got: counted, so that nobody can be flooded through this site.

Whoever queues such mail notes it in the same transaction."""

from typing import Final, Literal

from sqlalchemy import Connection, bindparam, delete, func, select

from mlcore.store.lists import row_key
from mlcore.store.schema import automatic_mail, lists
from mlcore.store.sql import insertion

Kind = Literal[
    "confirmation",
    "known",
    "invitation",
    "moderators",
    "hold",
    "command",
    "autoresponse",
    "bounce",
    "joined",
    "left",
]
"""confirmation: to somebody whose address nobody has verified; known: to somebody whose address is;
invitation: that an administrator sends; moderators: that a request waits (the address is empty); hold: that
a post waits; command: what came of commands by mail; autoresponse: what a list answers by itself;
bounce: a report about which people have to decide (the address is empty); joined, left: a change that mail
alone has made."""

_OF_LIST = (
    automatic_mail.c.list
    == select(lists.c.id).where(lists.c.list_id == bindparam("b_list_id")).scalar_subquery()
)
_SINCE = automatic_mail.c.at > bindparam("b_since")
_KINDS = automatic_mail.c.kind.in_(bindparam("b_kinds", expanding=True))
_ADDRESS = automatic_mail.c.address_key == bindparam("b_key")
_COUNT = select(func.count()).where(_ADDRESS, _KINDS, _SINCE)
_COUNT_OF_LIST = _COUNT.where(_OF_LIST)
_ALL = select(automatic_mail.c.id).where(_KINDS, _SINCE).limit(bindparam("b_most"))
_ALL_OF_LIST = _ALL.where(_OF_LIST)
_BY_LIST = (
    select(lists.c.list_id, func.count())
    .select_from(automatic_mail.join(lists, automatic_mail.c.list == lists.c.id))
    .where(_KINDS, _SINCE)
    .group_by(lists.c.list_id)
)
_THE_ONE = select(automatic_mail.c.id).where(
    _ADDRESS, automatic_mail.c.kind == bindparam("b_kind"), automatic_mail.c.cause == bindparam("b_cause")
)
_NOTE = insertion(automatic_mail)
_FORGET = delete(automatic_mail).where(_ADDRESS, _KINDS)
_FORGET_OF_LIST = _FORGET.where(_OF_LIST)
_PURGED_AT_ONCE: Final = 5_000
_OLD = select(automatic_mail.c.id).where(automatic_mail.c.at <= bindparam("b_before")).limit(_PURGED_AT_ONCE)
_PURGE = delete(automatic_mail).where(automatic_mail.c.id.in_(_OLD))


def count(conn: Connection, address_key: str, kind: Kind, since: float, *, list_id: str | None = None) -> int:
    """How much mail of this kind the address was sent after `since` (Unix seconds), about all lists or one.

    address_key: as it was noted; `mail.address.key_of`, or what stands for all spellings of a mailbox."""
    return count_kinds(conn, address_key, (kind,), since, list_id=list_id)


def count_kinds(
    conn: Connection,
    address_key: str,
    kinds: tuple[Kind, ...],
    since: float,
    *,
    list_id: str | None = None,
) -> int:
    """As `count`, of several kinds together."""
    values = {"b_key": address_key, "b_kinds": list(kinds), "b_since": since}
    if list_id is None:
        found: int = conn.execute(_COUNT, values).scalar_one()
    else:
        found = conn.execute(_COUNT_OF_LIST, {**values, "b_list_id": list_id}).scalar_one()
    return found


def reaches(conn: Connection, kind: Kind, since: float, most: int, *, list_id: str | None = None) -> bool:
    """Whether `most` mails of this kind or more were sent to anybody after `since`, about all lists or one.
    Looks at no more rows than it has to."""
    values = {"b_kinds": [kind], "b_since": since, "b_most": most}
    if list_id is None:
        found = conn.execute(_ALL, values)
    else:
        found = conn.execute(_ALL_OF_LIST, {**values, "b_list_id": list_id})
    return len(found.all()) >= most


def by_list(conn: Connection, kind: Kind, since: float) -> dict[str, int]:
    """How many mails of this kind were sent after `since`, by List-ID; lists without any are left out."""
    rows = conn.execute(_BY_LIST, {"b_kinds": [kind], "b_since": since})
    return {row[0]: row[1] for row in rows}


def note(conn: Connection, address_key: str, kind: Kind, cause: str, list_id: str, now: float) -> bool:
    """Notes that such mail is sent; False if that was noted for this cause before, as by a step that is done
    again. cause: the spool entry or request that the mail answers. now: Unix seconds. Raises NoSuchList."""
    values = {
        "address_key": address_key,
        "kind": kind,
        "cause": cause,
        "list": row_key(conn, list_id),
        "at": now,
    }
    return conn.execute(_NOTE, values).rowcount > 0


def is_noted(conn: Connection, address_key: str, kind: Kind, cause: str) -> bool:
    """Whether `note` was called for this cause before."""
    values = {"b_key": address_key, "b_kind": kind, "b_cause": cause}
    return conn.execute(_THE_ONE, values).first() is not None


def forget(conn: Connection, address_key: str, *kinds: Kind, list_id: str | None = None) -> None:
    """Begins to count anew for this address, for all lists or one: it has answered."""
    values = {"b_key": address_key, "b_kinds": list(kinds)}
    if list_id is None:
        conn.execute(_FORGET, values)
    else:
        conn.execute(_FORGET_OF_LIST, {**values, "b_list_id": list_id})


def purge(conn: Connection, before: float) -> int:
    """Removes rows of `before` (Unix seconds) and older, some thousands at a time; how many there were, so
    that whoever calls knows when nothing is left."""
    return conn.execute(_PURGE, {"b_before": before}).rowcount
