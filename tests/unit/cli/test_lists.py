"""`mlcore create` and `mlcore lists`: texts that scripts read."""

from pathlib import Path

import pytest

from support.site import SiteInDirectory


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    return SiteInDirectory(tmp_path)


def test_a_list_is_made_and_shown(site: SiteInDirectory) -> None:
    created = site.run(
        "create", "Ant@Example.com", "-o", "anne@example.com", "--owner=Bart <bart@example.com>"
    )

    assert (created.exit_code, created.output) == (0, "Created mailing list: ant@example.com\n")
    assert site.run("lists").output == "1 matching mailing lists found:\nant@example.com\n"
    assert site.run("members", "-R", "owner", "ant@example.com").output == (
        "anne@example.com\nBart <bart@example.com>\n"
    )


def test_quiet_says_nothing(site: SiteInDirectory) -> None:
    assert site.run("create", "-q", "ant@example.com").output == ""
    assert site.run("lists", "-q").output == "ant@example.com\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("ant@example.com",), "Error: List already exists: ant@example.com\n"),
        (("bee",), "Error: Illegal list name: bee: write it as name@example.com\n"),
        (("bee@example.com", "-o", "x", "-o", "y"), "Error: Illegal owner addresses: x, y\n"),
    ],
)
def test_what_create_refuses(site: SiteInDirectory, arguments: tuple[str, ...], error: str) -> None:
    site.run("create", "ant@example.com")

    result = site.run("create", *arguments)

    assert (result.exit_code, result.stderr) == (2, error)
    assert site.run("lists", "-q").output == "ant@example.com\n"


def test_a_language_code_is_checked(site: SiteInDirectory) -> None:
    result = site.run("create", "--language", "Klingon!", "ant@example.com")

    assert result.exit_code == 2
    assert "Error: Invalid language code: Klingon!\n" in result.stderr
    assert "Usage: " in result.stderr


def test_no_lists(site: SiteInDirectory) -> None:
    assert site.run("lists").output == "No matching mailing lists found\n"
    assert site.run("lists", "--quiet").output == ""
    assert site.json("lists") == []


def test_lists_with_names_and_descriptions(site: SiteInDirectory) -> None:
    site.run("create", "bee@example.org")
    site.run("create", "ant@example.com")

    assert site.run("lists", "-n").output == (
        "2 matching mailing lists found:\nant@example.com [Ant]\nbee@example.org [Bee]\n"
    )
    assert site.run("lists", "-q", "-d").output == "ant@example.com -\nbee@example.org -\n"
    assert site.run("lists", "-q", "--domain", "example.org", "--domain", "example.net").output == (
        "bee@example.org\n"
    )
    assert site.json("lists")[0] == {
        "list_id": "ant.example.com",
        "fqdn_listname": "ant@example.com",
        "list_name": "ant",
        "mail_host": "example.com",
        "display_name": "Ant",
        "description": "",
    }
