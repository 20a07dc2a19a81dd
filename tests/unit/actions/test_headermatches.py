"""Rules of a list about header fields."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import headermatches, lists
from mlcore.base.errors import BadInput
from mlcore.lists.model import Action, HeaderMatch
from mlcore.store import header_matches
from support.site import SiteInDirectory

ANT = "ant.example.com"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        lists.create(connection, "ant@example.com", now=1_700_000_000.0)
        yield connection


def _headers(connection: Connection) -> list[str]:
    return [match.header for match in headermatches.shown(connection, ANT)]


@pytest.mark.row("attribute: header_matches")
def test_they_are_put_where_they_belong(connection: Connection) -> None:
    assert headermatches.add(connection, ANT, "B", "x") == 0
    assert headermatches.add(connection, ANT, "D", "x") == 1
    assert headermatches.add(connection, ANT, "A", "x", position=0) == 0
    assert headermatches.add(connection, ANT, "C", "x", position=2, action=Action.HOLD, tag="t") == 2
    assert headermatches.add(connection, ANT, "E", "x", position=4) == 4
    assert _headers(connection) == ["a", "b", "c", "d", "e"]
    expected = HeaderMatch(header="c", pattern="x", action=Action.HOLD, tag="t")
    assert headermatches.shown(connection, ANT)[2] == expected


def test_they_are_removed_together_or_not_at_all(connection: Connection) -> None:
    for header in "abcd":
        headermatches.add(connection, ANT, header, "x")
    with pytest.raises(BadInput, match=r"^No header match at this position: 4$"):
        headermatches.remove(connection, ANT, [0, 4, 5])
    assert _headers(connection) == ["a", "b", "c", "d"]
    headermatches.remove(connection, ANT, [2, 0, 2])
    assert _headers(connection) == ["b", "d"]
    headermatches.clear(connection, ANT)
    assert _headers(connection) == []


@pytest.mark.parametrize(
    ("header", "pattern", "position", "complaint"),
    [
        ("X-SPAM-Flag", "^yes", None, "^This header match already exists"),
        ("X-Spam-Flag", "^no", 2, "^No header match at this position: 2"),
        ("X-Spam-Flag", "^no", -1, "^No header match at this position: -1"),
        ("X-Spam-Flag", "[", None, "^bad regular expression"),
        ("X Spam", "x", None, "names no header field"),
    ],
)
def test_what_is_refused(
    connection: Connection, header: str, pattern: str, position: int | None, complaint: str
) -> None:
    headermatches.add(connection, ANT, "x-spam-flag", "^yes")
    with pytest.raises(BadInput, match=complaint):
        headermatches.add(connection, ANT, header, pattern, position=position)
    assert _headers(connection) == ["x-spam-flag"]


def test_a_list_has_a_bounded_number(connection: Connection) -> None:
    many = [HeaderMatch(header="subject", pattern=str(number)) for number in range(500)]
    header_matches.replace(connection, ANT, many)
    with pytest.raises(BadInput, match="has 500 header matches"):
        headermatches.add(connection, ANT, "subject", "x")
