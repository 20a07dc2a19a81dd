"""What members chose of a list's topics."""

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.lists.model import ListPolicy, Member, Role, Topic, TopicChoice
from mlcore.store import lists, members, memberships, topic_choices, topics

ANT = "ant.example.com"


def _chosen(conn: Connection, address: str, *names: str, nonmatching: bool = False) -> None:
    for found in memberships.memberships_of_address(conn, address):
        topic_choices.set_of_member(conn, found.member_id, names)
        memberships.change(conn, found.member_id, nonmatching_topics=nonmatching)


@pytest.fixture
def people(conn: Connection) -> Connection:
    anne, bart, cate = (Member(address=f"{name}@example.org") for name in ("Anne", "bart", "cate"))
    members.add_many(conn, ANT, [anne, bart, cate], 1.0)
    members.add_many(conn, ANT, [Member(address="anne@example.org", role=Role.OWNER)], 1.0)
    return conn


def test_choices_by_the_key_of_the_recipient(people: Connection) -> None:
    assert topics.choices(people, ANT) == {}
    _chosen(people, "anne@example.org", "Tea", "Ants")
    _chosen(people, "bart@example.org", "Tea", nonmatching=True)
    assert topics.choices(people, ANT) == {
        "anne@example.org": TopicChoice(frozenset({"Tea", "Ants"})),
        "bart@example.org": TopicChoice(frozenset({"Tea"}), nonmatching=True),
    }
    assert topics.choices(people, "bee.example.com") == {}


def test_a_topic_that_goes_is_forgotten_on_its_list_alone(people: Connection, ant: ListPolicy) -> None:
    bee = msgspec.structs.replace(ant, list_id="bee.example.com", list_name="bee")
    lists.create(people, bee, 1.0)
    members.add_many(people, "bee.example.com", [Member(address="anne@example.org")], 1.0)
    _chosen(people, "anne@example.org", "Tea", "Ants")
    _chosen(people, "bart@example.org", "Tea")
    topics.forget(people, ANT, ["Tea", "Cake"])
    assert topics.choices(people, ANT) == {"anne@example.org": TopicChoice(frozenset({"Ants"}))}
    assert topics.choices(people, "bee.example.com") == {
        "anne@example.org": TopicChoice(frozenset({"Tea", "Ants"}))
    }


def test_choices_go_with_the_membership(people: Connection) -> None:
    _chosen(people, "anne@example.org", "Tea")
    found = memberships.memberships_of_address(people, "anne@example.org")
    memberships.remove(people, [one.member_id for one in found])
    assert topics.choices(people, ANT) == {}


@pytest.mark.row("attribute: topics")
def test_topics_are_kept_in_order(conn: Connection, ant: ListPolicy) -> None:
    wanted = (Topic(name="Tea", pattern="tea\nテ"), Topic(name="Ants", pattern="ant", description="蟻"))
    lists.change(conn, msgspec.structs.replace(ant, topics=wanted))
    kept = lists.get(conn, ANT)
    assert kept is not None
    assert kept.topics == wanted
