"""`mlcore members` and `mlcore findmember`: texts that scripts read."""

from pathlib import Path

import pytest

from mlcore.lists.model import Member, Role
from mlcore.store import members
from support.site import SiteInDirectory


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", "ant@example.com")
    return site


def add(site: SiteInDirectory, *several: Member, list_id: str = "ant.example.com") -> None:
    with site.connection() as connection:
        members.add_many(connection, list_id, several, 1.0)


def test_members_by_address_with_their_names(site: SiteInDirectory) -> None:
    add(site, Member(address="Taro@example.jp", display_name="太郎"), Member(address="anne@example.com"))

    assert site.run("members", "ant@example.com").output == "anne@example.com\n太郎 <Taro@example.jp>\n"
    assert site.run("members", "-e", "ant.example.com").output == "anne@example.com\nTaro@example.jp\n"
    assert site.run("members", "-c", "ant@example.com").output == "2\n"
    assert site.run("members", "-N", "-c", "ant@example.com").output == "2\n"


def test_members_by_role(site: SiteInDirectory) -> None:
    """A nameless nonmember without a user is one like others."""
    add(site, *(Member(address=f"{role.value}@example.com", role=role) for role in Role))

    def shown(role: str) -> list[str]:
        lines = site.run("members", "-R", role, "ant@example.com").output.splitlines()
        return [line.partition("@")[0] for line in lines]

    assert shown("any") == ["member", "moderator", "nonmember", "owner"]
    assert shown("administrator") == ["moderator", "owner"]
    for role in Role:
        assert shown(role.value) == [role.value]
    assert site.run("members", "-R", "boss", "ant@example.com").exit_code == 2


@pytest.mark.parametrize("command", [("members", "bee@example.com"), ("members", "bee.example.com")])
def test_a_list_that_is_not_there(site: SiteInDirectory, command: tuple[str, ...]) -> None:
    result = site.run(*command)

    assert (result.exit_code, result.stderr) == (2, f"Error: No such list: {command[1]}\n")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("-a", "FILE"), "The --add option is removed. Use `mlcore addmembers` instead."),
        (("--add=FILE",), "The --add option is removed. Use `mlcore addmembers` instead."),
        (("-x", "FILE"), "The --delete option is removed. Use `mlcore delmembers` instead."),
        (("-s", "FILE"), "The --sync option is removed. Use `mlcore syncmembers` instead."),
    ],
)
def test_options_of_old_say_what_to_use(site: SiteInDirectory, options: tuple[str, ...], text: str) -> None:
    result = site.run("members", *options, "ant@example.com")
    assert result.exit_code == 2
    assert result.stderr.endswith(f"Error: {text}\n")


def test_members_by_delivery(site: SiteInDirectory) -> None:
    for delivery in ("regular", "mime", "plain", "summary", "disabled"):
        site.run("addmembers", "-Wd", delivery, "-", "ant@example.com", stdin=f"{delivery}@example.com\n")

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


def test_what_is_written_is_json_too(site: SiteInDirectory) -> None:
    file = site.directory / "out.json"
    assert site.run("members", "--json", "-o", str(file), "ant@example.com").output == ""
    assert file.read_text("utf-8") == "[]\n"


def test_findmember_shows_addresses_lists_and_roles(site: SiteInDirectory) -> None:
    site.run("create", "bee@example.com")
    add(site, *(Member(address="Anne@example.com", role=role) for role in Role))
    add(
        site,
        Member(address="anne@example.com"),
        Member(address="anna@example.com"),
        list_id="bee.example.com",
    )

    assert site.run("findmember", "ANN").output == (
        "Email: anna@example.com\n"
        "    List: bee.example.com\n"
        "        member\n"
        "Email: Anne@example.com\n"
        "    List: ant.example.com\n"
        "        member\n"
        "        owner\n"
        "        moderator\n"
        "        nonmember\n"
        "    List: bee.example.com\n"
        "        member\n"
    )
    assert site.run("findmember", "-r", "administrator", "^anne@").output == (
        "Email: Anne@example.com\n    List: ant.example.com\n        owner\n        moderator\n"
    )
    result = site.run("findmember", "nobody")
    assert (result.exit_code, result.output) == (0, "")


def test_findmember_as_json(site: SiteInDirectory) -> None:
    add(site, Member(address="anne@example.com", display_name="Anne", role=Role.OWNER))
    (found,) = site.json("findmember", "anne")
    assert len(found.pop("member_id")) == len(found.pop("user_id")) == 36
    assert found == {
        "email": "anne@example.com",
        "display_name": "Anne",
        "list_id": "ant.example.com",
        "role": "owner",
        "subscription_mode": "as_address",
    }
    assert site.json("findmember", "nobody") == []


def test_findmember_refuses_what_is_no_pattern(site: SiteInDirectory) -> None:
    result = site.run("findmember", "(")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: Invalid pattern: (: ")
