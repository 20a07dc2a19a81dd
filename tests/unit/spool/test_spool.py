import asyncio
import errno
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mlcore.base.batches import Batches
from mlcore.base.clock import FakeClock
from mlcore.base.durable import Disk, Free, LocalDisk, Place, make_directories
from mlcore.base.errors import CorruptEntry, DiskTrouble, LeftAlone, SpoolLost, StoreTrouble
from mlcore.spool import operator
from mlcore.spool.claim import Claim
from mlcore.spool.entry import NewEntry
from mlcore.spool.layout import DIRECTORIES
from mlcore.spool.spool import ROOM_AGE_S, Spool
from support.disks import CountingDisk, FailingDisk, ForgetfulDisk, InlineBatches
from support.spools import addresses, children, post, rendered, root

ID = root(1)


class Bench:
    """A spool on a disk that forgets, with jobs that take a turn of the loop each."""

    def __init__(self, **settings: Any) -> None:
        self.disk = ForgetfulDisk(DIRECTORIES)
        self.failing = FailingDisk(self.disk, fail_at=0)
        self.counting = CountingDisk(self.failing)
        self.heard: list[str] = []
        self.spool = self.new(**settings)

    def new(self, **settings: Any) -> Spool:
        return Spool(self.counting, InlineBatches(lambda _count: 0), at=self.heard.append, **settings)

    def fail(self, *calls: str, at: int = 1, many: int = 1, error: int = errno.EIO) -> None:
        """The call number `at` of these fails, and more."""
        vars(self.failing).update(count=0, fail_at=at, many=many, error=error, only=frozenset(calls))

    def heal(self) -> None:
        self.failing.fail_at = 0
        self.failing.many = 0

    async def taken(self, queue: str, name: str) -> Claim:
        assert self.spool.queues[queue].take_this(name)
        claim = await self.spool.claim(queue, name)
        assert claim is not None
        return claim

    async def in_(self) -> Claim:
        assert await self.spool.accept([NewEntry("in", ID, post())]) == [None]
        return await self.taken("in", ID)

    async def out(self, plan: str = "out") -> Claim:
        await self.spool.advance(await self.in_(), children(ID, plan))
        return await self.taken("out", f"{ID}.o")

    def names(self) -> dict[str, list[str]]:
        return {queue: sorted(names) for queue, names in self.disk.now.items() if names}

    def durable(self) -> dict[str, list[str]]:
        """What a power cut now would leave at least."""
        return {queue: sorted(names) for queue, names in self.disk.after(power=True).now.items() if names}


def turn_by_turn(task: "asyncio.Future[Any]", turns: int) -> Awaitable[None]:
    async def run() -> None:
        for _ in range(turns):
            if not task.done():
                await asyncio.sleep(0)

    return run()


# -- the fsync budget ------------------------------------------------------------------------------


@pytest.mark.parametrize(("plan", "syncs"), [("out", 6), ("copies", 8), ("apart", 10)])
async def test_the_budget_of_a_post(plan: str, syncs: int) -> None:
    bench = Bench()
    await bench.spool.finish(await bench.out(plan))
    if plan != "out":
        for queue, end in (("archive", "a"), ("digest", "d")):
            await bench.spool.consume(await bench.taken(queue, f"{ID}.{end}"))
    assert bench.names() == {}
    assert bench.spool.syncs == syncs == sum(call.startswith("sync") for call in bench.counting.calls)


async def test_posts_together_share_the_syncs_of_directories() -> None:
    bench = Bench()
    entries = [NewEntry("in", root(number), post()) for number in range(20)]
    assert await bench.spool.accept(entries) == [None] * 20
    assert bench.spool.commits["in"].syncs < 20


