"""P14: after an unclean stop, entries in whose attempt the process died run alone and first."""

import asyncio

from mlcore.runners import suspects
from mlcore.spool.claim import Claim
from support.workshop import Workshop


async def _marked(shop: Workshop, *, back: bool = False) -> str:
    name = await shop.notice()
    claim = await shop.spool.claim("virgin", name)
    assert claim is not None
    await claim.attempt()
    if back:
        await claim.back()
    return name


async def test_p14_only_open_attempts_are_suspect(shop: Workshop) -> None:
    suspect = await _marked(shop)
    await _marked(shop, back=True)
    await shop.notice()
    torn = shop.ids.new()
    (shop.directory / "virgin" / torn).write_bytes(b"x")
    shop.spool.queues["virgin"].put(torn)
    shop.spool.queues["virgin"].put(shop.ids.new())
    runner = shop.runner("virgin", _never)

    assert await suspects.find(shop.spool, {"virgin": runner}) == [("virgin", suspect)]


async def test_p14_suspects_run_one_at_a_time_and_each_in_vain_attempt_alone_is_a_strike(
    shop: Workshop,
) -> None:
    names = [await _marked(shop) for _ in range(3)]
    at_once: list[int] = []
    strikes: list[int] = []

    async def step(claim: Claim) -> None:
        at_once.append(runner.active)
        strikes.append(claim.progress.strikes)
        await asyncio.sleep(0)
        await shop.spool.finish(claim)

    runner = shop.runner("virgin", step)
    async with asyncio.TaskGroup() as group:
        assert await suspects.run(shop.spool, {"virgin": runner}, shop.log, group) == 3
    assert at_once == [1, 1, 1]
    assert strikes == [1, 1, 1]
    assert shop.files() == {}
    assert shop.log.named("suspects")[0]["count"] == len(names)


async def test_a_clean_start_says_nothing(shop: Workshop) -> None:
    await shop.notice()
    runner = shop.runner("virgin", _never)
    async with asyncio.TaskGroup() as group:
        assert await suspects.run(shop.spool, {"virgin": runner}, shop.log, group) == 0
    assert shop.log.events == []


async def _never(claim: Claim) -> None:
    raise AssertionError
