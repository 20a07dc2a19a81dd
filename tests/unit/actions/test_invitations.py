"""Members that others bring."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import invitations, lists, members
from mlcore.actions.invitations import Invited
from mlcore.actions.members import Added
from mlcore.lists.model import DeliveryMode, DeliveryStatus, ListPolicy, Role
from mlcore.lists.subscriptions import Outcome
from mlcore.store import bans, memberships
from support.site import SiteInDirectory
from support.subscriptions import office, open_request, person, sent

NOW = 1_700_000_000.0
ANT = "ant.example.com"


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        lists.create(connection, "ant@example.com", now=NOW)
        yield connection


@pytest.fixture
def ant(conn: Connection) -> ListPolicy:
    return lists.find(conn, ANT)


def test_people_are_invited(conn: Connection, ant: ListPolicy) -> None:
    desk = office()
    bans.add(conn, "banned@example.net", ANT, now=NOW)
    members.add(conn, ant, [person("there@example.net")], welcome=False, now=NOW)
    desk.join(conn, ant, person("asked@example.net"), cause="e1", now=NOW)
    for number in range(3):
        lists.create(conn, f"bee{number}@example.com", now=NOW)
        bee = lists.find(conn, f"bee{number}.example.com")
        desk.join(conn, bee, person("tired@example.net"), cause="e1", now=NOW)
    sent(conn)
    people = [
        person(line)
        for line in (
            "New <new@example.net>",
            "there@example.net",
            "asked@example.net",
            "banned@example.net",
            "ant-owner@example.com",
            "tired@example.net",
            "other@example.net",
        )
    ]

    result = invitations.invite(conn, desk, ant, people, cause="owner@example.com", now=NOW)

    assert result == Invited(
        invited=(people[0], people[6]),
        already=(people[1],),
        pending=(people[2],),
        banned=(people[3],),
        of_lists=(people[4],),
        too_many=(people[5],),
    )
    assert sent(conn) == ["invite new@example.net", "invite other@example.net"]


def test_what_was_wished_for_them_holds_once_they_accept(conn: Connection, ant: ListPolicy) -> None:
    desk = office()
    invitations.invite(
        conn,
        desk,
        ant,
        [person("Anne <anne@example.net>")],
        mode=DeliveryMode.MIME_DIGESTS,
        status=DeliveryStatus.BY_MODERATOR,
        welcome=False,
        cause="x",
        now=NOW,
    )
    sent(conn)
    token = desk.token(open_request(conn, ant, "anne@example.net"))
    assert desk.confirm(conn, ant, token, NOW) is Outcome.SUBSCRIBED
    (one,) = memberships.memberships_of_address(conn, "anne@example.net")
    assert one.effective.delivery_mode is DeliveryMode.MIME_DIGESTS
    assert one.effective.delivery_status is DeliveryStatus.BY_MODERATOR
    assert sent(conn) == []


@pytest.mark.parametrize("invite_only", [True, False])
def test_owners_bring_people_as_the_site_wants_it(
    conn: Connection, ant: ListPolicy, invite_only: bool
) -> None:
    people = [person("anne@example.net")]
    desk = office(invite_only=invite_only)

    result = invitations.bring(conn, desk, ant, people, notify=True, cause="owner@example.com", now=NOW)

    found = [one.address for one in members.chosen(conn, ANT, [Role.MEMBER])]
    if invite_only:
        assert isinstance(result, Invited)
        assert (found, sent(conn)) == ([], ["invite anne@example.net"])
    else:
        assert isinstance(result, Added)
        assert found == ["anne@example.net"]
        assert sent(conn) == ["welcome anne@example.net", "admin-subscribe anne@example.net"]
