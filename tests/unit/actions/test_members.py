"""Members from lines: added, removed, matched; who may be one, and who hears of it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.actions import lists, members
from mlcore.actions.members import CHUNK, Person
from mlcore.lists.model import DeliveryMode, DeliveryStatus, Domain, ListPolicy, Member, Role
from mlcore.store import addresses, bans, domains, memberships, notices, users
from mlcore.store import lists as list_rows
from mlcore.store import members as rows
from support.site import SiteInDirectory

NOW = 1_700_000_000.0
ANT = "ant.example.com"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        lists.create(connection, "ant@example.com", owners=["Anne <anne@example.com>"], now=NOW)
        yield connection


@pytest.fixture
def ant(connection: Connection) -> ListPolicy:
    return lists.find(connection, ANT)


def people(*lines: str) -> tuple[Person, ...]:
    return tuple(one for part in members.read(lines) for one in part.people)


def queued(connection: Connection) -> list[tuple[str, str]]:
    return [(row.kind, row.address) for row in notices.take(connection, 100)]


def addresses_on(connection: Connection, *roles: Role) -> list[str]:
    return [one.address for one in members.chosen(connection, ANT, roles or (Role.MEMBER,))]


def test_lines_become_people() -> None:
    lines = [
        "\ufeff# the team\n",
        "\n",
        "Anne <Anne@example.com>\n",
        "bart@example.com\r\n",
        "太郎 <taro@example.jp>",
    ]
    (part,) = members.read(lines)
    assert part.people == (
        Person(3, "Anne", "Anne@example.com", "anne@example.com"),
        Person(4, "", "bart@example.com", "bart@example.com"),
        Person(5, "太郎", "taro@example.jp", "taro@example.jp"),
    )
    assert part.bad == ()
    assert [one.shown for one in part.people] == [
        "Anne <Anne@example.com>",
        "bart@example.com",
        "太郎 <taro@example.jp>",
    ]


def test_bad_lines_are_counted_as_an_editor_counts() -> None:
    (part,) = members.read(["# first\n", "anne\n", "bart@example.com\n", "Carl <carl@>\n"])
    assert [(line.number, line.text) for line in part.bad] == [(2, "anne"), (4, "Carl <carl@>")]
    assert all("\n" not in line.reason for line in part.bad)
    (part,) = members.read(["anne", "bart@example.com"], numbered=False)
    assert (part.bad[0].number, part.people[0].number) == (0, 0)


def test_a_long_file_comes_in_parts() -> None:
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for number in range(CHUNK + 1):
            taken += 1
            yield f"member-{number}@example.com\n"

    parts = members.read(lines())
    assert len(next(parts).people) == CHUNK
    assert taken == CHUNK
    assert [one.number for one in next(parts).people] == [CHUNK + 1]


def test_a_mark_of_byte_order_is_no_part_of_an_address() -> None:
    """Editors of Windows begin a file with one."""
    assert [one.address for one in people("\ufeffanne@example.com")] == ["anne@example.com"]


def test_added_members_are_verified_users(connection: Connection, ant: ListPolicy) -> None:
    result = members.add(connection, ant, people("Bart <Bart@example.com>"), now=NOW)

    assert result.added == (Member(address="Bart@example.com", display_name="Bart"),)
    assert (result.already, result.banned, result.of_lists) == ((), (), ())
    known = addresses.get(connection, "bart@example.com")
    user = users.of_address(connection, "bart@example.com")
    assert known is not None
    assert user is not None
    assert (known.address, known.verified_at, known.user_id) == ("Bart@example.com", NOW, user.user_id)
    assert user.display_name == "Bart"


def test_who_is_there_already_stays_as_he_is(connection: Connection, ant: ListPolicy) -> None:
    members.add(connection, ant, people("bart@example.com"), now=NOW)
    lines = people("BART@example.com", "bart@example.com", "carl@example.com")

    result = members.add(connection, ant, lines, mode=DeliveryMode.MIME_DIGESTS, now=NOW)

    assert [member.address for member in result.added] == ["carl@example.com"]
    assert [member.address for member in result.already] == ["BART@example.com", "bart@example.com"]
    assert members.chosen(connection, ANT, [Role.MEMBER])[0].delivery_mode is DeliveryMode.REGULAR


def test_banned_people_get_no_role(connection: Connection, ant: ListPolicy) -> None:
    bans.add(connection, "bart@example.com", ANT, now=NOW)
    bans.add(connection, "^.*@spam\\.example", now=NOW)

    result = members.add(
        connection, ant, people("BART@example.com", "a@Spam.example", "carl@example.com"), now=NOW
    )

    assert [one.address for one in result.banned] == ["BART@example.com", "a@Spam.example"]
    assert addresses_on(connection) == ["carl@example.com"]
    assert users.of_address(connection, "bart@example.com") is None


def test_no_list_reads_its_own_posts(connection: Connection, ant: ListPolicy) -> None:
    """The posting address may be a nonmember at most; other lists may be members, and so may their owners."""
    lists.create(connection, "bee@example.com", now=NOW)
    example = domains.get(connection, "example.com")
    assert example is not None
    domains.change(connection, msgspec.structs.replace(example, alias_domain="alias.example"))
    lines = people(
        "ant@example.com",
        "ANT-Owner@example.com",
        "ant+detail@example.com",
        "ant@alias.example",
        "bee-request@example.com",
        "bee-bounces+x=y@example.com",
        "bee@example.com",
        "bee-owner@example.com",
        "ant-friends@example.com",
    )

    result = members.add(connection, ant, lines, now=NOW)

    assert [one.number for one in result.of_lists] == [1, 2, 3, 4, 5, 6]
    assert addresses_on(connection) == ["ant-friends@example.com", "bee-owner@example.com", "bee@example.com"]
    rows.add_many(connection, ANT, [Member(address="ant@example.com", role=Role.NONMEMBER)], NOW)


@pytest.mark.parametrize("setting", [True, False])
@pytest.mark.parametrize("option", [True, False, None])
def test_who_hears_of_new_members(
    connection: Connection, ant: ListPolicy, setting: bool, option: bool | None
) -> None:
    ant = msgspec.structs.replace(ant, send_welcome_message=setting, admin_notify_mchanges=not setting)
    members.add(connection, ant, people("bart@example.com"), welcome=option, notify=option, now=NOW)
    expected = []
    if setting if option is None else option:
        expected.append(("welcome", "bart@example.com"))
    if not setting if option is None else option:
        expected.append(("admin-subscribe", "bart@example.com"))
    assert queued(connection) == expected


def test_who_was_there_already_is_not_welcomed(connection: Connection, ant: ListPolicy) -> None:
    for _ in range(2):
        members.add(connection, ant, people("bart@example.com"), welcome=True, now=NOW)
    assert queued(connection) == [("welcome", "bart@example.com")]


@pytest.mark.parametrize("setting", [True, False])
@pytest.mark.parametrize("option", [True, False, None])
def test_who_hears_of_those_who_leave(
    connection: Connection, ant: ListPolicy, setting: bool, option: bool | None
) -> None:
    members.add(connection, ant, people("bart@example.com"), welcome=False, now=NOW)
    ant = msgspec.structs.replace(ant, send_goodbye_message=setting, admin_notify_mchanges=not setting)
    list_rows.change(connection, ant)
    members.remove(connection, ant, people("BART@example.com"), goodbye=option, notify=option, now=NOW)
    expected = []
    if setting if option is None else option:
        expected.append(("goodbye", "bart@example.com"))
    if not setting if option is None else option:
        expected.append(("admin-unsubscribe", "bart@example.com"))
    assert queued(connection) == expected


def test_members_are_removed_and_owners_stay(connection: Connection, ant: ListPolicy) -> None:
    members.add(connection, ant, people("anne@example.com", "bart@example.com"), now=NOW)
    lines = people("ANNE@example.com", "zoe@example.com", "Zoe@example.com")

    result = members.remove(connection, ant, lines, now=NOW)

    assert [one.address for one in result.removed] == ["anne@example.com"]
    assert [one.address for one in result.missing] == ["zoe@example.com"]
    assert addresses_on(connection) == ["bart@example.com"]
    assert addresses_on(connection, Role.OWNER) == ["anne@example.com"]


def test_one_goodbye_for_an_address_and_its_user(connection: Connection, ant: ListPolicy) -> None:
    user = users.ensure(connection, "bart@example.com", "", NOW)
    addresses.verify(connection, "bart@example.com", NOW)
    members.add(connection, ant, people("bart@example.com"), welcome=False, now=NOW)
    addresses.ensure(connection, "b@work.example", "", NOW)
    addresses.verify(connection, "b@work.example", NOW)
    users.set_preferred(connection, user.user_id, "b@work.example")
    memberships.subscribe_user(connection, ANT, user.user_id, Role.MEMBER, NOW)
    users.set_preferred(connection, user.user_id, "bart@example.com")

    result = members.remove(connection, ant, people("bart@example.com"), goodbye=True, now=NOW)

    assert len(result.removed) == 2
    assert queued(connection) == [("goodbye", "bart@example.com")]


def test_from_all_lists(connection: Connection, ant: ListPolicy) -> None:
    bee = lists.create(connection, "bee@example.com", owners=["bart@example.com"], now=NOW)
    for policy in (ant, bee):
        members.add(
            connection, policy, people("bart@example.com", "carl@example.com"), welcome=False, now=NOW
        )

    result = members.remove_everywhere(
        connection, people("Bart@example.com", "zoe@example.com"), goodbye=True, now=NOW
    )

    assert sorted(one.list_id for one in result.removed) == [ANT, "bee.example.com"]
    assert [one.address for one in result.missing] == ["zoe@example.com"]
    assert queued(connection) == [("goodbye", "bart@example.com")] * 2
    assert [one.role for one in memberships.memberships_of_address(connection, "bart@example.com")] == [
        Role.OWNER
    ]


def test_everybody_goes_in_parts(connection: Connection, ant: ListPolicy) -> None:
    lines = (f"member-{number}@example.com" for number in range(CHUNK + 1))
    for part in members.read(lines):
        members.add(connection, ant, part.people, welcome=False, now=NOW)
    removed = [members.remove_all(connection, ant, goodbye=False, now=NOW) for _ in range(3)]
    assert removed == [CHUNK, 1, 0]
    assert addresses_on(connection, Role.OWNER) == ["anne@example.com"]


def test_difference(connection: Connection, ant: ListPolicy) -> None:
    members.add(
        connection, ant, people("bart@example.com", "Dora <Dora@example.com>", "Carl@example.com"), now=NOW
    )
    bans.add(connection, "eve@example.com", now=NOW)
    lines = people(
        "BART@example.com", "Zoe@example.com", "eve@example.com", "abe@example.com", "Z <zoe@example.com>"
    )

    found = members.difference(connection, ant, (*lines, *people("ant@example.com")))

    assert [one.shown for one in found.to_add] == ["abe@example.com", "Zoe@example.com"]
    assert [one.shown for one in found.to_remove] == ["Carl@example.com", "Dora <Dora@example.com>"]
    assert [one.address for one in found.banned] == ["eve@example.com"]
    assert [one.address for one in found.of_lists] == ["ant@example.com"]


def test_members_who_were_banned_later_may_stay(connection: Connection, ant: ListPolicy) -> None:
    members.add(connection, ant, people("bart@example.com"), now=NOW)
    bans.add(connection, "bart@example.com", now=NOW)
    found = members.difference(connection, ant, people("bart@example.com"))
    assert (found.to_add, found.to_remove, found.banned) == ((), (), ())


def test_a_list_that_went_away_meanwhile(connection: Connection, ant: ListPolicy) -> None:
    list_rows.remove(connection, ANT)
    with pytest.raises(list_rows.NoSuchList):
        members.add(connection, ant, people("bart@example.com"), now=NOW)


def test_listings_are_chosen_and_sorted(connection: Connection, ant: ListPolicy) -> None:
    members.add(connection, ant, people("zoe@example.com", "Bart@example.com"), now=NOW)
    members.add(connection, ant, people("mimi@example.com"), mode=DeliveryMode.MIME_DIGESTS, now=NOW)
    members.add(connection, ant, people("off@example.com"), status=DeliveryStatus.BY_MODERATOR, now=NOW)

    def found(*roles: Role, **chosen: tuple[DeliveryMode, ...] | tuple[DeliveryStatus, ...]) -> list[str]:
        several = members.chosen(connection, ANT, roles, **chosen)  # type: ignore[arg-type]  # one of two keywords
        return [member.address for member in several]

    assert found(Role.MEMBER) == [
        "Bart@example.com",
        "mimi@example.com",
        "off@example.com",
        "zoe@example.com",
    ]
    assert found(Role.MEMBER, modes=(DeliveryMode.MIME_DIGESTS,)) == ["mimi@example.com"]
    assert found(Role.MEMBER, statuses=(DeliveryStatus.BY_MODERATOR,)) == ["off@example.com"]
    assert found(Role.OWNER, Role.MODERATOR) == ["anne@example.com"]


def test_a_list_that_is_on_an_alias_domain(connection: Connection) -> None:
    domains.create(connection, Domain(mail_host="two.example", alias_domain="in.example"), NOW)
    policy = lists.create(connection, "cat@two.example", now=NOW)
    assert members.reads_itself(connection, policy, "cat-leave@in.example")
    assert not members.reads_itself(connection, policy, "cat@elsewhere.example")