async def test_a_hold_with_two_notices_syncs_virgin_once() -> None:
    """The first of several changes in one turn used to travel alone."""
    bench = Bench()
    claim = await bench.in_()
    notices = [NewEntry("virgin", f"{ID}.v{number}", rendered(1)) for number in (1, 2)]
    await bench.spool.advance(claim, [*children(ID, "hold")[:1], *notices])
    assert bench.spool.commits["virgin"].syncs == 1


# -- accepting -------------------------------------------------------------------------------------


async def test_p1_accept_returns_when_file_and_name_are_durable() -> None:
    bench = Bench()
    assert await bench.spool.accept([NewEntry("in", ID, post(2))]) == [None]
    disk = bench.disk.after(power=True)
    assert operator.show(disk, Place("in", ID)).entry == post(2)


async def test_p3_a_full_disk_is_told_and_leaves_nothing() -> None:
    bench = Bench()
    for call in ("create", "write", "sync", "rename", "sync_directory"):
        bench.fail(call, error=errno.ENOSPC)
        (trouble,) = await bench.spool.accept([NewEntry("in", ID, post())])
        assert isinstance(trouble, DiskTrouble)
        assert trouble.full
        assert bench.names() == {}
        assert not bench.spool.unsure
        assert ID not in bench.spool.queues["in"]


async def test_each_of_a_group_has_its_own_result() -> None:
    bench = Bench()
    bench.fail("create", at=2)
    results = await bench.spool.accept([NewEntry("in", name, post()) for name in (ID, f"{ID}-2", f"{ID}-3")])
    assert [result is None for result in results] == [True, False, True]
    assert bench.durable() == {"in": [ID, f"{ID}-3"]}


async def test_p1_accept_goes_on_when_its_client_goes_away() -> None:
    bench = Bench()
    accepting = asyncio.ensure_future(bench.spool.accept([NewEntry("in", ID, post())]))
    await asyncio.sleep(0)
    accepting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await accepting
    await bench.spool.rest()
    assert ID in bench.spool.queues["in"]
    assert bench.durable() == {"in": [ID]}


async def test_an_entry_that_cannot_be_written_is_a_defect_of_the_caller() -> None:
    bench = Bench()
    with pytest.raises(ValueError, match="control character"):
        await bench.spool.accept([NewEntry("out", ID, rendered(1)), NewEntry("in", ID, bad())])
    await bench.spool.rest()
    assert not bench.spool.unsure


def bad() -> Any:
    from mlcore.spool.entry import Entry

    return Entry(post().envelope, ("a\nb",), b"")


async def test_p15_room_is_asked_of_the_disk() -> None:
    clock = FakeClock()
    bench = Bench(low_water=Free(1000, 10), monotonic=clock.monotonic)
    assert bench.spool.room() is None
    for space in (Free(999, 10), Free(1000, 9)):
        bench.disk.space = space
        clock.advance(ROOM_AGE_S)
        trouble = bench.spool.room()
        assert isinstance(trouble, DiskTrouble)
        assert trouble.full
    clock.advance(ROOM_AGE_S)
    bench.fail("free")
    trouble = bench.spool.room()
    assert isinstance(trouble, DiskTrouble)
    assert not trouble.full


async def test_another_low_water_mark_counts_at_once() -> None:
    bench = Bench(low_water=Free(1000, 10))
    bench.disk.space = Free(5000, 100)
    assert bench.spool.room() is None
    bench.spool.keep_free(Free(6000, 10))
    assert bench.spool.room() is not None


async def test_plenty_of_room_is_not_asked_for_with_every_message() -> None:
    clock = FakeClock()
    bench = Bench(low_water=Free(1000, 10), monotonic=clock.monotonic)
    for plenty in (Free(4000, 40), Free(3999, 40), Free(4000, 39)):
        clock.advance(ROOM_AGE_S)
        bench.disk.space = plenty
        assert bench.spool.room() is None
        bench.disk.space = Free(0, 0)
        clock.advance(ROOM_AGE_S / 2)
        assert (bench.spool.room() is None) == (plenty == Free(4000, 40))
        clock.advance(ROOM_AGE_S)
        assert bench.spool.room() is not None


