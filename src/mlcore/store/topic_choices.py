"""Which topics one member has chosen. Names of topics that the list does not have (any more) stay."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from mlcore.store.schema import lists, member_topics, members

_MEMBER = select(members.c.id, members.c.list).where(members.c.member_uuid == bindparam("b_uuid"))
_NAMES = (
    select(member_topics.c.name)
    .join(members, members.c.id == member_topics.c.member)
    .where(members.c.member_uuid == bindparam("b_uuid"))
)
_CLEAR = delete(member_topics).where(member_topics.c.member == bindparam("b_member"))
_RAISE = (
    update(lists).where(lists.c.id == bindparam("b_list")).values(roster_version=lists.c.roster_version + 1)
)


def of_member(conn: Connection, member_id: str) -> tuple[str, ...]:
    """What the membership with this UUID has chosen, sorted; empty: all posts."""
    return tuple(sorted(conn.execute(_NAMES, {"b_uuid": member_id}).scalars()))


def set_of_member(conn: Connection, member_id: str, names: Iterable[str]) -> None:
    """From now on it is these, each once; nothing happens if the membership has ended."""
    row = conn.execute(_MEMBER, {"b_uuid": member_id}).one_or_none()
    if row is None:
        return
    conn.execute(_CLEAR, {"b_member": row[0]})
    rows = [{"member": row[0], "name": name} for name in dict.fromkeys(names)]
    if rows:
        conn.execute(insert(member_topics), rows)
    conn.execute(_RAISE, {"b_list": row[1]})
