"""P14: after an unclean stop, entries in whose attempt the process died run alone and first."""

import asyncio

from mlcore.runners import suspects
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry, NewEntry
from support.workshop import POST, Workshop


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


async def test_p14_new_mail_waits_while_a_suspect_is_alone(shop: Workshop) -> None:
    """Else a server that is killed again and again while mail arrives would set innocent posts aside."""
    await _marked(shop)
    accepting: list[bool] = []
    accepted: list[asyncio.Task[object]] = []

    async def step(claim: Claim) -> None:
        accepting.append(shop.spool.accepting.is_set())
        new = NewEntry("in", shop.ids.new(), Entry(shop.arrived(), (), POST))
        accepted.append(asyncio.create_task(shop.spool.accept([new])))
        await asyncio.sleep(0.01)
        accepting.append(accepted[0].done())
        await shop.spool.finish(claim)

    runner = shop.runner("virgin", step)
    async with asyncio.TaskGroup() as group:
        await suspects.run(shop.spool, {"virgin": runner}, shop.log, group)
    assert accepting == [False, False]
    assert await accepted[0] == [None]


async def test_p14_new_mail_does_not_wait_long_and_then_nothing_counts_as_a_strike(shop: Workshop) -> None:
    first, second = await _marked(shop), await _marked(shop)
    seen: list[tuple[str, int, bool]] = []

    async def step(claim: Claim) -> None:
        seen.append((claim.name, claim.progress.strikes, shop.spool.accepting.is_set()))
        await shop.spool.accepting.wait()
        await shop.spool.finish(claim)

    runner = shop.runner("virgin", step)
    async with asyncio.TaskGroup() as group:
        await suspects.run(shop.spool, {"virgin": runner}, shop.log, group, all_s=0.5)
    assert seen == [(first, 1, False), (second, 0, True)]


async def test_a_clean_start_says_nothing(shop: Workshop) -> None:
    await shop.notice()
    runner = shop.runner("virgin", _never)
    async with asyncio.TaskGroup() as group:
        assert await suspects.run(shop.spool, {"virgin": runner}, shop.log, group) == 0
    assert shop.log.events == []
    assert shop.spool.accepting.is_set()


async def _never(claim: Claim) -> None:
    raise AssertionError