# -- claiming --------------------------------------------------------------------------------------


async def test_what_was_just_written_is_not_read_again() -> None:
    bench = Bench()
    await bench.out("copies")
    assert "read" not in bench.counting.calls


async def test_without_memory_it_is_read_and_links_share_their_records() -> None:
    bench = Bench(memory_octets=0)
    out = await bench.out("copies")
    archive = await bench.taken("archive", f"{ID}.a")
    assert out.entry == archive.entry == rendered(3)
    assert out.records is archive.records


async def test_what_waits_for_long_is_not_kept_in_memory() -> None:
    """Held, deferred and shunted entries used to fill the memory for good."""
    bench = Bench()
    await bench.spool.advance(await bench.in_(), children(ID, "hold")[:1])
    out = await bench.spool.accept(
        [NewEntry("out", root(2), rendered(1)), NewEntry("out", root(3), rendered(1))]
    )
    assert out == [None, None]
    await bench.spool.defer(await bench.taken("out", root(2)))
    await bench.spool.shunt(await bench.taken("out", root(3)), "a bug")
    assert bench.spool._memory._kept == {}


async def test_a_stale_name_is_forgotten() -> None:
    bench = Bench()
    bench.spool.queues["in"].put(ID)
    bench.spool.queues["in"].take()
    assert await bench.spool.claim("in", ID) is None
    assert ID not in bench.spool.queues["in"]


async def test_a_file_that_cannot_be_read_now_stays_taken() -> None:
    bench = Bench(memory_octets=0)
    await bench.spool.accept([NewEntry("in", ID, post())])
    bench.spool.queues["in"].take()
    bench.fail("read")
    with pytest.raises(DiskTrouble):
        await bench.spool.claim("in", ID)
    assert ID in bench.spool.queues["in"]


@pytest.mark.parametrize("octets", [b"", b"mlcore-entry 1 00000", b"\0" * 9000])
async def test_p14_a_torn_file_goes_to_bad_untouched(octets: bytes) -> None:
    bench = Bench()
    bench.disk.put(Place("in", ID), octets)
    bench.spool.queues["in"].put(ID)
    bench.spool.queues["in"].take()
    with pytest.raises(CorruptEntry, match="now in bad/"):
        await bench.spool.claim("in", ID)
    assert bench.durable() == {"bad": [ID]}
    assert bench.disk.read(Place("bad", ID))[0] == octets
    assert (ID in bench.spool.queues["in"], ID in bench.spool.queues["bad"]) == (False, True)


async def test_a_file_of_another_version_stays_and_is_not_taken_again() -> None:
    bench = Bench()
    bench.disk.put(Place("in", ID), b"mlcore-entry 2 and so on")
    await bench.spool.scan()
    assert bench.spool.queues["in"].take() == ID
    with pytest.raises(LeftAlone, match="stays where it is"):
        await bench.spool.claim("in", ID)
    assert await bench.spool.scan() == []
    assert bench.spool.queues["in"].take() is None
    assert bench.names() == {"in": [ID]}


# -- fan-out and hold ------------------------------------------------------------------------------


async def test_children_sleep_until_the_parent_is_durably_gone() -> None:
    bench = Bench()
    claim = await bench.in_()
    advancing = asyncio.ensure_future(bench.spool.advance(claim, children(ID, "copies")))
    while not advancing.done():
        asleep = all(not bench.spool.queues[queue].ready for queue in ("out", "archive", "digest"))
        assert asleep or "advance: parent synced" in bench.heard
        assert await bench.spool.scan() == []
        await asyncio.sleep(0)
    assert bench.durable() == {"archive": [f"{ID}.a"], "digest": [f"{ID}.d"], "out": [f"{ID}.o"]}


