"""`mlcore notify`."""

from pathlib import Path

import pytest

from mlcore.store import notices, reminders
from mlcore.store.held import HeldPost, insert_if_absent
from support.site import SiteInDirectory


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    for name in ("ant", "bee", "cat"):
        site.run("create", f"{name}@example.com")
    with site.connection() as connection:
        for entry, name in (("a", "ant"), ("b", "ant"), ("c", "bee")):
            post = HeldPost(
                spool="here",
                entry=entry,
                list_id=f"{name}.example.com",
                sender="eve@example.net",
                subject="",
                reasons=(),
                arrived_at=1.0,
                held_at=1.0,
                identity=entry,
                token_hash=entry,
            )
            insert_if_absent(connection, post)
    return site


def queued(site: SiteInDirectory) -> list[tuple[str, str]]:
    with site.connection() as connection:
        return [(row.kind, row.list_id) for row in notices.take(connection, 9)]


def test_moderators_of_all_lists_are_told(site: SiteInDirectory) -> None:
    assert site.run("notify").output == ""
    assert queued(site) == [("pending", "ant.example.com"), ("pending", "bee.example.com")]
    with site.connection() as connection:
        assert set(reminders.last(connection)) == {"ant.example.com", "bee.example.com"}


def test_what_is_told_is_said(site: SiteInDirectory) -> None:
    output = site.run("notify", "-v", "-l", "ant@example.com", "--list", "cat.example.com").output
    assert output == "The ant@example.com list has 2 moderation requests waiting.\n"
    assert queued(site) == [("pending", "ant.example.com")]


def test_a_dry_run_tells_nobody(site: SiteInDirectory) -> None:
    assert site.run("notify", "--dry-run").output == (
        "The ant@example.com list has 2 moderation requests waiting.\n"
        "The bee@example.com list has 1 moderation requests waiting.\n"
    )
    assert queued(site) == []


def test_an_unknown_list_is_refused(site: SiteInDirectory) -> None:
    result = site.run("notify", "-l", "wasp@example.com", "-l", "ant@example.com")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: No such list: wasp@example.com")
    assert queued(site) == []
