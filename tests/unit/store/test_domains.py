"""Domains as rows and as values."""

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from mlcore.base.errors import BadInput
from mlcore.lists.model import Domain
from mlcore.store import domains, generation, lists, users
from mlcore.store.domains import NoSuchDomain
from mlcore.store.schema import domain_owners
from mlcore.store.schema import domains as table
from mlcore.store.users import NoSuchUser

BEE = Domain(mail_host="bee.example", description="Bees", alias_domain="b.example", base_url="https://bee")


def test_every_value_comes_back(conn: Connection) -> None:
    assert domains.create(conn, BEE, 2.0) == BEE
    assert domains.get(conn, "bee.example") == BEE
    assert conn.execute(select(table.c.created_at).where(table.c.mail_host == "bee.example")).scalar() == 2.0


def test_names_are_kept_in_one_form_and_found_in_any(conn: Connection) -> None:
    made = domains.create(conn, Domain(mail_host="Bücher.Example", alias_domain="B.example"), 1.0)
    assert made == Domain(mail_host="xn--bcher-kva.example", alias_domain="b.example")
    for spelling in ("BÜCHER.example", "xn--bcher-kva.EXAMPLE"):
        assert domains.get(conn, spelling) == made
    assert domains.find(conn, "B.EXAMPLE") == made
    assert domains.get(conn, "b.example") is None


@pytest.mark.parametrize("host", ["", "a b.example", "-a.example", "a..b", "[192.0.2.1]", "ant@example.com"])
def test_what_is_no_domain(conn: Connection, host: str) -> None:
    with pytest.raises(BadInput, match="not a domain"):
        domains.create(conn, Domain(mail_host=host), 1.0)
    assert domains.get(conn, host) is None
    assert domains.find(conn, host) is None
    assert not domains.remove(conn, host)


def test_several_domains_have_no_alias(conn: Connection) -> None:
    for host in ("b.example", "a.example"):
        domains.create(conn, Domain(mail_host=host), 1.0)
    assert [domain.mail_host for domain in domains.all(conn)] == ["a.example", "b.example", "example.com"]


def test_order_is_that_of_the_letters(conn: Connection) -> None:
    """Whatever the language of the database."""
    hosts = ["a-b.example", "a.example", "ab.example"]
    for host in reversed(hosts):
        domains.create(conn, Domain(mail_host=host), 1.0)
    assert [domain.mail_host for domain in domains.all(conn)][:3] == hosts


@pytest.mark.parametrize(
    ("mail_host", "alias", "complaint"),
    [
        ("Bee.example", "", "exists already"),
        ("b.example", "", "is the alias domain of bee.example"),
        ("c.example", "b.example", "is the alias domain of bee.example"),
        ("c.example", "bee.example", "exists already"),
        ("c.example", "C.example", "is the domain itself"),
    ],
)
def test_a_name_belongs_to_one_domain(conn: Connection, mail_host: str, alias: str, complaint: str) -> None:
    domains.create(conn, BEE, 1.0)
    with pytest.raises(BadInput, match=complaint):
        domains.create(conn, Domain(mail_host=mail_host, alias_domain=alias), 1.0)


def test_database_refuses_a_second_one_too(conn: Connection) -> None:
    domains.create(conn, BEE, 1.0)
    row = {"description": "", "base_url": "", "created_at": 1.0}
    with pytest.raises(IntegrityError), conn.begin_nested():
        conn.execute(table.insert().values(mail_host="bee.example", **row))
    with pytest.raises(IntegrityError), conn.begin_nested():
        conn.execute(table.insert().values(mail_host="c.example", alias_domain="b.example", **row))


def test_change(conn: Connection) -> None:
    domains.create(conn, BEE, 1.0)
    other = Domain(mail_host="BEE.example", description="Wasps", alias_domain="W.example")
    stored = domains.change(conn, other)
    assert stored == Domain(mail_host="bee.example", description="Wasps", alias_domain="w.example")
    assert domains.find(conn, "w.example") == stored
    assert domains.find(conn, "b.example") is None
    assert domains.change(conn, stored) == stored
    with pytest.raises(BadInput, match="exists already"):
        domains.change(conn, Domain(mail_host="bee.example", alias_domain="example.com"))
    with pytest.raises(NoSuchDomain, match=r"Undefined domain: w\.example"):
        domains.change(conn, Domain(mail_host="w.example"))


def test_lists_go_with_their_domain(conn: Connection) -> None:
    assert domains.remove(conn, "Example.COM")
    assert lists.all(conn) == []
    assert not domains.remove(conn, "example.com")


def test_owners(conn: Connection) -> None:
    anne = users.ensure(conn, "anne@example.org", "Anne", 1.0)
    bart = users.ensure(conn, "bart@example.org", "Bart", 1.0)
    for user in (bart, anne, anne):
        domains.add_owner(conn, "EXAMPLE.com", user.user_id)
    assert domains.owners(conn, "example.com") == [anne, bart]
    users.remove(conn, anne.user_id)
    assert domains.owners(conn, "example.com") == [bart]
    domains.clear_owners(conn, "example.com")
    assert domains.owners(conn, "example.com") == domains.owners(conn, "nowhere.example") == []
    domains.add_owner(conn, "example.com", bart.user_id)
    domains.remove(conn, "example.com")
    assert conn.execute(select(domain_owners)).all() == []


def test_owner_and_domain_must_be_there(conn: Connection) -> None:
    anne = users.create(conn, now=1.0)
    with pytest.raises(NoSuchDomain):
        domains.add_owner(conn, "nowhere.example", anne.user_id)
    with pytest.raises(NoSuchDomain):
        domains.clear_owners(conn, "nowhere.example")
    with pytest.raises(NoSuchUser):
        domains.add_owner(conn, "example.com", "nobody")


def test_every_change_raises_the_generation(conn: Connection) -> None:
    anne = users.create(conn, now=1.0)
    seen = [generation.read(conn)]
    for change in (
        lambda: domains.create(conn, BEE, 1.0),
        lambda: domains.change(conn, BEE),
        lambda: domains.add_owner(conn, "bee.example", anne.user_id),
        lambda: domains.clear_owners(conn, "bee.example"),
        lambda: domains.remove(conn, "bee.example"),
    ):
        change()
        seen.append(generation.read(conn))
    assert seen == list(range(seen[0], seen[0] + 6))
    domains.remove(conn, "bee.example")
    assert generation.read(conn) == seen[-1]
