"""Answers and confirmations go before posts: in a full queue, beside a list that has all it may have, and in
places of their own."""

import asyncio
from collections.abc import Callable

import pytest

from mlcore.base.errors import StoreTrouble
from mlcore.mail.envelope import Notice
from mlcore.runners.runner import Limits
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry
from support.workshop import POST, Workshop, until

BIG = "big.example.com"


class Step:
    """Ends entries once `gate` is open, urgent ones at once. trouble: to be raised first."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self.gate = asyncio.Event()
        self.attempts: list[str] = []
        self.trouble: list[Exception] = []

    async def __call__(self, claim: Claim) -> None:
        self.attempts.append(claim.name)
        envelope = claim.entry.envelope
        if not (isinstance(envelope, Notice) and envelope.urgent):
            await self.gate.wait()
        if self.trouble:
            raise self.trouble.pop()
        await self._shop.spool.finish(claim)


@pytest.fixture
def step(shop: Workshop) -> Step:
    return Step(shop)


async def put(shop: Workshop, *, urgent: bool = False) -> str:
    """An entry of the big list."""
    envelope = Notice(kind="test", list_id=BIG, arrived_at=shop.clock.time(), urgent=urgent)
    return await shop.put("virgin", Entry(envelope, ("anne@example.com",), POST))


async def test_urgent_ones_overtake_a_queue_that_is_full(shop: Workshop, step: Step) -> None:
    others = [await put(shop) for _ in range(20)]
    urgent = [await put(shop, urgent=True) for _ in range(2)]
    step.gate.set()
    shop.runner("virgin", step, limits=Limits(most=1))

    await shop.drain()

    assert step.attempts == [*urgent, *others]


async def test_urgent_ones_have_places_of_their_own(shop: Workshop, step: Step) -> None:
    """Whatever works on large mail and does not come to an end."""
    others = [await put(shop) for _ in range(4)]
    runner = shop.runner("virgin", step, limits=Limits(most=2, urgent=1))
    async with shop.running():
        await until(lambda: len(step.attempts) == 2)
        urgent = [await put(shop, urgent=True) for _ in range(3)]
        await until(lambda: shop.names("virgin") == others and runner.active == 2)
        assert sorted(step.attempts[:2]) == others[:2]
        assert step.attempts[2:] == urgent
        step.gate.set()
        await until(lambda: not shop.names("virgin"))
    assert sorted(step.attempts[5:]) == others[2:]


async def test_the_limit_of_a_list_is_none_for_what_is_urgent(shop: Workshop, step: Step) -> None:
    others = [await put(shop) for _ in range(6)]
    runner = shop.runner("virgin", step, limits=Limits(most=8, most_per_list=2))
    async with shop.running():
        await until(lambda: len(step.attempts) == 2)
        urgent = await put(shop, urgent=True)
        await until(lambda: urgent in step.attempts)
        await until(lambda: urgent not in shop.names("virgin") and runner.active == 2)
        # Nor does its end call one of those that wait for a place of the list.
        assert len(step.attempts) == 3
        step.gate.set()
        await until(lambda: not shop.names("virgin"))
    assert sorted(step.attempts) == sorted([*others, urgent])


async def test_urgent_ones_rest_with_the_queue_and_are_the_first_after_it(shop: Workshop, step: Step) -> None:
    step.gate.set()
    step.trouble = [StoreTrouble("down")]
    failed = await put(shop, urgent=True)
    runner = shop.runner("virgin", step, limits=Limits(most=1, urgent=1, rest_base_s=0.03, rest_cap_s=0.03))
    async with shop.running():
        await until(lambda: runner.state == "resting")
        other, second = await put(shop), await put(shop, urgent=True)
        await until(lambda: not shop.names("virgin"))
    assert step.attempts[0] == failed
    assert set(step.attempts[1:3]) == {failed, second}
    assert step.attempts[3:] == [other]


@pytest.mark.parametrize("urgent", [True, False])
async def test_p17_after_a_defect_of_one_loop_both_end_and_no_name_is_lost(
    shop: Workshop, step: Step, *, urgent: bool
) -> None:
    """urgent: which of the two loops has the defect."""
    first = await put(shop, urgent=not urgent)  # one that is not keeps its loop busy
    defects: list[Callable[[], float]] = []

    def due(_claim: Claim) -> float:
        return defects.pop()() if defects else 0.0

    runner = shop.runner("virgin", step, due=due, limits=Limits(most=1, urgent=1))
    task = asyncio.create_task(runner.run())
    await until(lambda: first in step.attempts)
    defects.append(lambda: 1 / 0)
    second = await put(shop, urgent=urgent)
    await until(lambda: not defects)
    step.gate.set()
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(task, 5)
    assert shop.names("virgin") == [second]
    assert second in shop.spool.queues["virgin"]

    await shop.drain()

    assert step.attempts.count(first) == 1
    assert step.attempts[-1] == second
    shop.consistent()


async def test_stop_ends_both_loops(shop: Workshop, step: Step) -> None:
    runner = shop.runner("virgin", step, limits=Limits(most=1, urgent=1))
    task = asyncio.create_task(runner.run())
    await asyncio.sleep(0)
    runner.stop()
    async with asyncio.timeout(5):
        await task
    assert step.attempts == []


async def test_an_urgent_one_that_was_set_back_waits_for_nobody_else(shop: Workshop, step: Step) -> None:
    """The place beside it was taken by what comes to no end, and nobody else took it up again."""
    other = await put(shop)
    shop.runner("virgin", step, limits=Limits(most=1, urgent=2, rest_base_s=0.01, rest_cap_s=0.01))
    async with shop.running():
        await until(lambda: step.attempts == [other])
        step.trouble = [StoreTrouble("down")]
        urgent = await put(shop, urgent=True)
        await until(lambda: urgent not in shop.names("virgin"))
        assert step.attempts == [other, urgent, urgent]
        step.gate.set()
        await until(lambda: not shop.names("virgin"))
