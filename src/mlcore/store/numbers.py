"""Post numbers: dense per list, and the same for the same spool entry, however often its step is repeated."""

from collections.abc import Callable

from sqlalchemy import Connection, bindparam, delete, exists, insert, or_, select, update

from mlcore.store.lists import NoSuchList
from mlcore.store.schema import lists, post_numbers

PAGE = 1_000
"""Rows looked at in one statement."""

_TAKEN = select(post_numbers.c.number).where(post_numbers.c.entry == bindparam("b_entry"))
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


def take(conn: Connection, entry: str, list_id: str, now: float) -> int:
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
    conn.execute(_NOTE, {"entry": entry, "list": row.id, "number": number, "taken_at": now})
    return number


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
