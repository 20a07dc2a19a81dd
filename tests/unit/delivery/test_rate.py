"""Messages a minute."""

import asyncio

import pytest

from mlcore.base.errors import Stopping
from mlcore.delivery.rate import Rate


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_without_a_limit_nobody_waits() -> None:
    rate = Rate(0, Time())
    for _ in range(1_000):
        await rate.take()
    assert not rate.limited


async def test_what_was_not_used_is_caught_up_for_one_second_only() -> None:
    time = Time()
    rate = Rate(600, time)  # ten a second
    await rate.take()
    time.now = 60.0
    for _ in range(10):
        await asyncio.wait_for(rate.take(), 1)
    waiter = asyncio.create_task(rate.take())
    await asyncio.sleep(0)
    assert not waiter.done()
    time.now += 1
    await asyncio.wait_for(waiter, 1)


async def test_urgent_ones_go_first() -> None:
    rate = Rate(60_000, asyncio.get_running_loop().time)
    rate._tokens = 0.0
    order: list[str] = []

    async def take(name: str, *, urgent: bool) -> None:
        await rate.take(urgent=urgent)
        order.append(name)

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(take(name, urgent=False))
        group.create_task(take("urgent", urgent=True))
        await asyncio.sleep(0)
        assert rate.waiting == 4
    assert order == ["urgent", "a", "b", "c"]


async def test_who_is_cancelled_gives_the_place_on() -> None:
    time = Time()
    rate = Rate(60, time)
    await rate.take()
    first, second = (asyncio.create_task(rate.take()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    time.now = 1.0
    rate._ring()
    await asyncio.wait_for(second, 1)
    assert first.cancelled()
    assert rate.waiting == 0


async def test_a_place_given_to_one_who_is_just_cancelled_is_not_lost() -> None:
    time = Time()
    rate = Rate(60, time)
    await rate.take()
    first, second = (asyncio.create_task(rate.take()) for _ in range(2))
    await asyncio.sleep(0)
    time.now = 1.0
    rate._ring()
    first.cancel()
    await asyncio.wait_for(second, 1)


async def test_at_a_stop_nobody_waits_any_more() -> None:
    rate = Rate(1, Time())
    await rate.take()
    waiters = [asyncio.create_task(rate.take(urgent=urgent)) for urgent in (True, False, False)]
    await asyncio.sleep(0)
    waiters[2].cancel()
    rate.stop()
    found = await asyncio.gather(*waiters, return_exceptions=True)
    assert [type(one) for one in found] == [Stopping, Stopping, asyncio.CancelledError]
    with pytest.raises(Stopping):
        await rate.take()
    assert (rate.waiting, rate._timer) == (0, None)
    rate.stop()


async def test_a_limit_that_was_lifted_for_a_while_leaves_no_debt() -> None:
    time = Time()
    rate = Rate(60, time)
    await rate.take()
    waiters = [asyncio.create_task(rate.take()) for _ in range(50)]
    await asyncio.sleep(0)
    rate.per_minute = 0
    rate._ring()
    await asyncio.gather(*waiters)
    rate.per_minute = 60
    time.now += 1.0
    await asyncio.wait_for(rate.take(), 1)
