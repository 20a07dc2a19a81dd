"""`mlcore domains`: texts and exit statuses."""

from pathlib import Path

import pytest

from support.site import SiteInDirectory, answering


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    return SiteInDirectory(tmp_path)


def test_made_and_shown(site: SiteInDirectory) -> None:
    made = site.run(
        *("domains", "add", "Example.com", "--alias-domain", "alias.example", "--description", "Ants"),
        *("--base-url", "https://lists.example", "-o", "Anne <anne@example.com>", "-o", "bart@example.com"),
    )
    quiet = site.run("domains", "add", "-q", "a.example")
    site.run("create", "ant@example.com")

    assert (made.exit_code, made.output) == (0, "Created domain: example.com\n")
    assert quiet.output == ""
    assert site.run("domains").output == (
        "a.example\n    lists: 0\n"
        "example.com\n    lists: 1\n    description: Ants\n    alias domain: alias.example\n"
        "    base URL: https://lists.example\n    owners: anne@example.com, bart@example.com\n"
    )
    assert site.run("domains", "list").output == site.run("domains").output
    for words in (("domains", "-q"), ("domains", "list", "-q")):
        assert site.run(*words).output == "a.example\nexample.com\n"
    assert site.json("domains") == site.json("domains", "list")
    assert site.json("domains")[1] == {
        "mail_host": "example.com",
        "description": "Ants",
        "alias_domain": "alias.example",
        "base_url": "https://lists.example",
        "owners": ["anne@example.com", "bart@example.com"],
        "lists": 1,
    }


def test_changed(site: SiteInDirectory) -> None:
    site.run("domains", "add", "example.com", "--alias-domain", "alias.example", "-o", "anne@example.com")

    assert site.run("domains", "set", "example.com", "--description", "Ants").output == ""
    (shown,) = site.json("domains")
    assert (shown["description"], shown["alias_domain"]) == ("Ants", "alias.example")
    assert shown["owners"] == ["anne@example.com"]
    site.run("domains", "set", "Example.com", "--alias-domain", "", "-o", "bart@example.com")
    (shown,) = site.json("domains")
    assert (shown["description"], shown["alias_domain"]) == ("Ants", "")
    assert shown["owners"] == ["bart@example.com"]
    site.run("domains", "set", "example.com", "--no-owner")
    assert site.json("domains")[0]["owners"] == []


def test_mail_at_an_alias_domain_is_for_the_list(site: SiteInDirectory) -> None:
    site.run("create", "ant@example.com")
    site.run("domains", "set", "example.com", "--alias-domain", "alias.example")

    assert site.run("settings", "ant@alias.example", "posting_address").output == "ant@example.com\n"
    assert site.run("create", "bee@alias.example").stderr == (
        "Error: Illegal list name: bee@alias.example: alias.example is the alias domain of example.com: write"
        " bee@example.com\n"
    )


def test_removed(site: SiteInDirectory) -> None:
    site.run("create", "ant@example.com")
    site.run("domains", "add", "a.example")
    site.run("domains", "add", "b.example")

    assert site.run("domains", "remove", "A.example").output == "Removed domain: a.example\n"
    assert site.run("domains", "remove", "-q", "b.example").output == ""
    refused = site.run("domains", "remove", "example.com")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "Error: example.com has 1 list: remove them first, or write --with-lists\n",
    )
    assert site.run("domains", "remove", "--with-lists", "example.com").output == (
        "Removed domain: example.com with 1 list\n"
    )
    assert site.run("lists", "-q").output == ""


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("add", "example.com"), "Error: the domain example.com exists already: choose another one\n"),
        (("add", "a b"), "Error: not a domain: 'a b': write lists.example.com\n"),
        (("add", "a.example", "-o", "anne"), "Error: Illegal owner addresses: anne\n"),
        (("set", "example.com"), "Error: Nothing to change.\n"),
        (("set", "a.example", "--description", "x"), "Error: No such domain: a.example\n"),
        (
            ("set", "example.com", "--no-owner", "-o", "anne@example.com"),
            "Error: --owner and --no-owner contradict each other.\n",
        ),
        (("remove", "a.example"), "Error: No such domain: a.example\n"),
        (
            ("--json", "remove", "example.com"),
            "Error: --quiet and --json stand behind the command that shows: domains list.\n",
        ),
    ],
)
def test_what_is_refused(site: SiteInDirectory, arguments: tuple[str, ...], error: str) -> None:
    site.run("domains", "add", "example.com")

    result = site.run("domains", *arguments)

    assert result.exit_code == 2
    assert result.stderr.endswith(error)
    assert site.run("domains", "-q").output == "example.com\n"


def test_the_server_is_to_write_the_maps(site: SiteInDirectory) -> None:
    site.run("domains")

    with answering(site.settings.paths.control_socket, {"changed": {"ok": True}}) as heard:
        site.run("domains", "add", "example.com")
        site.run("domains", "set", "example.com", "--alias-domain", "alias.example")
        site.run("domains", "remove", "example.com")
        site.run("domains")

    assert heard == [{"do": "changed", "maps": True}] * 3
