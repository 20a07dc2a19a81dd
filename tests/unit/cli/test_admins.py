"""`mlcore admins`: texts and exit statuses."""

from pathlib import Path

import pytest

from support.site import SiteInDirectory

ANT = "ant@example.com"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", "-o", "anne@example.com", ANT)
    return site


def members(site: SiteInDirectory, role: str) -> str:
    return site.run("members", "-R", role, ANT).output


def test_silent_where_all_was_done(site: SiteInDirectory) -> None:
    result = site.run("admins", "-a", "Bart <bart@example.com>", "--delete", "anne@example.com", ANT)
    moderators = site.run("admins", "-r", "moderator", "--add=cate@example.com", "ant.example.com")

    assert (result.exit_code, result.output) == (0, "")
    assert (moderators.exit_code, moderators.output) == (0, "")
    assert members(site, "owner") == "Bart <bart@example.com>\n"
    assert members(site, "moderator") == "cate@example.com\n"


def test_who_has_the_role_already(site: SiteInDirectory) -> None:
    result = site.run("admins", "-a", "anne@example.com", ANT)

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "anne@example.com is already a owner of ant@example.com\n"


def test_who_does_not_have_it(site: SiteInDirectory) -> None:
    result = site.run("admins", "-r", "moderator", "-d", "anne@example.com", "-a", "bart@example.com", ANT)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "anne@example.com is not a moderator of ant@example.com\n"
    assert members(site, "moderator") == "bart@example.com\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("-a", "a@example.com", "bee@example.com"), "Error: No such list: bee@example.com\n"),
        ((ANT,), "Error: Nothing to add or delete.\n"),
        (("-a", "b@example.com", "-a", "bart", ANT), "Error: Invalid email address: bart\n"),
        (("-d", "anne@example.com", "-a", "@", ANT), "Error: Invalid email address: @\n"),
        (("-d", "@", ANT), "Error: Invalid email address: @\n"),
        (
            ("-r", "member", "-a", "b@example.com", ANT),
            "Error: Invalid value for '-r' / '--role': 'member' is not one of 'owner', 'moderator'.\n",
        ),
    ],
)
def test_what_is_refused(site: SiteInDirectory, arguments: tuple[str, ...], error: str) -> None:
    result = site.run("admins", *arguments)

    assert result.exit_code == 2
    assert result.stderr.endswith(error)
    assert members(site, "owner") == "anne@example.com\n"
