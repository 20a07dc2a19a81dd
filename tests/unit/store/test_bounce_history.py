"""How the memberships of an address stand after failures, and how they begin anew."""

from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from mlcore.lists.model import DeliveryStatus, Member, Preferences, Role
from mlcore.store import addresses, bounces, memberships, preferences, users
from mlcore.store import members as members_store
from mlcore.store.bounce_history import event, reset, standings
from mlcore.store.bounces import BounceEvent
from mlcore.store.schema import members

ANT = "ant.example.com"
ANNE = "anne@example.org"
NOW = 1_700_000_000.0


@pytest.fixture(autouse=True)
def anne(conn: Connection) -> str:
    """Anne is a member with a score, warned twice; her UUID."""
    members_store.add_many(
        conn, ANT, [Member(address="Anne@example.org"), Member(address="bo@x.example")], 1.0
    )
    (member,) = memberships.on_list(conn, ANT, Role.MEMBER, [ANNE])
    own = Preferences(delivery_status=DeliveryStatus.BY_BOUNCES, receive_own_postings=False)
    preferences.set_of_member(conn, member.member_id, own)
    conn.execute(
        update(members)
        .where(members.c.member_uuid == member.member_id)
        .values(
            bounce_score=4, last_bounce_at=NOW, last_bounce_post=9, warnings_sent=2, last_warning_at=NOW + 1
        )
    )
    return member.member_id


def failure(**more: Any) -> BounceEvent:
    given: dict[str, Any] = {
        "cause": "e1",
        "list_id": ANT,
        "address": ANNE,
        "address_key": ANNE,
        "source": "report",
        "effect": "counted",
        "at": NOW,
    }
    return BounceEvent(**(given | more))


def test_how_they_stand(conn: Connection, anne: str) -> None:
    (one,) = standings(conn, ANNE)
    assert (one.member_id, one.list_id, one.address) == (anne, ANT, "Anne@example.org")
    assert (one.score, one.last_bounce_at, one.warnings_sent, one.last_warning_at) == (4, NOW, 2, NOW + 1)
    assert one.delivery_status is DeliveryStatus.BY_BOUNCES
    assert standings(conn, ANNE, ANT) == [one]
    assert standings(conn, ANNE, "bee.example.com") == []
    assert standings(conn, "nobody@example.org") == []
    (other,) = standings(conn, "bo@x.example")
    assert (other.score, other.delivery_status, other.last_bounce_at) == (0, DeliveryStatus.ENABLED, None)


def test_a_user_stands_under_the_address_he_prefers(conn: Connection) -> None:
    user = users.ensure(conn, "uma@example.org", "Uma", NOW)
    addresses.verify(conn, "uma@example.org", NOW)
    users.set_preferred(conn, user.user_id, "uma@example.org")
    member_id = memberships.subscribe_user(conn, ANT, user.user_id, Role.MEMBER, NOW)
    assert [one.member_id for one in standings(conn, "uma@example.org")] == [member_id]


def test_a_membership_begins_anew(conn: Connection, anne: str) -> None:
    before = members_store.roster_version(conn, ANT)
    reset(conn, anne)
    (one,) = standings(conn, ANNE)
    assert (one.score, one.last_bounce_at, one.warnings_sent, one.last_warning_at) == (0, None, 0, None)
    assert one.delivery_status is DeliveryStatus.ENABLED
    assert (
        conn.execute(select(members.c.last_bounce_post).where(members.c.member_uuid == anne)).scalar() is None
    )
    assert members_store.roster_version(conn, ANT) != before
    member = memberships.membership(conn, anne)
    assert member is not None
    assert member.preferences == Preferences(receive_own_postings=False)
    assert [one.address for one in members_store.recipients(conn, ANT)] == [
        "Anne@example.org",
        "bo@x.example",
    ]


@pytest.mark.parametrize("status", [DeliveryStatus.BY_USER, DeliveryStatus.BY_MODERATOR])
def test_what_others_have_disabled_stays_so(conn: Connection, anne: str, status: DeliveryStatus) -> None:
    preferences.set_of_member(conn, anne, Preferences(delivery_status=status))
    reset(conn, anne)
    (one,) = standings(conn, ANNE)
    assert (one.score, one.delivery_status) == (0, status)


@pytest.mark.parametrize(
    ("wish", "then"),
    [
        (DeliveryStatus.BY_USER, DeliveryStatus.BY_USER),
        (DeliveryStatus.BY_BOUNCES, DeliveryStatus.ENABLED),  # as an import may leave it
    ],
)
def test_the_wish_of_an_address_holds(
    conn: Connection, anne: str, wish: DeliveryStatus, then: DeliveryStatus
) -> None:
    preferences.set_of_address(conn, ANNE, Preferences(delivery_status=wish))
    reset(conn, anne)
    assert [one.delivery_status for one in standings(conn, ANNE)] == [then]


def test_nobody_is_no_error(conn: Connection) -> None:
    reset(conn, "00000000-0000-0000-0000-000000000000")


def test_the_event_of_a_cause(conn: Connection) -> None:
    for one in (failure(number=1, code="5.2.2"), failure(code="5.1.1"), failure(cause="e2", code="5.7.1")):
        bounces.add_event(conn, one)
    found = event(conn, "e1", ANT, ANNE)
    assert found == failure(code="5.1.1")
    assert event(conn, "e1", "bee.example.com", ANNE) is None
    assert event(conn, "e1", ANT, "bo@x.example") is None
    assert event(conn, "", ANT, ANNE) is None
