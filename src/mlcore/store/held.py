"""Held posts: a row for each file in some spool's hold/. The row's decision is what a moderator said; the
host of the spool carries it out and then deletes the row."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Connection, bindparam, func, or_, select, update

from mlcore.lists.reasons import Reason, unpacked
from mlcore.mail.address import BadAddress, key_of
from mlcore.store.lists import row_key
from mlcore.store.schema import held, lists
from mlcore.store.sql import chunks, insertion

CHUNK: Final = 500
"""Rows asked about in one statement."""
_LARGEST_ID: Final = 2**31 - 1
"""Of an Integer column in PostgreSQL."""

Decision = Literal["accept", "discard", "reject"]


class HeldPost(msgspec.Struct, frozen=True, kw_only=True):
    """One held post. spool: which host's; entry: its name there; message_id: with its brackets, may be empty;
    times are Unix seconds."""

    spool: str
    entry: str
    list_id: str
    sender: str
    subject: str
    reasons: tuple[Reason, ...]
    message_id: str = ""
    arrived_at: float
    held_at: float
    identity: str
    """See `identity`; the token of the post derives from it."""
    token_hash: str
    id: int = 0
    """Given by the database; what moderators call it by. 0: not inserted yet."""
    decision: Decision | None = None
    decided_at: float | None = None
    comment: str = ""
    """What the moderator writes to the author of a refused post."""
    forward_to: tuple[str, ...] = ()
    """Addresses that get a copy; without a decision the post goes on waiting after that."""
    preserve: bool = False
    """Whether a copy goes to bad/ when the decision is carried out."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """How many posts of a list wait for a decision, and since when the oldest of them (Unix seconds)."""

    list_id: str
    count: int
    oldest: float


_SELECT = select(
    held.c.id,
    held.c.spool,
    held.c.entry,
    lists.c.list_id,
    held.c.sender,
    held.c.subject,
    held.c.reasons,
    held.c.message_id,
    held.c.arrived_at,
    held.c.held_at,
    held.c.identity,
    held.c.token_hash,
    held.c.decision,
    held.c.decided_at,
    held.c.comment,
    held.c.forward_to,
    held.c.preserve,
).select_from(held.join(lists, held.c.list == lists.c.id))
_OPEN = held.c.decision.is_(None)
_OF_LIST = lists.c.list_id == bindparam("b_list_id")
_SELECT_ALL = _SELECT.order_by(held.c.id)
_ALL_OF_LIST = _SELECT_ALL.where(_OF_LIST)
_OF_SPOOL = select(held.c.entry).where(held.c.spool == bindparam("b_spool")).order_by(held.c.id)
_DUE = _SELECT_ALL.where(
    held.c.spool == bindparam("b_spool"),
    or_(held.c.decision.is_not(None), held.c.forward_to != ""),
    held.c.id > bindparam("b_after"),
).limit(bindparam("b_most"))
_BY_IDS = _SELECT_ALL.where(held.c.id.in_(bindparam("b_ids", expanding=True)))
_BY_TOKEN = _SELECT.where(_OF_LIST, held.c.token_hash == bindparam("b_token_hash"), _OPEN)
_THE_ONE = (held.c.spool == bindparam("b_spool")) & (held.c.entry == bindparam("b_entry"))
_BY_ENTRY = _SELECT.where(_THE_ONE)
_WAITING = (
    select(lists.c.list_id, func.count(), func.min(held.c.held_at))
    .select_from(held.join(lists, held.c.list == lists.c.id))
    .where(_OPEN)
    .group_by(lists.c.id, lists.c.list_id)
    .order_by(lists.c.id)
)
_INSERT = insertion(held)
_DECIDE = (
    update(held)
    .where(_THE_ONE, _OPEN)
    .values(
        decision=bindparam("b_decision"),
        decided_at=bindparam("b_now"),
        comment=bindparam("b_comment"),
        preserve=bindparam("b_preserve"),
    )
)
_FORWARD_TO = select(held.c.forward_to).where(_THE_ONE)
_FORWARD = update(held).where(_THE_ONE).values(forward_to=bindparam("b_forward_to"))
_DELETE = held.delete().where(_THE_ONE)


def identity(key: bytes, spool: str, entry: str) -> str:
    """40 hex digits that nobody without `key` (the secret of the site) can guess; the same for the same entry
    of the same spool, so that a step that is done again tells moderators the same token."""
    return hmac.new(
        key, f"held\0{spool}\0{entry}".encode("utf-8", "surrogateescape"), hashlib.sha256
    ).hexdigest()[:40]


def insert_if_absent(conn: Connection, post: HeldPost) -> bool:
    """Adds the row; False when this spool's entry has one (then that one stays as it is). `id` is ignored.

    Line ends within a reason become blanks. Raises NoSuchList."""
    values = {
        "spool": post.spool,
        "entry": post.entry,
        "list": row_key(conn, post.list_id),
        "sender": post.sender,
        "subject": post.subject,
        "reasons": "\n".join(" ".join(reason.packed().splitlines()) for reason in post.reasons),
        "message_id": post.message_id,
        "arrived_at": post.arrived_at,
        "held_at": post.held_at,
        "identity": post.identity,
        "token_hash": post.token_hash,
        "decision": post.decision,
        "decided_at": post.decided_at,
        "comment": post.comment,
        "forward_to": "\n".join(post.forward_to),
        "preserve": post.preserve,
    }
    return conn.execute(_INSERT, values).rowcount > 0


def rows(conn: Connection, list_id: str | None = None) -> list[HeldPost]:
    """Every held post (of one list), oldest row first; decided ones too, until they are carried out."""
    if list_id is None:
        return _posts(conn.execute(_SELECT_ALL))
    return _posts(conn.execute(_ALL_OF_LIST, {"b_list_id": list_id}))


def matching(
    conn: Connection,
    *,
    list_id: str = "",
    sender: str = "",
    held_before: float | None = None,
    most: int | None = None,
) -> list[HeldPost]:
    """The posts without a decision that all of these are true of, oldest row first; nothing given: all of
    them. sender: an address in any spelling, or `@domain` for every address there; held_before: Unix
    seconds; most: the first so many, whoever their senders are."""
    statement, values = _SELECT_ALL.where(_OPEN), dict[str, Any]()
    if list_id:
        statement, values = statement.where(_OF_LIST), {"b_list_id": list_id}
    if held_before is not None:
        statement = statement.where(held.c.held_at < held_before)
    if most is not None:
        statement = statement.limit(most)
    found = _posts(conn.execute(statement, values))
    return [post for post in found if not sender or _is_from(post.sender, sender)]


def names_of_spool(conn: Connection, spool: str) -> list[str]:
    """What the database believes to be in this spool's hold/: names of entries, oldest row first."""
    return list(conn.execute(_OF_SPOOL, {"b_spool": spool}).scalars())


