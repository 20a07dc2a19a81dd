"""How the memberships of an address stand after failures, and how they begin anew; `store.bounces` keeps the
failures themselves."""

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from mlcore.lists.model import DeliveryStatus, Role
from mlcore.store import memberships, preferences
from mlcore.store.bounces import BounceEvent
from mlcore.store.schema import bounce_events, members


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a membership stands. delivery_status: what holds; times are Unix seconds, None: never."""

    member_id: str
    list_id: str
    address: str
    delivery_status: DeliveryStatus
    score: int
    last_bounce_at: float | None
    warnings_sent: int
    last_warning_at: float | None


_OF_CAUSE = (
    select(*(bounce_events.c[name] for name in BounceEvent.__struct_fields__))
    .where(
        bounce_events.c.cause == bindparam("b_cause"),
        bounce_events.c.list_id == bindparam("b_list_id"),
        bounce_events.c.address_key == bindparam("b_key"),
    )
    .order_by(bounce_events.c.number)
)
_SCORES = select(
    members.c.member_uuid,
    members.c.bounce_score,
    members.c.last_bounce_at,
    members.c.warnings_sent,
    members.c.last_warning_at,
).where(members.c.member_uuid.in_(bindparam("b_ids", expanding=True)))
_RESET = (
    update(members)
    .where(members.c.member_uuid == bindparam("b_id"))
    .values(bounce_score=0, last_bounce_at=None, last_bounce_post=None, warnings_sent=0, last_warning_at=None)
)


def event(conn: Connection, cause: str, list_id: str, address_key: str) -> BounceEvent | None:
    """The first event of this cause about an address (`mail.address.key_of`) on a list."""
    values = {"b_cause": cause, "b_list_id": list_id, "b_key": address_key}
    row = conn.execute(_OF_CAUSE, values).mappings().first()
    return None if row is None else BounceEvent(**row)


def standings(conn: Connection, address_key: str, list_id: str = "") -> list[Standing]:
    """How the memberships stand whose mail goes to an address, on one list or all, in order of list."""
    found = {
        one.member_id: one
        for one in memberships.memberships_of_addresses(conn, [address_key], Role.MEMBER)
        if list_id in {"", one.list_id}
    }
    scores = {row[0]: row[1:] for row in conn.execute(_SCORES, {"b_ids": list(found)})}
    return [
        Standing(
            member_id=member_id,
            list_id=one.list_id,
            address=one.address,
            delivery_status=one.effective.delivery_status or DeliveryStatus.ENABLED,
            score=scores[member_id][0],
            last_bounce_at=scores[member_id][1],
            warnings_sent=scores[member_id][2],
            last_warning_at=scores[member_id][3],
        )
        for member_id, one in found.items()
    ]


def reset(conn: Connection, member_id: str) -> None:
    """Forgets what was counted against a membership; if bounces have disabled its delivery, it gets posts
    again, unless its address or user wants none."""
    conn.execute(_RESET, {"b_id": member_id})
    member = memberships.membership(conn, member_id)
    if member is None or member.effective.delivery_status is not DeliveryStatus.BY_BOUNCES:
        return
    own = msgspec.structs.replace(member.preferences, delivery_status=None)
    preferences.set_of_member(conn, member_id, own)
    after = memberships.membership(conn, member_id)
    if after is not None and after.effective.delivery_status is DeliveryStatus.BY_BOUNCES:
        own = msgspec.structs.replace(own, delivery_status=DeliveryStatus.ENABLED)
        preferences.set_of_member(conn, member_id, own)
