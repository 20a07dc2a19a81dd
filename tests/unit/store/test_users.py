"""Users as rows and as values."""

import time
import uuid

import pytest
from sqlalchemy import Connection, select

from mlcore.base.errors import BadInput
from mlcore.lists.model import Action, Domain, Member, Preferences, Role, User
from mlcore.mail.address import BadAddress
from mlcore.store import addresses, domains, members, memberships, preferences, users
from mlcore.store.schema import users as table
from mlcore.store.users import NoSuchUser

ANT = "ant.example.com"
ANNE, BART = "Anne@Example.org", "bart@example.net"


def version(conn: Connection) -> int:
    found = members.roster_version(conn, ANT)
    assert found is not None
    return found[2]


def preferring(conn: Connection, address: str) -> User:
    """A user who prefers this address."""
    user = users.ensure(conn, address, "", 1.0)
    addresses.verify(conn, address, 1.0)
    users.set_preferred(conn, user.user_id, address)
    return user


def test_created(conn: Connection) -> None:
    anne = users.create(conn, display_name="Anne", now=2.0)
    assert (
        users.get(conn, anne.user_id)
        == anne
        == User(user_id=anne.user_id, display_name="Anne", created_at=2.0)
    )
    assert uuid.UUID(anne.user_id).version == 4
    assert users.get(conn, "nobody") is None
    assert users.all(conn) == [anne]


def test_of_an_address_in_any_spelling(conn: Connection) -> None:
    anne = users.ensure(conn, ANNE, "Anne", 2.0)
    assert users.of_address(conn, "ANNE@example.org") == anne
    assert users.ensure(conn, "anne@EXAMPLE.ORG", "Other", 3.0) == anne
    assert users.of_address(conn, BART) is None
    assert users.of_address(conn, "nonsense") is None
    addresses.ensure(conn, BART, "", 1.0)
    assert users.of_address(conn, BART) is None


def test_many_at_once_in_order(conn: Connection) -> None:
    """Addresses that are new, that are free, that are another's; one twice."""
    known = users.ensure(conn, "known@example.org", "", 1.0)
    addresses.ensure(conn, "free@example.org", "Free", 1.0)
    people = [
        (ANNE, "Anne"),
        ("free@example.org", "F"),
        ("KNOWN@example.org", "K"),
        ("anne@example.ORG", "A"),
    ]
    rows = users.ensure_many(conn, people, 5.0)
    assert rows[0] == rows[3]
    assert rows == [addresses.ids(conn, [key])[key] for key in map(str.lower, (row[0] for row in people))]
    anne, free = users.of_address(conn, ANNE), users.of_address(conn, "free@example.org")
    assert anne is not None
    assert free is not None
    assert (anne.display_name, anne.created_at, free.display_name) == ("Anne", 5.0, "F")
    assert users.of_address(conn, "known@example.org") == known
    found = addresses.get(conn, ANNE)
    assert found is not None
    assert (found.address, found.display_name) == (ANNE, "Anne")
    assert len(users.all(conn)) == 3
    assert users.ensure_many(conn, [], 5.0) == []


def test_same_address_far_apart_is_one(conn: Connection) -> None:
    people = [(f"m{number}@example.net", "") for number in range(users.CHUNK)]
    rows = users.ensure_many(conn, [*people, ("M0@example.net", "late")], 1.0)
    assert rows[-1] == rows[0]
    assert len(users.all(conn)) == users.CHUNK


def test_one_bad_address_and_nothing_is_written(conn: Connection) -> None:
    with pytest.raises(BadAddress):
        users.ensure_many(conn, [(ANNE, ""), ("nonsense", "")], 1.0)
    assert users.all(conn) == []


def test_ten_thousand_new_people(conn: Connection) -> None:
    people = [(f"member-{number}@example.net", f"M {number}") for number in range(10_000)]
    began = time.process_time()
    rows = users.ensure_many(conn, people, 1.0)
    spent = time.process_time() - began
    assert len(set(rows)) == 10_000
    assert spent < 5, spent  # 0.3 s on a machine with nothing else to do; this is for a broken loop