async def test_links_are_one_file() -> None:
    bench = Bench()
    await bench.out("copies")
    numbers = {
        bench.disk.now[queue][f"{ID}.{end}"]
        for queue, end in (("out", "o"), ("archive", "a"), ("digest", "d"))
    }
    assert len(numbers) == 1
    assert bench.spool.file_syncs == 2


async def test_an_error_while_children_are_published_undoes_them_durably() -> None:
    bench = Bench()
    claim = await bench.in_()
    bench.fail("rename", at=2)
    with pytest.raises(DiskTrouble):
        await bench.spool.advance(claim, children(ID, "copies"))
    assert bench.durable() == {"in": [ID]}
    await bench.spool.advance(claim, children(ID, "copies"))


@pytest.mark.parametrize("names", [("out", "x.o"), ("out", ID)])
async def test_children_that_recovery_would_not_know_are_refused(names: tuple[str, str]) -> None:
    bench = Bench()
    claim = await bench.in_()
    with pytest.raises(ValueError, match="cannot have"):
        await bench.spool.advance(claim, [NewEntry(*names, rendered(1))])


async def test_an_entry_in_out_has_no_children() -> None:
    bench = Bench()
    claim = await bench.out()
    with pytest.raises(ValueError, match="cannot have"):
        await bench.spool.advance(claim, [NewEntry("virgin", f"{ID}.o.v1", rendered(1))])


async def test_a_child_that_cannot_be_encoded_leaves_the_parent() -> None:
    bench = Bench()
    claim = await bench.in_()
    with pytest.raises(ValueError, match="control character"):
        await bench.spool.advance(claim, [*children(ID, "out"), NewEntry("archive", f"{ID}.a", bad())])
    assert bench.names() == {"in": [ID]}


async def test_a_defect_while_children_are_published_undoes_them() -> None:
    bench = Bench()
    claim = await bench.in_()
    bench.spool.at = lambda step: int("x") if step == "advance: child renamed" else None  # type: ignore[assignment]
    with pytest.raises(ValueError, match="invalid literal"):
        await bench.spool.advance(claim, children(ID, "copies"))
    assert bench.names() == {"in": [ID]}


async def test_p15_a_full_disk_needs_no_durable_undo() -> None:
    """Children that have no name in a queue yet leave no trace, so a sync that fails there ends nothing."""
    bench = Bench()
    claim = await bench.in_()
    bench.fail("create", "sync_directory", many=99, error=errno.ENOSPC)
    with pytest.raises(DiskTrouble):
        await bench.spool.advance(claim, children(ID, "copies"))
    bench.heal()
    await bench.spool.advance(claim, children(ID, "copies"))


async def test_an_undo_that_is_not_sure_ends_the_process() -> None:
    bench = Bench()
    claim = await bench.in_()
    bench.fail("sync_directory", many=99)
    with pytest.raises(SpoolLost, match="undo"):
        await bench.spool.advance(claim, children(ID, "out"))


async def test_after_the_unlink_nothing_is_undone() -> None:
    bench = Bench()
    claim = await bench.in_()
    bench.fail("sync_directory", at=2)
    with pytest.raises(SpoolLost, match="may come back"):
        await bench.spool.advance(claim, children(ID, "out"))
    assert bench.names() == {"out": [f"{ID}.o"]}
    bench.heal()
    assert await bench.spool.scan() == []


@pytest.mark.parametrize("seen", [True, False])
async def test_a_parent_that_went_although_its_unlink_failed_takes_no_child_along(seen: bool) -> None:
    """The children used to be undone when the unlink had an effect and an error: nothing was left."""
    bench = Bench()
    claim = await bench.in_()
    unlink = bench.disk.unlink

    def fail(place: Place) -> None:
        unlink(place)
        if place.directory == "in":
            if not seen:
                bench.fail("age")
            raise OSError(errno.EIO, "odd")

    bench.disk.unlink = fail  # type: ignore[method-assign]
    if seen:
        await bench.spool.advance(claim, children(ID, "out"))
    else:
        with pytest.raises(SpoolLost):
            await bench.spool.advance(claim, children(ID, "out"))
    assert bench.names() == {"out": [f"{ID}.o"]}


