"""archive/: each archiver gets each post, whatever the others do."""

import asyncio
from typing import Any

import msgspec
import pytest

from mlcore.actions import settings
from mlcore.archive.archiver import Refused, Unavailable
from mlcore.archive.make import Keeper
from mlcore.lists.facts import ArchiverFacts
from mlcore.mail.envelope import Rendered
from mlcore.runners.archive import Archive, Pace
from mlcore.runners.runner import Limits
from mlcore.spool.entry import Entry
from mlcore.store import lists
from support.archives import ScriptedArchiver
from support.workshop import LIST_ID, POST, SHORT, FaultyDisk, Workshop, failing, until

PACE = Pace(retry_base_s=30.0, retry_cap_s=3600.0, failures=2, rest_base_s=10.0, rest_cap_s=60.0)
DOWN = "HTTP status 500"


def wired(
    shop: Workshop, *archivers: ScriptedArchiver, limits: Limits = SHORT, pace: Pace = PACE, **keeper: Any
) -> Archive:
    """The runner of archive/ with these archivers."""
    facts = tuple(ArchiverFacts(name=one.name, kind="prototype") for one in archivers)
    shop.work.site = msgspec.structs.replace(shop.work.site, archivers=facts)
    keepers = {one.name: Keeper(archiver=one, **keeper) for one in archivers}
    step = Archive(shop.work, keepers, pace, jitter=lambda: 0.5)
    shop.runner("archive", step, due=step.due, limits=limits)
    return step


async def put(shop: Workshop, *names: str, octets: bytes = POST, list_id: str = LIST_ID) -> str:
    envelope = Rendered(
        list_id=list_id,
        reverse_path="ant-bounces@example.com",
        message_id="<1@example.org>",
        arrived_at=shop.clock.time(),
    )
    return await shop.put("archive", Entry(envelope, names, octets), suffix=".a")


async def change(shop: Workshop, **texts: str) -> None:
    def do(connection: Any) -> None:
        policy = lists.find(connection, "ant@example.com")
        assert policy is not None
        settings.change(connection, policy, texts)

    await shop.store.write(do)
    shop.work.cache.invalidate()


async def attempt(shop: Workshop, *archivers: ScriptedArchiver, asked: int) -> None:
    """Runs until so many posts were given in all, and the work on them has ended."""
    async with shop.running("archive"):
        await until(lambda: sum(len(one.asked) for one in archivers) >= asked)
        await until(lambda: not shop.runners["archive"].active)


async def test_all_archivers_get_it(shop: Workshop) -> None:
    one, two = ScriptedArchiver("one"), ScriptedArchiver("two")
    step = wired(shop, one, two)
    name = await put(shop, "one", "two")

    await shop.drain("archive")

    for number, archiver in enumerate((one, two)):
        (post,) = archiver.kept
        assert (post.entry, post.number, post.octets) == (name, number, post.octets)
        assert (post.message_id, post.policy.list_id) == ("<1@example.org>", LIST_ID)
    assert shop.files() == {}
    assert [event["archiver"] for event in shop.log.named("archived")] == ["one", "two"]
    assert step.status() == {"one": "ok", "two": "ok"}
    await step.close()
    assert one.closed
    assert two.closed


async def test_the_date_becomes_that_of_the_arrival(shop: Workshop) -> None:
    one = ScriptedArchiver("one")
    wired(shop, one, clobber_date="always")
    await put(shop, "one", octets=b"Date: Fri, 01 Jan 2038 00:00:00 +0000\r\n" + POST)
    await shop.drain("archive")
    assert one.kept[0].octets == (
        b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
        + POST.replace(b"\r\n\r\n", b"\r\nX-Original-Date: Fri, 01 Jan 2038 00:00:00 +0000\r\n\r\n")
    )


async def test_a_date_that_is_near_stays(shop: Workshop) -> None:
    octets = b"Date: Tue, 14 Nov 2023 12:00:00 +0000\r\n" + POST
    one = ScriptedArchiver("one")
    wired(shop, one)
    await put(shop, "one", octets=octets)
    await shop.drain("archive")
    assert one.kept[0].octets == octets


