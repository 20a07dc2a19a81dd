"""Rules about header fields as rows."""

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from mlcore.lists.model import Action, Domain, HeaderMatch, ListPolicy
from mlcore.store import domains, generation, header_matches, lists
from mlcore.store.lists import NoSuchList, row_key
from mlcore.store.schema import header_matches as table

ANT = "ant.example.com"
SPAM = HeaderMatch(header="x-spam-flag", pattern="^yes", action=Action.DISCARD, tag="spam")
LOTTERY = HeaderMatch(header="subject", pattern="宝くじ|lottery")


def test_what_is_stored_comes_back_in_its_order(conn: Connection) -> None:
    assert header_matches.all(conn, ANT) == ()
    header_matches.replace(conn, ANT, [SPAM, LOTTERY])
    assert header_matches.all(conn, ANT) == (SPAM, LOTTERY)
    header_matches.replace(conn, ANT, [LOTTERY, SPAM])
    assert header_matches.all(conn, ANT) == (LOTTERY, SPAM)
    header_matches.replace(conn, ANT, ())
    assert header_matches.all(conn, ANT) == ()


def test_they_are_a_setting_of_their_list_alone(conn: Connection) -> None:
    bee = ListPolicy(list_id="bee.example.org", list_name="bee", mail_host="example.org", display_name="Bee")
    domains.create(conn, Domain(mail_host="example.org"), 1.0)
    lists.create(conn, bee, 1.0)
    before = generation.read(conn)
    header_matches.replace(conn, ANT, [SPAM])
    assert generation.read(conn) > before
    ant = lists.get(conn, ANT)
    assert ant is not None
    assert ant.header_matches == (SPAM,)
    assert header_matches.all(conn, bee.list_id) == ()
    lists.remove(conn, ANT)
    assert conn.execute(table.select()).all() == []


def test_database_keeps_each_rule_once(conn: Connection) -> None:
    header_matches.replace(conn, ANT, [SPAM])
    row = {"list": row_key(conn, ANT), "position": 1, "header": "x-spam-flag", "pattern": "^yes", "tag": ""}
    with pytest.raises(IntegrityError), conn.begin_nested():
        conn.execute(insert(table), row)


def test_of_no_list(conn: Connection) -> None:
    with pytest.raises(NoSuchList):
        header_matches.all(conn, "bee.example.com")
    with pytest.raises(NoSuchList):
        header_matches.replace(conn, "bee.example.com", [SPAM])