async def test_a_parent_that_cannot_go_keeps_its_place() -> None:
    bench = Bench()
    claim = await bench.in_()
    bench.fail("unlink")
    with pytest.raises(DiskTrouble):
        await bench.spool.advance(claim, children(ID, "copies"))
    assert bench.durable() == {"in": [ID]}
    bench.fail("unlink")
    with pytest.raises(DiskTrouble):
        await bench.spool.finish(claim)


async def test_the_row_stands_before_the_parent_goes_and_after_its_children_are_durable() -> None:
    bench = Bench()
    claim = await bench.in_()
    seen: list[dict[str, list[str]]] = []

    async def row() -> None:
        seen.append(bench.names())

    await bench.spool.advance(claim, children(ID, "hold"), row=row)
    assert seen == [{"in": [ID], "hold": [f"{ID}.h"], "virgin": [f"{ID}.v1"]}]


async def test_a_row_that_cannot_be_made_leaves_the_parent() -> None:
    bench = Bench()
    claim = await bench.in_()

    async def row() -> None:
        raise StoreTrouble("locked")

    with pytest.raises(StoreTrouble):
        await bench.spool.advance(claim, children(ID, "hold"), row=row)
    assert bench.durable() == {"in": [ID]}


async def test_children_wake_even_if_what_follows_them_fails() -> None:
    """An unexpected error there used to leave them asleep until the next start."""
    bench = Bench()

    async def fails(error: Exception) -> None:
        raise error

    await bench.spool.advance(
        await bench.in_(), children(ID, "out"), after=lambda: fails(StoreTrouble("locked"))
    )
    assert bench.spool.queues["out"].ready == 1
    await bench.spool.accept([NewEntry("in", root(2), post())])
    claim = await bench.taken("in", root(2))
    with pytest.raises(KeyError):
        await bench.spool.advance(claim, children(root(2), "out"), after=lambda: fails(KeyError("x")))
    assert bench.spool.queues["out"].ready == 2
    assert root(2) not in bench.spool.queues["in"]


# -- being cancelled -------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", ["out", "hold"])
@pytest.mark.parametrize("turns", range(40))
async def test_p16_a_cancelled_advance_is_done_or_undone(turns: int, plan: str) -> None:
    """A step that was cut off went on in a thread while its entry was put back and taken again."""
    bench = Bench()
    claim = await bench.in_()

    async def row() -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    advancing = asyncio.ensure_future(
        bench.spool.advance(claim, children(ID, plan), row=row if plan == "hold" else None)
    )
    await turn_by_turn(advancing, turns)
    advancing.cancel()
    await asyncio.gather(advancing, return_exceptions=True)
    assert not bench.spool._steps
    assert not bench.spool.unsure
    after = {"in": [ID]} if ID in bench.spool.queues["in"] else None
    wanted = {"out": [f"{ID}.o"]} if plan == "out" else {"hold": [f"{ID}.h"], "virgin": [f"{ID}.v1"]}
    assert bench.durable() == (after or wanted)
    assert all(name in bench.spool.queues[queue] for queue, names in bench.names().items() for name in names)


async def test_a_cancelled_step_that_lost_the_spool_says_so() -> None:
    bench = Bench()
    claim = await bench.out()
    bench.fail("sync_directory")
    finishing = asyncio.ensure_future(bench.spool.finish(claim))
    await asyncio.sleep(0)
    finishing.cancel()
    await asyncio.sleep(0)
    finishing.cancel()
    with pytest.raises(SpoolLost):
        await finishing


async def test_the_end_of_the_loop_ends_steps() -> None:
    bench = Bench()
    finishing = asyncio.ensure_future(bench.spool.finish(await bench.out()))
    await asyncio.sleep(0)
    (step,) = bench.spool._steps
    step.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finishing


