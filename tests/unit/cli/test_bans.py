"""`mlcore bans`: texts and exit statuses."""

from pathlib import Path

import pytest

from support.site import SiteInDirectory

ANT = "ant@example.com"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", ANT)
    return site


def test_of_the_site_and_of_a_list(site: SiteInDirectory) -> None:
    assert site.run("bans", "add", "Spam@Example.org", "^.*@bad\\.example").output == ""
    assert site.run("bans", "add", "-l", "ant.example.com", "x@example.org").output == ""

    assert site.run("bans").output == "^.*@bad\\.example\nspam@example.org\n"
    assert site.run("bans", "list").output == site.run("bans").output
    assert site.run("bans", "list", ANT).output == "x@example.org\n"
    assert site.json("bans", "list", ANT) == ["x@example.org"]
    assert site.run("addmembers", "-", ANT, stdin="anne@bad.example\n").exit_code in {0, 1}
    assert site.run("members", ANT).output == "ant.example.com has no members\n"


def test_lifted(site: SiteInDirectory) -> None:
    site.run("bans", "add", "-l", ANT, "x@example.org", "y@example.org")

    assert site.run("bans", "remove", "-l", ANT, "X@example.org").output == ""
    assert site.run("bans", "list", ANT).output == "y@example.org\n"


def test_twice_is_once(site: SiteInDirectory) -> None:
    site.run("bans", "add", "x@example.org")

    result = site.run("bans", "add", "X@example.org", "y@example.org")
    assert (result.exit_code, result.stderr) == (0, "x@example.org is already banned\n")
    assert site.run("bans").output == "x@example.org\ny@example.org\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("list", "bee@example.com"), "Error: No such list: bee@example.com\n"),
        (("add", "-l", "bee@example.com", "x@example.org"), "Error: No such list: bee@example.com\n"),
        (
            ("remove", "x@example.org"),
            "no ban of the site: x@example.org: `mlcore bans list` shows those there are\n",
        ),
        (("add", "y@example.org", "spam"), "Error: not an address: 'spam': write it as name@example.com\n"),
    ],
)
def test_what_is_refused(site: SiteInDirectory, arguments: tuple[str, ...], error: str) -> None:
    result = site.run("bans", *arguments)

    assert result.exit_code == 2
    assert result.stderr.endswith(error)
    assert site.run("bans").output == ""
