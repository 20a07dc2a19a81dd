"""What the senders of a post are to its list: asked for one by one, or held in memory for a small list.

A person is known by any of his addresses: from the row of the address to its user, and from there to the
user's other addresses."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, and_, bindparam, func, literal, not_, or_, select, union_all

from mlcore.lists.model import Action, Recipient, Role, Roster, SenderStanding
from mlcore.store.effective import (
    DISPLAY_NAME,
    ENABLED,
    EVERYBODY,
    NOT_SHADOWED,
    OF_LIST,
    PERSON,
    REGULAR,
    effective,
)
from mlcore.store.schema import addresses, lists
from mlcore.store.schema import members as table
from mlcore.store.sql import chunks

CHUNK: Final = 500
"""Addresses asked about in one statement."""

_STANDING: Final = (
    table.c.role,
    table.c.moderation_action,
    table.c.restricted,
    effective("acknowledge_posts"),
    DISPLAY_NAME,
    effective("preferred_language"),
)
_LIST_ROW = select(lists.c.id).where(OF_LIST).scalar_subquery()
_SENDER = addresses.alias("sender")
_OTHER = addresses.alias("of_user")
_SENDER_ROW = select(_SENDER.c.id).where(_SENDER.c.address_key == bindparam("b_key")).scalar_subquery()
_SENDER_USER = select(_SENDER.c.user).where(_SENDER.c.address_key == bindparam("b_key")).scalar_subquery()
# Subqueries, and not joins: so that no planner begins with the roster of the list. What the address itself is
# comes before what other addresses of its user are.
_OF_ONE = union_all(
    *(
        select(literal(rank), table.c.id, *_STANDING)
        .select_from(EVERYBODY)
        .where(table.c.list == _LIST_ROW, subscriber)
        for rank, subscriber in enumerate(
            (
                table.c.address == _SENDER_ROW,
                table.c.user == _SENDER_USER,
                table.c.address.in_(
                    select(_OTHER.c.id).where(_OTHER.c.user == _SENDER_USER, _OTHER.c.id != _SENDER_ROW)
                ),
            )
        )
    )
)
_KNOWN = select(addresses.c.address_key).where(
    addresses.c.address_key.in_(bindparam("b_keys", expanding=True))
)
# Not nonmembers: spam makes many of them, and no post of theirs goes the short way.
_AT_HOME = table.c.role.in_([Role.MEMBER.value, Role.OWNER.value, Role.MODERATOR.value])
_SIZE = select(func.count()).select_from(
    select(table.c.id).where(table.c.list == _LIST_ROW, _AT_HOME).limit(bindparam("b_most")).subquery()
)
_ROSTER = (
    select(
        addresses.c.address_key,
        PERSON.c.id,
        and_(NOT_SHADOWED, REGULAR, ENABLED),
        not_(REGULAR),
        addresses.c.address,
        effective("receive_own_postings"),
        effective("receive_list_copy"),
        *_STANDING,
    )
    .select_from(EVERYBODY)
    .where(OF_LIST, _AT_HOME)
    .order_by(table.c.id)
)
_OWN = addresses.alias("own")
_OTHER_ADDRESSES = (
    select(addresses.c.address_key, addresses.c.user)
    .select_from(
        table.outerjoin(_OWN, _OWN.c.id == table.c.address).join(
            addresses, addresses.c.user == func.coalesce(table.c.user, _OWN.c.user)
        )
    )
    .where(
        table.c.list == _LIST_ROW, _AT_HOME, or_(table.c.address.is_(None), table.c.address != addresses.c.id)
    )
)


class _Row(NamedTuple):
    """The columns `_STANDING` of one membership."""

    role: str
    moderation_action: str | None
    restricted: bool
    acknowledge_posts: bool
    display_name: str
    language: str | None


def of_senders(conn: Connection, list_id: str, keys: Sequence[str]) -> dict[str, SenderStanding]:
    """What each of `keys` (`mail.address.key_of`) is to the list; who is nothing to it is left out."""
    known: set[str] = set(keys[:1])  # nearly every post has one sender address
    # a From field may hold a thousand addresses of strangers
    for chunk in chunks(keys[1:], CHUNK):
        known.update(conn.execute(_KNOWN, {"b_keys": chunk}).scalars())
    found = {}
    for key in keys:
        if key in known:
            rows = conn.execute(_OF_ONE, {"b_list_id": list_id, "b_key": key}).all()
            if rows:
                found[key] = _standing([_Row(*row[2:]) for row in sorted(rows, key=lambda row: row[:2])])
    return found


def roster(conn: Connection, list_id: str, most: int) -> Roster | None:
    """Everybody on a small list at once: members, owners and moderators, not nonmembers; None for a list with
    more than `most` of them."""
    if conn.execute(_SIZE, {"b_list_id": list_id, "b_most": most + 1}).scalar_one() > most:
        return None
    recipients: list[Recipient] = []
    by_key: dict[str, list[_Row]] = {}
    by_user: dict[int, list[_Row]] = {}
    takes_digests = False
    for key, user, gets_posts, no_posts, address, own, copy, *columns in conn.execute(
        _ROSTER, {"b_list_id": list_id}
    ):
        row = _Row(*columns)
        takes_digests = takes_digests or (bool(no_posts) and row.role == Role.MEMBER.value)
        if key is not None:  # a user without a preferred address is a member all the same
            by_key.setdefault(key, []).append(row)
        if user is not None:
            by_user.setdefault(user, []).append(row)
        if key is not None and gets_posts and row.role == Role.MEMBER.value:
            recipients.append(Recipient(address, own, copy))
    for key, user in conn.execute(_OTHER_ADDRESSES, {"b_list_id": list_id}):
        own_rows = by_key.setdefault(key, [])
        own_rows += [row for row in by_user.get(user, ()) if row not in own_rows]
    standings = {key: _standing(rows) for key, rows in by_key.items()}
    return Roster(recipients=tuple(recipients), standings=standings, digest_readers=takes_digests)


def lists_of(conn: Connection, key: str, posting_addresses: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Those of the lists (list_name, mail_host) that the address `key`, or another one of its user, is a
    member of: their posting addresses, lower case."""
    found = set()
    for list_name, mail_host in posting_addresses:
        standing = of_senders(conn, f"{list_name}.{mail_host}", [key]).get(key)
        if standing is not None and Role.MEMBER in standing.roles:
            found.add(f"{list_name}@{mail_host}")
    return frozenset(found)


def _standing(rows: Sequence[_Row]) -> SenderStanding:
    """What several memberships of one person add up to. The first one with role member counts; else, for the
    moderation action alone, the first nonmember."""
    member = next((row for row in rows if row.role == Role.MEMBER.value), None)
    nonmember = next((row for row in rows if row.role == Role.NONMEMBER.value), None)
    one = member or nonmember or rows[0]
    action = None if one not in {member, nonmember} else one.moderation_action
    return SenderStanding(
        roles=frozenset(Role(row.role) for row in rows),
        moderation_action=None if action is None else Action(action),
        restricted=member is not None and member.restricted,
        acknowledge_posts=member is not None and member.acknowledge_posts,
        display_name=one.display_name,
        language=one.language or "",
    )
