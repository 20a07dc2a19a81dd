"""Addresses as rows and as values."""

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from mlcore.base.errors import BadInput
from mlcore.lists.model import MailAddress, Member
from mlcore.mail.address import BadAddress
from mlcore.store import addresses, members, users
from mlcore.store.addresses import NoSuchAddress
from mlcore.store.schema import addresses as table

ANT = "ant.example.com"
ANNE = "Anne@Example.org"


def version(conn: Connection) -> int:
    found = members.roster_version(conn, ANT)
    assert found is not None
    return found[2]


def subscribe(conn: Connection, address: str) -> None:
    members.add_many(conn, ANT, [Member(address=address)], 1.0)


def test_address_is_made_once_and_found_in_any_spelling(conn: Connection) -> None:
    made = addresses.ensure(conn, ANNE, "Anne", 2.0)
    assert made == MailAddress(address=ANNE, display_name="Anne", created_at=2.0)
    assert addresses.ensure(conn, "ANNE@example.ORG", "Other", 3.0) == made
    assert addresses.get(conn, "anne@EXAMPLE.org") == made
    assert addresses.get(conn, "bart@example.org") is None
    assert addresses.get(conn, "nonsense") is None
    with pytest.raises(BadAddress):
        addresses.ensure(conn, "nonsense", "", 1.0)


def test_database_keeps_one_row_per_mailbox(conn: Connection) -> None:
    addresses.ensure(conn, ANNE, "", 1.0)
    row = {
        "address": "ANNE@EXAMPLE.ORG",
        "address_key": "anne@example.org",
        "display_name": "",
        "created_at": 1.0,
    }
    with pytest.raises(IntegrityError), conn.begin_nested():
        conn.execute(insert(table), row)


def test_names_in_every_script(conn: Connection) -> None:
    assert addresses.ensure(conn, ANNE, "太郎 🐜", 1.0).display_name == "太郎 🐜"
    found = addresses.get(conn, ANNE)
    assert found is not None
    assert found.display_name == "太郎 🐜"


def test_ids_of_many(conn: Connection) -> None:
    several = [f"m{number}@example.net" for number in range(addresses.CHUNK + 1)]
    for address in several:
        addresses.ensure(conn, address, "", 1.0)
    found = addresses.ids(conn, [*several, "nobody@example.net"])
    assert sorted(found) == sorted(several)
    assert len(set(found.values())) == len(several)


def test_all_matching(conn: Connection) -> None:
    for address in ("b@example.net", "a@example.net", "c@example.org"):
        addresses.ensure(conn, address, "", 1.0)
    found = addresses.all_matching(conn, lambda address: address.address.endswith("net"))
    assert [address.address for address in found] == ["b@example.net", "a@example.net"]


def test_verified_once(conn: Connection) -> None:
    addresses.ensure(conn, ANNE, "", 1.0)
    for now in (5.0, 6.0):
        addresses.verify(conn, ANNE, now)
    found = addresses.get(conn, ANNE)
    assert found is not None
    assert found.verified_at == 5.0
    addresses.unverify(conn, ANNE)
    found = addresses.get(conn, ANNE)
    assert found is not None
    assert found.verified_at is None


def test_address_of_a_user(conn: Connection) -> None:
    anne, bart = users.create(conn, now=1.0), users.create(conn, now=1.0)
    addresses.ensure(conn, ANNE, "", 1.0)
    subscribe(conn, ANNE)
    addresses.unlink(conn, ANNE)
    before = version(conn)
    addresses.link(conn, ANNE, anne.user_id)
    assert version(conn) == before + 2  # once for the address, once for its user: enough that it grew
    addresses.link(conn, ANNE, anne.user_id)
    assert version(conn) == before + 2
    with pytest.raises(BadInput, match="another user"):
        addresses.link(conn, ANNE, bart.user_id)
    with pytest.raises(BadInput, match="no user"):
        addresses.link(conn, ANNE, "nobody")
    assert [address.address for address in addresses.of_user(conn, anne.user_id)] == [ANNE]


def test_unlinked_address_is_not_preferred(conn: Connection) -> None:
    anne = users.ensure(conn, ANNE, "", 1.0)
    addresses.verify(conn, ANNE, 1.0)
    users.set_preferred(conn, anne.user_id, ANNE)
    for _ in range(2):
        addresses.unlink(conn, ANNE)
        assert users.get(conn, anne.user_id) == anne
    assert addresses.of_user(conn, anne.user_id) == []


def test_rename_in_place(conn: Connection) -> None:
    subscribe(conn, "anne@example.org")
    addresses.verify(conn, ANNE, 5.0)
    before, user = version(conn), users.of_address(conn, ANNE)
    for new in (ANNE, "Anne.Person@example.net"):
        addresses.rename(conn, "anne@example.org", new)
        assert [recipient.address for recipient in members.recipients(conn, ANT)] == [new]
    assert version(conn) > before
    assert addresses.get(conn, ANNE) is None
    assert users.of_address(conn, "anne.person@example.net") == user


def test_rename_to_one_that_is_known_is_refused(conn: Connection) -> None:
    for address in (ANNE, "bart@example.org"):
        addresses.ensure(conn, address, "", 1.0)
    with pytest.raises(BadInput, match="known here already"):
        addresses.rename(conn, ANNE, "BART@example.org")
    with pytest.raises(NoSuchAddress):
        addresses.rename(conn, "nobody@example.org", "new@example.org")
    with pytest.raises(BadAddress):
        addresses.rename(conn, ANNE, "nonsense")


def test_removed_with_its_memberships(conn: Connection) -> None:
    subscribe(conn, ANNE)
    before = version(conn)
    assert addresses.remove(conn, "ANNE@example.org")
    assert version(conn) > before
    assert members.recipients(conn, ANT) == ()
    assert not addresses.remove(conn, ANNE)
    assert not addresses.remove(conn, "nonsense")
    assert len(users.all(conn)) == 1


@pytest.mark.parametrize("step", [addresses.unverify, addresses.unlink])
def test_address_that_nobody_knows(conn: Connection, step: object) -> None:
    with pytest.raises(NoSuchAddress, match=r"nobody@example\.org is not known here"):
        step(conn, "nobody@example.org")  # type: ignore[operator]