def test_freed_address_that_gets_a_user_is_noticed(conn: Connection) -> None:
    members.add_many(conn, ANT, [Member(address=ANNE)], 1.0)
    addresses.unlink(conn, ANNE)
    before = version(conn)
    users.ensure(conn, ANNE, "", 1.0)
    assert version(conn) > before


def test_change(conn: Connection) -> None:
    anne = users.create(conn, display_name="Anne", now=1.0)
    users.change(conn, anne.user_id)
    users.change(conn, anne.user_id, display_name="Anne P.", is_server_owner=True, password="hash")
    assert users.password_of(conn, anne.user_id) == "hash"
    users.change(conn, anne.user_id, password="")
    assert users.password_of(conn, anne.user_id) is None
    changed = users.get(conn, anne.user_id)
    assert changed is not None
    assert (changed.display_name, changed.is_server_owner) == ("Anne P.", True)
    for step in (users.change, users.password_of, users.addresses_of):
        if step is users.addresses_of:
            assert users.addresses_of(conn, "nobody") == []
        else:
            with pytest.raises(NoSuchUser):
                step(conn, "nobody")


def test_preferred_address(conn: Connection) -> None:
    anne = users.ensure(conn, ANNE, "", 1.0)
    with pytest.raises(BadInput, match="not verified"):
        users.set_preferred(conn, anne.user_id, ANNE)
    addresses.verify(conn, ANNE, 1.0)
    users.set_preferred(conn, anne.user_id, "anne@example.org")
    found = users.get(conn, anne.user_id)
    assert found is not None
    assert found.preferred_address == ANNE
    users.set_preferred(conn, anne.user_id, None)
    assert users.get(conn, anne.user_id) == anne


def test_preferred_address_that_was_free_becomes_his(conn: Connection) -> None:
    anne = users.create(conn, now=1.0)
    addresses.ensure(conn, BART, "", 1.0)
    with pytest.raises(BadInput, match="not verified"):
        users.set_preferred(conn, anne.user_id, BART)
    assert users.addresses_of(conn, anne.user_id) == []
    addresses.verify(conn, BART, 1.0)
    users.set_preferred(conn, anne.user_id, BART)
    assert [address.address for address in users.addresses_of(conn, anne.user_id)] == [BART]
    other = users.create(conn, now=1.0)
    with pytest.raises(BadInput, match="another user"):
        users.set_preferred(conn, other.user_id, BART)


def test_mail_for_a_user_follows_the_preferred_address(conn: Connection) -> None:
    anne = preferring(conn, ANNE)
    memberships.subscribe_user(conn, ANT, anne.user_id, Role.MEMBER, 1.0)
    assert [recipient.address for recipient in members.recipients(conn, ANT)] == [ANNE]
    before = version(conn)
    addresses.ensure(conn, BART, "", 1.0)
    addresses.verify(conn, BART, 1.0)
    users.set_preferred(conn, anne.user_id, BART)
    assert version(conn) > before
    assert [recipient.address for recipient in members.recipients(conn, ANT)] == [BART]


def test_without_memberships(conn: Connection) -> None:
    members.add_many(conn, ANT, [Member(address=ANNE)], 1.0)
    cate = preferring(conn, "cate@example.org")
    memberships.subscribe_user(conn, ANT, cate.user_id, Role.OWNER, 1.0)
    bart, nobody = users.ensure(conn, BART, "", 1.0), users.create(conn, now=1.0)
    assert users.without_memberships(conn) == [bart, nobody]


