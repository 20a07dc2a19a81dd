"""Jobs by the clock."""

import asyncio
import errno
import os

import pytest

from mlcore.base.errors import LocalTrouble, SpoolLost, StoreTrouble
from mlcore.runners.tasks import Job, Tasks, standard
from mlcore.store import numbers
from support.workshop import LIST_ID, Workshop, failing


async def run_jobs(shop: Workshop, *jobs: Job, seconds: float) -> None:
    tasks = Tasks(shop.work, jobs)
    async with asyncio.TaskGroup() as group:
        group.create_task(tasks.run())
        await asyncio.sleep(seconds)
        tasks.stop()


async def test_p17_trouble_and_defects_of_one_job_delay_no_other(shop: Workshop) -> None:
    done: list[str] = []

    def job(name: str, error: Exception | None) -> Job:
        async def do() -> None:
            done.append(name)
            if error is not None:
                raise error

        return Job(name, 0.002, do)

    await run_jobs(
        shop,
        job("down", StoreTrouble("down")),
        job("odd", ValueError("odd")),
        job("good", None),
        seconds=0.02,
    )

    assert {name: done.count(name) > 1 for name in done} == {"down": True, "odd": True, "good": True}
    assert shop.log.named("waiting")[0]["job"] == "down"
    assert "Traceback" in shop.log.named("crashed")[0]["traceback"]


async def test_a_job_of_the_start_does_not_wait_for_its_period(shop: Workshop) -> None:
    done = asyncio.Event()

    async def do() -> None:
        done.set()

    tasks = Tasks(shop.work, (Job("now", 3600.0, do, at_start=True), Job("later", 3600.0, _never)))
    async with asyncio.TaskGroup() as group:
        group.create_task(tasks.run())
        await done.wait()
        tasks.stop()


async def test_a_lost_spool_ends_it(shop: Workshop) -> None:
    async def lose() -> None:
        raise SpoolLost("gone")

    with pytest.raises(SpoolLost):
        await Tasks(shop.work, (Job("lose", 0.001, lose),)).run()


async def _never() -> None:
    raise AssertionError


def job_named(shop: Workshop, name: str) -> Job:
    (found,) = [job for job in standard(shop.work, shop.hold, purged_at_once=2) if job.name == name]
    return found


async def test_what_a_command_dropped_is_found_without_a_bell(shop: Workshop) -> None:
    name = await shop.notice()
    shop.spool.queues["virgin"].forget(name)

    await job_named(shop, "scan").do()

    assert name in shop.spool.queues["virgin"]
    assert shop.log.named("found") == [{"queue": "virgin", "queue_id": name, "entry": name}]


async def test_what_commands_left_in_tmp_is_swept(shop: Workshop) -> None:
    left = shop.directory / "tmp" / "c-1-0"
    left.write_bytes(b"")
    os.utime(left, (1.0, 1.0))

    await job_named(shop, "sweep").do()

    assert shop.files() == {}


async def test_numbers_of_entries_that_are_gone_are_forgotten_after_a_day(shop: Workshop) -> None:
    alive = await shop.notice("in")
    for name in [alive, *(shop.ids.new() for _ in range(5))]:
        await shop.store.write(numbers.take, name, LIST_ID, shop.clock.time())
    purge = job_named(shop, "purge numbers")

    await purge.do()
    assert await shop.store.write(numbers.take, alive, LIST_ID, shop.clock.time()) == 1
    assert await _numbers(shop) == 6

    shop.clock.advance(2 * 86_400.0)
    await purge.do()
    assert await _numbers(shop) == 1


async def _numbers(shop: Workshop) -> int:
    from sqlalchemy import Connection, func, select

    from mlcore.store.schema import post_numbers

    def count(conn: Connection) -> int:
        found: int = conn.execute(select(func.count()).select_from(post_numbers)).scalar_one()
        return found

    return await shop.store.read(count)


@pytest.mark.parametrize("name", ["scan", "sweep", "purge numbers"])
async def test_trouble_with_the_disk_is_said_as_such(shop: Workshop, name: str) -> None:
    broken = OSError(errno.EIO, "bad sector")
    with (
        failing(shop.disk, lambda call, *_: broken if call in ("names", "sync") else None),
        pytest.raises(LocalTrouble),
    ):
        await job_named(shop, name).do()


async def test_a_leftover_that_cannot_be_swept_now_is_trouble_of_the_disk(shop: Workshop) -> None:
    left = shop.directory / "tmp" / "c-1-0"
    left.write_bytes(b"")
    os.utime(left, (1.0, 1.0))
    broken = OSError(errno.EROFS, "read-only")
    with (
        failing(shop.disk, lambda call, *_: broken if call == "unlink" else None),
        pytest.raises(LocalTrouble, match="removing tmp/c-1-0"),
    ):
        await job_named(shop, "sweep").do()


async def test_decisions_are_looked_for_at_the_start(shop: Workshop) -> None:
    assert job_named(shop, "decisions").at_start
    assert await job_named(shop, "decisions").do() == 0
