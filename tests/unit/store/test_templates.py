"""Texts under URIs as rows."""

import pytest
from sqlalchemy import Connection, select, update

from mlcore.lists.model import Domain, ListPolicy
from mlcore.store import domains, generation, lists, templates
from mlcore.store.domains import NoSuchDomain
from mlcore.store.lists import NoSuchList
from mlcore.store.schema import template_texts, users
from mlcore.store.schema import templates as table
from mlcore.store.templates import Kept, State
from mlcore.texts.uris import SITE, Address, Place, Record

WELCOME = "list:user:notice:welcome"
OF_ANT = Record(WELCOME, "ant.example.com", "https://h/ant", "anne", "secret")
OF_DOMAIN = Record(WELCOME, "@example.com", "https://h/$list_id")
OF_SITE = Record(WELCOME, SITE, "mailman:///welcome.txt")
A, B = Address("https://h/a", ""), Address("https://h/a", "anne")
GOOD = Kept("text", State(5.0, 5.0, ""))
BAD = Kept(None, State(None, 7.0, "HTTP status 500"))


def put(conn: Connection, *records: Record) -> None:
    for record in records:
        templates.put(conn, record)


def test_one_for_each_context(conn: Connection) -> None:
    put(conn, OF_SITE, OF_ANT, OF_DOMAIN)
    assert templates.records(conn) == [OF_SITE, OF_DOMAIN, OF_ANT]
    assert templates.remove(conn, WELCOME, "@example.com")
    assert not templates.remove(conn, WELCOME, "@example.com")
    assert not templates.remove(conn, WELCOME, "none.example.com")
    assert templates.records(conn) == [OF_SITE, OF_ANT]


def test_a_new_one_takes_the_place_of_the_old_one(conn: Connection) -> None:
    changed = Record(WELCOME, "ant.example.com", "file:///x")
    put(conn, OF_ANT, changed)
    assert templates.records(conn) == [changed]


def test_every_change_is_heard_of(conn: Connection) -> None:
    number = generation.read(conn)
    put(conn, OF_ANT)
    assert generation.read(conn) > number
    number = generation.read(conn)
    assert not templates.remove(conn, WELCOME, SITE)
    assert generation.read(conn) == number
    templates.remove(conn, WELCOME, OF_ANT.context)
    assert generation.read(conn) > number


def test_there_must_be_the_list_or_domain(conn: Connection) -> None:
    with pytest.raises(NoSuchList):
        put(conn, Record(WELCOME, "bee.example.com", "https://h/"))
    with pytest.raises(NoSuchDomain):
        put(conn, Record(WELCOME, "@example.org", "https://h/"))


def test_a_domain_that_is_written_like_a_list_is_another_one(conn: Connection) -> None:
    """`ant@example.com` has the List-ID ant.example.com, and a domain may be called so."""
    domains.create(conn, Domain(mail_host="ant.example.com"), 1.0)
    put(conn, OF_ANT, Record(WELCOME, "@ant.example.com", "https://h/domain"))
    assert len(templates.records(conn)) == 2


def test_records_go_with_their_list_and_domain(conn: Connection) -> None:
    put(conn, OF_ANT, OF_DOMAIN, OF_SITE)
    lists.remove(conn, "ant.example.com")
    assert templates.records(conn) == [OF_SITE, OF_DOMAIN]
    domains.remove(conn, "example.com")
    assert templates.records(conn) == [OF_SITE]
    assert len(conn.execute(select(table)).all()) == 1


def test_places_and_languages(conn: Connection, ant: ListPolicy) -> None:
    assert templates.places(conn) == [Place("ant.example.com", "ant@example.com", "example.com")]
    assert templates.languages(conn) == {ant.preferred_language}
    conn.execute(
        users.insert(),
        {
            "user_uuid": "u",
            "display_name": "",
            "created_at": 1.0,
            "is_server_owner": False,
            "preferred_language": "ja",
        },
    )
    assert templates.languages(conn) == {ant.preferred_language, "ja"}


def test_fetched_texts_are_kept(conn: Connection) -> None:
    templates.keep(conn, {A: GOOD, B: BAD})
    assert templates.states(conn) == {A: GOOD.state, B: BAD.state}
    assert templates.text(conn, A) == "text"
    assert templates.text(conn, B) is None
    assert templates.text(conn, Address("https://h/none", "")) is None
    newer = Kept("ようこそ\n", State(9.0, 9.0, ""))
    templates.keep(conn, {A: newer})
    assert templates.states(conn) == {A: newer.state, B: BAD.state}
    assert templates.text(conn, A) == "ようこそ\n"
    templates.keep(conn, {})


def test_fetched_texts_are_forgotten(conn: Connection) -> None:
    templates.keep(conn, {A: GOOD, B: BAD})
    templates.forget(conn, [A, Address("https://h/none", "")])
    assert templates.states(conn) == {B: BAD.state}
    templates.forget(conn, [])


def test_what_is_made_due_keeps_its_text(conn: Connection) -> None:
    templates.keep(conn, {A: GOOD})
    number = generation.read(conn)
    templates.make_due(conn, [A, B])
    assert generation.read(conn) > number
    assert templates.states(conn) == {A: State(5.0, 0.0, "")}
    assert templates.text(conn, A) == "text"


def test_times_come_back_as_they_were(conn: Connection) -> None:
    """They are compared with those in memory."""
    state = State(1_700_000_000.123456, 1_700_000_000.654321, "")
    templates.keep(conn, {A: Kept("x", state)})
    assert templates.states(conn)[A] == state
    conn.execute(update(template_texts).values(text=None))
    assert templates.text(conn, A) is None
