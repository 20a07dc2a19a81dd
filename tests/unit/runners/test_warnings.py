"""The job that warns and removes members whom bounces have disabled."""

import asyncio
import time

import pytest

from mlcore.lists.model import DeliveryStatus, Member, Role
from mlcore.mail.envelope import Notice
from mlcore.runners.notices import Notices
from mlcore.runners.warnings import Warnings
from mlcore.store import lists, members, notices
from support.workshop import LIST_ID, Workshop

WEEK = 7 * 86_400.0


class Bell:
    def __init__(self) -> None:
        self.rung = 0

    def __call__(self) -> None:
        self.rung += 1


def mail_of(shop: Workshop, name: str) -> str:
    """Its kind and recipient."""
    entry = shop.show("virgin", name).entry
    assert isinstance(entry.envelope, Notice)
    return f"{entry.envelope.kind} {entry.addresses[0]}"


async def disable(shop: Workshop, count: int) -> None:
    people = [
        Member(address=f"m{number}@example.net", delivery_status=DeliveryStatus.BY_BOUNCES)
        for number in range(count)
    ]
    await shop.store.write(members.add_many, LIST_ID, people, 1.0)


async def test_each_is_warned_with_a_line_in_the_log(shop: Workshop) -> None:
    await disable(shop, 5)
    bell = Bell()
    job = Warnings(shop.work, queued=bell, at_once=2)
    before = shop.store.commits
    assert await job.go_on() == 5
    assert shop.store.commits - before == 3
    assert bell.rung == 1
    lines = shop.log.named("bounce")
    assert sorted(line["recipient"] for line in lines) == [f"m{number}@example.net" for number in range(5)]
    assert {(line["effect"], line["warnings"], line["list_id"]) for line in lines} == {("warned", 1, LIST_ID)}
    assert len(await shop.store.read(notices.take, 100)) == 5


async def test_p10_a_second_run_warns_nobody_again(shop: Workshop) -> None:
    await disable(shop, 2)
    bell = Bell()
    job = Warnings(shop.work, queued=bell)
    assert await job.go_on() == 2
    assert await job.go_on() == 0
    assert bell.rung == 1
    assert len(await shop.store.read(notices.take, 100)) == 2


async def test_from_the_first_warning_to_the_goodbye(shop: Workshop) -> None:
    await disable(shop, 1)
    job, mail = Warnings(shop.work, queued=Bell()), Notices(shop.work)
    kinds = []
    seen: set[str] = set()
    for _ in range(5):
        await job.go_on()
        await mail.batch()
        new = sorted(set(shop.names("virgin")) - seen)
        seen.update(new)
        kinds.append(sorted(mail_of(shop, name) for name in new))
        shop.clock.advance(WEEK)
    warning = ["bounce-warning m0@example.net"]
    assert kinds == [
        warning,
        warning,
        warning,
        ["bounce-removal olga@example.org", "goodbye m0@example.net"],
        [],
    ]
    left = await shop.store.read(members.members, LIST_ID, Role.MEMBER)
    assert "m0@example.net" not in [one.address for one in left]
    assert [line["effect"] for line in shop.log.named("bounce")] == ["warned"] * 3 + ["removed"]


async def test_a_list_that_goes_meanwhile_is_no_trouble(shop: Workshop) -> None:
    await disable(shop, 3)
    job = Warnings(shop.work, queued=Bell(), at_once=1)
    task = asyncio.create_task(job.go_on())
    await asyncio.sleep(0)
    await shop.store.write(lists.remove, LIST_ID)
    assert await task <= 3


def test_it_is_a_job_of_every_hour(shop: Workshop) -> None:
    (job,) = Warnings(shop.work, queued=Bell()).jobs()
    assert (job.period_s, job.at_start) == (3_600.0, True)


@pytest.mark.sqlite
async def test_thousands_do_not_hold_up_the_loop(shop: Workshop) -> None:
    """20,000 members, as 100,000 would take: in portions, with the loop free between them."""
    await disable(shop, 20_000)
    longest = 0.0
    done = False

    async def watch() -> None:
        nonlocal longest
        while not done:
            begun = time.monotonic()
            await asyncio.sleep(0.001)
            longest = max(longest, time.monotonic() - begun)

    watching = asyncio.create_task(watch())
    assert await Warnings(shop.work, queued=Bell()).go_on() == 20_000
    done = True
    await watching
    assert longest < 0.5  # some 5 ms on a quiet machine
