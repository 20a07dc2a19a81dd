"""What becomes of the posts of single people."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from mlcore.actions import lists as list_actions
from mlcore.actions import standing
from mlcore.base.errors import BadInput
from mlcore.lists.model import Action, ListPolicy, Member, Role
from mlcore.store import members
from mlcore.store.engine import open_sync
from mlcore.store.standings import of_senders
from mlcore.store.upgrade import prepare

ANNE, ZOE = "anne@example.com", "zoe@example.net"


@pytest.fixture
def conn(database_url: str) -> Iterator[Connection]:
    prepare(database_url)
    with open_sync(database_url) as connection:
        yield connection


@pytest.fixture
def ant(conn: Connection) -> ListPolicy:
    policy = list_actions.create(conn, "ant@example.com", owners=[], now=1.0)
    known = [Member(address=ANNE), Member(address=ZOE, role=Role.NONMEMBER)]
    members.add_many(conn, policy.list_id, known, 1.0)
    return policy


def test_the_rules_are_told_of_it(conn: Connection, ant: ListPolicy) -> None:
    standing.change(conn, ant, [ANNE], action=Action.HOLD, restricted=True)
    standing.change(conn, ant, [ZOE], action=Action.ACCEPT)
    found = of_senders(conn, ant.list_id, [ANNE, ZOE])
    assert (found[ANNE].moderation_action, found[ANNE].restricted) == (Action.HOLD, True)
    assert (found[ZOE].moderation_action, found[ZOE].restricted) == (Action.ACCEPT, False)


def test_the_member_counts_before_the_nonmember(conn: Connection, ant: ListPolicy) -> None:
    members.add_many(conn, ant.list_id, [Member(address=ANNE, role=Role.NONMEMBER)], 1.0)
    assert [one.role for one in standing.of(conn, ant, [ANNE, ZOE])] == [Role.MEMBER, Role.NONMEMBER]


def test_all_or_nobody(conn: Connection, ant: ListPolicy) -> None:
    with pytest.raises(BadInput, match="is no member"):
        standing.change(conn, ant, [ANNE, ZOE], restricted=True)
    assert not standing.of(conn, ant, [ANNE])[0].restricted
