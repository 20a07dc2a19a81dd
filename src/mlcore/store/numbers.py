"""Post numbers: dense per list, and the same for the same spool entry, however often its step is repeated.

The rows also remember for a day what went through: who posted how often, which post came twice, and by which
lists a message has gone already."""

from collections.abc import Callable
from typing import Final, NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, exists, insert, or_, select, update

from mlcore.store.lists import NoSuchList
from mlcore.store.schema import lists, post_numbers

PAGE = 1_000
"""Rows looked at in one statement."""

_TAKEN = select(post_numbers.c.number).where(post_numbers.c.entry == bindparam("b_entry"))
_TAKEN_AT = select(post_numbers.c.taken_at).where(post_numbers.c.entry == bindparam("b_entry"))
_NEXT = (
    update(lists)
    .where(
        lists.c.list_id == bindparam("b_list_id"),
        ~exists().where(post_numbers.c.entry == bindparam("b_entry")),
    )
    .values(post_id=lists.c.post_id + 1, last_post_at=bindparam("b_now"))
    .returning(lists.c.id, lists.c.post_id)
)
_NOTE = insert(post_numbers)
_OTHER_LISTS = (
    select(lists.c.list_id)
    .select_from(post_numbers.join(lists, lists.c.id == post_numbers.c.list))
    .where(
        post_numbers.c.message_key == bindparam("b_message_key"),
        lists.c.list_id != bindparam("b_list_id"),
        or_(
            post_numbers.c.taken_at < bindparam("b_taken_at"),
            and_(
                post_numbers.c.taken_at == bindparam("b_taken_at"),
                post_numbers.c.entry < bindparam("b_entry"),
            ),
        ),
    )
    .distinct()
)
_RECENT = (
    select(
        lists.c.list_id,
        post_numbers.c.entry,
        post_numbers.c.sender_key,
        post_numbers.c.content_key,
        post_numbers.c.taken_at,
    )
    .select_from(post_numbers.join(lists, lists.c.id == post_numbers.c.list))
    .where(post_numbers.c.taken_at > bindparam("b_since"))
    .order_by(post_numbers.c.taken_at.desc())
    .limit(bindparam("b_most"))
)
_OLD = (
    select(post_numbers.c.taken_at, post_numbers.c.entry)
    .where(
        post_numbers.c.taken_at < bindparam("b_older_than"),
        or_(
            post_numbers.c.taken_at > bindparam("b_taken_at"),
            (post_numbers.c.taken_at == bindparam("b_taken_at"))
            & (post_numbers.c.entry > bindparam("b_entry")),
        ),
    )
    .order_by(post_numbers.c.taken_at, post_numbers.c.entry)
    .limit(PAGE)
)
_FORGET = delete(post_numbers).where(post_numbers.c.entry == bindparam("b_entry"))


class Post(NamedTuple):
    """What is remembered of a post. sender_key: of its sender, empty: nobody; message_key: of the Message-ID
    under which it goes out; content_key: of what it says; 32 hex digits each, empty: not to be compared."""

    sender_key: str = ""
    message_key: str = ""
    content_key: str = ""


NOTHING: Final = Post()


class RecentPost(NamedTuple):
    """A post that took a number. taken_at: Unix seconds."""

    list_id: str
    entry: str
    sender_key: str
    content_key: str
    taken_at: float


def take(conn: Connection, entry: str, list_id: str, now: float, post: Post = NOTHING) -> int:
    """The number of the post in spool entry `entry` (1, 2, … per list); also sets the list's time of last
    post.

    The same entry gets the same number again and changes nothing. Raises NoSuchList."""
    row = conn.execute(_NEXT, {"b_list_id": list_id, "b_entry": entry, "b_now": now}).one_or_none()
    if row is None:
        known: int | None = conn.execute(_TAKEN, {"b_entry": entry}).scalar()
        if known is None:
            raise NoSuchList(list_id)
        return known
    number: int = row.post_id - 1  # the row holds the number of the next post
    values = {"entry": entry, "list": row.id, "number": number, "taken_at": now}
    conn.execute(_NOTE, {**values, **post._asdict()})
    return number


def taken_before(conn: Connection, entry: str, list_id: str, message_key: str) -> tuple[str, ...]:
    """The other lists on which the message `message_key` took its number before `entry` did.

    Of two such entries only the later one is told of the other, however often their steps are repeated: so
    nobody is left out by both. Nothing if `entry` has no number."""
    at = conn.execute(_TAKEN_AT, {"b_entry": entry}).scalar()
    if at is None:
        return ()
    values = {"b_message_key": message_key, "b_list_id": list_id, "b_entry": entry, "b_taken_at": at}
    return tuple(sorted(conn.execute(_OTHER_LISTS, values).scalars()))


def recent(conn: Connection, since: float, most: int) -> list[RecentPost]:
    """The last `most` posts since `since` (Unix seconds), oldest first."""
    rows = conn.execute(_RECENT, {"b_since": since, "b_most": most}).all()
    return [RecentPost(*row) for row in reversed(rows)]


def purge(
    conn: Connection, older_than: float, is_alive: Callable[[str], bool], *, limit: int = 10_000
) -> int:
    """Forgets which entries took numbers before `older_than` (Unix seconds), but for those that still are
    in the spool (`is_alive(entry)`); how many. Ends soon after `limit`: call it again while it returns as
    many.

    An entry forgotten too early would take a second number, so `is_alive` must answer for every queue."""
    removed = 0
    taken_at, entry = -1.0, ""
    while removed < limit:
        place = {"b_older_than": older_than, "b_taken_at": taken_at, "b_entry": entry}
        page = conn.execute(_OLD, place).all()
        dead = [{"b_entry": row.entry} for row in page if not is_alive(row.entry)]
        if dead:
            conn.execute(_FORGET, dead)
        removed += len(dead)
        if len(page) < PAGE:
            break
        taken_at, entry = page[-1].taken_at, page[-1].entry
    return removed
