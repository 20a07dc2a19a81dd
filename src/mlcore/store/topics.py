"""What members of a list chose of its topics, which are part of `ListPolicy`; `store.topic_choices` has what
one member chose."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from mlcore.lists.model import Role, TopicChoice
from mlcore.store.effective import JOINED, NOT_SHADOWED, OF_LIST
from mlcore.store.schema import addresses, lists, member_topics, members

_CHOICES: Final = (
    select(addresses.c.address_key, members.c.nonmatching_topics, member_topics.c.name)
    .select_from(JOINED.join(member_topics, member_topics.c.member == members.c.id))
    .where(OF_LIST, members.c.role == Role.MEMBER.value, NOT_SHADOWED)
)
_FORGET: Final = delete(member_topics).where(
    member_topics.c.name.in_(bindparam("b_names", expanding=True)),
    member_topics.c.member.in_(select(members.c.id).join(lists, members.c.list == lists.c.id).where(OF_LIST)),
)


def choices(conn: Connection, list_id: str) -> dict[str, TopicChoice]:
    """What members who chose topics want, by the key of the address that their posts go to. Everybody else
    gets all posts."""
    names: dict[str, list[str]] = {}
    nonmatching: dict[str, bool] = {}
    for key, wants_others, name in conn.execute(_CHOICES, {"b_list_id": list_id}):
        names.setdefault(key, []).append(name)
        nonmatching[key] = wants_others
    return {key: TopicChoice(frozenset(found), nonmatching[key]) for key, found in names.items()}


def forget(conn: Connection, list_id: str, names: Iterable[str]) -> None:
    """Takes topics of a list, some dozens, out of what its members chose; who is left with none gets all
    posts."""
    conn.execute(_FORGET, {"b_list_id": list_id, "b_names": list(names)})
