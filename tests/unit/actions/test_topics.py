"""Topics of a list."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import lists, topics
from mlcore.base.errors import BadInput
from mlcore.lists.model import ListPolicy, Member, Topic, TopicChoice
from mlcore.store import lists as stored
from mlcore.store import members, memberships, topic_choices
from mlcore.store import topics as chosen
from support.site import SiteInDirectory

NOW = 1_700_000_000.0
ANT = "ant.example.com"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        lists.create(connection, "ant@example.com", now=NOW)
        yield connection


def _policy(connection: Connection) -> ListPolicy:
    found = stored.get(connection, ANT)
    assert found is not None
    return found


def test_topics_are_added_at_the_end(connection: Connection) -> None:
    policy = topics.add(connection, _policy(connection), " Tea ", [r"\btea\b", " チャ "], description=" Hot ")
    policy = topics.add(connection, policy, "蟻", ["ants?"])
    assert policy == _policy(connection)
    assert policy.topics == (
        Topic(name="Tea", pattern="\\btea\\b\nチャ", description="Hot"),
        Topic(name="蟻", pattern="ants?"),
    )


def test_a_topic_gets_other_patterns_and_members_keep_it(connection: Connection) -> None:
    topics.add(connection, _policy(connection), "Tea", ["tea"], description="Hot")
    policy = topics.add(connection, _policy(connection), "Ants", ["ants"])
    with pytest.raises(BadInput, match=r"^the topic Tea exists already"):
        topics.add(connection, policy, "TEA", ["oolong"])
    policy = topics.add(connection, policy, "tea", ["oolong"], replace=True)
    policy = topics.add(connection, policy, "Ants", ["emmets"], description="Small", replace=True)
    assert policy.topics == (
        Topic(name="Tea", pattern="oolong", description="Hot"),
        Topic(name="Ants", pattern="emmets", description="Small"),
    )
    assert policy == _policy(connection)


def test_what_goes_is_forgotten_by_members(connection: Connection) -> None:
    for name in ("Tea", "Ants", "Cake"):
        topics.add(connection, _policy(connection), name, [name])
    members.add_many(connection, ANT, [Member(address="anne@example.org")], NOW)
    (anne,) = memberships.memberships_of_address(connection, "anne@example.org")
    topic_choices.set_of_member(connection, anne.member_id, ["Tea", "Ants"])

    policy = topics.remove(connection, _policy(connection), ["Tea", "Cake", "Tea"])
    assert [topic.name for topic in policy.topics] == ["Ants"]
    assert policy == _policy(connection)
    assert chosen.choices(connection, ANT) == {"anne@example.org": TopicChoice(frozenset({"Ants"}))}


def test_all_are_removed_or_none(connection: Connection) -> None:
    policy = topics.add(connection, _policy(connection), "Tea", ["tea"])
    with pytest.raises(BadInput, match=r"^ant@example\.com has no topic tea, Cake: "):
        topics.remove(connection, policy, ["Tea", "tea", "Cake"])
    assert _policy(connection) == policy


@pytest.mark.parametrize(
    ("name", "patterns", "description"),
    [
        ("", ["x"], ""),
        (" ", ["x"], ""),
        ("a,b", ["x"], ""),
        ("a\nb", ["x"], ""),
        ("x" * 61, ["x"], ""),
        ("Tea", [], ""),
        ("Tea", [" "], ""),
        ("Tea", ["("], ""),
        ("Tea", ["a\nb"], ""),
        ("Tea", ["x" * 1_001], ""),
        ("Tea", ["((a{999}){999}){999}"], ""),
        ("Tea", ["x"] * 51, ""),
        ("Tea", ["x"], "a\nb"),
        ("Tea", ["x"], "x" * 256),
    ],
)
def test_what_is_refused(connection: Connection, name: str, patterns: list[str], description: str) -> None:
    before = _policy(connection)
    with pytest.raises(BadInput):
        topics.add(connection, before, name, patterns, description=description)
    assert _policy(connection) == before


def test_a_list_has_a_hundred_topics_at_most(connection: Connection) -> None:
    policy = _policy(connection)
    for number in range(topics.MOST_TOPICS):
        policy = topics.add(connection, policy, str(number), ["x"])
    with pytest.raises(BadInput, match="has 100 topics"):
        topics.add(connection, policy, "more", ["x"])
    assert len(topics.add(connection, policy, "0", ["y"], replace=True).topics) == topics.MOST_TOPICS
