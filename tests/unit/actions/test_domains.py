"""Domains, with their owners and lists."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import domains, lists
from mlcore.actions.domains import DomainView
from mlcore.base.errors import BadInput
from mlcore.lists.model import Domain
from mlcore.store import users
from support.site import SiteInDirectory

NOW = 1_700_000_000.0
EXAMPLE = Domain(mail_host="example.com")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        yield connection


def test_made_and_shown(connection: Connection) -> None:
    made = domains.create(
        connection,
        Domain(mail_host="例え.JP", alias_domain="Alias.Example", description="日本"),
        owners=["Anne <Anne@example.com>", "bart@example.com"],
        now=NOW,
    )
    domains.create(connection, EXAMPLE, now=NOW)
    lists.create(connection, "ant@example.com", now=NOW)

    assert made == Domain(mail_host="xn--r8jz45g.jp", alias_domain="alias.example", description="日本")
    assert domains.find(connection, "例え.jp") == made
    assert domains.shown(connection) == [
        DomainView(domain=EXAMPLE, lists=1),
        DomainView(domain=made, owners=("Anne@example.com", "bart@example.com")),
    ]


def test_changed(connection: Connection) -> None:
    domains.create(connection, EXAMPLE, owners=["anne@example.com"], now=NOW)
    wanted = Domain(mail_host="example.com", alias_domain="alias.example", base_url="https://lists.example")

    domains.change(connection, wanted, now=NOW)
    assert domains.shown(connection) == [DomainView(domain=wanted, owners=("anne@example.com",))]
    domains.change(connection, wanted, owners=["bart@example.com"], now=NOW)
    assert domains.shown(connection) == [DomainView(domain=wanted, owners=("bart@example.com",))]
    domains.change(connection, EXAMPLE, owners=[], now=NOW)
    assert domains.shown(connection) == [DomainView(domain=EXAMPLE)]


def test_an_owner_without_an_address_is_shown_by_name(connection: Connection) -> None:
    domains.create(connection, EXAMPLE, owners=["Anne <anne@example.com>"], now=NOW)
    owner = users.of_address(connection, "anne@example.com")
    assert owner is not None
    connection.exec_driver_sql('DELETE FROM addresses WHERE "user" IS NOT NULL')

    assert domains.shown(connection) == [DomainView(domain=EXAMPLE, owners=("Anne",))]
    users.change(connection, owner.user_id, display_name="")
    assert domains.shown(connection) == [DomainView(domain=EXAMPLE, owners=(owner.user_id,))]


def test_a_domain_with_lists_is_removed_only_with_them(connection: Connection) -> None:
    domains.create(connection, EXAMPLE, now=NOW)
    for name in ("ant", "bee"):
        lists.create(connection, f"{name}@example.com", now=NOW)
    lists.create(connection, "ant@example.org", now=NOW)

    with pytest.raises(
        BadInput, match=r"^example.com has 2 lists: remove them first, or write --with-lists$"
    ):
        domains.remove(connection, EXAMPLE)
    assert domains.remove(connection, EXAMPLE, with_lists=True) == 2
    assert [policy.list_id for policy in lists.matching(connection)] == ["ant.example.org"]
    assert domains.remove(connection, EXAMPLE) == 0


@pytest.mark.parametrize(
    ("domain", "owners", "wrong"),
    [
        (Domain(mail_host="-x"), (), "not a domain"),
        (Domain(mail_host="[192.0.2.1]"), (), "not a domain"),
        (Domain(mail_host="a.example", alias_domain="b c"), (), "not a domain"),
        (Domain(mail_host="example.com"), (), "exists already"),
        (Domain(mail_host="a.example", alias_domain="Example.com"), (), "exists already"),
        (Domain(mail_host="a.example", description="a\nb"), (), "This value must be a single line"),
        (Domain(mail_host="a.example", base_url="a\tb"), (), "This value must be a single line"),
        (Domain(mail_host="a.example"), ("anne", "b@c.example", "@"), "Illegal owner addresses: anne, @"),
    ],
)
def test_what_is_refused(connection: Connection, domain: Domain, owners: tuple[str, ...], wrong: str) -> None:
    domains.create(connection, EXAMPLE, now=NOW)

    with pytest.raises(BadInput, match=wrong):
        domains.create(connection, domain, owners=owners, now=NOW)


def test_a_domain_that_is_missing(connection: Connection) -> None:
    with pytest.raises(BadInput, match=r"^No such domain: example.com$"):
        domains.find(connection, "example.com")
    with pytest.raises(BadInput, match=r"^Undefined domain: example.com"):
        domains.change(connection, EXAMPLE, now=NOW)


@pytest.mark.parametrize("text", ["\udcff", "", "a b", "'\"%_\\"])
def test_octets_that_are_no_text_are_no_domain(connection: Connection, text: str) -> None:
    domains.create(connection, EXAMPLE, now=NOW)
    with pytest.raises(BadInput, match="No such domain"):
        domains.find(connection, text)
