"""Settings under the names of their attributes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import lists, settings
from mlcore.base.errors import BadInput
from mlcore.lists.attributes import ATTRIBUTES
from mlcore.lists.model import ListPolicy
from mlcore.store import generation
from support.site import SiteInDirectory


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        yield connection


@pytest.fixture
def ant(connection: Connection) -> ListPolicy:
    return lists.create(connection, "ant@example.com", now=1_700_000_000.0)


def test_a_change_is_kept(connection: Connection, ant: ListPolicy) -> None:
    changed = settings.change(connection, ant, {"info": "one\ntwo", "pass_types": "image, text/plain"})

    assert (changed.info, changed.pass_types) == ("one\ntwo", ("image", "text/plain"))
    assert lists.find(connection, "ant@example.com") == changed
    assert settings.shown(connection, changed)["created_at"] == "2023-11-14T22:13:20Z"
    assert settings.plain(connection, changed)["pass_types"] == ["image", "text/plain"]


def test_nothing_is_written_where_nothing_changes(connection: Connection, ant: ListPolicy) -> None:
    before = generation.read(connection)

    assert settings.change(connection, ant, {"advertised": "yes"}) == ant
    assert generation.read(connection) == before


def test_one_that_is_wrong_spoils_all(connection: Connection, ant: ListPolicy) -> None:
    with pytest.raises(BadInput, match=r"^advertised: "):
        settings.change(connection, ant, {"description": "x", "advertised": "perhaps"})
    assert lists.find(connection, "ant@example.com") == ant


KEPT = {
    "archive_rendering_mode": ("markdown", "html"),
    "gateway_to_mail": ("yes", "perhaps"),
    "gateway_to_news": ("yes", "perhaps"),
    "linked_newsgroup": ("comp.lang.tea", "no newsgroup"),
    "nntp_prefix_subject_too": ("no", "perhaps"),
}
"""Settings that nothing acts on yet: a value for each, and what is no value (None: all is)."""


@pytest.mark.row("kept: *")
@pytest.mark.parametrize(("name", "good", "bad"), [(name, *texts) for name, texts in KEPT.items()])
def test_what_nothing_acts_on_yet_is_kept_and_checked(
    connection: Connection, ant: ListPolicy, name: str, good: str, bad: str | None
) -> None:
    before = settings.shown(connection, ant)

    changed = settings.change(connection, ant, {name: good})

    found = lists.find(connection, "ant@example.com")
    assert found == changed != ant
    assert settings.shown(connection, found) == before | {name: good}
    if bad is not None:
        with pytest.raises(BadInput, match=f"^{name}: "):
            settings.change(connection, ant, {name: bad})


def test_these_are_all_that_nothing_acts_on_yet() -> None:
    assert {name for name, one in ATTRIBUTES.items() if not one.in_force} == set(KEPT)