def due(conn: Connection, spool: str, after: int = 0, most: int = CHUNK) -> list[HeldPost]:
    """What this spool's host has to do something about: posts with a decision, or to be forwarded; the first
    `most` behind the one with the id `after`."""
    return _posts(conn.execute(_DUE, {"b_spool": spool, "b_after": after, "b_most": most}))


def get(conn: Connection, spool: str, entry: str) -> HeldPost | None:
    """The row of this spool's entry."""
    return next(iter(_posts(conn.execute(_BY_ENTRY, _place(spool, entry)))), None)


def by_ids(conn: Connection, numbers: Iterable[int]) -> dict[int, HeldPost]:
    """The rows that moderators name by these ids; numbers that no row has are left out."""
    possible = [number for number in dict.fromkeys(numbers) if 0 < number <= _LARGEST_ID]
    return {
        post.id: post
        for chunk in chunks(possible, CHUNK)
        for post in _posts(conn.execute(_BY_IDS, {"b_ids": chunk}))
    }


def by_id(conn: Connection, number: int) -> HeldPost | None:
    """The row that a moderator names by its id; None also for a number that no row can have."""
    return by_ids(conn, [number]).get(number)


def by_token(conn: Connection, list_id: str, token_hash: str) -> HeldPost | None:
    """The post of this list that a token is for, as long as there is no decision about it."""
    values = {"b_list_id": list_id, "b_token_hash": token_hash}
    return next(iter(_posts(conn.execute(_BY_TOKEN, values))), None)