def test_search(conn: Connection) -> None:
    anne = users.ensure(conn, ANNE, "Ännchen", 1.0)
    bart = users.ensure(conn, BART, "", 1.0)
    users.change(conn, bart.user_id, display_name="100% Bart_")
    users.create(conn, now=1.0)
    bart = users.of_address(conn, BART) or bart
    assert users.search(conn, "ÄNN") == [anne]
    assert users.search(conn, "EXAMPLE.NET") == [bart]
    assert users.search(conn, "%") == users.search(conn, "t_") == [bart]
    assert users.search(conn, "example") == [anne, bart]
    assert users.search(conn, "nowhere") == []


def test_absorb(conn: Connection) -> None:
    """What the other had is his now, but where he has it himself."""
    anne, other = preferring(conn, ANNE), preferring(conn, BART)
    users.change(conn, other.user_id, display_name="Bart", is_server_owner=True, password="hash")
    preferences.set_of_user(conn, anne.user_id, Preferences(hide_address=False))
    preferences.set_of_user(conn, other.user_id, Preferences(hide_address=True, acknowledge_posts=True))
    for user in (anne, other):
        memberships.subscribe_user(conn, ANT, user.user_id, Role.MEMBER, 1.0)
    memberships.subscribe_user(conn, ANT, other.user_id, Role.OWNER, 1.0)
    domains.create(conn, Domain(mail_host="b.example"), 1.0)
    domains.add_owner(conn, "example.com", anne.user_id)
    for host in ("example.com", "b.example"):
        domains.add_owner(conn, host, other.user_id)
    before = version(conn)

    users.absorb(conn, anne.user_id, other.user_id)

    merged = users.get(conn, anne.user_id)
    assert merged == User(
        user_id=anne.user_id,
        display_name="Bart",
        created_at=1.0,
        is_server_owner=True,
        preferred_address=ANNE,
        preferences=Preferences(hide_address=False, acknowledge_posts=True),
    )
    assert users.password_of(conn, anne.user_id) == "hash"
    assert users.all(conn) == [merged]
    assert {address.address for address in users.addresses_of(conn, anne.user_id)} == {ANNE, BART}
    held = memberships.memberships_of_user(conn, anne.user_id)
    assert sorted(membership.role for membership in held) == [Role.MEMBER, Role.OWNER]
    assert all(membership.moderation_action in {None, Action.ACCEPT} for membership in held)
    assert domains.owners(conn, "b.example") == domains.owners(conn, "example.com") == [merged]
    assert version(conn) > before


def test_absorb_gives_a_preferred_address_to_who_has_none(conn: Connection) -> None:
    anne, bart = users.create(conn, display_name="Anne", now=1.0), preferring(conn, BART)
    users.absorb(conn, anne.user_id, bart.user_id)
    merged = users.get(conn, anne.user_id)
    assert merged is not None
    assert (merged.preferred_address, merged.display_name) == (BART, "Anne")


def test_absorb_needs_two_users(conn: Connection) -> None:
    anne = users.create(conn, now=1.0)
    with pytest.raises(BadInput, match="himself"):
        users.absorb(conn, anne.user_id, anne.user_id)
    for pair in ((anne.user_id, "nobody"), ("nobody", anne.user_id)):
        with pytest.raises(NoSuchUser):
            users.absorb(conn, *pair)


def test_removed_with_addresses_and_memberships(conn: Connection) -> None:
    anne = preferring(conn, ANNE)
    memberships.subscribe_user(conn, ANT, anne.user_id, Role.MEMBER, 1.0)
    members.add_many(conn, ANT, [Member(address=ANNE, role=Role.OWNER), Member(address=BART)], 1.0)
    before = version(conn)
    assert users.remove(conn, anne.user_id)
    assert version(conn) > before
    assert addresses.get(conn, ANNE) is None
    assert [recipient.address for recipient in members.recipients(conn, ANT)] == [BART]
    assert members.members(conn, ANT, Role.OWNER) == []
    assert not users.remove(conn, anne.user_id)
    assert len(conn.execute(select(table)).all()) == 1
