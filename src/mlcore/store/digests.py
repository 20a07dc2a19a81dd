"""Posts that wait for a digest, and the issues that were made of them.

A post is an item under the name of its entry in digest/, taken once however often that entry comes. An issue
takes items; when its mail is durable in the spool it is handed over, and the octets of its items go. What
says that an item was taken stays for a day, so that a post is in one digest only.

`last_digests` has members who get what had gathered when they stopped to take digests."""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, or_, select, update

from mlcore.lists.model import DeliveryMode
from mlcore.store.lists import row_key
from mlcore.store.schema import digest_issues as issues
from mlcore.store.schema import digest_items as items
from mlcore.store.schema import last_digests as last
from mlcore.store.schema import lists
from mlcore.store.sql import chunks, insertion

CHUNK: Final = 500
"""Rows in one statement."""
PAGE: Final = 1_000
"""Rows looked at in one statement."""
MOST_OCTETS: Final = 16 << 20
"""Of the posts in one issue together; a single post may be larger. Few mail systems take more."""
MOST_ITEMS: Final = 500
"""In one issue: half of the parts that a message may have here."""

_OF_LIST = lists.c.list_id == bindparam("b_list_id")
_KEY = select(lists.c.id).where(_OF_LIST).scalar_subquery()
_WAITS = items.c.issue.is_(None)

_KEEP = insertion(items, leave_out=frozenset())
_SIZE = select(func.sum(items.c.size)).where(items.c.list == _KEY, _WAITS)
_UNSENT = select(items.c.entry, items.c.number, items.c.arrived_at, items.c.size).where(
    items.c.list == bindparam("b_list"), _WAITS
)
_WAITING = (
    select(lists.c.list_id, func.count())
    .select_from(items.join(lists, items.c.list == lists.c.id))
    .where(_WAITS)
    .group_by(lists.c.list_id)
)
_DUE = select(lists.c.list_id).where(
    lists.c.digest_send_periodic,
    exists().where(items.c.list == lists.c.id, _WAITS, items.c.arrived_at < bindparam("b_day")),
    ~exists().where(issues.c.list == lists.c.id, issues.c.made_at >= bindparam("b_day")),
)
_IS_DUE = _DUE.where(_OF_LIST)
_TAKE = (
    update(items)
    .where(items.c.entry.in_(bindparam("b_entries", expanding=True)))
    .values(issue=bindparam("b_issue"))
)
_OPEN = (
    select(issues.c.id, lists.c.list_id, issues.c.volume, issues.c.number, issues.c.made_at, issues.c.entry)
    .select_from(issues.join(lists, issues.c.list == lists.c.id))
    .where(~issues.c.handed_over)
    .order_by(issues.c.id)
)
_POSTS = select(items.c.entry, items.c.number, items.c.octets, items.c.arrived_at).where(
    items.c.issue == bindparam("b_issue"), items.c.octets.is_not(None)
)
_HAND_OVER = (
    update(issues)
    .where(issues.c.id == bindparam("b_issue"), issues.c.entry == bindparam("b_entry"))
    .values(handed_over=True)
    .returning(issues.c.list)
)
_SENT = (
    update(items)
    .where(items.c.issue == bindparam("b_issue"), items.c.sent_at.is_(None))
    .values(octets=None, sent_at=bindparam("b_now"))
)
_FORGET_LAST = delete(last).where(
    last.c.list == bindparam("b_list"), last.c.address_key.in_(bindparam("b_keys", expanding=True))
)
_REMEMBER_LAST = insertion(last)
_IS_OWED = select(
    or_(
        exists().where(items.c.list == bindparam("b_list"), _WAITS),
        exists().where(issues.c.list == bindparam("b_list"), ~issues.c.handed_over),
    )
)
_LAST_KEYS = select(last.c.address_key, last.c.mode).where(last.c.list == _KEY)
_OLD = (
    select(items.c.sent_at, items.c.entry)
    .where(
        items.c.sent_at < bindparam("b_older_than"),
        (items.c.sent_at > bindparam("b_sent_at"))
        | ((items.c.sent_at == bindparam("b_sent_at")) & (items.c.entry > bindparam("b_entry"))),
    )
    .order_by(items.c.sent_at, items.c.entry)
    .limit(PAGE)
)
_FORGET = delete(items).where(items.c.entry == bindparam("b_entry"))
_FORGET_ISSUES = delete(issues).where(
    issues.c.handed_over,
    issues.c.made_at < bindparam("b_older_than"),
    ~exists().where(items.c.issue == issues.c.id),
)