def waiting(conn: Connection) -> list[Waiting]:
    """Every list with posts that wait for a decision."""
    return [
        Waiting(list_id=list_id, count=count, oldest=oldest)
        for list_id, count, oldest in conn.execute(_WAITING)
    ]


def decide(
    conn: Connection,
    spool: str,
    entry: str,
    decision: Decision,
    now: float,
    *,
    comment: str = "",
    forward_to: Iterable[str] = (),
    preserve: bool = False,
) -> bool:
    """Writes down the decision; its commit is the decision. False when one was taken before, or no row is
    left: then nothing is changed. forward_to: beside those whom it is to be forwarded to already."""
    values = {
        **_place(spool, entry),
        "b_decision": decision,
        "b_now": now,
        "b_comment": comment,
        "b_preserve": preserve,
    }
    decided = conn.execute(_DECIDE, values).rowcount > 0
    if decided:
        forward(conn, spool, entry, forward_to)
    return decided


def forward(conn: Connection, spool: str, entry: str, addresses: Iterable[str]) -> None:
    """These get a copy too, each once; nothing else is decided by it."""
    new = tuple(addresses)
    if new:
        _change_forward_to(conn, spool, entry, lambda before: tuple(dict.fromkeys((*before, *new))))


def forwarded(conn: Connection, spool: str, entry: str, addresses: Iterable[str]) -> None:
    """The copies for these are durable."""
    done = frozenset(addresses)
    _change_forward_to(
        conn, spool, entry, lambda before: tuple(address for address in before if address not in done)
    )


def delete(conn: Connection, spool: str, entry: str) -> bool:
    """Removes the row, once the entry has durably left hold/. False when there is none."""
    return conn.execute(_DELETE, _place(spool, entry)).rowcount > 0


def _change_forward_to(
    conn: Connection, spool: str, entry: str, change: Callable[[tuple[str, ...]], tuple[str, ...]]
) -> None:
    place = _place(spool, entry)
    before = conn.execute(_FORWARD_TO, place).scalar()
    if before is not None:
        conn.execute(_FORWARD, {**place, "b_forward_to": "\n".join(change(_lines(before)))})


def _is_from(sender: str, wanted: str) -> bool:
    """wanted: an address, or `@domain`."""
    try:
        key = key_of(sender)
        if wanted.startswith("@"):
            return key.endswith(key_of(f"x{wanted}")[1:])
        return key == key_of(wanted)
    except BadAddress:
        return sender.lower() == wanted.lower()


def _place(spool: str, entry: str) -> dict[str, str]:
    return {"b_spool": spool, "b_entry": entry}


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()


def _posts(result: Iterable[Sequence[Any]]) -> list[HeldPost]:
    return [_post(*row) for row in result]


def _post(
    number: int,
    spool: str,
    entry: str,
    list_id: str,
    sender: str,
    subject: str,
    reasons: str,
    message_id: str,
    arrived_at: float,
    held_at: float,
    identity: str,
    token_hash: str,
    decision: Decision | None,
    decided_at: float | None,
    comment: str,
    forward_to: str,
    preserve: bool,
) -> HeldPost:
    return HeldPost(
        id=number,
        spool=spool,
        entry=entry,
        list_id=list_id,
        sender=sender,
        subject=subject,
        reasons=tuple(unpacked(line) for line in _lines(reasons)),
        message_id=message_id,
        arrived_at=arrived_at,
        held_at=held_at,
        identity=identity,
        token_hash=token_hash,
        decision=decision,
        decided_at=decided_at,
        comment=comment,
        forward_to=_lines(forward_to),
        preserve=bool(preserve),
    )
