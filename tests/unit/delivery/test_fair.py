"""Places are handed out in turn."""

import asyncio

from mlcore.delivery.fair import FairSlots


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_p11_one_busy_list_does_not_delay_another() -> None:
    slots = FairSlots(1)
    await slots.acquire("first")
    order: list[str] = []

    async def work(list_id: str) -> None:
        await slots.acquire(list_id)
        order.append(list_id)
        slots.release()

    async with asyncio.TaskGroup() as group:
        for list_id in ["big"] * 5 + ["small", "small", "other"]:
            group.create_task(work(list_id))
        await settle()
        assert slots.waiting == 8
        slots.release()
    assert order == ["big", "small", "other", "big", "small", "big", "big", "big"]
    assert slots.busy == 0


async def test_never_more_than_the_limit() -> None:
    slots = FairSlots(3)
    now = most = 0

    async def work(list_id: str) -> None:
        nonlocal now, most
        await slots.acquire(list_id)
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        slots.release()

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(work(str(number % 4)))
    assert most == 3
    assert slots.busy == 0


async def test_a_newcomer_does_not_overtake() -> None:
    slots = FairSlots(1)
    await slots.acquire("a")
    waiter = asyncio.create_task(slots.acquire("b"))
    await settle()
    slots.release()
    newcomer = asyncio.create_task(slots.acquire("c"))
    await settle()
    assert waiter.done()
    assert not newcomer.done()
    slots.release()
    await newcomer


async def test_p16_whoever_is_cancelled_gives_the_place_on() -> None:
    slots = FairSlots(1)
    await slots.acquire("a")
    waiting, given, last = (asyncio.create_task(slots.acquire(name)) for name in "bcd")
    await settle()
    waiting.cancel()
    await settle()
    assert slots.waiting == 2
    slots.release()  # goes to `given`, which is cancelled before it runs
    given.cancel()
    await settle()
    assert given.cancelled()
    assert last.done()
    slots.release()
    assert slots.busy == 0


async def test_what_is_urgent_goes_before_all_others() -> None:
    slots = FairSlots(1)
    await slots.acquire("big")
    order: list[str] = []

    async def work(name: str, *, urgent: bool) -> None:
        await slots.acquire(name, urgent=urgent)
        order.append(name)
        slots.release()

    async with asyncio.TaskGroup() as group:
        for name in ("a", "b", "c"):
            group.create_task(work(name, urgent=False))
        group.create_task(work("urgent", urgent=True))
        await settle()
        slots.release()
    assert order == ["urgent", "a", "b", "c"]


async def test_of_many_places_one_is_spared_for_what_is_urgent() -> None:
    slots = FairSlots(4)
    for _ in range(3):
        await slots.acquire("big")
    waiter = asyncio.create_task(slots.acquire("big"))
    await settle()
    assert not waiter.done()
    await asyncio.wait_for(slots.acquire("ant", urgent=True), 1)
    assert slots.busy == 4
    slots.release()
    await settle()
    assert not waiter.done()
    slots.release()
    await asyncio.wait_for(waiter, 1)
    assert slots.busy == 3
