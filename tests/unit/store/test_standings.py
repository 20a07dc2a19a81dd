"""What the senders of a post are to its list."""

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.lists.model import Action, Domain, ListPolicy, Member, Preferences, Role, SenderStanding
from mlcore.store import addresses, domains, lists, members, memberships, preferences, standings, users

ANT = "ant.example.com"


def joined(conn: Connection, name: str, role: Role = Role.MEMBER, display_name: str = "") -> str:
    """The membership of NAME@example.net."""
    address = f"{name}@example.net"
    members.add_many(conn, ANT, [Member(address=address, display_name=display_name, role=role)], 1.0)
    found = memberships.on_list(conn, ANT, role, [address])
    return found[0].member_id


def standing(conn: Connection, name: str) -> SenderStanding | None:
    """Asked for, and from memory: the same, but for nonmembers, whom memory leaves out."""
    key = f"{name}@example.net"
    asked = standings.of_senders(conn, ANT, [key]).get(key)
    roster = standings.roster(conn, ANT, 100)
    assert roster is not None
    kept = roster.standings.get(key)
    if asked is None or asked.roles == {Role.NONMEMBER}:
        assert kept is None
    else:
        assert kept is not None
        at_home = msgspec.structs.replace(asked, roles=asked.roles - {Role.NONMEMBER})
        assert kept in {asked, at_home}
    return asked


def test_nonmembers_do_not_make_a_list_large(conn: Connection) -> None:
    """Spam makes a row for each address that it invents; posts of the ten members must not ask for it."""
    joined(conn, "anne")
    for number in range(5):
        joined(conn, f"spam{number}", Role.NONMEMBER)
    roster = standings.roster(conn, ANT, 3)
    assert roster is not None
    assert set(roster.standings) == {"anne@example.net"}
    assert len(roster.recipients) == 1


def test_nobody(conn: Connection) -> None:
    assert standing(conn, "anne") is None
    assert standings.of_senders(conn, ANT, []) == {}


def test_a_member_with_all_that_concerns_posts(conn: Connection) -> None:
    member_id = joined(conn, "anne", display_name="Anne")
    memberships.change(conn, member_id, moderation_action=Action.HOLD, restricted=True)
    preferences.set_of_member(conn, member_id, Preferences(acknowledge_posts=True, preferred_language="ja"))
    assert standing(conn, "anne") == SenderStanding(
        roles=frozenset({Role.MEMBER}),
        moderation_action=Action.HOLD,
        restricted=True,
        acknowledge_posts=True,
        display_name="Anne",
        language="ja",
    )


def test_the_member_counts_before_the_nonmember(conn: Connection) -> None:
    nonmember = joined(conn, "bart", Role.NONMEMBER)
    memberships.change(conn, nonmember, moderation_action=Action.DISCARD)
    found = standing(conn, "bart")
    assert found is not None
    assert (found.roles, found.moderation_action) == (frozenset({Role.NONMEMBER}), Action.DISCARD)
    joined(conn, "bart")
    found = standing(conn, "bart")
    assert found is not None
    assert (found.roles, found.moderation_action) == (frozenset({Role.MEMBER, Role.NONMEMBER}), None)


def test_the_action_of_an_owner_says_nothing_of_his_posts(conn: Connection) -> None:
    joined(conn, "olga", Role.OWNER)
    assert standing(conn, "olga") == SenderStanding(roles=frozenset({Role.OWNER}))


def test_another_address_of_the_same_user(conn: Connection) -> None:
    member_id = joined(conn, "anne", display_name="Anne")
    memberships.change(conn, member_id, moderation_action=Action.ACCEPT)
    user = users.of_address(conn, "anne@example.net")
    assert user is not None
    addresses.ensure(conn, "other@example.net", "", 2.0)
    addresses.link(conn, "other@example.net", user.user_id)
    found = standing(conn, "other")
    assert found is not None
    assert (found.roles, found.moderation_action) == (frozenset({Role.MEMBER}), Action.ACCEPT)


def test_what_the_address_itself_is_comes_first(conn: Connection) -> None:
    first = joined(conn, "anne")
    second = joined(conn, "other")
    memberships.change(conn, first, moderation_action=Action.ACCEPT)
    memberships.change(conn, second, moderation_action=Action.DISCARD)
    user = users.of_address(conn, "anne@example.net")
    assert user is not None
    addresses.unlink(conn, "other@example.net")
    addresses.link(conn, "other@example.net", user.user_id)
    actions = {name: found.moderation_action for name in ("anne", "other") if (found := standing(conn, name))}
    assert actions == {"anne": Action.ACCEPT, "other": Action.DISCARD}


def test_a_user_without_preferred_address_is_a_member_all_the_same(conn: Connection) -> None:
    user = users.ensure(conn, "anne@example.net", "", 1.0)
    addresses.verify(conn, "anne@example.net", 1.0)
    users.set_preferred(conn, user.user_id, "anne@example.net")
    memberships.subscribe_user(conn, ANT, user.user_id, Role.MEMBER, 1.0)
    users.set_preferred(conn, user.user_id, None)
    found = standing(conn, "anne")
    assert found is not None
    assert found.roles == {Role.MEMBER}


def test_every_sender_is_looked_up(conn: Connection) -> None:
    joined(conn, "anne")
    joined(conn, "bart", Role.OWNER)
    keys = ["x@example.net", "anne@example.net", "bart@example.net", "y@example.net"]
    assert list(standings.of_senders(conn, ANT, keys)) == ["anne@example.net", "bart@example.net"]


def test_a_large_list_is_not_kept(conn: Connection) -> None:
    for name in ("anne", "bart", "cris"):
        joined(conn, name)
    assert standings.roster(conn, ANT, 2) is None
    assert standings.roster(conn, ANT, 3) is not None


@pytest.mark.row("attribute: accept_these_nonmembers")
def test_lists_that_somebody_is_a_member_of(conn: Connection) -> None:
    domains.create(conn, Domain(mail_host="example.org"), 1.0)
    bee = ListPolicy(list_id="bee.example.org", list_name="bee", mail_host="example.org", display_name="Bee")
    lists.create(conn, bee, 1.0)
    members.add_many(conn, bee.list_id, [Member(address="anne@example.net")], 1.0)
    members.add_many(conn, bee.list_id, [Member(address="olga@example.net", role=Role.OWNER)], 1.0)
    named = (("ant", "example.com"), ("bee", "example.org"), ("cow", "example.org"))
    assert standings.lists_of(conn, "anne@example.net", named) == {"bee@example.org"}
    assert standings.lists_of(conn, "olga@example.net", named) == frozenset()
