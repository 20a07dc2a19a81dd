"""The order of posts within a list, whatever becomes of one of them."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from mlcore.runners.turns import Turns


async def test_the_first_does_not_wait_and_the_second_does() -> None:
    turns = Turns()
    first, second = turns.take("ant"), turns.take("ant")
    await first.wait()
    waiting = asyncio.create_task(second.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    first.end()
    first.end()
    await waiting


async def test_lists_do_not_wait_for_each_other() -> None:
    turns = Turns()
    turns.take("ant")
    await turns.take("bee").wait()


async def test_who_gives_up_does_not_let_later_ones_overtake_earlier_ones() -> None:
    """A post that is discarded while an earlier one still waits for the database."""
    turns = Turns()
    first, second, third = (turns.take("ant") for _ in range(3))
    second.end()
    waiting = asyncio.create_task(third.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    first.end()
    await waiting


async def test_a_cancelled_wait_takes_nothing_from_the_others() -> None:
    turns = Turns()
    first, second, third = (turns.take("ant") for _ in range(3))
    waiting = asyncio.create_task(second.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(0)
    second.end()
    first.end()
    await third.wait()


async def test_a_row_is_forgotten_when_it_is_empty() -> None:
    turns = Turns()
    for _ in range(3):
        turns.take("ant").end()
        await asyncio.sleep(0)
    assert turns._last == {}


@given(st.permutations(range(6)))
def test_turns_come_in_order_whatever_ends_first(order: list[int]) -> None:
    async def scenario() -> list[int]:
        turns = Turns()
        row = [turns.take("ant") for _ in range(6)]
        came: list[int] = []

        async def take_part(number: int) -> None:
            await row[number].wait()
            came.append(number)

        async with asyncio.TaskGroup() as group:
            for number in range(6):
                group.create_task(take_part(number))
            for number in order:
                await asyncio.sleep(0)
                row[number].end()
        return came

    assert asyncio.run(scenario()) == list(range(6))
