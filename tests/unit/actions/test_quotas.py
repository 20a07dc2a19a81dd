"""Nobody can be flooded through this site (P19)."""

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import lists, members, quotas
from mlcore.lists.model import ListPolicy
from mlcore.lists.subscriptions import (
    CONFIRMATIONS_PER_LIST_AND_HOUR,
    CONFIRMATIONS_PER_SITE_AND_HOUR,
    Outcome,
)
from mlcore.store import addresses, requests, users
from support.database import ON_POSTGRESQL
from support.site import SiteInDirectory
from support.subscriptions import DAY_S, office, open_request, person, sent

NOW = 1_700_000_000.0
HOUR_S = 3_600.0
ANNE = "anne@example.net"
DESK = office()


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        yield connection


@pytest.fixture
def some_lists(conn: Connection) -> list[ListPolicy]:
    return make_lists(conn, 6)


def make_lists(conn: Connection, count: int) -> list[ListPolicy]:
    for number in range(count):
        lists.create(conn, f"ant{number}@example.com", now=NOW)
    return [lists.find(conn, f"ant{number}.example.com") for number in range(count)]


def join(conn: Connection, policy: ListPolicy, address: str = ANNE, now: float = NOW) -> Outcome:
    return DESK.join(conn, policy, person(address), cause="e1", now=now)


def answer(conn: Connection, policy: ListPolicy, address: str = ANNE) -> Outcome | None:
    return DESK.confirm(conn, policy, DESK.token(open_request(conn, policy, address)), NOW)


def test_p19_three_confirmations_a_day(conn: Connection, some_lists: list[ListPolicy]) -> None:
    said = [join(conn, policy) for policy in some_lists]

    assert said == [Outcome.CONFIRMATION_SENT] * 3 + [Outcome.TOO_MANY] * 3
    assert len(sent(conn)) == 3
    assert len(requests.rows(conn)) == 3
    assert join(conn, some_lists[5], now=NOW + DAY_S - 1) is Outcome.TOO_MANY
    assert join(conn, some_lists[5], now=NOW + DAY_S) is Outcome.CONFIRMATION_SENT


def test_who_answers_can_go_on(conn: Connection, some_lists: list[ListPolicy]) -> None:
    """Somebody joins many lists on one day."""
    for policy in some_lists:
        assert join(conn, policy) is Outcome.CONFIRMATION_SENT
        assert answer(conn, policy) is Outcome.SUBSCRIBED


def test_one_answer_is_enough(conn: Connection, some_lists: list[ListPolicy]) -> None:
    for policy in some_lists[:3]:
        join(conn, policy)
    answer(conn, some_lists[0])
    assert [join(conn, policy) for policy in some_lists[3:]] == [Outcome.CONFIRMATION_SENT] * 3


def test_p19_joining_and_leaving_count_together(conn: Connection, some_lists: list[ListPolicy]) -> None:
    for policy in some_lists[:4]:
        members.add(conn, policy, [person(ANNE)], welcome=False, now=NOW)

    def leave(policy: ListPolicy) -> Outcome:
        return DESK.leave(conn, policy, ANNE, cause="e1", now=NOW)

    assert [leave(policy) for policy in some_lists[:2]] == [Outcome.CONFIRMATION_SENT] * 2
    assert join(conn, some_lists[4]) is Outcome.CONFIRMATION_SENT
    assert join(conn, some_lists[5]) is Outcome.TOO_MANY
    assert leave(some_lists[2]) is Outcome.TOO_MANY


def test_p19_invitations_count_for_who_gets_them(conn: Connection, some_lists: list[ListPolicy]) -> None:
    said = [
        DESK.join(conn, policy, person(ANNE), invitation=True, cause="e1", now=NOW) for policy in some_lists
    ]
    assert said == [Outcome.INVITED] * 3 + [Outcome.TOO_MANY] * 3
    assert join(conn, some_lists[3]) is Outcome.TOO_MANY


@pytest.mark.parametrize(
    "spellings",
    [
        ("anne@example.net", "ANNE@example.net", "Anne@EXAMPLE.net", '"anne"@example.net'),
        ("anne@example.net", "anne+1@example.net", "anne+2@example.net", "Anne+3@example.net"),
        ("anne@gmail.com", "an.ne@gmail.com", "a.n.n.e+x@gmail.com", "anne@googlemail.com"),
    ],
)
def test_p19_spellings_of_one_mailbox_count_together(
    conn: Connection, some_lists: list[ListPolicy], spellings: tuple[str, ...]
) -> None:
    said = [join(conn, policy, one) for policy, one in zip(some_lists[:4], spellings, strict=True)]
    assert said == [Outcome.CONFIRMATION_SENT] * 3 + [Outcome.TOO_MANY]


