"""What belongs to many users, in few statements."""

import pytest
from sqlalchemy import Connection

from mlcore.lists.model import Domain, Preferences
from mlcore.store import addresses, domains, people, preferences, users
from mlcore.store.people import KnownAddress


@pytest.fixture
def ids(conn: Connection) -> list[str]:
    return [users.ensure(conn, f"{name}@example.org", name, 1.0).user_id for name in ("anne", "bart")]


def test_addresses(conn: Connection, ids: list[str]) -> None:
    addresses.ensure(conn, "Anne@example.net", "A", 2.0)
    addresses.verify(conn, "anne@example.net", 3.0)
    addresses.link(conn, "anne@example.net", ids[0])
    assert people.addresses_of(conn, [*ids, "no such"]) == {
        ids[0]: [
            KnownAddress(address="anne@example.org", display_name="anne", verified_at=None),
            KnownAddress(address="Anne@example.net", display_name="A", verified_at=3.0),
        ],
        ids[1]: [KnownAddress(address="bart@example.org", display_name="bart", verified_at=None)],
    }
    assert people.addresses_of(conn, []) == {}


def test_domains(conn: Connection, ids: list[str]) -> None:
    for host in ("b.example", "a.example"):
        domains.create(conn, Domain(mail_host=host), 1.0)
        domains.add_owner(conn, host, ids[1])
    assert people.domains_of(conn, ids) == {ids[1]: ["a.example", "b.example"]}


def test_languages(conn: Connection, ids: list[str]) -> None:
    """That of the address comes before that of its user."""
    addresses.ensure(conn, "Anne@example.net", "A", 2.0)
    addresses.link(conn, "anne@example.net", ids[0])
    addresses.ensure(conn, "cate@example.org", "C", 2.0)
    keys = ["anne@example.org", "anne@example.net", "bart@example.org", "cate@example.org", "zed@example.org"]
    assert people.languages_of(conn, keys) == {}
    preferences.set_of_user(conn, ids[0], Preferences(preferred_language="ja"))
    preferences.set_of_address(conn, "anne@example.org", Preferences(preferred_language="de"))
    preferences.set_of_address(conn, "cate@example.org", Preferences(preferred_language="fr"))
    assert people.languages_of(conn, keys) == {
        "anne@example.org": "de",
        "anne@example.net": "ja",
        "cate@example.org": "fr",
    }
    assert people.languages_of(conn, []) == {}