# -- leaving ---------------------------------------------------------------------------------------


async def test_defer_keeps_file_and_records() -> None:
    bench = Bench()
    claim = await bench.out()
    await claim.settle({250: [0]}, await claim.reserve([0]))
    await bench.spool.defer(claim)
    assert bench.durable() == {"retry": [f"{ID}.o"]}
    retry = await bench.taken("retry", f"{ID}.o")
    assert retry.open_numbers() == [1, 2]
    await bench.spool.finish(retry)
    assert bench.names() == {}


@pytest.mark.parametrize(("call", "at"), [("link", 1), ("sync_directory", 1), ("unlink", 1)])
async def test_a_deferral_that_fails_leaves_no_second_name(call: str, at: int) -> None:
    """retry/NAME stayed, a scan took it up when out/NAME had ended, and all got the post again."""
    bench = Bench()
    claim = await bench.out()
    bench.fail(call, at=at)
    with pytest.raises(DiskTrouble):
        await bench.spool.defer(claim)
    bench.heal()
    assert bench.durable() == {"out": [f"{ID}.o"]}
    await bench.spool.finish(claim)
    assert await bench.spool.scan() == []
    assert bench.durable() == {}


@pytest.mark.parametrize("calls", [("sync_directory",), ("unlink", "sync_directory")])
async def test_a_second_name_that_may_stay_ends_the_process(calls: tuple[str, ...]) -> None:
    bench = Bench()
    claim = await bench.out()
    bench.fail(*calls, at=1 if len(calls) == 1 else 2, many=99)
    with pytest.raises(SpoolLost):
        await bench.spool.defer(claim)
    assert bench.spool.known("retry", f"{ID}.o")


async def test_a_deferral_that_may_come_back_ends_the_process() -> None:
    bench = Bench()
    claim = await bench.out()
    bench.fail("sync_directory", at=2)
    with pytest.raises(SpoolLost, match="may come back"):
        await bench.spool.defer(claim)


async def test_the_first_name_counts_where_a_second_one_is_there_already() -> None:
    bench = Bench()
    claim = await bench.out()
    bench.disk.put(Place("shunt", f"{ID}.o"), b"by hand")
    await bench.spool.shunt(claim, "a bug")
    assert bench.durable() == {"shunt": [f"{ID}.o"]}
    assert operator.show(bench.disk, Place("shunt", f"{ID}.o")).progress.why == "a bug"


async def test_consume_needs_no_sync() -> None:
    bench = Bench()
    await bench.out("copies")
    claim = await bench.taken("archive", f"{ID}.a")
    before = bench.spool.syncs
    bench.fail("unlink")
    with pytest.raises(DiskTrouble):
        await bench.spool.consume(claim)
    await bench.spool.consume(claim)
    assert bench.spool.syncs == before
    assert f"{ID}.a" not in bench.spool.queues["archive"]


async def test_gone_by_hand_is_gone() -> None:
    bench = Bench()
    claim = await bench.out()
    bench.disk.unlink(Place("out", f"{ID}.o"))
    await bench.spool.finish(claim)
    assert len(bench.spool.queues["out"]) == 0


# -- what others drop ------------------------------------------------------------------------------


async def test_injected_and_unshunted_entries_are_taken_up() -> None:
    bench = Bench()
    await bench.spool.shunt(await bench.out(), "a bug")
    operator.unshunt(bench.disk, None)
    operator.inject(bench.disk, "in", root(2), post())
    found = await bench.spool.scan()
    assert sorted(found) == [("in", root(2)), ("out", f"{ID}.o")]
    assert bench.durable() == {"in": [root(2)], "out": [f"{ID}.o"]}
    assert len(bench.spool.queues["shunt"]) == 0
    assert await bench.spool.scan() == []