async def test_who_fails_gets_it_later_and_the_others_once(shop: Workshop) -> None:
    one, two = ScriptedArchiver("one"), ScriptedArchiver("two", Unavailable(DOWN))
    step = wired(shop, one, two)
    name = await put(shop, "one", "two")

    await attempt(shop, one, two, asked=2)
    assert shop.names("archive") == [name]
    assert step.status() == {"one": "ok", "two": DOWN}
    (waits,) = shop.log.named("waits")
    assert (waits["archivers"], waits["next_try_s"]) == ("two", 30)
    (unavailable,) = shop.log.named("unavailable")
    assert (unavailable["archiver"], unavailable["reason"]) == ("two", DOWN)
    assert step.status() == {"one": "ok", "two": DOWN}

    shop.again(after_s=31)
    await shop.drain("archive")
    assert (len(one.asked), len(two.asked)) == (1, 2)
    assert len(two.kept) == 1
    assert shop.files() == {}
    assert step.status() == {"one": "ok", "two": "ok"}
    assert [event["archiver"] for event in shop.log.named("available")] == ["two"]


async def test_it_is_tried_for_ever_an_hour_apart(shop: Workshop) -> None:
    one = ScriptedArchiver("one")
    one.answer = Unavailable(DOWN)
    wired(shop, one)
    await put(shop, "one")
    for count in range(1, 30):
        await attempt(shop, one, asked=count)
        shop.again(after_s=3600 * 1.2)
    waits = [event["next_try_s"] for event in shop.log.named("waits")]
    assert waits[:3] == [30, 60, 120]
    assert waits[-1] == 3600
    assert shop.names("shunt") == []
    one.answer = None
    await shop.drain("archive")
    assert len(one.kept) == 1


async def test_an_entry_waits_for_its_time(shop: Workshop) -> None:
    one = ScriptedArchiver("one", Unavailable(DOWN))
    step = wired(shop, one)
    name = await put(shop, "one")
    await attempt(shop, one, asked=1)
    shop.spool.queues["archive"].put(name)
    assert shop.spool.queues["archive"].take() == name
    claim = await shop.spool.claim("archive", name)
    assert claim is not None
    assert 0 < step.due(claim) <= 30
    shop.clock.jump(-1_000_000)
    assert step.due(claim) == 3600 * 1.2
    shop.clock.jump(2_000_000)
    assert step.due(claim) == 0


async def test_many_posts_do_not_each_try_an_archiver_that_is_down(shop: Workshop) -> None:
    one = ScriptedArchiver("one")
    one.answer = Unavailable(DOWN)
    step = wired(shop, one)
    for _ in range(100):
        await put(shop, "one")
    async with shop.running("archive"):
        await until(lambda: shop.spool.queues["archive"].ready == 0)
        await until(lambda: not shop.runners["archive"].active)
    assert len(one.asked) <= 2 + 4  # until the breaker opens, and what was under way then
    name = shop.names("archive")[-1]
    claim = await shop.spool.claim("archive", name)
    assert claim is not None
    assert step.due(claim) > 10 * 0.8


async def test_an_archiver_that_is_down_keeps_nothing_from_the_others(shop: Workshop) -> None:
    one, two = ScriptedArchiver("one"), ScriptedArchiver("two")
    two.answer = Unavailable(DOWN)
    wired(shop, one, two)
    for _ in range(20):
        await put(shop, "one", "two")
    async with shop.running("archive"):
        await until(lambda: len(one.kept) == 20)
        await until(lambda: not shop.runners["archive"].active)
    assert len(two.asked) < 10
    two.answer = None
    for _ in range(3):
        shop.again(after_s=100)
        async with shop.running("archive"):
            await until(lambda: not shop.spool.queues["archive"].ready)
            await until(lambda: not shop.runners["archive"].active)
    assert (len(one.kept), len(two.kept)) == (20, 20)
    assert shop.files() == {}


async def test_one_archiver_gets_some_at_a_time(shop: Workshop) -> None:
    one = ScriptedArchiver("one")
    one.gate = asyncio.Event()
    wired(shop, one, limits=Limits(most=16))
    for _ in range(12):
        await put(shop, "one")
    async with shop.running("archive"):
        await until(lambda: one.at_once == 4)
        await asyncio.sleep(0.01)
        one.gate.set()
        await until(lambda: len(one.kept) == 12)
    assert one.most_at_once == 4


