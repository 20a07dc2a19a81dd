"""`mlcore create` and `mlcore lists`: texts that scripts read."""

import subprocess
import sys
from pathlib import Path

import pytest

from mlcore.store import notices
from support.site import SiteInDirectory, answering


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
    for code in ("Klingon!", "xx"):
        result = site.run("create", "--language", code, "ant@example.com")

        assert (result.exit_code, result.stderr) == (2, f"Error: Invalid language code: {code}\n")
    site.run("create", "--language", "ja", "ant@example.com")
    assert site.run("settings", "ant@example.com", "preferred_language").output == "ja\n"


def test_the_style_is_that_of_the_option_or_of_the_site(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, "[styles]\ndefault: private-default\n")
    site.run("create", "ant@example.com")
    site.run("create", "--style-name", "legacy-announce", "bee@example.com")

    assert site.run("settings", "ant@example.com", "archive_policy").output == "private\n"
    assert site.run("settings", "bee@example.com", "allow_list_posts").output == "no\n"
    result = site.run("create", "--style-name", "baroque", "cat@example.com")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: Unknown list style name: baroque")


def test_the_domain_is_made_unless_it_must_be_there(site: SiteInDirectory) -> None:
    result = site.run("create", "-D", "ant@example.com")

    assert result.exit_code == 2
    assert result.stderr == "Error: Undefined domain: example.com: `mlcore domains add example.com`\n"
    assert site.run("domains", "-q").output == ""
    assert site.run("create", "-d", "ant@example.com").exit_code == 0
    assert site.run("create", "-D", "bee@example.com").exit_code == 0
    assert site.run("domains", "-q").output == "example.com\n"


def test_owners_are_told_if_it_is_asked_for(site: SiteInDirectory) -> None:
    site.run("create", "-N", "-o", "anne@example.com", "ant@example.com")
    site.run("create", "-n", "-o", "Bart <bart@example.com>", "bee@example.com")

    with site.connection() as connection:
        (queued,) = notices.take(connection, 10)
    assert (queued.kind, queued.list_id) == ("new-list", "bee.example.com")
    assert (queued.address, queued.display_name) == ("bart@example.com", "Bart")


def test_names_are_as_the_configuration_allows(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, "[mailman]\nlistname_chars: [a-z]\n")

    assert site.run("create", "ant@example.com").exit_code == 0
    result = site.run("create", "ant2@example.com")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: Illegal list name: ant2@example.com: use only [a-z] before the @\n",
    )


def test_no_list_is_called_as_the_site_is(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, "[mailman]\nsite_list_name: Listmaster\n")

    for name in ("listmaster", "noreply"):
        address = f"{name}@example.com"
        result = site.run("create", address)
        assert (result.exit_code, result.stderr) == (
            2,
            f"Error: Illegal list name: {address}: {address} is an address of the site itself\n",
        )
    assert site.run("create", "mailman@example.com").exit_code == 0


def test_a_list_is_removed(site: SiteInDirectory) -> None:
    site.run("create", "-o", "anne@example.com", "ant@example.com")
    site.run("create", "bee@example.com")

    removed = site.run("remove", "Ant@example.com")

    assert (removed.exit_code, removed.output) == (0, "Removed list: Ant@example.com\n")
    assert site.run("lists", "-q").output == "bee@example.com\n"
    assert site.run("remove", "-q", "bee.example.com").output == ""
    assert site.run("lists", "-q").output == ""


@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_a_list_that_is_missing_cannot_be_removed(site: SiteInDirectory, quiet: tuple[str, ...]) -> None:
    result = site.run("remove", *quiet, "ant@example.com")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: No such list matching spec: ant@example.com\n"


def test_what_postfix_could_not_be_told_is_said_and_the_list_stays(site: SiteInDirectory) -> None:
    site.run("lists")
    answers = {"changed": {"ok": True, "maps": "failed", "maps_error": "postmap: no such program"}}

    with answering(site.settings.paths.control_socket, answers) as heard:
        result = site.run("create", "ant@example.com")

    assert result.exit_code == 0
    assert result.stderr == "Postfix maps: postmap: no such program\n"
    assert heard == [{"do": "changed", "maps": True}]


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
    site.run("settings", "bee@example.org", "advertised=no", "description=Busy")
    assert site.run("lists", "-q", "-a").output == "ant@example.com\n"
    assert (
        site.run("lists", "-q", "-n", "-d").output
        == "ant@example.com [Ant] -\nbee@example.org [Bee] - Busy\n"
    )
    assert site.json("lists")[0] == {
        "list_id": "ant.example.com",
        "fqdn_listname": "ant@example.com",
        "list_name": "ant",
        "mail_host": "example.com",
        "display_name": "Ant",
        "description": "",
    }


@pytest.mark.sqlite
@pytest.mark.parametrize("words", [["create", "-q", "ant@example.com"], ["lists", "-q"]])
def test_commands_on_lists_are_quick_because_they_import_little(
    site: SiteInDirectory, words: list[str]
) -> None:
    """Neither migrations, also where the database is made, nor another database's dialect (50 ms)."""
    program = (
        "import sys; from mlcore.cli.main import cli; "
        f"cli(['-C', {str(site.config)!r}, *{words!r}], standalone_mode=False); "
        "print([name for name in sys.modules if name in "
        "{'alembic', 'psycopg', 'sqlalchemy.orm', 'sqlalchemy.dialects.postgresql', 'mlcore.server.main'}])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
