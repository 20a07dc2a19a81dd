"""Posts in digest/ are taken once, and the clock sees to issues of the day and to what may be forgotten."""

import errno
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, func, select

from mlcore.base.errors import DiskTrouble, LocalTrouble
from mlcore.mail.envelope import Rendered
from mlcore.runners.digest import Collect, DigestJobs
from mlcore.spool.entry import Entry, NewEntry
from mlcore.store import digests, lists
from mlcore.store.schema import digest_items
from support.workshop import LIST_ID, POST, Workshop, failing, until

DAY = 86_400.0


class Rung:
    """Counts how often it was told of an issue."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.fixture
async def rung(shop: Workshop) -> Rung:
    """The runner of digest/, over a list that has digests."""
    await change_list(shop, digests_enabled=True)
    rung = Rung()
    shop.runner("digest", Collect(shop.work, rung))
    return rung


async def kept(shop: Workshop, *, number: int = 1, name: str = "", octets: bytes = POST) -> str:
    """An entry of digest/."""
    envelope = Rendered(
        list_id=LIST_ID, reverse_path="ant-bounces@example.com", arrived_at=shop.clock.time(), number=number
    )
    name = name or f"{shop.ids.new()}.d"
    (trouble,) = await shop.spool.accept([NewEntry("digest", name, Entry(envelope, ("digest",), octets))])
    assert trouble is None
    return name


async def change_list(shop: Workshop, **changes: Any) -> None:
    def change(conn: Connection) -> None:
        policy = lists.get(conn, LIST_ID)
        assert policy is not None
        lists.change(conn, msgspec.structs.replace(policy, **changes))

    await shop.store.write(change)
    shop.work.cache.invalidate()


async def rows(shop: Workshop) -> int:
    def count(conn: Connection) -> int:
        return conn.execute(select(func.count()).select_from(digest_items)).scalar() or 0

    return await shop.store.read(count)


async def issues(shop: Workshop) -> list[digests.StoredIssue]:
    return await shop.store.read(digests.open_issues)


@pytest.mark.row("attribute: digests_enabled")
async def test_a_post_waits_in_the_database(shop: Workshop, rung: Rung) -> None:
    name = await kept(shop)
    await shop.drain()
    assert shop.files() == {}
    assert await shop.store.read(digests.waiting) == {LIST_ID: 1}
    assert await shop.store.read(digests.size, LIST_ID) == len(POST)
    (line,) = shop.log.named("collected")
    assert (line["queue_id"], line["again"]) == (name.removesuffix(".d"), False)
    assert rung.times == 0


async def test_an_entry_that_comes_back_is_known(shop: Workshop, rung: Rung) -> None:
    name = await kept(shop)
    await shop.drain()
    shop.again()
    await kept(shop, name=name)
    await shop.drain()
    assert await rows(shop) == 1
    assert shop.files() == {}
    assert [line["again"] for line in shop.log.named("collected")] == [False, True]
    assert rung.times == 0


@pytest.mark.row("attribute: digest_size_threshold")
async def test_an_issue_is_made_when_enough_has_gathered(shop: Workshop, rung: Rung) -> None:
    await change_list(shop, digest_size_threshold=1.0)
    await kept(shop, octets=POST + b"x" * 1_024)
    await shop.drain()
    (issue,) = await issues(shop)
    assert (issue.list_id, issue.volume, issue.number) == (LIST_ID, 1, 1)
    assert rung.times == 1
    assert [line["cause"] for line in shop.log.named("digest made")] == ["size"]


@pytest.mark.row("attribute: digests_enabled")
async def test_a_list_that_has_no_digests_by_now_takes_nothing(shop: Workshop, rung: Rung) -> None:
    await change_list(shop, digests_enabled=False)
    await kept(shop)
    await shop.drain()
    assert (await rows(shop), shop.files(), rung.times) == (0, {}, 0)
    assert shop.log.named("dropped")[0]["reason"] == "digests_enabled is off"


@pytest.mark.parametrize("known", [False, True])
async def test_a_list_that_is_gone_takes_nothing(shop: Workshop, rung: Rung, known: bool) -> None:
    if known:  # it goes behind the back of the cache
        assert await shop.work.cache.policy(LIST_ID)
    await shop.store.write(lists.remove, LIST_ID)
    await kept(shop)
    await shop.drain()
    assert (shop.files(), rung.times) == ({}, 0)
    assert shop.log.named("dropped")[0]["reason"] == "no such list"


async def test_an_entry_of_another_stage_is_set_aside(shop: Workshop, rung: Rung) -> None:
    name = await shop.notice("digest")
    await shop.drain()
    assert shop.files() == {"shunt": [name]}
    assert rung.times == 0


async def test_a_disk_in_trouble_delays_the_entry_and_the_post_is_taken_once(
    shop: Workshop, rung: Rung
) -> None:
    await kept(shop)
    trouble = OSError(errno.EIO, "broken")
    with failing(
        shop.disk, lambda call, directory, _: trouble if (call, directory) == ("unlink", "digest") else None
    ):
        async with shop.running():
            await until(lambda: shop.runners["digest"].last_error)
    assert await rows(shop) == 1
    shop.again()
    await shop.drain()
    assert (await rows(shop), shop.files(), rung.times) == (1, {}, 0)


# -- the clock ----------------------------------------------------------------------------------------------


@pytest.mark.row("attribute: digest_send_periodic")
async def test_the_issue_of_the_day_is_made_once(shop: Workshop, rung: Rung) -> None:
    jobs = DigestJobs(shop.work, rung)
    assert await jobs.send_daily() == 0
    await kept(shop)
    await shop.drain()
    assert await jobs.send_daily() == 0
    shop.clock.advance(DAY)
    assert await jobs.send_daily() == 1
    assert await jobs.send_daily() == 0
    assert (len(await issues(shop)), rung.times) == (1, 1)
    assert [line["cause"] for line in shop.log.named("digest made")] == ["day"]


async def test_what_does_not_fit_into_one_issue_follows_in_others(
    shop: Workshop, rung: Rung, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "MOST_ITEMS", 2)
    for number in range(1, 6):
        await kept(shop, number=number)
    await shop.drain()
    shop.clock.advance(DAY)
    assert await DigestJobs(shop.work, rung).send_daily() == 3
    assert [issue.number for issue in await issues(shop)] == [1, 2, 3]
    assert rung.times == 1


async def test_a_list_that_goes_meanwhile_has_no_issue(
    shop: Workshop, rung: Rung, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlcore.actions.digests.due", lambda *_: ["gone.example.com"])
    assert await DigestJobs(shop.work, rung).send_daily() == 0
    assert rung.times == 0


async def test_posts_are_forgotten_a_day_after_they_were_sent(shop: Workshop, rung: Rung) -> None:
    names = [await kept(shop), await kept(shop)]
    await shop.drain()
    shop.clock.advance(DAY)
    jobs = DigestJobs(shop.work, rung, purged_at_once=1)
    await jobs.send_daily()
    (issue,) = await issues(shop)
    await shop.store.write(digests.hand_over, issue, (), shop.clock.time())
    await jobs.purge()
    assert await rows(shop) == 2
    shop.clock.advance(DAY + 1)
    shop.runners.clear()
    await kept(shop, name=names[0])  # a crash has brought it back
    syncs = shop.spool.commits["digest"].syncs
    await jobs.purge()
    assert await rows(shop) == 1
    assert shop.spool.commits["digest"].syncs == syncs + 1


async def test_nothing_is_forgotten_where_nobody_knows_what_is_gone(shop: Workshop, rung: Rung) -> None:
    def fault(call: str, directory: str, _: str) -> OSError | None:
        return OSError(errno.EIO, "broken") if (call, directory) == ("sync", "digest") else None

    with failing(shop.disk, fault), pytest.raises(DiskTrouble):
        await DigestJobs(shop.work, rung).purge()


def test_the_jobs(shop: Workshop, rung: Rung) -> None:
    jobs = DigestJobs(shop.work, rung).jobs()
    assert [(job.name, job.at_start) for job in jobs] == [("daily digests", True), ("purge digests", False)]
    assert issubclass(DiskTrouble, LocalTrouble)
