"""Bans of a list and of the site."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import bans, lists
from mlcore.base.errors import BadInput
from mlcore.lists.model import Ban
from support.site import SiteInDirectory

NOW = 1_700_000_000.0
ANT = "ant.example.com"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        lists.create(connection, "ant@example.com", now=NOW)
        yield connection


def test_each_scope_has_its_own(connection: Connection) -> None:
    bans.add(connection, ["Spam@Example.org", "^.*@bad\\."], now=NOW)
    outcome = bans.add(connection, ["spam@example.org", "x@example.org", "SPAM@example.org"], ANT, now=NOW)

    assert outcome == (("spam@example.org", "x@example.org"), ("spam@example.org",))
    assert bans.shown(connection) == [Ban(pattern="^.*@bad\\."), Ban(pattern="spam@example.org")]
    assert [ban.pattern for ban in bans.shown(connection, ANT)] == ["spam@example.org", "x@example.org"]


def test_bans_are_lifted(connection: Connection) -> None:
    bans.add(connection, ["spam@example.org", "x@example.org"], now=NOW)
    bans.remove(connection, ["SPAM@example.org"])

    assert [ban.pattern for ban in bans.shown(connection)] == ["x@example.org"]
    with pytest.raises(BadInput, match=r"^no ban of the site: spam@example.org: "):
        bans.remove(connection, ["spam@example.org"])
    with pytest.raises(BadInput, match=r"^no ban of ant.example.com: x@example.org: "):
        bans.remove(connection, ["x@example.org"], ANT)


@pytest.mark.parametrize("pattern", ["spam", "^("])
def test_what_is_no_pattern_is_refused(connection: Connection, pattern: str) -> None:
    with pytest.raises(BadInput):
        bans.add(connection, ["a@example.org", pattern], now=NOW)
