"""What the clock does about moderation."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.actions import lists as list_actions
from mlcore.actions import moderation, quotas
from mlcore.lists import subscriptions
from mlcore.lists.notices import waiting
from mlcore.store import addresses, automatic, held, lists, notices, reminders, requests
from mlcore.store.held import HeldPost
from mlcore.store.requests import Kind, Owner, Request
from support.site import SiteInDirectory

DAY = 86_400.0
NOW = 1_700_000_000.0
ANT, BEE = "ant.example.com", "bee.example.com"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        for name in ("ant", "bee"):
            list_actions.create(connection, f"{name}@example.com", now=1.0)
        yield connection


def hold(connection: Connection, entry: str, *, list_id: str = ANT, held_at: float = NOW) -> None:
    identity = held.identity(b"key", "here", entry)
    post = HeldPost(
        spool="here",
        entry=entry,
        list_id=list_id,
        sender="eve@example.net",
        subject="offer",
        reasons=(),
        arrived_at=held_at,
        held_at=held_at,
        identity=identity,
        token_hash=identity,
    )
    assert held.insert_if_absent(connection, post)


def ask(
    connection: Connection,
    name: str,
    *,
    list_id: str = ANT,
    kind: Kind = "subscription",
    owner: Owner = "moderator",
    expires_at: float = NOW + DAY,
) -> None:
    address = f"{name}@example.net"
    request = Request(
        list_id=list_id,
        kind=kind,
        owner=owner,
        address=address,
        address_key=address,
        identity=name,
        token_hash=name,
        created_at=NOW,
        expires_at=expires_at,
    )
    requests.insert(connection, request)


def set_days(connection: Connection, days: int, list_id: str = ANT) -> None:
    policy = lists.get(connection, list_id)
    assert policy is not None
    lists.change(connection, msgspec.structs.replace(policy, max_days_to_hold=days))


# -- answers to authors ------------------------------------------------------------------------------------


def answers(connection: Connection, count: int, *, key: str = "eve@example.net", most: int = 3) -> list[str]:
    return [
        moderation.allow_answer(connection, key, f"{key} {number}", ANT, most, NOW + number)
        for number in range(count)
    ]


def know(connection: Connection, address: str) -> None:
    addresses.ensure(connection, address, "", NOW)
    addresses.verify(connection, address, NOW)


def test_p19_so_many_answers_a_day_then_one_that_there_are_no_more(connection: Connection) -> None:
    assert answers(connection, 6) == ["yes", "yes", "yes", "last", "no", "no"]
    later = NOW + DAY + 4
    assert moderation.allow_answer(connection, "eve@example.net", "next day", ANT, 3, later) == "yes"


def test_a_flood_does_not_keep_a_mailbox_silent_for_ever(connection: Connection) -> None:
    """What was not answered does not count, so a day after the last answer the next ones are given."""
    every_hour = [
        moderation.allow_answer(connection, "eve@example.net", str(hour), ANT, 3, NOW + hour * 3_600.0)
        for hour in range(30)
    ]
    assert every_hour == ["yes", "yes", "yes", "last", *["no"] * 23, "yes", "yes", "yes"]


def test_p19_spellings_of_a_mailbox_count_together_and_lists_do_not(connection: Connection) -> None:
    know(connection, "eve@example.net")
    know(connection, "eve+x@example.net")
    assert answers(connection, 3) == ["yes"] * 3
    assert answers(connection, 1, key="eve+x@example.net") == ["last"]
    assert moderation.allow_answer(connection, "eve@example.net", "b", BEE, 3, NOW) == "yes"


def test_a_step_that_is_done_again_counts_once(connection: Connection) -> None:
    for _ in range(3):
        assert moderation.allow_answer(connection, "eve@example.net", "first", ANT, 2, NOW) == "yes"
    assert automatic.count(connection, "eve@example.net", "hold", 0.0, list_id=ANT) == 1
    for _ in range(3):
        assert moderation.allow_answer(connection, "eve@example.net", "second", ANT, 2, NOW) == "yes"
    assert automatic.count(connection, "eve@example.net", "hold", 0.0, list_id=ANT) == 2
    assert moderation.allow_answer(connection, "eve@example.net", "third", ANT, 2, NOW) == "last"


def test_p19_a_stranger_has_one_limit_for_all_lists(connection: Connection) -> None:
    """Whoever writes in his name to each list of a site would else get a day's worth out of each."""
    said = [
        moderation.allow_answer(connection, "eve@example.net", f"{number} {list_id}", list_id, 3, NOW)
        for number in range(3)
        for list_id in (ANT, BEE)
    ]
    assert said == ["yes", "yes", "yes", "last", "no", "no"]


def test_an_answer_that_says_it_is_the_last_is_given_again_when_its_step_is(connection: Connection) -> None:
    answers(connection, 3)
    for _ in range(2):
        assert moderation.allow_answer(connection, "eve@example.net", "fourth", ANT, 3, NOW + 9) == "last"
    assert moderation.allow_answer(connection, "eve@example.net", "fifth", ANT, 3, NOW + 9) == "no"


