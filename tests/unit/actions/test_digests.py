"""Digests: posts gather, issues are made, and who takes none any more gets his last one."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.actions import digests, lists, members, preferences
from mlcore.actions.digests import Number
from mlcore.actions.members import Person
from mlcore.lists.command_requests import Option, Set
from mlcore.lists.model import (
    DeliveryMode,
    DeliveryStatus,
    DigestFrequency,
    ListPolicy,
    Member,
    Membership,
    Role,
)
from mlcore.store import digests as store
from mlcore.store import lists as list_rows
from mlcore.store import members as member_rows
from mlcore.store import memberships
from mlcore.store import preferences as preference_rows
from mlcore.store.digests import DigestPost
from support.site import SiteInDirectory

ANT = "ant.example.com"
DAY = 86_400.0
JUNE = 1_780_272_000.0
"""2026-06-01 00:00 UTC."""
_IDS = count(1)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        lists.create(connection, "ant@example.com", now=1.0)
        everybody = [
            Member(address="anne@example.org", delivery_mode=DeliveryMode.MIME_DIGESTS),
            Member(address="bart@example.org", delivery_mode=DeliveryMode.PLAINTEXT_DIGESTS),
            Member(address="cate@example.org"),
        ]
        member_rows.add_many(connection, ANT, everybody, 1.0)
        yield connection


def policy(conn: Connection, **changes: object) -> ListPolicy:
    changed = msgspec.structs.replace(lists.find(conn, ANT), **changes)
    list_rows.change(conn, changed)
    return changed


def root() -> str:
    return f"{next(_IDS):021x}"


def collect(conn: Connection, octets: int, now: float = JUNE, **changes: object) -> Number | None:
    post = DigestPost(f"{root()}.d", next(_IDS), b"x" * octets, now)
    issue = digests.collect(conn, policy(conn, **changes), post, root(), now).issue
    return None if issue is None else Number(issue.volume, issue.number)


def send(conn: Connection, now: float = JUNE) -> Number | None:
    issue = digests.send(conn, lists.find(conn, ANT), root(), now)
    return None if issue is None else Number(issue.volume, issue.number)


def member(conn: Connection, name: str) -> Membership:
    (found,) = memberships.on_list(conn, ANT, Role.MEMBER, [f"{name}@example.org"])
    return found


# -- when there is an issue ---------------------------------------------------------------------------------


@pytest.mark.row("attribute: digest_size_threshold")
def test_an_issue_is_made_when_enough_has_gathered(conn: Connection) -> None:
    assert collect(conn, 1_023, digest_size_threshold=2.0) is None
    assert collect(conn, 1_024) is None
    assert collect(conn, 1) == (1, 1)
    assert collect(conn, 2_047) is None
    assert collect(conn, 1) == (1, 2)


@pytest.mark.row("attribute: digest_size_threshold")
def test_a_threshold_of_zero_makes_none(conn: Connection) -> None:
    assert collect(conn, 9_999, digest_size_threshold=0.0) is None
    assert send(conn) == (1, 1)


def test_a_post_that_comes_again_changes_nothing(conn: Connection) -> None:
    ant, post = lists.find(conn, ANT), DigestPost("1.d", 1, b"x", JUNE)
    assert digests.collect(conn, ant, post, root(), JUNE).is_new
    assert not digests.collect(conn, ant, post, root(), JUNE).is_new
    assert store.waiting(conn) == {ANT: 1}


def test_nothing_makes_no_issue(conn: Connection) -> None:
    assert send(conn) is None
    assert digests.next_number(conn, lists.find(conn, ANT)) == (1, 1)
    assert list_rows.state(conn, ANT).digest_last_sent_at is None


@pytest.mark.row("attribute: digest_volume_frequency")
def test_a_new_volume_begins_when_a_month_has_gone_by(conn: Connection) -> None:
    numbers = []
    for at in (JUNE, JUNE + 29 * DAY, JUNE + 30 * DAY, JUNE + 31 * DAY):
        collect(conn, 1, at)
        numbers.append(send(conn, at))
    # as there: the first issue of a month ends the volume, the next one begins another
    assert numbers == [(1, 1), (1, 2), (1, 3), (2, 1)]
    state = list_rows.state(conn, ANT)
    assert (state.volume, state.next_digest_number) == (2, 2)
    assert state.digest_last_sent_at == JUNE + 31 * DAY


@pytest.mark.row("attribute: digest_volume_frequency")
def test_a_bump_goes_on_as_if_there_had_been_an_issue(conn: Connection) -> None:
    ant = policy(conn, digest_volume_frequency=DigestFrequency.WEEKLY)
    assert digests.following(conn, ant, JUNE) == (1, 2)
    assert digests.bump(conn, ant, JUNE) == (1, 2)
    assert digests.bump(conn, ant, JUNE + DAY) == (1, 3)
    assert digests.bump(conn, ant, JUNE + 7 * DAY) == (2, 1)
    collect(conn, 1)
    assert send(conn, JUNE + 7 * DAY) == (2, 1)
    assert digests.next_number(conn, ant) == (2, 2)


@pytest.mark.row("attribute: digest_send_periodic")
def test_what_gathered_until_midnight_is_sent_once(conn: Connection) -> None:
    ant = policy(conn)

    def daily(now: float) -> bool:
        return bool(digests.send_due(conn, [(ant, root())], now))

    collect(conn, 1, JUNE - 3_600)
    assert not daily(JUNE - 1)
    assert digests.due(conn, JUNE - 1) == []
    assert digests.due(conn, JUNE) == [ANT]
    assert daily(JUNE)
    collect(conn, 1, JUNE + 60)
    assert not daily(JUNE + 120)
    assert daily(JUNE + DAY + 1)
    assert not daily(JUNE + 2 * DAY)


def test_what_an_issue_is_made_of(conn: Connection) -> None:
    collect(conn, 5)
    issue = digests.send(conn, lists.find(conn, ANT), root(), JUNE)
    assert issue is not None
    content = digests.content(conn, issue)
    assert [post.octets for post in content.posts] == [b"xxxxx"]
    assert content.recipients == (("bart@example.org",), ("anne@example.org",))
    assert content.last_ones == ()


# -- one last digest ----------------------------------------------------------------------------------------


def last_ones(conn: Connection) -> dict[str, DeliveryMode]:
    return {key.partition("@")[0]: mode for key, mode in store.last_ones(conn, ANT).items()}


@pytest.mark.row("preference: delivery_mode")
@pytest.mark.row("command: set")
def test_who_takes_posts_one_by_one_from_now_on_gets_a_last_digest(conn: Connection) -> None:
    collect(conn, 5)
    for name in ("anne", "bart", "cate"):
        preferences.change(conn, policy(conn), member(conn, name), Set(Option.DIGEST, "off"))
    assert last_ones(conn) == {"anne": DeliveryMode.MIME_DIGESTS, "bart": DeliveryMode.PLAINTEXT_DIGESTS}
    issue = digests.send(conn, lists.find(conn, ANT), root(), JUNE)
    assert issue is not None
    content = digests.content(conn, issue)
    assert content.recipients == (("bart@example.org",), ("anne@example.org",))
    store.hand_over(conn, issue, content.last_ones, JUNE)
    collect(conn, 5)
    issue = digests.send(conn, lists.find(conn, ANT), root(), JUNE)
    assert issue is not None
    assert digests.content(conn, issue).recipients == ((), ())


def test_nothing_gathered_nothing_owed(conn: Connection) -> None:
    preferences.change(conn, policy(conn), member(conn, "anne"), Set(Option.DIGEST, "off"))
    assert last_ones(conn) == {}


@pytest.mark.parametrize(
    ("option", "value"), [(Option.DIGEST, "plain"), (Option.DELIVERY, "off"), (Option.ACK, "on")]
)
def test_other_changes_owe_nothing(conn: Connection, option: Option, value: str) -> None:
    collect(conn, 5)
    preferences.change(conn, policy(conn), member(conn, "anne"), Set(option, value))
    assert last_ones(conn) == {}


def test_who_had_no_delivery_has_missed_nothing(conn: Connection) -> None:
    collect(conn, 5)
    anne = member(conn, "anne")
    off = msgspec.structs.replace(anne.preferences, delivery_status=DeliveryStatus.BY_USER)
    preference_rows.set_of_member(conn, anne.member_id, off)
    preferences.change(conn, policy(conn), member(conn, "anne"), Set(Option.DIGEST, "off"))
    assert last_ones(conn) == {}


def test_who_leaves_gets_no_last_digest(conn: Connection) -> None:
    collect(conn, 5)
    preferences.change(conn, policy(conn), member(conn, "anne"), Set(Option.DIGEST, "off"))
    anne = Person(1, "", "Anne@example.org", "anne@example.org")
    members.remove(conn, policy(conn), [anne], now=JUNE)
    assert last_ones(conn) == {}
    members.add(conn, policy(conn), [anne], now=JUNE)
    issue = digests.send(conn, lists.find(conn, ANT), root(), JUNE)
    assert issue is not None
    assert digests.content(conn, issue).recipients.mime == ()


def test_a_membership_that_has_ended_is_owed_nothing(conn: Connection) -> None:
    collect(conn, 5)
    anne = member(conn, "anne")
    memberships.remove(conn, [anne.member_id])
    assert not digests.stopped(conn, anne)


def test_owners_and_users_without_an_address_are_owed_nothing(conn: Connection) -> None:
    collect(conn, 5)
    anne = member(conn, "anne")
    assert not digests.stopped(conn, msgspec.structs.replace(anne, role=Role.OWNER))
    assert not digests.stopped(conn, msgspec.structs.replace(anne, address=""))
