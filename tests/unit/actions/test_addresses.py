"""One address in the place of another."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import lists
from mlcore.actions.addresses import change_address
from mlcore.base.errors import BadInput
from mlcore.lists.model import Member, Recipient, Role
from mlcore.store import addresses, bans, members, users
from support.site import SiteInDirectory

ANT = "ant.example.com"
OLD, NEW = "anne@example.com", "Anne@work.example"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        lists.create(connection, "ant@example.com", now=1.0)
        members.add_many(connection, ANT, [Member(address=OLD)], 1.0, verified=True)
        yield connection


def test_memberships_user_and_verification_stay(connection: Connection) -> None:
    before = addresses.get(connection, OLD)
    version = members.roster_version(connection, ANT)
    change_address(connection, "ANNE@example.com", NEW)
    after = addresses.get(connection, NEW)
    assert before is not None
    assert after is not None
    assert (after.address, after.verified_at, after.user_id) == (NEW, 1.0, before.user_id)
    assert members.recipients(connection, ANT) == (Recipient(NEW),)
    assert members.roster_version(connection, ANT) != version
    assert users.of_address(connection, OLD) is None


def test_a_change_of_case_alone(connection: Connection) -> None:
    change_address(connection, OLD, "Anne@Example.com")
    assert members.recipients(connection, ANT) == (Recipient("Anne@Example.com"),)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("bart@example.com", NEW, "Address bart@example.com not found."),
        ("no address", NEW, "Address no address not found."),
        (OLD, "anne", "Address anne is not a valid email address."),
        (OLD, OLD, "Addresses are not different.  Nothing to change."),
        (OLD, "CARL@example.com", "Address CARL@example.com already exists; can't change."),
    ],
)
def test_what_is_refused(connection: Connection, old: str, new: str, text: str) -> None:
    addresses.ensure(connection, "carl@example.com", "", 1.0)
    with pytest.raises(BadInput) as caught:
        change_address(connection, old, new)
    assert str(caught.value) == text


def test_nobody_gets_past_a_ban_by_a_change(connection: Connection) -> None:
    bans.add(connection, "^.*@work\\.example", ANT, now=1.0)
    with pytest.raises(BadInput, match="is banned from ant"):
        change_address(connection, OLD, NEW)
    members.remove_many(connection, ANT, [OLD])
    members.add_many(connection, ANT, [Member(address=OLD, role=Role.NONMEMBER)], 1.0)
    change_address(connection, OLD, NEW)


def test_no_list_becomes_its_own_member_by_a_change(connection: Connection) -> None:
    with pytest.raises(BadInput, match="a list reads itself"):
        change_address(connection, OLD, "ant@example.com")