def test_p19_a_wave_of_posts_in_the_names_of_strangers_is_answered_a_hundred_times(
    connection: Connection,
) -> None:
    """Spam with forged senders is held, and must not make this site one that sends spam itself."""

    def said(name: str, list_id: str, at: float) -> str:
        return moderation.allow_answer(connection, f"{name}@example.net", name, list_id, 10, at)

    wave = [
        said(f"victim{number}", ANT, NOW) for number in range(subscriptions.ANSWERS_PER_LIST_AND_HOUR + 5)
    ]
    assert Counter(wave) == {"yes": subscriptions.ANSWERS_PER_LIST_AND_HOUR, "no": 5}
    assert said("bystander", BEE, NOW) == "yes"
    know(connection, "anne@example.net")
    assert said("anne", ANT, NOW) == "yes"
    assert said("later", ANT, NOW + 3_601) == "yes"


def test_p19_all_lists_together_have_a_limit_too(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "ANSWERS_PER_SITE_AND_HOUR", 2)
    said = [
        moderation.allow_answer(connection, f"{number}@example.net", str(number), list_id, 10, NOW)
        for number, list_id in enumerate((ANT, BEE, BEE))
    ]
    assert said == ["yes", "yes", "no"]


def test_without_a_limit_nothing_is_counted(connection: Connection) -> None:
    assert answers(connection, 20, most=0) == ["yes"] * 20
    assert automatic.count(connection, "eve@example.net", "hold", 0.0) == 0


# -- expiry ------------------------------------------------------------------------------------------------


@pytest.mark.row("attribute: max_days_to_hold")
def test_what_is_held_longer_than_the_list_wants_is_discarded(connection: Connection) -> None:
    set_days(connection, 3)
    hold(connection, "a.h", held_at=NOW - 3 * DAY - 1)
    hold(connection, "b.h", held_at=NOW - 3 * DAY + 1)
    hold(connection, "c.h", held_at=NOW - 300 * DAY, list_id=BEE)  # 0: for ever
    hold(connection, "d.h", held_at=NOW - 4 * DAY)
    held.decide(connection, "here", "d.h", "accept", NOW)

    assert [post.entry for post in moderation.expire(connection, NOW)] == ["a.h"]

    assert [(post.entry, post.decision) for post in held.rows(connection)] == [
        ("a.h", "discard"),
        ("b.h", None),
        ("c.h", None),
        ("d.h", "accept"),
    ]
    assert moderation.expire(connection, NOW) == []


def test_much_expires_in_parts(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moderation, "EXPIRED_AT_ONCE", 2)
    set_days(connection, 1)
    for letter in "abcde":
        hold(connection, f"{letter}.h", held_at=NOW - 2 * DAY)
    sizes = [len(moderation.expire(connection, NOW)) for _ in range(4)]
    assert sizes == [2, 2, 1, 0]


# -- reminders ---------------------------------------------------------------------------------------------


def test_all_that_waits_for_a_moderator_is_pending(connection: Connection) -> None:
    hold(connection, "a.h")
    hold(connection, "b.h")
    held.decide(connection, "here", "b.h", "accept", NOW)
    ask(connection, "joins")
    ask(connection, "leaves", kind="unsubscription")
    ask(connection, "himself", owner="subscriber")
    ask(connection, "late", expires_at=NOW)
    (found,) = moderation.pending(connection, NOW, lists.all(connection))

    assert found.policy.list_id == ANT
    assert found.count == 3
    assert [post.entry for post in found.posts] == ["a.h"]
    assert [one.address for one in found.joining] == ["joins@example.net"]
    assert [one.address for one in found.leaving] == ["leaves@example.net"]
    assert moderation.pending(connection, NOW) == [found]
    assert moderation.pending(connection, NOW, []) == []


def test_of_a_flood_only_so_much_is_read(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million rows are counted, and a reminder shows fifty of them."""
    monkeypatch.setattr(moderation, "MOST", 2)
    for number in range(3):
        hold(connection, f"{number}.h")
        ask(connection, f"joins{number}")
        ask(connection, f"leaves{number}", kind="unsubscription")
    (found,) = moderation.pending(connection, NOW)
    assert found.count == 9
    assert [len(part) for part in (found.posts, found.joining, found.leaving)] == [2, 2, 2]
    assert waiting.MOST == 50


def test_lists_are_reminded_once_in_a_while(connection: Connection) -> None:
    hold(connection, "a.h")
    ask(connection, "joins", list_id=BEE, expires_at=NOW + 9 * DAY)

    assert moderation.remind(connection, NOW, DAY) == [ANT, BEE]
    assert [(row.kind, row.list_id) for row in notices.take(connection, 9)] == [
        ("pending", ANT),
        ("pending", BEE),
    ]
    assert moderation.remind(connection, NOW + DAY - 1, DAY) == []
    notices.delete_these(connection, notices.take(connection, 9))

    held.decide(connection, "here", "a.h", "discard", NOW)
    assert moderation.due(connection, NOW + DAY, DAY) == [BEE]
    assert moderation.remind(connection, NOW + DAY, DAY) == [BEE]
    assert len(notices.take(connection, 9)) == 1


def test_a_reminder_that_waits_to_be_sent_is_not_queued_twice(connection: Connection) -> None:
    hold(connection, "a.h")
    moderation.notify(connection, [ANT], NOW)
    moderation.notify(connection, [ANT], NOW + 1)
    assert len(notices.take(connection, 9)) == 1
    assert reminders.last(connection) == {ANT: NOW + 1}


def test_nothing_that_waits_is_nothing_to_tell(connection: Connection) -> None:
    assert moderation.remind(connection, NOW, DAY) == []
    assert notices.take(connection, 9) == []