def test_p19_no_neighbour_frees_the_way_to_somebody_else(
    conn: Connection, some_lists: list[ListPolicy]
) -> None:
    """Where anne+x is a person of her own, her answers do not make Anne get more mail."""
    for policy in some_lists[:2]:
        join(conn, policy)
    join(conn, some_lists[2], "anne+x@example.net")
    answer(conn, some_lists[2], "anne+x@example.net")
    assert join(conn, some_lists[3]) is Outcome.CONFIRMATION_SENT
    assert join(conn, some_lists[4]) is Outcome.TOO_MANY


def test_at_gmail_every_spelling_is_hers(conn: Connection, some_lists: list[ListPolicy]) -> None:
    for policy in some_lists[:3]:
        join(conn, policy, "a.nne@gmail.com")
    answer(conn, some_lists[0], "a.nne@gmail.com")
    assert [join(conn, policy, "anne@gmail.com") for policy in some_lists[3:]] == [
        Outcome.CONFIRMATION_SENT
    ] * 3


def test_p19_a_list_asks_so_many_strangers_an_hour(conn: Connection, some_lists: list[ListPolicy]) -> None:
    ant, bee = some_lists[:2]
    for number in range(CONFIRMATIONS_PER_LIST_AND_HOUR):
        assert join(conn, ant, f"{number}@example.net") is Outcome.CONFIRMATION_SENT
    users.ensure(conn, "known@example.net", "", NOW)
    addresses.verify(conn, "known@example.net", NOW)

    assert join(conn, ant, "one-more@example.net") is Outcome.TOO_MANY
    assert join(conn, bee, "one-more@example.net") is Outcome.CONFIRMATION_SENT
    assert join(conn, ant, "known@example.net") is Outcome.CONFIRMATION_SENT
    invited = DESK.join(conn, ant, person("guest@example.net"), invitation=True, cause="e", now=NOW)
    assert invited is Outcome.INVITED
    assert join(conn, ant, "late@example.net", now=NOW + HOUR_S) is Outcome.CONFIRMATION_SENT


def test_invitations_do_not_use_up_what_strangers_may_ask_for(
    conn: Connection, some_lists: list[ListPolicy]
) -> None:
    ant = some_lists[0]
    for number in range(CONFIRMATIONS_PER_LIST_AND_HOUR + 1):
        DESK.join(conn, ant, person(f"{number}@example.net"), invitation=True, cause="e", now=NOW)
    assert join(conn, ant) is Outcome.CONFIRMATION_SENT


def test_who_answers_does_not_use_up_what_strangers_may_ask_for(
    conn: Connection, some_lists: list[ListPolicy]
) -> None:
    ant = some_lists[0]
    for number in range(CONFIRMATIONS_PER_LIST_AND_HOUR + 1):
        address = f"{number}@example.net"
        assert join(conn, ant, address) is Outcome.CONFIRMATION_SENT
        answer(conn, ant, address)


def test_p19_a_site_asks_so_many_strangers_an_hour(conn: Connection, some_lists: list[ListPolicy]) -> None:
    ids = itertools.cycle(policy.list_id for policy in some_lists)
    for number in range(CONFIRMATIONS_PER_SITE_AND_HOUR - 1):
        # none of these lists has reached its own limit within the hour
        at = NOW - (number % 50) * 60.0
        quotas.asked(conn, next(ids), f"{number}@example.net", "confirmation", f"{number}", at)
    fresh = make_other(conn)

    assert join(conn, fresh, "a@example.net") is Outcome.CONFIRMATION_SENT
    assert join(conn, fresh, "b@example.net") is Outcome.TOO_MANY
    assert join(conn, fresh, "b@example.net", now=NOW + HOUR_S) is Outcome.CONFIRMATION_SENT


def make_other(conn: Connection) -> ListPolicy:
    lists.create(conn, "other@example.com", now=NOW)
    return lists.find(conn, "other.example.com")


def test_p19_ten_thousand_attempts_for_a_hundred_victims(conn: Connection) -> None:
    """Over fifty lists, within two hours: three mails each at the most."""
    count = 5 if ON_POSTGRESQL else 50  # the rules are the same, and each statement a way to the server
    all_lists = make_lists(conn, count)
    sent(conn)
    victims = [f"victim{number}@example.net" for number in range(100)]
    said: Counter[Outcome] = Counter()
    for attempt, (policy, victim) in enumerate(itertools.product(all_lists, victims)):
        for spelling in (victim, victim.replace("@", f"+{attempt}@")):
            said[join(conn, policy, spelling, NOW + attempt * 0.7)] += 1

    mails = Counter(line.replace("+", "@").split("@")[0] for line in sent(conn))
    assert said.total() == 200 * count
    assert max(mails.values()) <= 3
    assert mails.total() == said[Outcome.CONFIRMATION_SENT] <= 300
