"""Preferences as columns and as values."""

import pytest
from sqlalchemy import Connection, select

from mlcore.base.errors import BadInput
from mlcore.lists.model import DeliveryMode, DeliveryStatus, Member, Preferences, Recipient
from mlcore.store import addresses, members, memberships, preferences, users
from mlcore.store.schema import members as table

ANT = "ant.example.com"
ANNE = "anne@example.org"
ALL = Preferences(
    acknowledge_posts=True,
    hide_address=False,
    preferred_language="ja",
    receive_list_copy=False,
    receive_own_postings=False,
    delivery_mode=DeliveryMode.SUMMARY_DIGESTS,
    delivery_status=DeliveryStatus.BY_MODERATOR,
)


@pytest.fixture(autouse=True)
def _member(conn: Connection) -> None:
    members.add_many(conn, ANT, [Member(address=ANNE)], 1.0)


def version(conn: Connection) -> int:
    found = members.roster_version(conn, ANT)
    assert found is not None
    return found[2]


def test_of_an_address(conn: Connection) -> None:
    before = version(conn)
    preferences.set_of_address(conn, "ANNE@example.org", ALL)
    found = addresses.get(conn, ANNE)
    assert found is not None
    assert found.preferences == ALL
    assert members.recipients(conn, ANT) == ()
    assert version(conn) > before


def test_of_a_user(conn: Connection) -> None:
    before, user = version(conn), users.of_address(conn, ANNE)
    assert user is not None
    for wanted in (ALL, Preferences(receive_own_postings=False)):
        preferences.set_of_user(conn, user.user_id, wanted)
        found = users.get(conn, user.user_id)
        assert found is not None
        assert found.preferences == wanted
    assert version(conn) > before
    assert members.recipients(conn, ANT) == (Recipient(ANNE, own_postings=False),)


def test_of_a_membership(conn: Connection) -> None:
    (membership,) = memberships.memberships_of_address(conn, ANNE)
    before = version(conn)
    preferences.set_of_member(conn, membership.member_id, ALL)
    assert version(conn) == before + 1
    row = conn.execute(select(*preferences.columns(table))).one()
    assert preferences.of_row(row) == ALL
    assert preferences.values(ALL)["delivery_mode"] == "summary_digests"
    preferences.set_of_member(conn, membership.member_id, Preferences())
    assert memberships.memberships_of_address(conn, ANNE) == [membership]


def test_of_nobody(conn: Connection) -> None:
    for step in (preferences.set_of_user, preferences.set_of_member):
        with pytest.raises(BadInput, match=r"no .* nobody"):
            step(conn, "nobody", ALL)
    with pytest.raises(BadInput, match="not known here"):
        preferences.set_of_address(conn, "bart@example.org", ALL)
