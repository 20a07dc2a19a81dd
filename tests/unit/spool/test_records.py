import asyncio
import errno
from collections.abc import Callable
from typing import Any

import pytest

from mlcore.base.durable import Disk, Place
from mlcore.base.errors import DiskTrouble
from mlcore.spool.claim import Claim
from mlcore.spool.entry import NewEntry
from mlcore.spool.layout import DIRECTORIES
from mlcore.spool.records import settled_codes
from mlcore.spool.spool import Spool
from mlcore.spool.tail import Record
from support.disks import CountingDisk, FailingDisk, ForgetfulDisk, InlineBatches
from support.spools import children, post, root

ID = root(1)
SYNC = frozenset({"sync"})


class Bench:
    """A spool with one entry in out/, perhaps linked from archive/."""

    def __init__(self, wrap: Callable[[Disk], Disk] = lambda disk: disk, *, recipients: int = 3) -> None:
        self.disk = ForgetfulDisk(DIRECTORIES)
        self.counting = CountingDisk(wrap(self.disk))
        self.slept: list[float] = []
        self.heal: Callable[[], None] = lambda: None
        self.recipients = recipients
        self.spool = self.new()

    def new(self) -> Spool:
        return Spool(self.counting, InlineBatches(lambda _count: 0), sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.heal()
        await asyncio.sleep(0)

    async def claim(self, plan: str = "out") -> Claim:
        await self.spool.accept([NewEntry("in", ID, post())])
        parent = await self.taken("in", ID)
        await self.spool.advance(parent, children(ID, plan, self.recipients))
        return await self.taken("out", f"{ID}.o")

    async def taken(self, queue: str, name: str) -> Claim:
        if name not in self.spool.queues[queue]:
            self.spool.queues[queue].put(name)
        self.spool.queues[queue].take_this(name)
        claim = await self.spool.claim(queue, name)
        assert claim is not None
        return claim

    async def again(self, queue: str, name: str, *, power: bool) -> Claim:
        """What another process finds."""
        self.disk = self.disk.crash(power=power)
        self.counting = CountingDisk(self.disk)
        self.spool = self.new()
        return await self.taken(queue, name)


def failing(**failure: Any) -> tuple[list[FailingDisk], Callable[[Disk], Disk]]:
    made: list[FailingDisk] = []

    def wrap(disk: Disk) -> Disk:
        made.append(FailingDisk(disk, fail_at=0, **failure))
        return made[-1]

    return made, wrap


def break_from_now(disk: FailingDisk, many: int = 1) -> None:
    disk.count, disk.fail_at, disk.many = 0, 1, many


async def test_p10_a_record_is_durable_when_settle_returns() -> None:
    bench = Bench()
    claim = await bench.claim()
    await claim.attempt()
    await claim.settle({250: [0], 550: [2], 554: [1]}, await claim.reserve([0, 1, 2]))
    assert claim.open_numbers() == []
    again = await bench.again("out", claim.name, power=True)
    assert again.progress.settled == {0, 1, 2}
    assert not again.progress.suspect


async def test_an_attempt_is_not_synced_but_outlives_the_process() -> None:
    bench = Bench()
    claim = await bench.claim()
    syncs = bench.counting.calls.count("sync")
    await claim.attempt(alone=True)
    await claim.back(due=5.0, failures=1)
    await claim.attempt(alone=True)
    assert bench.counting.calls.count("sync") == syncs
    again = await bench.again("out", claim.name, power=False)
    assert (again.progress.suspect, again.progress.strikes, again.progress.due) == (True, 1, 5.0)


async def test_several_outcomes_share_a_sync() -> None:
    bench = Bench(recipients=20)
    claim = await bench.claim()
    rooms = [await claim.reserve([number]) for number in range(20)]
    before = bench.counting.calls.count("sync")
    await asyncio.gather(*(claim.settle({250: [number]}, room) for number, room in enumerate(rooms)))
    assert bench.counting.calls.count("sync") == before + 1
    assert claim.records.tail.reserved == 0
    assert (await bench.again("out", claim.name, power=True)).open_numbers() == []


async def test_no_room_for_the_record_means_no_mail_from() -> None:
    """A full disk must not become a storm of copies that cannot be recorded."""
    made, wrap = failing(error=errno.ENOSPC, only=frozenset({"write_at"}))
    bench = Bench(wrap, recipients=2000)
    claim = await bench.claim()
    size = claim.records.tail.room
    numbers = list(range(2000))
    break_from_now(made[0], 1 << 30)
    with pytest.raises(DiskTrouble) as caught:
        await claim.reserve([*numbers, *numbers])
    assert caught.value.full
    assert claim.records.tail.room == size
    made[0].fail_at = 1 << 40
    room = await claim.reserve([*numbers, *numbers])
    assert claim.records.tail.room >= 0
    claim.release(room)
    assert claim.records.tail.reserved == 0


async def test_a_reservation_that_cannot_be_had_takes_nothing_from_the_others() -> None:
    """One line that needed an extension used to fail all that waited with it, reserved or not."""
    made, wrap = failing(error=errno.ENOSPC, only=frozenset({"write_at"}))
    bench = Bench(wrap)
    claim = await bench.claim()
    room = await claim.reserve([0])
    made[0].count, made[0].fail_at = 0, 2  # the first write is the attempt, which occupies the writer
    attempt = asyncio.ensure_future(claim.attempt())
    await asyncio.sleep(0)
    results = await asyncio.gather(
        claim.reserve(list(range(2000))),
        claim.settle({250: [0]}, room),
        claim.reserve([1]),
        return_exceptions=True,
    )
    await attempt
    assert isinstance(results[0], DiskTrouble)
    assert results[1] is None
    assert results[2] == claim.records.tail.reserved
    assert (await bench.again("out", claim.name, power=True)).progress.settled == {0}


async def test_after_a_failed_sync_the_entry_is_rewritten_and_the_old_file_never_trusted() -> None:
    made, wrap = failing(only=SYNC)
    bench = Bench(wrap)
    claim = await bench.claim()
    old = claim.records
    await claim.settle({250: [0]}, await claim.reserve([0]))
    room, other = await claim.reserve([1]), await claim.reserve([2])
    break_from_now(made[0])
    await claim.settle({250: [1]}, room)
    assert claim.records is not old
    assert claim.records.tail.reserved == other
    await claim.settle({250: [2]}, other)
    again = await bench.again("out", claim.name, power=True)
    assert again.open_numbers() == []
    assert bench.disk.now["tmp"] == {}


async def test_a_failed_sync_of_an_extension_poisons_the_file_too() -> None:
    """The blanks were refused, but the next record was written to that file and its sync believed."""
    made, wrap = failing(only=SYNC)
    bench = Bench(wrap, recipients=2000)
    claim = await bench.claim()
    numbers = list(range(2000))
    break_from_now(made[0])
    with pytest.raises(DiskTrouble):
        await claim.reserve([*numbers, *numbers])
    room = await claim.reserve([0])
    await claim.settle({250: [0]}, room)
    assert (await bench.again("out", claim.name, power=True)).progress.settled == {0}


async def test_what_had_room_is_rewritten_when_the_extension_beside_it_poisons_the_file() -> None:
    made, wrap = failing(only=SYNC)
    bench = Bench(wrap, recipients=2000)
    claim = await bench.claim()
    room = await claim.reserve([0])
    break_from_now(made[0])
    numbers = list(range(2000))
    results = await asyncio.gather(
        claim.reserve([*numbers, *numbers]), claim.settle({250: [0]}, room), return_exceptions=True
    )
    assert isinstance(results[0], DiskTrouble)
    assert results[1] is None
    assert (await bench.again("out", claim.name, power=True)).progress.settled == {0}


async def test_trouble_that_lasts_is_waited_for() -> None:
    """P15: the outcome is known, so it is written until that succeeds; each pause is at most 2 s."""
    made, wrap = failing(error=errno.ENOSPC)
    bench = Bench(wrap)
    claim = await bench.claim()
    room = await claim.reserve([0])
    break_from_now(made[0], 1 << 30)
    bench.heal = lambda: setattr(made[0], "fail_at", 0 if len(bench.slept) < 7 else 1 << 40)
    await claim.settle({250: [0]}, room)
    assert bench.slept == [0.05, 0.5, 2.0, 2.0, 2.0, 2.0, 2.0]
    assert (await bench.again("out", claim.name, power=True)).progress.settled == {0}


async def test_a_rewrite_is_tried_until_it_succeeds() -> None:
    made, wrap = failing(only=frozenset({"sync", "sync_directory", "create"}))
    bench = Bench(wrap)
    claim = await bench.claim()
    room = await claim.reserve([0])
    break_from_now(made[0], 4)
    await claim.settle({250: [0]}, room)
    assert len(bench.slept) == 3
    assert (await bench.again("out", claim.name, power=True)).progress.settled == {0}


async def test_reserving_on_a_file_that_is_not_trusted_fails_while_no_new_one_can_be_made() -> None:
    made, wrap = failing(error=errno.ENOSPC)
    bench = Bench(wrap, recipients=2000)
    claim = await bench.claim()
    claim.records._trusted = False
    break_from_now(made[0], 1 << 30)
    with pytest.raises(DiskTrouble):
        await claim.reserve([0])
    made[0].fail_at = 1 << 40
    await claim.reserve([0])
    assert claim.records._trusted


async def test_an_attempt_on_a_file_that_is_not_trusted_is_marked_in_place() -> None:
    bench = Bench()
    claim = await bench.claim()
    records = claim.records
    records._trusted = False
    await claim.attempt()
    assert claim.records is records
    assert (await bench.again("out", claim.name, power=False)).progress.suspect


async def test_an_attempt_that_cannot_be_marked_is_trouble() -> None:
    made, wrap = failing()
    bench = Bench(wrap)
    claim = await bench.claim()
    break_from_now(made[0])
    with pytest.raises(DiskTrouble):
        await claim.attempt()
    assert not claim.progress.suspect
    assert not claim.records.tail.records


async def test_a_reservation_beside_an_attempt_that_fails_is_given_back() -> None:
    made, wrap = failing()
    bench = Bench(wrap)
    claim = await bench.claim()
    break_from_now(made[0], 3)
    results = await asyncio.gather(claim.attempt(), claim.back(), claim.reserve([0]), return_exceptions=True)
    assert all(isinstance(result, DiskTrouble) for result in results[:2])
    assert claim.records.tail.reserved == (0 if isinstance(results[2], DiskTrouble) else results[2])


async def test_links_keep_their_file_when_the_name_in_out_moves_to_a_new_one() -> None:
    """Lines of archive/ were written with the key of the new file into the old one, where none counts."""
    made, wrap = failing(only=SYNC)
    bench = Bench(wrap)
    claim = await bench.claim("copies")
    archive = await bench.taken("archive", f"{ID}.a")
    assert archive.records is claim.records
    room = await claim.reserve([0])
    break_from_now(made[0])
    await claim.settle({250: [0]}, room)
    assert archive.records is not claim.records
    await archive.attempt()
    await bench.spool.shunt(archive, "a bug")
    again = await bench.again("shunt", f"{ID}.a", power=True)
    assert again.progress.shunted_from == "archive"
    assert (await bench.taken("out", f"{ID}.o")).progress.settled == {0}
    digest = await bench.taken("digest", f"{ID}.d")
    assert digest.progress.settled == set()


async def test_what_was_asked_of_the_old_file_meanwhile_is_done_in_the_new_one() -> None:
    made, wrap = failing(only=SYNC)
    bench = Bench(wrap)
    claim = await bench.claim()
    rooms = [await claim.reserve([number]) for number in range(3)]
    break_from_now(made[0])
    first = asyncio.ensure_future(claim.settle({250: [0]}, rooms[0]))
    while not made[0].failed:  # noqa: ASYNC110  (turn by turn, up to the failure)
        await asyncio.sleep(0)
    others = [asyncio.ensure_future(claim.settle({250: [number]}, rooms[number])) for number in (1, 2)]
    await asyncio.gather(first, *others)
    assert (await bench.again("out", claim.name, power=True)).open_numbers() == []


async def test_a_file_that_is_gone_is_not_brought_back() -> None:
    """A record for an entry that had left its queue used to write the entry anew."""
    bench = Bench()
    claim = await bench.claim()
    await bench.spool.finish(claim)
    with pytest.raises(DiskTrouble):
        await bench.spool.shunt(claim, "a bug in what followed")
    assert not bench.disk.now["out"]
    assert not bench.disk.now["shunt"]


async def test_a_cancelled_settle_is_done_to_its_end_and_cancels_nobody_else() -> None:
    """The cancellation used to reach every transaction that shared the sync."""
    bench = Bench()
    claim = await bench.claim()
    rooms = [await claim.reserve([number]) for number in (0, 1)]
    given_up, other = [
        asyncio.ensure_future(claim.settle({250: [number]}, room)) for number, room in enumerate(rooms)
    ]
    await asyncio.sleep(0)
    given_up.cancel()
    await other
    assert given_up.cancelled()
    assert (await bench.again("out", claim.name, power=True)).progress.settled == {0, 1}


async def test_a_cancelled_reservation_writes_no_blanks_over_later_records() -> None:
    bench = Bench(recipients=2000)
    claim = await bench.claim()
    numbers = list(range(2000))
    given_up = asyncio.ensure_future(claim.reserve([*numbers, *numbers]))
    await asyncio.sleep(0)
    given_up.cancel()
    room = await claim.reserve([0])
    await claim.settle({250: [0]}, room)
    assert (await bench.again("out", claim.name, power=True)).progress.settled == {0}


async def test_a_claim_after_a_cancelled_one_waits_for_its_record() -> None:
    bench = Bench()
    claim = await bench.claim()
    room = await claim.reserve([0])
    given_up = asyncio.ensure_future(claim.settle({250: [0]}, room))
    await asyncio.sleep(0)
    given_up.cancel()
    assert (await bench.taken("out", claim.name)).progress.settled == {0}


async def test_finish_waits_for_a_rewrite_that_would_bring_the_entry_back() -> None:
    made, wrap = failing(only=SYNC)
    bench = Bench(wrap)
    claim = await bench.claim()
    room = await claim.reserve([0])
    break_from_now(made[0], 2)
    given_up = asyncio.ensure_future(claim.settle({250: [0]}, room))
    await asyncio.sleep(0)
    given_up.cancel()
    await bench.spool.finish(claim)
    assert not any(bench.disk.now.values())


async def test_quiet_follows_a_name_to_its_new_file() -> None:
    made, wrap = failing(only=SYNC)
    bench = Bench(wrap)
    claim = await bench.claim()
    records = claim.records
    room = await claim.reserve([0])
    break_from_now(made[0])
    writing = asyncio.ensure_future(claim.settle({250: [0]}, room))
    await asyncio.sleep(0)
    await records.quiet(claim.name)
    assert writing.done() or claim.records is not records
    await writing
    await records.reserve(claim.place, claim.entry, 10)
    records.release(claim.name, 10)
    await records.write(claim.place, claim.entry, [], sync=False)
    await records.quiet(claim.name)
    assert claim.records.tail.reserved == 0


async def test_blanks_of_another_life_are_synced_before_they_are_counted_on() -> None:
    bench = Bench(recipients=2000)
    claim = await bench.claim()
    numbers = list(range(2000))
    await claim.reserve([*numbers, *numbers])
    again = await bench.again("out", claim.name, power=False)
    before = bench.counting.calls.count("sync")
    await again.reserve([0])
    await again.reserve([1])
    assert bench.counting.calls.count("sync") == before + 1


async def test_a_line_that_is_longer_than_the_tail_extends_it() -> None:
    bench = Bench()
    claim = await bench.claim()
    await bench.spool.shunt(claim, "\n" * 9000)
    again = await bench.again("shunt", claim.name, power=True)
    assert again.progress.why == "\n" * 6000


async def test_a_defect_of_the_codec_is_heard_by_whoever_asked() -> None:
    bench = Bench()
    claim = await bench.claim()
    with pytest.raises(ValueError, match="surrogates"):
        await claim.write([Record(name="\ud800", kind="back")], sync=True)
    await claim.attempt()


async def test_the_end_of_the_loop_leaves_nobody_waiting() -> None:
    bench = Bench()
    claim = await bench.claim()
    writing = asyncio.ensure_future(claim.attempt())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    writer = claim.records._writer
    assert writer is not None
    writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing


async def test_a_record_that_was_written_during_a_read_is_not_overwritten() -> None:
    """Two links: archive/ is shunted while out/ is being read, and nobody keeps the records in between."""
    bench = Bench()
    await bench.claim("copies")
    bench.spool = Spool(bench.counting, InlineBatches(), memory_octets=0)
    archive = await bench.taken("archive", f"{ID}.a")
    octets = bench.disk.read(Place("out", f"{ID}.o"))
    waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    class Slow(InlineBatches):
        def run(self, function: Callable[..., Any], *arguments: Any) -> "asyncio.Future[Any]":
            if arguments[-1] != Place("out", f"{ID}.o"):
                return super().run(function, *arguments)
            return waiting

    bench.spool.batches = Slow()
    reading = asyncio.ensure_future(bench.spool.claim("out", f"{ID}.o"))
    await asyncio.sleep(0)
    await bench.spool.shunt(archive, "a bug")
    del archive
    from mlcore.spool.entry import decode

    entry, place = decode(octets[0])
    waiting.set_result((entry, place, octets[0][place.offset :], octets[1]))
    claim = await reading
    assert claim is not None
    await claim.attempt()
    again = await bench.again("shunt", f"{ID}.a", power=False)
    assert again.progress.why == "a bug"


def test_failures_share_the_code_of_the_first() -> None:
    assert settled_codes({250: [1], 251: [2], 550: [3], 554: [4]}) == {250: [1, 2], 550: [3, 4]}
    assert settled_codes({554: [4]}) == {554: [4]}
    assert settled_codes({}) == {}


async def test_a_hundred_transactions_of_one_recipient_need_few_syncs_for_room() -> None:
    bench = Bench(recipients=3000)
    claim = await bench.claim()
    before = bench.counting.calls.count("sync")
    rooms = [await claim.reserve([number]) for number in range(3000)]
    assert bench.counting.calls.count("sync") - before < 60
    del rooms
