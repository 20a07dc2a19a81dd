"""Making lists and finding them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import lists
from mlcore.base.errors import BadInput
from mlcore.lists.addressing import site_names
from mlcore.lists.model import Domain, Role, SubscriptionPolicy
from mlcore.store import bans, domains, members, notices, users
from mlcore.store import lists as stored
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
        *(
            "-ant@example.com",
            ".ant@example.com",
            "a..nt@example.com",
            '"a nt"@example.com',
            "a!nt@example.com",
        ),
        *("a%nt@example.com", f"{'a' * 53}@example.com", "ant@-example.com"),
    ],
)
def test_p9_what_cannot_name_a_list_is_refused(connection: Connection, name: str) -> None:
    with pytest.raises(BadInput, match=r"^Illegal list name: "):
        lists.create(connection, name, now=NOW)
    assert lists.matching(connection) == []


def test_names_may_have_other_signs_but_never_the_delimiter(connection: Connection) -> None:
    signs = "[-_.+=!$*{}~0-9a-z]"
    for name in ("a~b", "a{b}", "a=b", "a$b", "a*b", "a_b.c-d", "a" * 52):
        assert lists.create(connection, f"{name}@example.com", names=signs, now=NOW).list_name == name
    for name, reason in (("a+b", "verp_delimiter"), ("a!b", "swap_bangpath"), ("-a", "for an option")):
        with pytest.raises(BadInput, match=rf"^Illegal list name: .*{reason}"):
            lists.create(connection, f"{name}@example.com", names=signs, now=NOW)
    assert lists.create(connection, "a+b@example.com", names=signs, delimiter="-", now=NOW).list_name == "a+b"
    with pytest.raises(BadInput, match="verp_delimiter"):
        lists.create(connection, "a-b@example.com", names=signs, delimiter="-", now=NOW)


def test_no_list_takes_the_place_of_an_address_of_the_site(connection: Connection) -> None:
    reserved = site_names("mailman", "noreply", "").reserved
    for name in ("mailman", "Mailman-Owner", "mailman-request", "mailman-bounces", "noreply"):
        with pytest.raises(BadInput, match="is an address of the site itself"):
            lists.create(connection, f"{name}@example.com", reserved=reserved, now=NOW)
    assert lists.create(connection, "mailman-users@example.com", reserved=reserved, now=NOW)


def test_the_style_gives_the_settings(connection: Connection) -> None:
    made = lists.create(connection, "ant@example.com", style="private-default", language="ja", now=NOW)

    assert made.subscription_policy is SubscriptionPolicy.CONFIRM_THEN_MODERATE
    assert (made.advertised, made.preferred_language) == (False, "ja")
    assert stored.state(connection, made.list_id).style == "private-default"
    for wrong in ({"style": "baroque"}, {"language": "klingon"}):
        with pytest.raises(BadInput, match=r"baroque|klingon"):
            lists.create(connection, "bee@example.com", now=NOW, **wrong)  # type: ignore[arg-type]


def test_the_domain_is_made_if_it_is_missing(connection: Connection) -> None:
    with pytest.raises(BadInput, match=r"^Undefined domain: example.com"):
        lists.create(connection, "ant@example.com", make_domain=False, now=NOW)
    lists.create(connection, "ant@example.com", now=NOW)
    lists.create(connection, "bee@example.com", make_domain=False, now=NOW)

    assert [domain.mail_host for domain in domains.all(connection)] == ["example.com"]


def test_an_alias_domain_has_the_lists_of_its_mail_host(connection: Connection) -> None:
    domains.create(connection, Domain(mail_host="example.com", alias_domain="alias.example"), NOW)
    made = lists.create(connection, "ant@example.com", now=NOW)

    assert lists.find(connection, "ant@alias.example") == made
    for name in ("ant", "bee"):
        with pytest.raises(BadInput, match=f"is the alias domain of example.com: write {name}@example.com"):
            lists.create(connection, f"{name}@alias.example", now=NOW)


def test_owners_have_users_and_hear_of_it(connection: Connection) -> None:
    owners = ["Anne <anne@example.com>", "bart@example.com"]
    lists.create(connection, "ant@example.com", owners=owners, now=NOW)
    assert notices.take(connection, 10) == []
    lists.create(connection, "bee@example.com", owners=owners, notify=True, now=NOW)

    assert [notice.address for notice in notices.take(connection, 10)] == [
        "anne@example.com",
        "bart@example.com",
    ]
    anne = users.of_address(connection, "anne@example.com")
    assert anne is not None
    assert anne.display_name == "Anne"


@pytest.mark.parametrize("owner", ["ant@example.com", "ANT-owner@example.com", "ant+x@example.com"])
def test_no_list_owns_itself(connection: Connection, owner: str) -> None:
    with pytest.raises(BadInput, match="is an address of the list itself"):
        lists.create(connection, "ant@example.com", owners=[owner], now=NOW)


def test_who_is_banned_owns_no_list(connection: Connection) -> None:
    bans.add(connection, "^.*@spam", now=NOW)

    with pytest.raises(BadInput, match=r"^Membership is banned: x@spam.example"):
        lists.create(connection, "ant@example.com", owners=["a@example.com", "x@spam.example"], now=NOW)


def test_a_list_is_removed_with_its_roles(connection: Connection) -> None:
    made = lists.create(connection, "ant@example.com", owners=["anne@example.com"], now=NOW)

    assert lists.remove(connection, made)
    assert not lists.remove(connection, made)
    assert lists.matching(connection) == []
    assert users.of_address(connection, "anne@example.com") is not None
    again = lists.create(connection, "ant@example.com", now=NOW)
    assert members.members(connection, again.list_id, Role.OWNER) == []


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
    assert lists.matching(connection, ["no domain"]) == []


@pytest.mark.parametrize("spec", ["\udcff", "a\udcff.example.com", "a\udcff@example.com", "a'\"%_\\.b"])
def test_octets_that_are_no_text_are_no_list(connection: Connection, spec: str) -> None:
    """A command line may hold any; the database can be asked for UTF-8 only."""
    lists.create(connection, "ant@example.com", now=NOW)
    with pytest.raises(BadInput, match="No such list"):
        lists.find(connection, spec)
