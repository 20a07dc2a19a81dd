"""What holds for a membership: its own preferences, else those of its address, else those of the user.

`JOINED` has one row per membership that has an address to send to: its own, or the preferred one of the user
who is the subscriber. Everything is found by primary key from the row of the membership, so a statement over
it reads no more than the memberships it asks for."""

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, literal, or_, true

from mlcore.lists.model import DEFAULTS, DeliveryMode, DeliveryStatus
from mlcore.store.schema import addresses, lists, members, users

SUBSCRIBER: Final = users.alias("subscriber")
"""The user who is subscribed; none where an address is."""
PERSON: Final = users.alias("person")
"""The user behind the membership: the subscriber, or whoever has the address."""

ADDRESS_ID: Final = func.coalesce(members.c.address, SUBSCRIBER.c.preferred_address)

_MEMBERS: Final = members.join(lists, members.c.list == lists.c.id).outerjoin(
    SUBSCRIBER, SUBSCRIBER.c.id == members.c.user
)
_PERSON_ID: Final = func.coalesce(members.c.user, addresses.c.user)

JOINED: Final = _MEMBERS.join(addresses, addresses.c.id == ADDRESS_ID).outerjoin(
    PERSON, PERSON.c.id == _PERSON_ID
)
EVERYBODY: Final = _MEMBERS.outerjoin(addresses, addresses.c.id == ADDRESS_ID).outerjoin(
    PERSON, PERSON.c.id == _PERSON_ID
)
"""`JOINED` with the users who have no preferred address, and hence get no mail."""

OF_LIST: Final = lists.c.list_id == bindparam("b_list_id")

_OTHER: Final = members.alias("other")
NOT_SHADOWED: Final = or_(
    members.c.address.is_not(None),
    ~exists().where(
        and_(
            _OTHER.c.list == members.c.list,
            _OTHER.c.role == members.c.role,
            _OTHER.c.address == SUBSCRIBER.c.preferred_address,
        )
    ),
)
"""The membership of an address comes before that of its user, so that nobody gets two copies."""


def effective(name: str) -> ColumnElement[Any]:
    """The column `name`, one of `preferences.NAMES`, as it holds; the language may be NULL."""
    chain: list[ColumnElement[Any]] = [members.c[name], addresses.c[name], PERSON.c[name]]
    default = getattr(DEFAULTS, name)
    if isinstance(default, bool):
        chain.append(true() if default else ~true())
    elif default is not None:
        chain.append(literal(default.value))
    return func.coalesce(*chain)


DISPLAY_NAME: Final = func.coalesce(
    func.nullif(members.c.display_name, ""),
    func.nullif(addresses.c.display_name, ""),
    func.nullif(PERSON.c.display_name, ""),
    "",
)
"""The name on this list, else that of the address, else that of the user."""

REGULAR: Final = effective("delivery_mode") == DeliveryMode.REGULAR.value
ENABLED: Final = effective("delivery_status") == DeliveryStatus.ENABLED.value
