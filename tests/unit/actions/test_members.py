"""Members from lines, and listings of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import lists, members
from mlcore.lists.model import DeliveryMode, DeliveryStatus, Role
from support.site import SiteInDirectory

NOW = 1_700_000_000.0
ANT = "ant.example.com"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        lists.create(connection, "ant@example.com", owners=["Anne <anne@example.com>"], now=NOW)
        yield connection


def test_lines_become_members(connection: Connection) -> None:
    lines = [
        "# the team\n",
        "\n",
        "Anne <Anne@example.com>\n",
        "bart@example.com\r\n",
        "太郎 <taro@example.jp>",
    ]

    result = members.add(connection, ANT, lines, now=NOW)

    assert [(member.address, member.display_name) for member in result.added] == [
        ("Anne@example.com", "Anne"),
        ("bart@example.com", ""),
        ("taro@example.jp", "太郎"),
    ]
    assert (result.already, result.bad) == ((), ())


def test_bad_lines_are_counted_as_an_editor_counts(connection: Connection) -> None:
    lines = ["# first\n", "anne\n", "bart@example.com\n", "Carl <carl@>\n"]

    result = members.add(connection, ANT, lines, now=NOW)

    assert [member.address for member in result.added] == ["bart@example.com"]
    assert [(line.number, line.text) for line in result.bad] == [(2, "anne"), (4, "Carl <carl@>")]
    assert all("\n" not in line.reason for line in result.bad)


def test_who_is_there_already_stays_as_he_is(connection: Connection) -> None:
    members.add(connection, ANT, ["bart@example.com"], now=NOW)

    result = members.add(
        connection, ANT, ["BART@example.com", "bart@example.com", "carl@example.com"], now=NOW
    )

    assert [member.address for member in result.added] == ["carl@example.com"]
    assert [member.address for member in result.already] == ["BART@example.com", "bart@example.com"]


def test_listings_are_chosen_and_sorted(connection: Connection) -> None:
    members.add(connection, ANT, ["zoe@example.com", "Bart@example.com"], now=NOW)
    members.add(connection, ANT, ["mimi@example.com"], mode=DeliveryMode.MIME_DIGESTS, now=NOW)
    members.add(connection, ANT, ["off@example.com"], status=DeliveryStatus.BY_MODERATOR, now=NOW)

    def addresses(*roles: Role, **chosen: tuple[DeliveryMode, ...] | tuple[DeliveryStatus, ...]) -> list[str]:
        found = members.chosen(connection, ANT, roles, **chosen)  # type: ignore[arg-type]  # one of two keywords
        return [member.address for member in found]

    assert addresses(Role.MEMBER) == [
        "Bart@example.com",
        "mimi@example.com",
        "off@example.com",
        "zoe@example.com",
    ]
    assert addresses(Role.MEMBER, modes=(DeliveryMode.MIME_DIGESTS,)) == ["mimi@example.com"]
    assert addresses(Role.MEMBER, statuses=(DeliveryStatus.BY_MODERATOR,)) == ["off@example.com"]
    assert addresses(Role.OWNER, Role.MODERATOR) == ["anne@example.com"]