class DigestPost(NamedTuple):
    """A post for a digest. entry: of digest/; number: of the post; octets: RFC 5322, CRLF line ends;
    arrived_at: Unix seconds."""

    entry: str
    number: int | None
    octets: bytes
    arrived_at: float


class StoredIssue(NamedTuple):
    """An issue that is not handed over yet. key: of its row; made_at: Unix seconds; entry: the root id under
    which it goes out."""

    key: int
    list_id: str
    volume: int
    number: int
    made_at: float
    entry: str


def keep(conn: Connection, list_id: str, post: DigestPost) -> bool:
    """Takes the post, unless it was taken before (then False): under its entry, however often that comes.
    Raises NoSuchList."""
    values = {
        **post._asdict(),
        "list": row_key(conn, list_id),
        "size": len(post.octets),
        "issue": None,
        "sent_at": None,
    }
    return conn.execute(_KEEP, values).rowcount > 0


def size(conn: Connection, list_id: str) -> int:
    """Octets of the posts that wait for a digest of this list."""
    return int(conn.execute(_SIZE, {"b_list_id": list_id}).scalar() or 0)


def waiting(conn: Connection) -> dict[str, int]:
    """How many posts wait for a digest, by List-ID, of lists where some do; sorted by List-ID."""
    return dict(sorted((row[0], row[1]) for row in conn.execute(_WAITING)))


def due(conn: Connection, day: float) -> list[str]:
    """The List-IDs, sorted, of lists with digests by the day that have had none since `day` (Unix seconds)
    began, and where something waits from before."""
    return sorted(conn.execute(_DUE, {"b_day": day}).scalars())


def is_due(conn: Connection, list_id: str, day: float) -> bool:
    """Whether this list is one of them."""
    return conn.execute(_IS_DUE, {"b_day": day, "b_list_id": list_id}).first() is not None


def unsent(conn: Connection, list_id: str) -> list[str]:
    """The entries that the next issue takes, in the order of the posts: all that wait, as far as they fit
    into one. Raises NoSuchList."""
    found = conn.execute(_UNSENT, {"b_list": row_key(conn, list_id)}).all()
    chosen: list[str] = []
    octets = 0
    for row in sorted(found, key=lambda row: _place(row.number, row.arrived_at, row.entry)):
        octets += row.size
        if chosen and (octets > MOST_OCTETS or len(chosen) == MOST_ITEMS):
            break
        chosen.append(row.entry)
    return chosen


def make(
    conn: Connection, list_id: str, volume: int, number: int, entry: str, taken: Iterable[str], now: float
) -> StoredIssue:
    """The issue of this volume and number, with the items `taken` (entries). entry: the root id under which
    it is to go out; now: Unix seconds. Raises NoSuchList."""
    row = {
        "list": row_key(conn, list_id),
        "volume": volume,
        "number": number,
        "made_at": now,
        "entry": entry,
        "handed_over": False,
    }
    made = conn.execute(insert(issues), row).inserted_primary_key
    assert made is not None
    key: int = made[0]
    for chunk in chunks(taken, CHUNK):
        conn.execute(_TAKE, {"b_entries": chunk, "b_issue": key})
    return StoredIssue(key, list_id, volume, number, now, entry)