async def test_a_scan_of_many_new_names_needs_two_syncs() -> None:
    """Each name had its own two."""
    bench = Bench()
    for number in range(50):
        operator.inject(bench.disk, "in", root(number), post())
    before = bench.spool.syncs
    assert len(await bench.spool.scan(["in"])) == 50
    assert bench.spool.syncs == before + 2


async def test_a_stale_listing_destroys_no_shunted_entry() -> None:
    """It still shows out/NAME; meanwhile the server has shunted it, and shunt/NAME is the only copy."""
    bench = Bench()
    claim = await bench.out()
    listed = bench.disk.names("out")
    await bench.spool.shunt(claim, "a bug")
    bench.disk.names = lambda directory: listed if directory == "out" else []  # type: ignore[method-assign]
    assert await bench.spool.scan(["out"]) == []
    assert bench.durable() == {"shunt": [f"{ID}.o"]}


async def test_a_bell_during_a_step_changes_nothing() -> None:
    for act in ("finish", "defer", "shunt"):
        bench = Bench()
        claim = await bench.out()
        step: Callable[..., Any] = getattr(bench.spool, act)
        running = asyncio.ensure_future(step(claim, "a bug") if act == "shunt" else step(claim))
        while not running.done():
            assert await bench.spool.scan() == []
        await running


async def test_two_bells_at_once_take_a_name_once() -> None:
    bench = Bench()
    operator.inject(bench.disk, "in", ID, post())
    found = await asyncio.gather(bench.spool.scan(), bench.spool.scan())
    assert sorted(map(len, found)) == [0, 1]


async def test_a_scan_on_a_disk_in_trouble_takes_nothing() -> None:
    bench = Bench()
    operator.inject(bench.disk, "in", ID, post())
    bench.fail("names")
    with pytest.raises(DiskTrouble):
        await bench.spool.scan()
    bench.fail("sync_directory")
    assert await bench.spool.scan() == []
    assert not bench.spool.unsure
    assert await bench.spool.scan() == [("in", ID)]


async def test_dead_ends_are_counted_and_strange_names_are_not() -> None:
    bench = Bench()
    bench.disk.put(Place("shunt", ID), b"x")
    bench.disk.put(Place("shunt", "README"), b"x")
    bench.disk.put(Place("in", "core"), b"x")
    assert await bench.spool.scan() == []
    assert list(bench.spool.queues["shunt"].names()) == [ID]
    operator.unshunt(bench.disk, [ID], discard=True)
    await bench.spool.scan()
    assert len(bench.spool.queues["shunt"]) == 0


async def test_all_of_it_on_a_real_disk_with_threads(tmp_path: Any) -> None:
    make_directories(str(tmp_path / "queue"), DIRECTORIES)
    disk: Disk = LocalDisk(str(tmp_path / "queue"), DIRECTORIES)
    batches = Batches(threads=3).start()
    spool = Spool(disk, batches, memory_octets=20_000)

    async def one(number: int) -> None:
        name = root(number)
        assert await spool.accept([NewEntry("in", name, post())]) == [None]
        spool.queues["in"].take_this(name)
        claim = await spool.claim("in", name)
        assert claim is not None
        await claim.attempt()
        await spool.advance(claim, children(name, "copies", 10))
        for queue, end in (("out", "o"), ("archive", "a"), ("digest", "d")):
            spool.queues[queue].take_this(f"{name}.{end}")
            child = await spool.claim(queue, f"{name}.{end}")
            assert child is not None
            assert child.entry.addresses == addresses(10)
            await child.attempt()
            if queue == "out":
                await child.settle({250: range(5)}, await child.reserve(range(5)))
                assert child.open_numbers() == [5, 6, 7, 8, 9]
                await spool.finish(child)
            else:
                await spool.consume(child)

    await asyncio.gather(*map(one, range(40)))
    assert all(not disk.names(directory) for directory in DIRECTORIES)
    await spool.rest()
    batches.stop()
