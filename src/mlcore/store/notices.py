"""Notices that a change of the database brings about: rows written in the same transaction as the change.

Either both are there after a crash or neither. The server makes mail of the rows and then deletes them."""

from collections.abc import Iterable
from typing import Final, Literal, get_args

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select

from mlcore.store.lists import row_key
from mlcore.store.schema import lists, notices
from mlcore.store.sql import chunks

Kind = Literal[
    "new-list",
    "welcome",
    "goodbye",
    "admin-subscribe",
    "admin-unsubscribe",
    "confirm-join",
    "confirm-leave",
    "invite",
    "request-join",
    "request-leave",
    "refuse",
    "pending",
    "bounce-increment",
    "bounce-disable",
    "bounce-removal",
    "bounce-warning",
    "bounce-unrecognized",
    "probe",
    "complaint",
]

CHUNK: Final = 500
"""Rows in one statement."""


class QueuedNotice(msgspec.Struct, frozen=True, kw_only=True):
    """One row. number: its primary key, which may be given again once it is deleted; address and
    display_name: the person it is about; created_at: Unix seconds; request: the number of the request
    (`store.requests`) it is about; detail: what a person wrote for the one who gets it; of mail about a
    failure the cause (`bounce_events`)."""

    number: int
    kind: Kind
    list_id: str
    address: str
    display_name: str
    created_at: float
    request: int | None = None
    detail: str = ""


_TAKE = (
    select(
        notices.c.id.label("number"),
        notices.c.kind,
        lists.c.list_id,
        notices.c.address,
        notices.c.display_name,
        notices.c.created_at,
        notices.c.request,
        notices.c.detail,
    )
    .select_from(notices.join(lists, notices.c.list == lists.c.id))
    # a kind that is unknown here was queued by a newer version and is left to it
    .where(notices.c.kind.in_(get_args(Kind)))
    .order_by(notices.c.id)
    .limit(bindparam("b_limit"))
)
# All three: where a list went with its rows meanwhile, the numbers may have been given to new ones.
_DELETE = delete(notices).where(
    notices.c.id == bindparam("b_id"),
    notices.c.address == bindparam("b_address"),
    notices.c.created_at == bindparam("b_created_at"),
)


def queue(
    conn: Connection,
    kind: Kind,
    list_id: str,
    people: Iterable[tuple[str, str]],
    now: float,
    *,
    request: int | None = None,
    detail: str = "",
) -> None:
    """Queues one notice for each of `people`, (address, display name), in their order.

    `new-list`, `welcome`, `goodbye`, `confirm-…`, `invite`, `refuse`, `probe` and `bounce-warning` go to
    them; `admin-…`, `request-…`, `bounce-increment`, `bounce-disable`, `bounce-removal` and `complaint` are
    about them and go to owners and moderators, as `pending` does, which is about nobody: ("", ""). So is
    `bounce-unrecognized`, which goes to whom the list has chosen (`forward_unrecognized_bounces_to`).
    request: the number of the row in `requests` that it is about; when that goes, so does the notice.
    detail: the reason that a moderator gives; of mail about a failure the spool entry that told of it, whose
    report (`bounce_reports`) is attached. now: Unix seconds. Nothing for nobody. Where the list is
    removed before they are sent, they go with it. Raises NoSuchList."""
    list_key = row_key(conn, list_id)
    for chunk in chunks(people, CHUNK):
        rows = [
            {
                "kind": kind,
                "list": list_key,
                "address": address,
                "display_name": display_name,
                "request": request,
                "detail": detail,
                "created_at": now,
            }
            for address, display_name in chunk
        ]
        conn.execute(insert(notices), rows)


def take(conn: Connection, limit: int) -> list[QueuedNotice]:
    """The oldest rows, at most `limit`, in the order they were queued; they stay until `delete_these`."""
    return [QueuedNotice(**row) for row in conn.execute(_TAKE, {"b_limit": limit}).mappings()]


def delete_these(conn: Connection, done: Iterable[QueuedNotice]) -> None:
    """Deletes the rows, once their mail is durable; those that are gone already are no error."""
    for chunk in chunks(done, CHUNK):
        values = [
            {"b_id": notice.number, "b_address": notice.address, "b_created_at": notice.created_at}
            for notice in chunk
        ]
        conn.execute(_DELETE, values)
