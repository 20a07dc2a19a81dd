"""Who is subscribed to what, by a piece of an address."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import lists, persons
from mlcore.base.errors import BadInput
from mlcore.lists.model import Member, Role
from mlcore.store import addresses, members, users
from support.site import SiteInDirectory

ANT, BEE = "ant.example.com", "bee.example.com"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        for name in ("bee", "ant"):
            lists.create(connection, f"{name}@example.com", now=1.0)
        people = [
            Member(address="Zoe@example.com"),
            Member(address="anne@example.com", role=Role.MODERATOR),
            Member(address="anne@example.com"),
            Member(address="non@example.com", role=Role.NONMEMBER),
        ]
        members.add_many(connection, ANT, people, 1.0)
        members.add_many(connection, BEE, [Member(address="anne@example.com")], 1.0)
        yield connection


def found(connection: Connection, pattern: str, *roles: Role) -> list[str]:
    several = persons.memberships_matching(connection, pattern, roles or tuple(Role))
    return [f"{one.address.partition('@')[0]} {one.list_id[:3]} {one.role.value}" for one in several]


def test_sorted_by_address_list_and_role(connection: Connection) -> None:
    assert found(connection, "") == [
        "anne ant member",
        "anne ant moderator",
        "anne bee member",
        "non ant nonmember",
        "Zoe ant member",
    ]
    assert found(connection, "^ANNE@", Role.MEMBER) == ["anne ant member", "anne bee member"]
    assert found(connection, "zo.@") == ["Zoe ant member"]
    assert found(connection, "nobody") == []


def test_every_address_of_a_user_is_looked_at(connection: Connection) -> None:
    """Not the first one alone."""
    user = users.of_address(connection, "anne@example.com")
    assert user is not None
    addresses.ensure(connection, "ap@work.example", "", 1.0)
    addresses.link(connection, "ap@work.example", user.user_id)
    assert found(connection, "work") == ["anne ant member", "anne ant moderator", "anne bee member"]


@pytest.mark.parametrize("pattern", ["(", "(x|xx)+[yz]"])
def test_patterns_of_no_use_are_refused(connection: Connection, pattern: str) -> None:
    members.add_many(connection, ANT, [Member(address=f"{'x' * 60}@example.com")], 1.0)
    with pytest.raises(BadInput, match="Invalid pattern"):
        persons.memberships_matching(connection, pattern)
