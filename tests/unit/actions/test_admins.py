"""Owners and moderators: who they may be, and what is told of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import admins, lists
from mlcore.base.errors import BadInput
from mlcore.lists.model import ListPolicy, Role
from mlcore.store import bans, members
from support.site import SiteInDirectory

NOW = 1_700_000_000.0


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        yield connection


@pytest.fixture
def ant(connection: Connection) -> ListPolicy:
    return lists.create(connection, "ant@example.com", owners=["Anne <anne@example.com>"], now=NOW)


def addresses(connection: Connection, role: Role) -> list[str]:
    return [member.address for member in members.members(connection, "ant.example.com", role)]


def test_added_and_already_there(connection: Connection, ant: ListPolicy) -> None:
    outcome = admins.add(
        connection, ant, ["ANNE@example.com", "Bart <Bart@example.com>"], role=Role.OWNER, now=NOW
    )

    assert outcome == admins.Outcome(done=("Bart@example.com",), without_effect=("ANNE@example.com",))
    assert addresses(connection, Role.OWNER) == ["anne@example.com", "Bart@example.com"]


def test_owner_and_moderator_are_two_roles(connection: Connection, ant: ListPolicy) -> None:
    admins.add(connection, ant, ["anne@example.com"], role=Role.MODERATOR, now=NOW)
    outcome = admins.delete(connection, ant, ["Anne@example.com"], role=Role.OWNER)

    assert outcome == admins.Outcome(done=("Anne@example.com",), without_effect=())
    assert addresses(connection, Role.OWNER) == []
    assert addresses(connection, Role.MODERATOR) == ["anne@example.com"]


def test_who_is_not_there_cannot_be_deleted(connection: Connection, ant: ListPolicy) -> None:
    outcome = admins.delete(connection, ant, ["bart@example.com", "anne@example.com"], role=Role.OWNER)

    assert outcome == admins.Outcome(done=("anne@example.com",), without_effect=("bart@example.com",))


def test_what_is_no_address_is_named(connection: Connection, ant: ListPolicy) -> None:
    texts = ["bart", "d@example.com", "@c"]
    with pytest.raises(BadInput, match=r"^Invalid email address: bart, @c$"):
        admins.add(connection, ant, texts, role=Role.OWNER, now=NOW)
    with pytest.raises(BadInput, match=r"^Invalid email address: bart, @c$"):
        admins.delete(connection, ant, texts, role=Role.OWNER)


def test_who_is_banned_or_the_list_itself_is_refused(connection: Connection, ant: ListPolicy) -> None:
    bans.add(connection, "spam@example.org", ant.list_id, now=NOW)

    with pytest.raises(BadInput, match=r"^Membership is banned: Spam@example.org"):
        admins.add(connection, ant, ["Spam@example.org"], role=Role.MODERATOR, now=NOW)
    with pytest.raises(BadInput, match="is an address of the list itself"):
        admins.add(connection, ant, ["ant-owner@example.com"], role=Role.MODERATOR, now=NOW)
    lists.create(connection, "bee@example.com", owners=["ant@example.com", "spam@example.org"], now=NOW)
