"""Automatic mail is counted by who got it."""

import pytest
from sqlalchemy import Connection

from mlcore.lists.model import ListPolicy
from mlcore.store import automatic, lists
from mlcore.store.lists import NoSuchList

ANT, BEE = "ant.example.com", "bee.example.com"
ANNE = "anne@example.net"


@pytest.fixture(autouse=True)
def bee(conn: Connection) -> None:
    policy = ListPolicy(list_id=BEE, list_name="bee", mail_host="example.com", display_name="Bee")
    lists.create(conn, policy, 1.0)


def test_mail_is_counted_by_address_kind_and_time(conn: Connection) -> None:
    for cause, at in (("e1", 10.0), ("e2", 20.0), ("e3", 30.0)):
        assert automatic.note(conn, ANNE, "command", cause, ANT, at)
    assert automatic.note(conn, ANNE, "hold", "e3", ANT, 30.0)
    assert automatic.note(conn, "bart@example.net", "command", "e3", ANT, 30.0)

    assert automatic.count(conn, ANNE, "command", 0.0) == 3
    assert automatic.count(conn, ANNE, "command", 10.0) == 2
    assert automatic.count(conn, ANNE, "hold", 0.0) == 1
    assert automatic.count(conn, ANNE, "confirmation", 0.0) == 0
    assert automatic.count_kinds(conn, ANNE, ("hold", "command"), 10.0) == 3


def test_it_is_counted_by_list_or_over_all(conn: Connection) -> None:
    automatic.note(conn, ANNE, "hold", "e1", ANT, 10.0)
    automatic.note(conn, ANNE, "hold", "e2", BEE, 10.0)

    assert automatic.count(conn, ANNE, "hold", 0.0) == 2
    assert automatic.count(conn, ANNE, "hold", 0.0, list_id=ANT) == 1
    assert automatic.count(conn, ANNE, "hold", 0.0, list_id="wasp.example.com") == 0


def test_a_step_that_is_done_again_counts_once(conn: Connection) -> None:
    assert automatic.note(conn, ANNE, "command", "e1", ANT, 10.0)
    assert not automatic.note(conn, ANNE, "command", "e1", ANT, 11.0)
    assert not automatic.note(conn, ANNE, "command", "e1", BEE, 11.0)
    assert automatic.count(conn, ANNE, "command", 0.0) == 1
    assert automatic.is_noted(conn, ANNE, "command", "e1")
    assert not automatic.is_noted(conn, ANNE, "command", "e2")
    assert not automatic.is_noted(conn, ANNE, "hold", "e1")


def test_a_limit_for_all(conn: Connection) -> None:
    for number in range(3):
        automatic.note(conn, f"{number}@example.net", "confirmation", "e", ANT, 10.0 + number)
    automatic.note(conn, ANNE, "confirmation", "e", BEE, 10.0)
    automatic.note(conn, ANNE, "invitation", "e", BEE, 10.0)

    assert automatic.reaches(conn, "confirmation", 0.0, 4)
    assert not automatic.reaches(conn, "confirmation", 0.0, 5)
    assert not automatic.reaches(conn, "confirmation", 10.0, 3)
    assert automatic.reaches(conn, "confirmation", 0.0, 3, list_id=ANT)
    assert not automatic.reaches(conn, "confirmation", 0.0, 4, list_id=ANT)


def test_all_are_counted_by_list(conn: Connection) -> None:
    for number in range(3):
        automatic.note(conn, f"{number}@example.net", "confirmation", "e", ANT, 10.0 + number)
    automatic.note(conn, ANNE, "confirmation", "e", BEE, 30.0)
    automatic.note(conn, ANNE, "invitation", "e", BEE, 30.0)

    assert automatic.by_list(conn, "confirmation", 10.0) == {ANT: 2, BEE: 1}
    assert automatic.by_list(conn, "confirmation", 20.0) == {BEE: 1}
    assert automatic.by_list(conn, "hold", 0.0) == {}


def test_who_answers_begins_anew(conn: Connection) -> None:
    for kind, list_id in (("confirmation", ANT), ("invitation", ANT), ("confirmation", BEE), ("hold", ANT)):
        automatic.note(conn, ANNE, kind, f"{kind} {list_id}", list_id, 10.0)  # type: ignore[arg-type]
    automatic.note(conn, "bart@example.net", "confirmation", "e", ANT, 10.0)

    automatic.forget(conn, ANNE, "confirmation", list_id=ANT)
    assert automatic.count(conn, ANNE, "confirmation", 0.0) == 1
    automatic.forget(conn, ANNE, "confirmation", "invitation")
    assert automatic.count_kinds(conn, ANNE, ("confirmation", "invitation"), 0.0) == 0
    assert automatic.count(conn, ANNE, "hold", 0.0) == 1
    assert automatic.count(conn, "bart@example.net", "confirmation", 0.0) == 1


def test_old_rows_are_purged(conn: Connection) -> None:
    for at in (10.0, 20.0, 30.0):
        automatic.note(conn, ANNE, "hold", f"{at}", ANT, at)

    assert automatic.purge(conn, 20.0) == 2
    assert automatic.purge(conn, 20.0) == 0
    assert automatic.count(conn, ANNE, "hold", 0.0) == 1


def test_it_goes_with_its_list(conn: Connection) -> None:
    automatic.note(conn, ANNE, "hold", "e1", BEE, 10.0)
    lists.remove(conn, BEE)
    assert automatic.count(conn, ANNE, "hold", 0.0) == 0


def test_unknown_list_is_refused(conn: Connection) -> None:
    with pytest.raises(NoSuchList):
        automatic.note(conn, ANNE, "hold", "e1", "wasp.example.com", 10.0)
