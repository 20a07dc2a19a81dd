"""Memberships in full: found by address, user or list, changed, ended."""

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.lists.model import (
    DEFAULTS,
    Action,
    DeliveryMode,
    ListPolicy,
    Member,
    Membership,
    Preferences,
    Role,
)
from mlcore.store import addresses, lists, members, memberships, preferences, users
from mlcore.store.lists import NoSuchList

ANT, BEE = "ant.example.com", "bee.example.com"
ANNE = "anne@example.net"


@pytest.fixture
def anne(conn: Connection) -> str:
    """A user with two verified addresses who prefers the first; a member of two lists by it. His UUID."""
    bee = ListPolicy(list_id=BEE, list_name="bee", mail_host="example.com", display_name="Bee")
    lists.create(conn, bee, 1.0)
    for list_id in (BEE, ANT):
        members.add_many(conn, list_id, [Member(address=ANNE, display_name="Anne")], 2.0, verified=True)
    user = users.of_address(conn, ANNE)
    assert user is not None
    addresses.ensure(conn, "anne@work.example", "", 1.0)
    addresses.verify(conn, "anne@work.example", 1.0)
    addresses.link(conn, "anne@work.example", user.user_id)
    users.set_preferred(conn, user.user_id, ANNE)
    return user.user_id


def only(found: list[Membership]) -> Membership:
    (one,) = found
    return one


def version(conn: Connection, list_id: str = ANT) -> int:
    found = members.roster_version(conn, list_id)
    assert found is not None
    return found[2]


def test_what_a_membership_is(conn: Connection, anne: str) -> None:
    found = memberships.memberships_of_address(conn, "ANNE@example.net")
    assert [one.list_id for one in found] == [ANT, BEE]
    assert found[0] == Membership(
        member_id=found[0].member_id,
        list_id=ANT,
        role=Role.MEMBER,
        address=ANNE,
        user_id=anne,
        display_name="Anne",
        subscribed_at=2.0,
        effective=DEFAULTS,
    )
    assert memberships.membership(conn, found[0].member_id) == found[0]
    assert memberships.membership(conn, "no such") is None
    assert memberships.memberships_of_address(conn, "nobody@example.net") == []
    assert memberships.memberships_of_address(conn, "no address") == []


def test_a_user_as_subscriber(conn: Connection, anne: str) -> None:
    before = version(conn)
    member_id = memberships.subscribe_user(conn, ANT, anne, Role.MODERATOR, 3.0)
    assert version(conn) == before + 1
    one = memberships.membership(conn, member_id)
    assert one is not None
    assert (one.as_user, one.address, one.user_id, one.role) == (True, ANNE, anne, Role.MODERATOR)
    assert one.moderation_action is Action.ACCEPT
    assert len(memberships.memberships_of_address(conn, ANNE)) == 3
    assert memberships.memberships_of_address(conn, "anne@work.example") == []

    users.set_preferred(conn, anne, "anne@work.example")
    assert only(memberships.memberships_of_address(conn, "anne@work.example")).member_id == member_id
    users.set_preferred(conn, anne, None)
    one = memberships.membership(conn, member_id)
    assert one is not None
    assert one.address == ""
    assert one in memberships.memberships_of_user(conn, anne)


def test_who_cannot_subscribe_as_a_user(conn: Connection, anne: str) -> None:
    with pytest.raises(BadInput, match="already subscribed"):
        memberships.subscribe_user(conn, ANT, anne, Role.MEMBER, 3.0)
    memberships.subscribe_user(conn, ANT, anne, Role.OWNER, 3.0)
    with pytest.raises(BadInput, match="already subscribed"):
        memberships.subscribe_user(conn, ANT, anne, Role.OWNER, 3.0)
    with pytest.raises(BadInput, match="No such user"):
        memberships.subscribe_user(conn, ANT, "no such", Role.OWNER, 3.0)
    with pytest.raises(NoSuchList):
        memberships.subscribe_user(conn, "wasp.example.com", anne, Role.OWNER, 3.0)
    bart = users.ensure(conn, "bart@example.net", "", 1.0)
    with pytest.raises(BadInput, match="no preferred address"):
        memberships.subscribe_user(conn, ANT, bart.user_id, Role.MEMBER, 3.0)


def test_memberships_of_users(conn: Connection, anne: str) -> None:
    members.add_many(conn, ANT, [Member(address="anne@work.example", role=Role.OWNER)], 2.0)
    members.add_many(conn, ANT, [Member(address="bart@example.net")], 2.0)
    bart = users.of_address(conn, "bart@example.net")
    assert bart is not None
    assert [(one.list_id, one.role, one.address) for one in memberships.memberships_of_user(conn, anne)] == [
        (ANT, Role.MEMBER, ANNE),
        (ANT, Role.OWNER, "anne@work.example"),
        (BEE, Role.MEMBER, ANNE),
    ]
    assert len(memberships.memberships_of_users(conn, [anne, bart.user_id])) == 4
    assert memberships.memberships_of_users(conn, []) == []
    assert memberships.memberships_of_user(conn, "no such") == []