def set_number(conn: Connection, list_id: str, volume: int, number: int, now: float) -> None:
    """The next digest of the list has this volume and number; the one before was sent `now` (Unix
    seconds)."""
    values = {"volume": volume, "next_digest_number": number, "digest_last_sent_at": now}
    conn.execute(update(lists).where(lists.c.list_id == list_id).values(values))


def open_issues(conn: Connection) -> list[StoredIssue]:
    """Those that were not handed over yet, oldest first."""
    return [StoredIssue(*row) for row in conn.execute(_OPEN)]


def posts_of(conn: Connection, key: int) -> list[DigestPost]:
    """The posts of an issue that is not handed over, in the order of their numbers."""
    found = [DigestPost(*row) for row in conn.execute(_POSTS, {"b_issue": key})]
    return sorted(found, key=lambda post: _place(post.number, post.arrived_at, post.entry))


def hand_over(conn: Connection, issue: StoredIssue, last_ones: Iterable[str], now: float) -> bool:
    """The mail of the issue is durable in the spool: the octets of its posts go, and those of `last_ones`
    (address keys) have had their last digest. False: the issue went with its list. May be repeated."""
    values = {"b_issue": issue.key, "b_entry": issue.entry}
    list_key: int | None = conn.execute(_HAND_OVER, values).scalar()
    if list_key is None:
        return False
    conn.execute(_SENT, {"b_issue": issue.key, "b_now": now})
    _forget_last(conn, list_key, last_ones)
    return True


def remember_last(conn: Connection, list_id: str, address: str, address_key: str, mode: DeliveryMode) -> bool:
    """What has gathered goes to this member as well, in the mode that was his; False (and nothing is kept)
    where nothing has. Raises NoSuchList."""
    list_key = row_key(conn, list_id)
    if not conn.execute(_IS_OWED, {"b_list": list_key}).scalar():
        return False
    values: dict[str, Any] = {"list": list_key, "address": address, "address_key": address_key}
    conn.execute(_REMEMBER_LAST, {**values, "mode": mode.value})
    return True


def forget_last(conn: Connection, list_id: str, keys: Iterable[str]) -> None:
    """These addresses (keys) get no last digest of the list. Raises NoSuchList."""
    _forget_last(conn, row_key(conn, list_id), keys)


def last_ones(conn: Connection, list_id: str) -> dict[str, DeliveryMode]:
    """Who gets what has gathered though he takes no digests any more: by address key, in which mode."""
    return {row[0]: DeliveryMode(row[1]) for row in conn.execute(_LAST_KEYS, {"b_list_id": list_id})}


def purge(
    conn: Connection, older_than: float, is_alive: Callable[[str], bool], *, limit: int = 10_000
) -> int:
    """Forgets which entries were sent before `older_than` (Unix seconds), but for those that still are in
    the spool (`is_alive(entry)`), and issues of which nothing is left; how many entries. Ends soon after
    `limit`: call it again while it returns as many.

    An entry forgotten too early would go into a second digest: the caller has synced the directories it may
    stand in before it asks which are alive."""
    removed = 0
    sent_at, entry = -1.0, ""
    while removed < limit:
        place = {"b_older_than": older_than, "b_sent_at": sent_at, "b_entry": entry}
        page = conn.execute(_OLD, place).all()
        dead = [{"b_entry": row.entry} for row in page if not is_alive(row.entry)]
        if dead:
            conn.execute(_FORGET, dead)
        removed += len(dead)
        if len(page) < PAGE:
            break
        sent_at, entry = page[-1].sent_at, page[-1].entry
    conn.execute(_FORGET_ISSUES, {"b_older_than": older_than})
    return removed


def _place(number: int | None, arrived_at: float, entry: str) -> tuple[bool, int, float, str]:
    """Posts in the order of their numbers; what has none comes last."""
    return number is None, number or 0, arrived_at, entry


def _forget_last(conn: Connection, list_key: int, keys: Iterable[str]) -> None:
    for chunk in chunks(keys, CHUNK):
        conn.execute(_FORGET_LAST, {"b_list": list_key, "b_keys": chunk})
