"""The options of a membership, shown to its member and changed by him."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.actions import lists, preferences
from mlcore.lists import command_answers as answers
from mlcore.lists.command_requests import Option, Set
from mlcore.lists.model import DeliveryMode, DeliveryStatus, ListPolicy, Member, Membership, Role, Topic
from mlcore.store import lists as list_rows
from mlcore.store import members, memberships, topic_choices
from mlcore.store import preferences as rows
from support.site import SiteInDirectory

ANT = "ant.example.com"
TOPICS = (Topic(name="Tea", pattern="tea"), Topic(name="Jobs", pattern="job"))


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        lists.create(connection, "ant@example.com", now=1.0)
        members.add_many(connection, ANT, [Member(address="anne@example.org")], 1.0)
        yield connection


def policy(conn: Connection, **changes: object) -> ListPolicy:
    changed = msgspec.structs.replace(lists.find(conn, ANT), **changes)
    list_rows.change(conn, changed)
    return changed


def anne(conn: Connection) -> Membership:
    (found,) = memberships.on_list(conn, ANT, Role.MEMBER, ["anne@example.org"])
    return found


def change(conn: Connection, option: Option, value: str, **changes: object) -> str:
    return preferences.change(conn, policy(conn, **changes), anne(conn), Set(option, value)).text


@pytest.mark.row("command: set")
@pytest.mark.parametrize(
    ("option", "value", "name", "wanted"),
    [
        (Option.ACK, "on", "acknowledge_posts", True),
        (Option.DUPS, "off", "receive_list_copy", False),
        (Option.HIDE, "on", "hide_address", True),
        (Option.MYPOSTS, "off", "receive_own_postings", False),
        (Option.LANGUAGE, "ja", "preferred_language", "ja"),
        (Option.DIGEST, "plain", "delivery_mode", DeliveryMode.PLAINTEXT_DIGESTS),
        (Option.DIGEST, "mime", "delivery_mode", DeliveryMode.MIME_DIGESTS),
        (Option.DELIVERY, "off", "delivery_status", DeliveryStatus.BY_USER),
    ],
)
def test_an_option_is_that_of_the_membership(
    conn: Connection, option: Option, value: str, name: str, wanted: object
) -> None:
    before = anne(conn).preferences
    assert change(conn, option, value) == answers.OPTION_CHANGED
    after = anne(conn)
    assert after.preferences == msgspec.structs.replace(before, **{name: wanted})
    assert getattr(after.effective, name) == wanted


def test_what_was_switched_is_switched_back(conn: Connection) -> None:
    for option, values in ((Option.DIGEST, ("mime", "off")), (Option.DELIVERY, ("off", "on"))):
        for value in values:
            assert change(conn, option, value) == answers.OPTION_CHANGED
    assert anne(conn).effective.delivery_mode is DeliveryMode.REGULAR
    assert anne(conn).effective.delivery_status is DeliveryStatus.ENABLED


def test_a_member_whom_bounces_stopped_may_begin_again_and_one_whom_a_moderator_stopped_may_not(
    conn: Connection,
) -> None:
    for status, said in (
        (DeliveryStatus.BY_BOUNCES, answers.OPTION_CHANGED),
        (DeliveryStatus.BY_MODERATOR, answers.OPTION_BY_MODERATOR),
    ):
        member = anne(conn)
        wanted = msgspec.structs.replace(member.preferences, delivery_status=status)
        rows.set_of_member(conn, member.member_id, wanted)
        assert change(conn, Option.DELIVERY, "on") == said
    assert anne(conn).effective.delivery_status is DeliveryStatus.BY_MODERATOR


@pytest.mark.row("attribute: digests_enabled")
def test_a_list_without_digests_has_none(conn: Connection) -> None:
    assert change(conn, Option.DIGEST, "mime", digests_enabled=False) == answers.OPTION_NO_DIGESTS
    assert change(conn, Option.DIGEST, "off", digests_enabled=False) == answers.OPTION_CHANGED


def test_topics_are_chosen_by_name(conn: Connection) -> None:
    given = {"topics_enabled": True, "topics": TOPICS}
    assert change(conn, Option.TOPICS, "tea jobs", **given) == answers.OPTION_CHANGED
    assert topic_choices.of_member(conn, anne(conn).member_id) == ("Jobs", "Tea")
    assert change(conn, Option.TOPICS, "cars", **given) == answers.OPTION_UNKNOWN_TOPIC
    assert topic_choices.of_member(conn, anne(conn).member_id) == ("Jobs", "Tea")
    assert change(conn, Option.TOPICS, "all", **given) == answers.OPTION_CHANGED
    assert topic_choices.of_member(conn, anne(conn).member_id) == ()
    assert change(conn, Option.TOPICS, "tea", topics=()) == answers.OPTION_NO_TOPICS
    assert change(conn, Option.TOPICS, "tea", topics_enabled=False) == answers.OPTION_NO_TOPICS


@pytest.mark.row("command: show")
def test_all_options_are_listed(conn: Connection) -> None:
    changed = policy(conn, topics_enabled=True, topics=TOPICS)
    assert [reason.argument for reason in preferences.listed(conn, changed, anne(conn))] == [
        *("off", "on", "off", "on", "off", "en", "on", "all")
    ]
    change(conn, Option.HIDE, "on")
    change(conn, Option.DIGEST, "plain")
    change(conn, Option.LANGUAGE, "ja")
    change(conn, Option.DELIVERY, "off")
    change(conn, Option.TOPICS, "tea, jobs")
    listed = {
        reason.text.partition(":")[0]: reason.argument
        for reason in preferences.listed(conn, changed, anne(conn))
    }
    assert listed == {
        "ack": "off",
        "delivery": "off",
        "digest": "plain",
        "dups": "on",
        "hide": "on",
        "language": "ja",
        "myposts": "on",
        "topics": "Jobs, Tea",
    }


def test_what_means_nothing_on_this_list_is_not_listed(conn: Connection) -> None:
    changed = policy(conn, digests_enabled=False)
    texts = [reason.text for reason in preferences.listed(conn, changed, anne(conn))]
    assert not any(text.startswith(("digest", "topics")) for text in texts)
