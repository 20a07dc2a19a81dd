"""`mlcore digests`."""

import os
from pathlib import Path

import pytest

from mlcore.base.errors import LocalTrouble
from mlcore.base.ids import ROOT_ID
from mlcore.cli.site import Site
from mlcore.store import digests, lists
from mlcore.store.digests import DigestPost
from support.site import SiteInDirectory, answering

NOT_RUNNING = "mlcore is not running; the digests go out when it is started\n"
LONG_AGO = 1_000_000.0


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    """Posts wait on ant and bee; ant has sent a digest long ago, and bee has none by the day."""
    site = SiteInDirectory(tmp_path)
    for name in ("ant", "bee", "cat"):
        site.run("create", f"{name}@example.com")
    site.run("settings", "bee@example.com", "digest_send_periodic=no")
    with site.connection() as connection:
        for number, name in ((1, "ant"), (2, "ant"), (3, "bee")):
            post = DigestPost(f"{number}.d", number, b"From: x\r\n\r\n", 1.0)
            digests.keep(connection, f"{name}.example.com", post)
        digests.set_number(connection, "ant.example.com", 7, 4, LONG_AGO)
    return site


def issues(site: SiteInDirectory) -> list[tuple[str, int, int]]:
    with site.connection() as connection:
        found = digests.open_issues(connection)
    assert all(ROOT_ID.match(one.entry) for one in found)
    return [(one.list_id, one.volume, one.number) for one in found]


def number(site: SiteInDirectory, name: str) -> tuple[int, int]:
    with site.connection() as connection:
        state = lists.state(connection, f"{name}.example.com")
    return state.volume, state.next_digest_number


def test_nothing_is_done_without_an_option(site: SiteInDirectory) -> None:
    assert site.run("digests", "-v").output == ""
    assert (issues(site), number(site, "ant")) == ([], (7, 4))


def test_what_has_gathered_is_sent(site: SiteInDirectory) -> None:
    result = site.run("digests", "--send")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", NOT_RUNNING)
    assert issues(site) == [("ant.example.com", 7, 4), ("bee.example.com", 1, 1)]
    assert (number(site, "ant"), number(site, "bee"), number(site, "cat")) == ((8, 1), (1, 2), (1, 1))
    assert site.run("digests", "-s", "-v").output == ""  # nothing waits any more


def test_each_is_named_if_wanted(site: SiteInDirectory) -> None:
    result = site.run("digests", "-s", "-v")
    assert result.stdout == (
        "ant.example.com sent volume 7, number 4\nbee.example.com sent volume 1, number 1\n"
    )


@pytest.mark.row("attribute: digest_send_periodic")
def test_periodic_ones_are_those_of_lists_that_want_them(site: SiteInDirectory) -> None:
    result = site.run("digests", "--periodic", "--verbose")
    assert result.stdout == "ant.example.com sent volume 7, number 4\n"
    assert issues(site) == [("ant.example.com", 7, 4)]


def test_to_bump_comes_first(site: SiteInDirectory) -> None:
    result = site.run("digests", "--bump", "--send", "--verbose", "--list", "ant@example.com")
    assert result.stdout == (
        "ant.example.com is at volume 7, number 4\n"
        "ant.example.com bumped to volume 8, number 1\n"
        "ant.example.com sent volume 8, number 1\n"
    )
    assert (issues(site), number(site, "ant")) == ([("ant.example.com", 8, 1)], (8, 2))
    assert number(site, "bee") == (1, 1)


def test_to_bump_alone_sends_nothing(site: SiteInDirectory) -> None:
    result = site.run("digests", "-b")
    assert (result.stdout, result.stderr) == ("", "")
    assert issues(site) == []
    assert [number(site, name) for name in ("ant", "bee", "cat")] == [(8, 1), (1, 2), (1, 2)]


def test_a_dry_run_does_nothing(site: SiteInDirectory) -> None:
    result = site.run("digests", "-b", "-s", "--dry-run", "-l", "ant.example.com", "-l", "ANT@example.com")
    assert result.output == (
        "ant.example.com is at volume 7, number 4\n"
        "ant.example.com bumped to volume 8, number 1\n"
        "ant.example.com sent volume 8, number 1\n"
    )
    assert site.run("digests", "-p", "-n").output == "ant.example.com sent volume 7, number 4\n"
    assert (issues(site), number(site, "ant")) == ([], (7, 4))


def test_send_and_periodic_do_not_go_together(site: SiteInDirectory) -> None:
    result = site.run("digests", "-s", "-p")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "--send and --periodic flags cannot be used together\n"
    assert issues(site) == []


def test_a_list_that_there_is_not_is_said_and_the_others_are_done(site: SiteInDirectory) -> None:
    result = site.run("digests", "-s", "-v", "-l", "wasp@example.com", "-l", "bee@example.com")
    assert result.exit_code == 1
    assert result.stdout == "bee.example.com sent volume 1, number 1\n"
    assert result.stderr == f"No such list found: wasp@example.com\n{NOT_RUNNING}"


def test_more_than_fits_goes_out_as_several(site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "MOST_ITEMS", 1)
    result = site.run("digests", "-s", "-v", "-l", "ant@example.com")
    assert result.stdout == (
        "ant.example.com sent volume 7, number 4\nant.example.com sent volume 8, number 1\n"
    )


def test_a_running_server_is_told(site: SiteInDirectory) -> None:
    path = site.settings.paths.control_socket
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with answering(path, {"status": {"state": "running"}}) as heard:
        result = site.run("digests", "-s")
    assert (result.exit_code, result.output) == (0, "")
    assert [command["do"] for command in heard] == ["changed", "status"]


def test_a_server_that_does_not_answer_will_find_it(
    site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object, **__: object) -> None:
        raise LocalTrouble("no answer")

    monkeypatch.setattr(Site, "ask_running", silent)
    result = site.run("digests", "-s")
    assert (result.exit_code, result.output) == (0, "")
    assert len(issues(site)) == 2
