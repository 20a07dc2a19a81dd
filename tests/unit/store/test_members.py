"""Memberships as rows and as values."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, event, text

from mlcore.lists.model import (
    Addressee,
    DeliveryMode,
    DeliveryStatus,
    ListPolicy,
    Member,
    Preferences,
    Recipient,
    Role,
)
from mlcore.mail.address import BadAddress
from mlcore.store import addresses, lists, members, memberships, preferences, standings, users
from mlcore.store.lists import NoSuchList
from support.standing import roles_in, roles_of

ANT = "ant.example.com"
BEE = ListPolicy(list_id="bee.example.com", list_name="bee", mail_host="example.com", display_name="Bee")


def add(conn: Connection, *several: Member, list_id: str = ANT) -> tuple[list[Member], list[Member]]:
    return members.add_many(conn, list_id, several, 2_000.0)


def many(number: int) -> Iterator[Member]:
    return (Member(address=f"member-{position}@example.net") for position in range(number))


def test_every_setting_comes_back(conn: Connection) -> None:
    anne = Member(
        address="Anne.Person@Example.net",
        display_name="Anne 日本",
        role=Role.MODERATOR,
        delivery_mode=DeliveryMode.MIME_DIGESTS,
        delivery_status=DeliveryStatus.BY_BOUNCES,
        receive_own_postings=False,
        receive_list_copy=False,
    )
    assert add(conn, anne) == ([anne], [])
    assert members.members(conn, ANT, Role.MODERATOR) == [anne]
    assert members.members(conn, ANT, Role.MEMBER) == []


def test_addresses_are_unique_without_regard_to_case_and_keep_their_spelling(conn: Connection) -> None:
    first = Member(address="Anne@Example.net")
    second = Member(address="anne@example.NET")
    assert add(conn, first) == ([first], [])
    assert add(conn, second) == ([], [second])
    assert members.recipients(conn, ANT) == (Recipient("Anne@Example.net"),)


def test_first_spelling_of_one_call_wins(conn: Connection) -> None:
    first, second = Member(address="Anne@example.net"), Member(address="ANNE@example.net")
    assert add(conn, first, second) == ([first], [second])
    assert [member.address for member in members.members(conn, ANT, Role.MEMBER)] == ["Anne@example.net"]


def test_duplicates_far_apart_in_one_call_are_found(conn: Connection) -> None:
    several = [*many(members.CHUNK), Member(address="MEMBER-0@example.net")]
    added, already = members.add_many(conn, ANT, several, 1.0)
    assert len(added) == members.CHUNK
    assert already == several[-1:]


def test_one_address_may_have_several_roles_and_lists(conn: Connection) -> None:
    lists.create(conn, BEE, 1.0)
    roles = [Member(address="anne@example.net", role=role) for role in Role]
    assert add(conn, *roles) == (roles, [])
    assert add(conn, roles[0], list_id=BEE.list_id) == ([roles[0]], [])
    assert conn.execute(text("SELECT count(*) FROM addresses")).scalar() == 1
    assert conn.execute(text("SELECT count(DISTINCT member_uuid) FROM members")).scalar() == 5


def test_bad_address_is_refused(conn: Connection) -> None:
    with pytest.raises(BadAddress):
        add(conn, Member(address="anne@example.net"), Member(address="bob"))


def test_unknown_list_is_refused(conn: Connection) -> None:
    with pytest.raises(NoSuchList):
        add(conn, Member(address="a@example.net"), list_id="wasp.example.com")
    with pytest.raises(NoSuchList):
        members.remove_many(conn, "wasp.example.com", ["a@example.net"])
    assert members.recipients(conn, "wasp.example.com") == ()
    assert members.members(conn, "wasp.example.com", Role.MEMBER) == []


def test_members_are_sorted_by_key(conn: Connection) -> None:
    add(conn, *(Member(address=f"{name}@example.net") for name in ("bob", "Zoe", "anne", "Émile", "Carl")))
    addresses = [member.address.partition("@")[0] for member in members.members(conn, ANT, Role.MEMBER)]
    assert addresses == ["anne", "bob", "Carl", "Zoe", "Émile"]


def test_recipients_are_regular_and_enabled_in_member_order(conn: Connection) -> None:
    add(
        conn,
        Member(address="z@example.net"),
        Member(address="digest@example.net", delivery_mode=DeliveryMode.PLAINTEXT_DIGESTS),
        Member(address="off@example.net", delivery_status=DeliveryStatus.BY_USER),
        Member(address="owner@example.net", role=Role.OWNER),
        Member(address="non@example.net", role=Role.NONMEMBER),
        Member(address="a@example.net", receive_own_postings=False),
        Member(address="m@example.net", receive_list_copy=False),
    )
    assert members.recipients(conn, ANT) == (
        Recipient("z@example.net"),
        Recipient("a@example.net", own_postings=False),
        Recipient("m@example.net", list_copy=False),
    )


def test_administrators_are_owners_and_moderators_once(conn: Connection) -> None:
    add(
        conn,
        Member(address="mod@example.net", role=Role.MODERATOR),
        Member(address="Both@example.net", role=Role.OWNER),
        Member(address="both@example.net", role=Role.MODERATOR),
        Member(address="away@example.net", role=Role.OWNER, delivery_status=DeliveryStatus.BY_USER),
        Member(address="member@example.net"),
    )
    assert [found.address for found in members.administrators(conn, ANT)] == [
        "mod@example.net",
        "Both@example.net",
    ]


def test_roles_of_the_first_sender_that_has_any(conn: Connection) -> None:
    lists.create(conn, BEE, 1.0)
    add(
        conn,
        Member(address="Anne@example.net"),
        Member(address="anne@example.net", role=Role.OWNER),
        Member(address="bob@example.net", role=Role.NONMEMBER),
    )
    add(conn, Member(address="carl@example.net"), list_id=BEE.list_id)

    def roles(*names: str) -> set[Role]:
        return set(roles_of(conn, ANT, [f"{name}@example.net" for name in names]))

    assert roles() == set()
    assert roles("carl") == set()
    assert roles("carl", "dora") == set()
    assert roles("anne") == {Role.MEMBER, Role.OWNER}
    assert roles("anne", "bob") == {Role.MEMBER, Role.OWNER}
    assert roles("carl", "bob", "anne") == {Role.NONMEMBER}
    assert roles("carl", "anne", "bob") == {Role.MEMBER, Role.OWNER}
    assert roles(*(f"x{number}" for number in range(1_000)), "bob") == {Role.NONMEMBER}


def test_remove_takes_any_spelling_and_one_role(conn: Connection) -> None:
    add(conn, Member(address="Anne@example.net"), Member(address="anne@example.net", role=Role.OWNER))
    assert members.remove_many(conn, ANT, ["ANNE@example.net", "bob@example.net", "no address"]) == 1
    assert members.members(conn, ANT, Role.MEMBER) == []
    assert len(members.members(conn, ANT, Role.OWNER)) == 1
    assert members.remove_many(conn, ANT, ["anne@example.net"], role=Role.OWNER) == 1


def test_whoever_comes_back_keeps_the_known_spelling(conn: Connection) -> None:
    add(conn, Member(address="Anne@example.net", display_name="Anne"))
    members.remove_many(conn, ANT, ["anne@example.net"])
    add(conn, Member(address="anne@example.net", display_name="A. Person"))
    (found,) = members.members(conn, ANT, Role.MEMBER)
    assert (found.address, found.display_name) == ("Anne@example.net", "A. Person")


def test_hundred_thousand_members(conn: Connection) -> None:
    """Added from an iterator and read as plain columns: seconds, and no object-relational layer anywhere."""
    began = time.process_time()
    added, already = members.add_many(conn, ANT, many(100_000), 1.0)
    assert (len(added), len(already)) == (100_000, 0)
    found = members.recipients(conn, ANT)
    assert len(found) == 100_000
    assert found[-1] == Recipient("member-99999@example.net")
    assert time.process_time() - began < 30
    assert sys.getsizeof(found) + sum(map(sys.getsizeof, found)) < 8_000_000


def test_no_object_relational_layer_is_imported() -> None:
    code = "import sys, mlcore.store.members, mlcore.store.engine; sys.exit('sqlalchemy.orm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.sqlite
def test_hot_queries_search_by_index_and_do_not_sort(conn: Connection) -> None:
    """No table is read as a whole, however many lists share it."""
    statements: list[tuple[str, object]] = []

    def note(connection: object, cursor: object, statement: str, parameters: object, *rest: object) -> None:
        statements.append((statement, parameters))

    event.listen(conn, "before_cursor_execute", note)
    members.recipients(conn, ANT)
    members.addressees(conn, ANT)
    roles_of(conn, ANT, ["a@example.net"])
    event.remove(conn, "before_cursor_execute", note)
    assert len(statements) == 3
    for statement, parameters in statements:
        plan = [row.detail for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]  # type: ignore[arg-type]
        assert plan
        assert not [step for step in plan if step.startswith(("SCAN", "USE TEMP"))], plan
    # whoever writes is looked up from his address, not in the roster
    looked_up = [step for step in plan if step.startswith("SEARCH members")]
    assert len(looked_up) == 3
    assert all("list=? AND address=?" in step or "list=? AND user=?" in step for step in looked_up), plan


def subscribed_user(conn: Connection, name: str, *, role: Role = Role.MEMBER) -> str:
    """A user with one verified address, which he prefers, subscribed himself; his UUID."""
    user = users.ensure(conn, f"{name}@example.net", "", 1.0)
    addresses.verify(conn, f"{name}@example.net", 1.0)
    users.set_preferred(conn, user.user_id, f"{name}@example.net")
    memberships.subscribe_user(conn, ANT, user.user_id, role, 1.0)
    return user.user_id


def own(name: str) -> list[str]:
    return [f"{name}@example.net"]


def test_mail_of_a_user_goes_where_he_prefers(conn: Connection) -> None:
    user = subscribed_user(conn, "anne")
    add(conn, Member(address="bart@example.net"))
    assert members.recipients(conn, ANT) == (Recipient("anne@example.net"), Recipient("bart@example.net"))

    addresses.ensure(conn, "Anne@work.example", "", 1.0)
    addresses.verify(conn, "anne@work.example", 1.0)
    users.set_preferred(conn, user, "anne@work.example")

    assert members.recipients(conn, ANT)[0] == Recipient("Anne@work.example")
    roster = standings.roster(conn, ANT, 10)
    assert roster is not None
    assert roster.recipients == members.recipients(conn, ANT)
    assert [one.address for one in members.members(conn, ANT, Role.MEMBER)] == [
        "Anne@work.example",
        "bart@example.net",
    ]

    users.set_preferred(conn, user, None)
    assert members.recipients(conn, ANT) == (Recipient("bart@example.net"),)


def test_who_is_subscribed_twice_gets_one_copy_as_his_address_wants_it(conn: Connection) -> None:
    add(
        conn,
        Member(address="anne@example.net", receive_own_postings=False),
        Member(address="carl@example.net", delivery_status=DeliveryStatus.BY_USER),
    )
    for name in ("anne", "carl"):
        user = users.of_address(conn, f"{name}@example.net")
        assert user is not None
        addresses.ensure(conn, f"{name}@work.example", "", 1.0)
        for address in (f"{name}@work.example", f"{name}@example.net"):
            addresses.verify(conn, address, 1.0)
        users.set_preferred(conn, user.user_id, f"{name}@work.example")
        memberships.subscribe_user(conn, ANT, user.user_id, Role.MEMBER, 1.0)
        users.set_preferred(conn, user.user_id, f"{name}@example.net")

    expected = (Recipient("anne@example.net", own_postings=False),)
    roster = standings.roster(conn, ANT, 10)
    assert roster is not None
    assert members.recipients(conn, ANT) == roster.recipients == expected
    assert len(members.members(conn, ANT, Role.MEMBER)) == 2


def test_what_personal_copies_say_about_their_readers(conn: Connection) -> None:
    add(
        conn,
        Member(address="Anne@example.net", display_name="Anne 日本"),
        Member(address="bart@example.net"),
        Member(address="digest@example.net", delivery_mode=DeliveryMode.MIME_DIGESTS),
        Member(address="off@example.net", delivery_status=DeliveryStatus.BY_USER),
        Member(address="owner@example.net", role=Role.OWNER),
    )
    subscribed_user(conn, "carl")
    anne = users.of_address(conn, "anne@example.net")
    assert anne is not None
    addresses.ensure(conn, "Anne@work.example", "", 1.0)
    addresses.verify(conn, "anne@work.example", 1.0)
    users.set_preferred(conn, anne.user_id, "anne@work.example")
    preferences.set_of_user(conn, anne.user_id, Preferences(preferred_language="ja"))
    found = members.addressees(conn, ANT)
    assert found == {
        "anne@example.net": Addressee(name="Anne 日本", language="ja", user_address="Anne@work.example"),
        "bart@example.net": Addressee(language="en", user_address="bart@example.net"),
        "carl@example.net": Addressee(language="en", user_address="carl@example.net"),
    }
    assert set(found) == {one.address.lower() for one in members.recipients(conn, ANT)}
    assert members.addressees(conn, "none.example.com") == {}


def test_preferences_of_member_then_address_then_user(conn: Connection) -> None:
    add(conn, Member(address="anne@example.net"))
    user = users.of_address(conn, "anne@example.net")
    (membership,) = memberships.memberships_of_address(conn, "anne@example.net")
    assert user is not None

    def recipient() -> Recipient | None:
        roster = standings.roster(conn, ANT, 10)
        found = members.recipients(conn, ANT)
        assert roster is not None
        assert roster.recipients == found
        return found[0] if found else None

    assert recipient() == Recipient("anne@example.net")
    off = Preferences(delivery_status=DeliveryStatus.BY_USER, receive_own_postings=False)
    preferences.set_of_user(conn, user.user_id, off)
    assert recipient() is None
    on = Preferences(delivery_status=DeliveryStatus.ENABLED)
    preferences.set_of_address(conn, "anne@example.net", on)
    assert recipient() == Recipient("anne@example.net", own_postings=False)
    digest = Preferences(delivery_mode=DeliveryMode.MIME_DIGESTS)
    preferences.set_of_member(conn, membership.member_id, digest)
    assert recipient() is None
    (shown,) = members.members(conn, ANT, Role.MEMBER)
    assert (shown.delivery_mode, shown.delivery_status) == (DeliveryMode.MIME_DIGESTS, DeliveryStatus.ENABLED)
    assert not shown.receive_own_postings


def test_defaults_are_not_stored(conn: Connection) -> None:
    add(conn, Member(address="anne@example.net"))
    (membership,) = memberships.memberships_of_address(conn, "anne@example.net")
    assert membership.preferences == Preferences()


def test_names_of_list_address_and_user(conn: Connection) -> None:
    add(conn, Member(address="anne@example.net", display_name="Anne"))
    add(conn, Member(address="anne@example.net", role=Role.OWNER))
    add(conn, Member(address="bart@example.net"))
    user = users.of_address(conn, "bart@example.net")
    assert user is not None
    users.change(conn, user.user_id, display_name="Bart")
    assert members.members(conn, ANT, Role.OWNER)[0].display_name == "Anne"
    assert [one.display_name for one in members.members(conn, ANT, Role.MEMBER)] == ["Anne", "Bart"]


def test_whoever_gets_a_role_is_a_user_but_for_nonmembers(conn: Connection) -> None:
    add(conn, Member(address="anne@example.net"), Member(address="Non@example.net", role=Role.NONMEMBER))
    assert users.of_address(conn, "anne@example.net") is not None
    assert users.of_address(conn, "non@example.net") is None
    known = addresses.get(conn, "non@example.net")
    assert known is not None
    assert (known.address, known.user_id) == ("Non@example.net", "")

    add(conn, Member(address="non@example.net"), Member(address="anne@example.net", role=Role.NONMEMBER))
    assert users.of_address(conn, "non@example.net") is not None
    assert roles_of(conn, ANT, own("non")) == {Role.MEMBER, Role.NONMEMBER}


def test_one_call_with_several_roles_of_an_address(conn: Connection) -> None:
    several = [Member(address="ANNE@example.net", role=Role.NONMEMBER), Member(address="anne@example.net")]
    assert add(conn, *several) == (several, [])
    assert conn.execute(text("SELECT count(*) FROM addresses")).scalar() == 1


def test_addresses_are_verified_where_that_is_said(conn: Connection) -> None:
    def verified_at() -> float | None:
        known = addresses.get(conn, "anne@example.net")
        assert known is not None
        return known.verified_at

    anne = Member(address="anne@example.net")
    members.add_many(conn, ANT, [anne], 5.0)
    assert verified_at() is None
    members.add_many(conn, ANT, [anne], 6.0, verified=True)
    assert verified_at() == 6.0
    members.add_many(conn, ANT, [anne], 7.0, verified=True)
    assert verified_at() == 6.0


def test_who_is_there_as_a_user_is_there_already(conn: Connection) -> None:
    subscribed_user(conn, "anne")
    again, owner = Member(address="ANNE@example.net"), Member(address="anne@example.net", role=Role.OWNER)
    assert add(conn, again, owner) == ([owner], [again])


def test_removing_an_address_removes_the_user_who_prefers_it(conn: Connection) -> None:
    subscribed_user(conn, "anne")
    version = members.roster_version(conn, ANT)
    assert members.remove_many(conn, ANT, own("Anne")) == 1
    assert members.roster_version(conn, ANT) != version
    assert members.recipients(conn, ANT) == ()


def test_administrators_accept_their_own_posts(conn: Connection) -> None:
    add(conn, *(Member(address="anne@example.net", role=role) for role in Role))
    actions = {one.role: one.moderation_action for one in memberships.all_memberships(conn)}
    assert actions == {
        Role.OWNER: "accept",
        Role.MODERATOR: "accept",
        Role.MEMBER: None,
        Role.NONMEMBER: None,
    }


def test_a_user_writes_from_any_of_his_addresses(conn: Connection) -> None:
    """Mail flow: a sender, or another address of the sender's user, is a member."""
    add(conn, Member(address="anne@example.net"), Member(address="away@example.net", role=Role.NONMEMBER))
    user = users.of_address(conn, "anne@example.net")
    assert user is not None
    for name in ("home", "away"):
        addresses.ensure(conn, f"{name}@example.net", "", 1.0)
        addresses.link(conn, f"{name}@example.net", user.user_id)
    bart = subscribed_user(conn, "bart", role=Role.OWNER)
    addresses.ensure(conn, "b@example.net", "", 1.0)
    addresses.link(conn, "b@example.net", bart)

    roster = standings.roster(conn, ANT, 10)
    assert roster is not None
    expected = {
        "home": {Role.MEMBER, Role.NONMEMBER},
        "away": {Role.MEMBER, Role.NONMEMBER},
        "anne": {Role.MEMBER, Role.NONMEMBER},
        "b": {Role.OWNER},
        "bart": {Role.OWNER},
    }
    for name, roles in expected.items():
        assert roles_of(conn, ANT, own(name)) == roles, name
        assert roles_of(conn, ANT, ["nobody@example.net", *own(name)]) == roles, name
        assert roles_in(roster, own(name)) == roles - {Role.NONMEMBER}, name


def test_a_roster_has_as_many_memberships_as_asked_for(conn: Connection) -> None:
    add(conn, *many(3))
    assert standings.roster(conn, ANT, 2) is None
    roster = standings.roster(conn, ANT, 3)
    assert roster is not None
    assert len(roster.recipients) == 3


def test_a_roster_tells_whether_anybody_takes_digests(conn: Connection) -> None:
    """Of a list without such members no post need be gathered. Delivery that is off for now may come back."""

    def takes() -> bool:
        roster = standings.roster(conn, ANT, 10)
        assert roster is not None
        return roster.digest_readers

    owner = Member(address="o@example.net", role=Role.OWNER, delivery_mode=DeliveryMode.MIME_DIGESTS)
    members.add_many(conn, ANT, [Member(address="a@example.net"), owner], 1.0)
    assert not takes()
    reader = Member(
        address="d@example.net",
        delivery_mode=DeliveryMode.PLAINTEXT_DIGESTS,
        delivery_status=DeliveryStatus.BY_USER,
    )
    members.add_many(conn, ANT, [reader], 1.0)
    assert takes()
