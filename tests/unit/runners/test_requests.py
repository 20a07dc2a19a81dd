"""Requests that nobody answered end by the clock."""

import msgspec

from mlcore.actions import lists, quotas
from mlcore.lists.model import SubscriptionPolicy
from mlcore.lists.subscriptions import CONFIRMATIONS_PER_LIST_AND_HOUR, CONFIRMATIONS_PER_SITE_AND_HOUR
from mlcore.runners import requests as runner
from mlcore.runners.requests import Requests
from mlcore.store import automatic, requests
from support.subscriptions import DAY_S, office, person
from support.workshop import LIST_ID, Workshop


def ask(shop: Workshop, address: str, now: float, asks: SubscriptionPolicy) -> None:
    with shop.work.store.begin() as connection:
        policy = msgspec.structs.replace(lists.find(connection, LIST_ID), subscription_policy=asks)
        office().join(connection, policy, person(address), verified=True, cause="e1", now=now)


def left(shop: Workshop) -> list[str]:
    with shop.work.store.begin() as connection:
        return [one.address for one in requests.rows(connection)]


async def test_requests_end_when_their_time_is_over(shop: Workshop) -> None:
    now = shop.clock.time()
    for address, days, asks in (
        ("gone@example.net", 3, SubscriptionPolicy.CONFIRM),
        ("there@example.net", 2, SubscriptionPolicy.CONFIRM),
        ("old@example.net", 180, SubscriptionPolicy.MODERATE),
        ("waits@example.net", 179, SubscriptionPolicy.MODERATE),
    ):
        ask(shop, address, now - days * DAY_S, asks)

    assert await Requests(shop.work).expire() == 2

    assert left(shop) == ["waits@example.net", "there@example.net"]
    told = sorted((one["address"], one["waited_for"], one["kind"]) for one in shop.log.named("expired"))
    assert told == [
        ("gone@example.net", "subscriber", "subscription"),
        ("old@example.net", "moderator", "subscription"),
    ]
    assert {one["list_id"] for one in shop.log.named("expired")} == {LIST_ID}


async def test_many_end_in_parts(shop: Workshop) -> None:
    now = shop.clock.time()
    for number in range(5):
        ask(shop, f"{number}@example.net", now - 4 * DAY_S, SubscriptionPolicy.CONFIRM)
    before = shop.work.store.commits
    small = Requests(shop.work, at_once=2)
    assert await small.expire() == 5
    assert shop.work.store.commits - before == 3
    assert left(shop) == []


async def test_old_counts_are_forgotten(shop: Workshop) -> None:
    now = shop.clock.time()
    with shop.work.store.begin() as connection:
        for number in range(5):
            automatic.note(connection, "anne@example.net", "hold", f"{number}", LIST_ID, now - number * DAY_S)

    jobs = {job.name: job for job in Requests(shop.work).jobs()}
    assert await jobs["purge automatic mail"].do() == 3
    with shop.work.store.begin() as connection:
        assert automatic.count(connection, "anne@example.net", "hold", now - 10 * DAY_S) == 2
    assert await jobs["expire requests"].do() == 0
    assert [job.period_s for job in jobs.values()] == [runner.PERIOD_S, runner.PERIOD_S, runner.LOOK_S]


async def test_p19_an_operator_hears_of_a_list_that_is_misused(shop: Workshop) -> None:
    now = shop.clock.time()
    with shop.work.store.begin() as connection:
        for number in range(CONFIRMATIONS_PER_LIST_AND_HOUR):
            address = f"{number}@example.net"
            quotas.asked(connection, LIST_ID, address, "confirmation", f"{number}", now - 60)
    jobs = Requests(shop.work)

    assert [await jobs.watch(), await jobs.watch()] == [1, 1]
    (told,) = shop.log.named("limited")
    assert (told["list_id"], told["confirmations"]) == (LIST_ID, CONFIRMATIONS_PER_LIST_AND_HOUR)

    shop.clock.advance(3_600)
    assert await jobs.watch() == 0
    with shop.work.store.begin() as connection:
        for number in range(CONFIRMATIONS_PER_SITE_AND_HOUR):
            address = f"{number}@example.net"
            quotas.asked(connection, LIST_ID, address, "confirmation", f"+{number}", now + 3_600)
    assert await jobs.watch() == 2
    assert [one["list_id"] for one in shop.log.named("limited")] == [LIST_ID, LIST_ID, ""]