async def test_posts_of_one_list_keep_their_order(shop: Workshop) -> None:
    one = ScriptedArchiver("one")
    wired(shop, one, limits=Limits(most=16, most_per_list=1))
    names = [await put(shop, "one") for _ in range(20)]
    await shop.drain("archive")
    assert one.asked == names


async def test_what_is_refused_is_dropped(shop: Workshop) -> None:
    one = ScriptedArchiver("one", Refused("no Message-Id"))
    step = wired(shop, one)
    await put(shop, "one")
    await shop.drain("archive")
    assert shop.files() == {}
    (event,) = shop.log.named("refused")
    assert (event["archiver"], event["reason"]) == ("one", "no Message-Id")
    assert step.status() == {"one": "ok"}


@pytest.mark.row("attribute: disabled_archivers")
@pytest.mark.row("attribute: archive_policy")
@pytest.mark.parametrize("texts", [{"disabled_archivers": "one"}, {"archive_policy": "never"}])
async def test_who_is_switched_off_by_now_gets_nothing(shop: Workshop, texts: dict[str, str]) -> None:
    one = ScriptedArchiver("one")
    wired(shop, one)
    await put(shop, "one", "gone")
    await change(shop, **texts)
    await shop.drain("archive")
    assert one.asked == []
    assert shop.files() == {}
    assert [event["archiver"] for event in shop.log.named("dropped")] == ["one", "gone"]


async def test_an_archiver_that_there_is_no_more_holds_nobody_up(shop: Workshop) -> None:
    one = ScriptedArchiver("one")
    wired(shop, one)
    await put(shop, "gone", "one")
    await shop.drain("archive")
    assert len(one.kept) == 1
    assert shop.files() == {}


async def test_posts_of_a_list_that_was_removed_are_dropped(shop: Workshop) -> None:
    one = ScriptedArchiver("one")
    wired(shop, one)
    await put(shop, "one", list_id="gone.example.com")
    await shop.drain("archive")
    assert one.asked == []
    assert shop.files() == {}
    (event,) = shop.log.named("dropped")
    assert event["reason"] == "the list does not exist any more"


async def test_a_defect_of_one_archiver_takes_nothing_from_the_others(shop: Workshop) -> None:
    one = ScriptedArchiver("one")
    two = ScriptedArchiver("two", ZeroDivisionError("x"), ZeroDivisionError("x"))
    wired(shop, one, two)
    name = await put(shop, "one", "two")
    async with shop.running("archive"):
        await until(lambda: shop.names("shunt"))
    assert shop.names("shunt") == [name]
    assert (len(one.kept), len(two.asked)) == (1, 2)


async def test_what_is_no_post_is_set_aside(shop: Workshop) -> None:
    wired(shop, ScriptedArchiver("one"))
    name = await shop.notice("archive")
    async with shop.running("archive"):
        await until(lambda: shop.names("shunt"))
    assert shop.names("shunt") == [name]


async def test_p16_who_is_interrupted_gets_it_again(shop: Workshop) -> None:
    one = ScriptedArchiver("one")
    one.gate = asyncio.Event()
    wired(shop, one)
    await put(shop, "one")
    task = asyncio.create_task(shop.runners["archive"].run())
    await until(lambda: one.at_once == 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(shop.names("archive")) == 1
    one.gate = None
    shop.again()
    await shop.drain("archive")
    assert len(one.kept) == 1


async def test_one_that_would_take_it_twice_has_an_end_that_lasts(shop: Workshop) -> None:
    wired(shop, ScriptedArchiver("one", repeatable=False))
    synced: list[str] = []

    def fault(call: str, directory: str, _name: str) -> None:
        if call == "sync":
            synced.append(directory)

    await put(shop, "one")
    with failing(shop.disk, fault):
        await shop.drain("archive")
    assert synced == ["archive"]
    assert isinstance(shop.disk, FaultyDisk)


async def test_one_that_knows_a_post_again_needs_no_such_end(shop: Workshop) -> None:
    wired(shop, ScriptedArchiver("one"))
    synced: list[str] = []

    def fault(call: str, directory: str, _name: str) -> None:
        if call == "sync":
            synced.append(directory)

    await put(shop, "one")
    with failing(shop.disk, fault):
        await shop.drain("archive")
    assert synced == []
