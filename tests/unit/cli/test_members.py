"""`mlcore addmembers` and `mlcore members`: texts that scripts read."""

from pathlib import Path

import pytest

from support.site import SiteInDirectory


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", "ant@example.com")
    return site


def test_members_come_from_standard_input_or_a_file(site: SiteInDirectory) -> None:
    assert site.run("addmembers", "-", "ant.example.com", stdin="太郎 <Taro@example.jp>\n").output == ""
    file = site.directory / "members.txt"
    file.write_text("# more\n\nanne@example.com\n", "utf-8")
    assert site.run("addmembers", str(file), "ant@example.com").output == ""

    assert site.run("members", "ant@example.com").output == "anne@example.com\n太郎 <Taro@example.jp>\n"
    assert site.run("members", "-e", "ant@example.com").output == "anne@example.com\nTaro@example.jp\n"
    assert site.run("members", "-c", "ant@example.com").output == "2\n"


def test_each_bad_line_is_named_with_its_number(site: SiteInDirectory) -> None:
    result = site.run("addmembers", "-", "ant@example.com", stdin=b"anne\nbart@example.com\n\x1b[2J\xff@\n")

    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert first.startswith("Cannot parse as valid email address (skipping): anne (line 1: ")
    assert second.startswith("Cannot parse as valid email address (skipping): \\x1b[2J\\udcff@ (line 3: ")
    assert "\x1b" not in result.stderr
    assert site.run("members", "ant@example.com").output == "bart@example.com\n"


def test_who_is_there_is_skipped(site: SiteInDirectory) -> None:
    site.run("addmembers", "-", "ant@example.com", stdin="anne@example.com\n")

    result = site.run("addmembers", "-", "ant@example.com", stdin="ANNE@example.com\n")

    assert (result.exit_code, result.stderr) == (0, "Already subscribed (skipping): ANNE@example.com\n")


def test_a_file_that_is_not_there_is_a_usage_error(site: SiteInDirectory) -> None:
    assert site.run("addmembers", "/no/such/file", "ant@example.com").exit_code == 2


@pytest.mark.parametrize("command", [("addmembers", "-"), ("members",)])
def test_a_list_that_is_not_there(site: SiteInDirectory, command: tuple[str, ...]) -> None:
    result = site.run(*command, "bee@example.com", stdin="anne@example.com\n")

    assert (result.exit_code, result.stderr) == (2, "Error: No such list: bee@example.com\n")


def test_members_by_delivery(site: SiteInDirectory) -> None:
    for delivery in ("regular", "mime", "plain", "summary", "disabled"):
        site.run("addmembers", "-d", delivery, "-", "ant@example.com", stdin=f"{delivery}@example.com\n")

    def shown(*options: str) -> list[str]:
        lines = site.run("members", *options, "ant@example.com").output.splitlines()
        return [line.partition("@")[0] for line in lines]

    assert shown() == ["disabled", "mime", "plain", "regular", "summary"]
    assert shown("-r") == ["disabled", "regular"]
    assert shown("-d", "any") == ["mime", "plain", "summary"]
    assert shown("-d", "plaintext") == ["plain"]
    assert shown("-d", "mime") == ["mime", "summary"]
    assert shown("-n", "byadmin") == shown("-n", "any") == ["disabled"]
    assert shown("-r", "-n", "enabled") == ["regular"]
    assert shown("-n", "byuser") == ["ant.example.com has no members"]
    assert site.run("members", "-r", "-c", "ant@example.com").output == "2\n"


def test_a_list_without_members(site: SiteInDirectory) -> None:
    assert site.run("members", "ant@example.com").output == "ant.example.com has no members\n"
    assert site.run("members", "-c", "ant@example.com").output == "0\n"
    assert site.json("members", "ant@example.com") == []


def test_options_that_do_not_go_together(site: SiteInDirectory) -> None:
    result = site.run("members", "-R", "any", "-r", "ant@example.com")
    assert result.exit_code == 2
    assert (
        "Error: The --regular, --digest and --nomail options are incompatible with role=any." in result.stderr
    )

    result = site.run("members", "-e", "-c", "ant@example.com")
    assert result.exit_code == 2
    assert "Error: The --email_only and --count_only options are mutually exclusive." in result.stderr


def test_members_into_a_file_and_as_json(site: SiteInDirectory) -> None:
    site.run("addmembers", "-", "ant@example.com", stdin="Anne <anne@example.com>\n")
    file = site.directory / "out.txt"

    assert site.run("members", "-o", str(file), "ant@example.com").output == ""
    assert file.read_text("utf-8") == "Anne <anne@example.com>\n"
    assert site.json("members", "ant@example.com") == [
        {
            "email": "anne@example.com",
            "display_name": "Anne",
            "role": "member",
            "delivery_mode": "regular",
            "delivery_status": "enabled",
        }
    ]
