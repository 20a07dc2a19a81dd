"""Making lists and finding them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import lists
from mlcore.base.errors import BadInput
from mlcore.lists.model import Role
from mlcore.store import members
from support.site import SiteInDirectory

NOW = 1_700_000_000.0


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        yield connection


def test_a_list_is_made_with_the_defaults_of_its_style(connection: Connection) -> None:
    made = lists.create(connection, "Ant@Example.COM", now=NOW)

    assert (made.list_id, made.posting_address) == ("ant.example.com", "ant@example.com")
    assert made.display_name == "Ant"
    assert made.subject_prefix == "[Ant] "
    assert made.preferred_language == "en"
    assert lists.find(connection, "ant@example.com") == made


def test_a_domain_beyond_ascii_is_kept_as_mail_is_compared(connection: Connection) -> None:
    made = lists.create(connection, "ant@例え.jp", now=NOW)

    assert made.mail_host == "xn--r8jz45g.jp"
    assert lists.find(connection, "ant@例え.jp") == made


def test_owners_are_owners_and_not_members(connection: Connection) -> None:
    made = lists.create(
        connection, "ant@example.com", owners=["Anne <anne@example.com>", "bart@example.com"], now=NOW
    )

    owners = members.members(connection, made.list_id, Role.OWNER)
    assert [(owner.address, owner.display_name) for owner in owners] == [
        ("anne@example.com", "Anne"),
        ("bart@example.com", ""),
    ]
    assert members.members(connection, made.list_id, Role.MEMBER) == []


@pytest.mark.parametrize(
    "name",
    [
        *("ant", "@example.com", "ant@", "a nt@example.com", "ant+x@example.com", "a/nt@example.com", ""),
        *("ünt@example.com", "ant@[192.0.2.1]", '"ant"@exa mple.com', "ant@example.com\nx"),
    ],
)
def test_p9_what_cannot_name_a_list_is_refused(connection: Connection, name: str) -> None:
    with pytest.raises(BadInput, match=r"^Illegal list name: "):
        lists.create(connection, name, now=NOW)
    assert lists.matching(connection) == []


def test_a_list_is_made_once(connection: Connection) -> None:
    lists.create(connection, "ant@example.com", now=NOW)

    with pytest.raises(BadInput, match=r"^List already exists: ant@example.com$"):
        lists.create(connection, "ANT@example.com", now=NOW)


@pytest.mark.parametrize(("first", "second"), [("ant", "ant-owner"), ("ant-request", "ant")])
def test_no_list_has_an_address_of_another(connection: Connection, first: str, second: str) -> None:
    lists.create(connection, f"{first}@example.com", now=NOW)
    lists.create(connection, f"{second}@example.org", now=NOW)

    with pytest.raises(BadInput, match="would be an address of the other"):
        lists.create(connection, f"{second}@example.com", now=NOW)


def test_the_site_owner_is_no_list(connection: Connection) -> None:
    with pytest.raises(BadInput, match="this is site_owner"):
        lists.create(connection, "root@example.com", site_owner="Root@example.com", now=NOW)


def test_owners_that_are_no_addresses_are_named(connection: Connection) -> None:
    with pytest.raises(BadInput, match=r"^Illegal owner addresses: anne, @b$"):
        lists.create(connection, "ant@example.com", owners=["anne", "bart@example.com", "@b"], now=NOW)


def test_a_list_is_found_by_either_of_its_names(connection: Connection) -> None:
    made = lists.create(connection, "ant@example.com", now=NOW)

    for spec in ("ant@example.com", "ANT@EXAMPLE.COM", "ant.example.com", "Ant.Example.Com"):
        assert lists.find(connection, spec) == made
    for spec in ("bee@example.com", "ant", "", "@", "ant@"):
        with pytest.raises(BadInput, match=r"^No such list: "):
            lists.find(connection, spec)


def test_lists_are_sorted_by_list_id_and_chosen_by_domain(connection: Connection) -> None:
    for address in ("bee@example.com", "ant@example.org", "ant@example.com"):
        lists.create(connection, address, now=NOW)

    assert [found.list_id for found in lists.matching(connection)] == [
        "ant.example.com",
        "ant.example.org",
        "bee.example.com",
    ]
    assert [found.list_id for found in lists.matching(connection, ["Example.ORG"])] == ["ant.example.org"]