def test_memberships_of_addresses(conn: Connection, anne: str) -> None:
    members.add_many(conn, ANT, [Member(address="bart@example.net", role=Role.NONMEMBER)], 2.0)
    keys = [ANNE, "bart@example.net", "nobody@example.net"]
    assert len(memberships.memberships_of_addresses(conn, keys)) == 3
    assert len(memberships.memberships_of_addresses(conn, keys, Role.MEMBER)) == 2
    assert len(memberships.on_list(conn, ANT, Role.MEMBER, keys)) == 1
    assert len(memberships.on_list(conn, BEE, Role.NONMEMBER, keys)) == 0
    many = [*(f"x{number}@example.net" for number in range(memberships.CHUNK)), ANNE]
    assert len(memberships.on_list(conn, ANT, Role.MEMBER, many)) == 1


def test_all_memberships_as_they_were_made(conn: Connection, anne: str) -> None:
    people = [Member(address=f"{name}@example.net", role=Role.NONMEMBER) for name in ("zoe", "bart")]
    members.add_many(conn, ANT, people, 3.0)

    def shown(**chosen: object) -> list[str]:
        found = memberships.all_memberships(conn, **chosen)  # type: ignore[arg-type]  # one of three keywords
        return [f"{one.list_id[:3]} {one.address.partition('@')[0]}" for one in found]

    assert shown() == ["bee anne", "ant anne", "ant zoe", "ant bart"]
    assert shown(list_id=ANT) == ["ant anne", "ant zoe", "ant bart"]
    assert shown(role=Role.NONMEMBER) == ["ant zoe", "ant bart"]
    assert shown(list_id=ANT, role=Role.NONMEMBER, most=1) == ["ant zoe"]
    assert shown(list_id="wasp.example.com") == []


def test_preferences_of_its_own_and_in_force(conn: Connection, anne: str) -> None:
    preferences.set_of_address(conn, ANNE, Preferences(hide_address=False, preferred_language="ja"))
    one = memberships.memberships_of_address(conn, ANNE)[0]
    preferences.set_of_member(conn, one.member_id, Preferences(delivery_mode=DeliveryMode.MIME_DIGESTS))
    found = memberships.membership(conn, one.member_id)
    assert found is not None
    assert found.preferences == Preferences(delivery_mode=DeliveryMode.MIME_DIGESTS)
    assert found.effective == msgspec.structs.replace(
        DEFAULTS, hide_address=False, preferred_language="ja", delivery_mode=DeliveryMode.MIME_DIGESTS
    )


def test_change(conn: Connection, anne: str) -> None:
    one = memberships.memberships_of_address(conn, ANNE)[0]
    before = version(conn)
    memberships.change(conn, one.member_id, display_name="A.", moderation_action=Action.HOLD)
    changed = memberships.membership(conn, one.member_id)
    assert changed is not None
    assert (changed.display_name, changed.moderation_action) == ("A.", Action.HOLD)
    assert version(conn) == before + 1
    memberships.change(conn, one.member_id)
    assert memberships.membership(conn, one.member_id) == changed
    assert version(conn) == before + 1

    memberships.change(conn, one.member_id, moderation_action=None, address="Anne@work.example")
    changed = memberships.membership(conn, one.member_id)
    assert changed is not None
    assert (changed.moderation_action, changed.address) == (None, "anne@work.example")


def test_addresses_that_cannot_take_over(conn: Connection, anne: str) -> None:
    one = memberships.memberships_of_address(conn, ANNE)[0]

    def refusal(address: str, member_id: str = one.member_id) -> str:
        with pytest.raises(BadInput) as caught:
            memberships.change(conn, member_id, address=address)
        return caught.value.text

    assert refusal("nobody@example.net") == "Address not registered"
    members.add_many(conn, ANT, [Member(address="bart@example.net")], 2.0, verified=True)
    assert refusal("bart@example.net") == "Address is not controlled by user"
    members.add_many(conn, ANT, [Member(address="anne@work.example")], 2.0)
    assert refusal("anne@work.example") == "Member already subscribed"
    addresses.unverify(conn, "anne@work.example")
    assert refusal("anne@work.example") == "Unverified address"
    assert refusal(ANNE, "no such") == "No such member"
    as_user = memberships.subscribe_user(conn, ANT, anne, Role.OWNER, 3.0)
    assert refusal(ANNE, as_user) == "Membership is via preferred address"


def test_remove_raises_the_version_of_each_list(conn: Connection, anne: str) -> None:
    found = memberships.memberships_of_address(conn, ANNE)
    before = version(conn), version(conn, BEE)
    assert memberships.remove(conn, [*(one.member_id for one in found), "no such"]) == 2
    assert (version(conn), version(conn, BEE)) == (before[0] + 1, before[1] + 1)
    assert memberships.remove(conn, []) == 0
    assert memberships.memberships_of_user(conn, anne) == []
    assert addresses.get(conn, ANNE) is not None


def test_known_addresses(conn: Connection, anne: str) -> None:
    addresses.ensure(conn, "Zoe@example.net", "", 1.0)
    assert sorted(memberships.known_addresses(conn)) == [
        ("Zoe@example.net", "zoe@example.net", ""),
        (ANNE, ANNE, anne),
        ("anne@work.example", "anne@work.example", anne),
    ]
