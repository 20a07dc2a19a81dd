"""Who gets each post by itself: members in regular mode with delivery enabled, by whatever says so."""

import pytest
from sqlalchemy import Connection

from mlcore.lists.model import DeliveryMode, DeliveryStatus, Member, Preferences
from mlcore.store import members, memberships, preferences

ANT = "ant.example.com"


def _recipients(conn: Connection) -> list[str]:
    return [one.address for one in members.recipients(conn, ANT)]


@pytest.mark.row("preference: delivery_mode")
def test_digest_members_get_no_single_posts(conn: Connection) -> None:
    members.add_many(
        conn,
        ANT,
        [Member(address=f"{mode.value}@example.org", delivery_mode=mode) for mode in DeliveryMode],
        1.0,
    )
    assert _recipients(conn) == ["regular@example.org"]


@pytest.mark.row("preference: delivery_status")
def test_members_whose_delivery_is_disabled_get_none(conn: Connection) -> None:
    members.add_many(
        conn,
        ANT,
        [Member(address=f"{status.value}@example.org", delivery_status=status) for status in DeliveryStatus],
        1.0,
    )
    assert _recipients(conn) == ["enabled@example.org"]


@pytest.mark.row("preference: delivery_status")
def test_what_the_membership_says_comes_first(conn: Connection) -> None:
    members.add_many(conn, ANT, [Member(address="anne@example.org"), Member(address="bart@example.org")], 1.0)
    (anne,) = memberships.memberships_of_address(conn, "anne@example.org")
    preferences.set_of_address(conn, "anne@example.org", Preferences(delivery_status=DeliveryStatus.BY_USER))
    assert _recipients(conn) == ["bart@example.org"]
    preferences.set_of_member(conn, anne.member_id, Preferences(delivery_status=DeliveryStatus.ENABLED))
    assert _recipients(conn) == ["anne@example.org", "bart@example.org"]
