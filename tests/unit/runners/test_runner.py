"""The loop that all queues share, over a real spool."""

import asyncio
import errno
from collections.abc import Callable

import pytest

from mlcore.base.errors import DiskTrouble, SpoolLost, Stopping, StoreTrouble
from mlcore.delivery.transport import PeerDown
from mlcore.mail.envelope import Notice
from mlcore.runners.runner import Limits
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry
from support.workshop import Workshop, failing, until


class Step:
    """Ends entries, unless `script` says otherwise: what to raise at each attempt of a name."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self.script: dict[str, list[BaseException | None]] = {}
        self.attempts: list[str] = []
        self.gate: asyncio.Event | None = None
        self.leave_first = False

    async def __call__(self, claim: Claim) -> None:
        self.attempts.append(claim.name)
        if self.gate is not None:
            await self.gate.wait()
        script = self.script.get(claim.name)
        error = script.pop(0) if script else None
        if error is None or self.leave_first:
            await self._shop.spool.finish(claim)
        if error is not None:
            raise error


@pytest.fixture
def step(shop: Workshop) -> Step:
    return Step(shop)


async def test_entries_are_worked_on_until_the_queue_is_empty(shop: Workshop, step: Step) -> None:
    names = [await shop.notice() for _ in range(40)]
    runner = shop.runner("virgin", step)

    await shop.drain()

    assert sorted(step.attempts) == names
    assert runner.done == 40
    assert runner.active == 0
    assert shop.files() == {}


async def test_it_wakes_for_what_comes_later(shop: Workshop, step: Step) -> None:
    shop.runner("virgin", step)
    async with shop.running():
        await asyncio.sleep(0)
        await shop.notice()
        await until(lambda: not shop.names("virgin"))


async def test_p6_a_step_that_raises_is_tried_once_more(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    step.script[name] = [ValueError("once")]
    shop.runner("virgin", step)

    await shop.drain()

    assert step.attempts == [name, name]
    assert shop.files() == {}
    (raised,) = shop.log.named("raised")
    assert raised["error"] == "ValueError: once"


async def test_p6_the_second_failure_shunts_with_the_traceback_and_the_next_entry_goes_on(
    shop: Workshop, step: Step
) -> None:
    told: list[tuple[str, str, str]] = []

    async def shunted(queue: str, name: str, reason: str) -> None:
        told.append((queue, name, reason))

    bad, good = await shop.notice(), await shop.notice()
    step.script[bad] = [ValueError("one"), ValueError("two")]
    shop.runner("virgin", step, shunted=shunted)

    await shop.drain()

    assert shop.files() == {"shunt": [bad]}
    progress = shop.show("shunt", bad).progress
    assert progress.shunted_from == "virgin"
    assert "Traceback" in progress.why
    assert progress.why.rstrip().endswith("ValueError: two")
    assert told == [("virgin", bad, "ValueError: two")]
    assert step.attempts.count(bad) == 2
    assert good in step.attempts


async def test_a_failure_of_the_notice_about_a_shunted_entry_stops_nobody(shop: Workshop, step: Step) -> None:
    async def shunted(_queue: str, _name: str, _reason: str) -> None:
        raise StoreTrouble("nobody can be told")

    bad, good = await shop.notice(), await shop.notice()
    step.script[bad] = [ValueError("one"), ValueError("two")]
    runner = shop.runner("virgin", step, shunted=shunted)

    await shop.drain()

    assert shop.files() == {"shunt": [bad]}
    assert good in step.attempts
    assert runner.last_error == "nobody can be told"


async def test_trouble_between_two_failures_does_not_give_a_third_try(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    step.script[name] = [ValueError("one"), StoreTrouble("down"), ValueError("two")]
    shop.runner("virgin", step)

    await shop.drain()

    assert shop.files() == {"shunt": [name]}
    assert len(step.attempts) == 3


# -- trouble of this host ------------------------------------------------------------------------------


async def test_trouble_puts_back_and_clears_the_mark(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    step.script[name] = [StoreTrouble("the database is locked")]
    runner = shop.runner("virgin", step, limits=Limits(rest_base_s=5.0))
    async with shop.running():
        await until(lambda: shop.log.named("waiting"))
        assert shop.names("virgin") == [name]
        assert not shop.show("virgin", name).progress.suspect
        assert runner.last_error == "the database is locked"
        assert runner.last_error_at > 0
        assert runner.state == "resting"
    assert step.attempts == [name]


async def test_entries_put_back_together_keep_their_order(shop: Workshop, step: Step) -> None:
    """A database that is down for a moment must not turn the order of a list's posts around."""
    names = [await shop.notice() for _ in range(6)]
    step.script = {name: [StoreTrouble("down")] for name in names}
    opened: list[str] = []
    shop.runner("virgin", step, opened=lambda claim: opened.append(claim.name))

    await shop.drain()

    assert opened == [*names, *names]


async def test_p15_many_failures_at_once_are_one_rest(shop: Workshop, step: Step) -> None:
    """Sixteen entries that meet the same full disk must not make the rest sixteen times longer (P15)."""
    names = [await shop.notice() for _ in range(16)]
    step.script = {name: [StoreTrouble("down")] for name in names}
    shop.runner("virgin", step, limits=Limits(rest_base_s=0.01, rest_cap_s=60.0))

    await shop.drain()

    assert shop.files() == {}
    assert len(shop.log.named("waiting")) == 1


async def test_a_queue_that_rests_starts_nothing(shop: Workshop, step: Step) -> None:
    """The bell that rings when an entry is put back must not make it run again at once."""
    first = await shop.notice()
    step.script[first] = [StoreTrouble("down")] * 9
    shop.runner("virgin", step, limits=Limits(rest_base_s=30.0, rest_cap_s=30.0))
    async with shop.running():
        await until(lambda: step.attempts)
        await shop.notice()
        await asyncio.sleep(0.01)
    assert step.attempts == [first]


async def test_stop_ends_a_rest_at_once(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    step.script[name] = [StoreTrouble("down")]
    shop.runner("virgin", step, limits=Limits(rest_base_s=30.0, rest_cap_s=30.0))
    async with asyncio.timeout(2):
        async with shop.running():
            await until(lambda: step.attempts)
    shop.consistent()


async def test_a_peer_that_is_down_says_how_long_to_rest(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    step.script[name] = [PeerDown("down", retry_after_s=0.004)]
    shop.runner("virgin", step, limits=Limits(rest_base_s=30.0, rest_cap_s=30.0))

    await shop.drain()

    assert step.attempts == [name, name]


async def test_trouble_with_one_file_delays_that_entry_alone(shop: Workshop, step: Step) -> None:
    bad, good = await shop.notice(), await shop.notice()
    step.script[bad] = [DiskTrouble("this sector")]
    shop.runner("virgin", step, limits=Limits(rest_base_s=30.0, rest_cap_s=30.0))
    async with shop.running():
        await until(lambda: shop.names("virgin") == [bad])
        assert good in step.attempts
        assert bad in shop.spool.queues["virgin"]


async def test_trouble_with_one_file_passes(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    step.script[name] = [DiskTrouble("this sector")]
    shop.runner("virgin", step)

    await shop.drain()

    assert shop.files() == {}


async def test_one_line_a_minute_tells_of_trouble(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    step.script[name] = [StoreTrouble("down")] * 5
    shop.runner("virgin", step)

    await shop.drain()

    assert len(step.attempts) == 6
    assert len(shop.log.named("waiting")) == 1


async def test_trouble_after_an_entry_has_left_does_not_bring_it_back(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    step.leave_first = True
    step.script[name] = [StoreTrouble("too late")]
    runner = shop.runner("virgin", step)

    await shop.drain()

    assert step.attempts == [name]
    assert runner.last_error == "too late"
    shop.consistent()


async def test_a_defect_after_an_entry_has_left_neither_repeats_it_nor_cuts_off_others(
    shop: Workshop, step: Step
) -> None:
    left, other = await shop.notice(), await shop.notice()
    step.gate = asyncio.Event()
    step.leave_first = True
    step.script[left] = [ValueError("too late")]
    shop.runner("virgin", step)
    async with shop.running():
        await until(lambda: len(step.attempts) == 2)
        step.gate.set()
        await until(lambda: not shop.names("virgin"))
    assert sorted(step.attempts) == [left, other]
    (crashed,) = shop.log.named("crashed")
    assert "Traceback" in crashed["traceback"]
    assert shop.files() == {}


async def test_an_entry_that_cannot_even_be_shunted_waits(
    shop: Workshop, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = await shop.notice(), await shop.notice()
    step.script[bad] = [ValueError("one"), ValueError("two")]
    shunt, calls = shop.spool.shunt, []

    async def faulty(claim: Claim, why: str) -> None:
        calls.append(claim.name)
        if len(calls) == 1:
            raise TypeError("a defect in shunting")
        await shunt(claim, why)

    monkeypatch.setattr(shop.spool, "shunt", faulty)
    step.script[bad] = [ValueError("one"), ValueError("two"), ValueError("three"), ValueError("four")]
    shop.runner("virgin", step)

    await shop.drain()

    assert good in step.attempts
    assert shop.files() == {"shunt": [bad]}
    assert len(shop.log.named("crashed")) == 1


# -- claiming --------------------------------------------------------------------------------------------


async def test_a_torn_entry_goes_to_bad_and_the_others_go_on(shop: Workshop, step: Step) -> None:
    good = await shop.notice()
    torn = shop.ids.new()
    (shop.directory / "virgin" / torn).write_bytes(b"mlcore-entry 1 torn")
    shop.spool.queues["virgin"].put(torn)
    runner = shop.runner("virgin", step)

    await shop.drain()

    assert shop.files() == {"bad": [torn]}
    assert step.attempts == [good]
    assert "bad/" in runner.last_error
    assert len(shop.log.named("bad")) == 1


async def test_an_entry_of_another_version_stays_where_it_is(shop: Workshop, step: Step) -> None:
    good = await shop.notice()
    newer = shop.ids.new()
    (shop.directory / "virgin" / newer).write_bytes(b"mlcore-entry 9 whatever")
    shop.spool.queues["virgin"].put(newer)
    shop.runner("virgin", step)
    async with shop.running():
        await until(lambda: good in step.attempts and shop.log.named("bad"))
    assert shop.names("virgin") == [newer]


async def test_p7_a_file_that_our_reader_fails_on_is_set_aside(
    shop: Workshop, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect in reading one file must not take the process down, start after start (P7)."""
    bad, good = await shop.notice(), await shop.notice()
    claim = shop.spool.claim

    async def faulty(queue: str, name: str) -> Claim | None:
        if name == bad:
            raise RecursionError("nested too deep")
        return await claim(queue, name)

    monkeypatch.setattr(shop.spool, "claim", faulty)
    shop.runner("virgin", step)

    await shop.drain()

    assert step.attempts == [good]
    assert shop.files() == {"bad": [bad]}


async def test_a_file_that_cannot_be_set_aside_now_is_tried_again(
    shop: Workshop, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await shop.notice()
    claim, calls = shop.spool.claim, []

    async def faulty(queue: str, wanted: str) -> Claim | None:
        calls.append(wanted)
        if len(calls) == 1:
            raise RecursionError
        return await claim(queue, wanted)

    monkeypatch.setattr(shop.spool, "claim", faulty)
    shop.runner("virgin", step)
    with failing(
        shop.disk, lambda call, where, _: OSError(5, "EIO") if (call, where) == ("link", "bad") else None
    ):
        await shop.drain()
    assert step.attempts == [name]


async def test_a_name_without_a_file_is_forgotten(shop: Workshop, step: Step) -> None:
    shop.spool.queues["virgin"].put(shop.ids.new())
    shop.runner("virgin", step)

    await shop.drain()

    assert step.attempts == []
    shop.consistent()


async def test_an_unreadable_directory_lets_the_queue_wait(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    shop.spool._memory.take(name)
    failures = [OSError(errno.ENOSPC, "no space"), OSError(errno.EIO, "bad sector")]
    shop.runner("virgin", step)
    with failing(shop.disk, lambda call, *_: failures.pop() if call == "read" and failures else None):
        await shop.drain()
    assert step.attempts == [name]


async def test_an_entry_waits_for_its_time(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    waits = [0.01]
    shop.runner("virgin", step, due=lambda _: waits.pop() if waits else 0.0)

    await shop.drain()

    assert step.attempts == [name]
    assert waits == []


async def test_a_name_that_left_while_it_waited_for_its_time_is_not_put_back(
    shop: Workshop, step: Step
) -> None:
    name = await shop.notice()
    waits = [0.003]
    shop.runner("virgin", step, due=lambda _: waits.pop() if waits else 0.0)
    async with shop.running():
        await until(lambda: not waits)
        shop.spool.queues["virgin"].forget(name)
        await asyncio.sleep(0.006)
        assert name not in shop.spool.queues["virgin"]
    assert step.attempts == []


# -- lists -----------------------------------------------------------------------------------------------


async def test_one_list_cannot_take_every_place(shop: Workshop, step: Step) -> None:
    big = [await shop.notice(list_id="big.example.com") for _ in range(10)]
    small = await shop.notice(list_id="small.example.com")
    step.gate = asyncio.Event()
    runner = shop.runner("virgin", step, limits=Limits(most=4, most_per_list=2))
    async with shop.running():
        await until(lambda: small in step.attempts and len(step.attempts) == 3)
        assert sorted(step.attempts) == [*big[:2], small]
        assert runner.active == 3
        step.gate.set()
        await until(lambda: not shop.names("virgin"))
    assert sorted(step.attempts) == [*big, small]


async def test_a_parked_entry_is_not_read_twice(shop: Workshop, step: Step) -> None:
    for _ in range(10):
        await shop.notice(list_id="big.example.com")
    reads: list[str] = []

    def note(call: str, _directory: str, name: str) -> None:
        if call == "read":
            reads.append(name)

    shop.runner("virgin", step, limits=Limits(most=4, most_per_list=2))
    with failing(shop.disk, note):
        await shop.drain()
    assert reads == []


async def test_a_large_parked_entry_is_read_again(shop: Workshop, step: Step) -> None:
    envelope = Notice(kind="test", list_id="big.example.com", arrived_at=1.0)
    names = [await shop.put("virgin", Entry(envelope, ("a@example.org",), b"x" * 70_000)) for _ in range(3)]
    runner = shop.runner("virgin", step, limits=Limits(most=4, most_per_list=1))
    await shop.drain()
    assert sorted(step.attempts) == names
    assert runner._kept_open == {}


async def test_parked_entries_go_on_when_those_called_before_them_went_another_way(
    shop: Workshop, step: Step
) -> None:
    """A called entry that is gone, torn or unreadable passes its turn on; nothing waits for ever."""
    names = [await shop.notice(list_id="big.example.com") for _ in range(6)]
    step.gate = asyncio.Event()
    runner = shop.runner("virgin", step, limits=Limits(most=4, most_per_list=1))
    async with shop.running():
        await until(lambda: len(runner._parked.get("big.example.com", ())) == 5)
        runner._kept_open.clear()
        for name in names[1:4]:
            (shop.directory / "virgin" / name).unlink()
        step.gate.set()
        await until(lambda: not len(shop.spool.queues["virgin"]))
    assert sorted(step.attempts) == [names[0], *names[4:]]
    assert runner._parked == {}


async def test_an_entry_whose_place_was_taken_meanwhile_is_parked_again(shop: Workshop, step: Step) -> None:
    """And it calls no other one then: they would call each other for ever, and the loop would stand still."""
    names = [await shop.notice(list_id="big.example.com") for _ in range(3)]
    step.gate = asyncio.Event()
    runner = shop.runner("virgin", step, limits=Limits(most=4, most_per_list=1))
    async with shop.running():
        await until(lambda: len(runner._parked.get("big.example.com", ())) == 2)
        called = runner._parked["big.example.com"].popleft()
        runner._called[called] = "big.example.com"
        shop.spool.queues["virgin"].put_first(called)
        await until(lambda: len(runner._parked["big.example.com"]) == 2)
        step.gate.set()
        await until(lambda: not shop.names("virgin"))
    assert sorted(step.attempts) == names


# -- stopping and dying ------------------------------------------------------------------------------------


async def test_p16_stop_claims_nothing_new_and_lets_what_runs_end(shop: Workshop, step: Step) -> None:
    names = [await shop.notice() for _ in range(3)]
    step.gate = asyncio.Event()
    runner = shop.runner("virgin", step, limits=Limits(most=1))
    task = asyncio.create_task(runner.run())
    await until(lambda: step.attempts)
    runner.stop()
    step.gate.set()
    await task

    assert step.attempts == names[:1]
    assert shop.names("virgin") == names[1:]
    shop.consistent()


async def test_p16_an_entry_cut_off_goes_back_untouched_not_to_shunt(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    before = shop.show("virgin", name).entry
    step.gate = asyncio.Event()
    runner = shop.runner("virgin", step)
    task = asyncio.create_task(runner.run())
    await until(lambda: step.attempts)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    shown = shop.show("virgin", name)
    assert shown.entry == before
    assert not shown.progress.suspect
    assert shop.spool.queues["virgin"].take() == name
    assert shop.files() == {"virgin": [name]}


async def test_p16_a_step_that_hears_of_the_stop_leaves_the_entry_ready(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    step.script[name] = [Stopping("the server stops")]
    runner = shop.runner("virgin", step)
    async with shop.running():
        step.gate = asyncio.Event()
        await until(lambda: step.attempts)
        runner.stop()
        step.gate.set()
    assert shop.log.named("waiting") == []
    assert shop.names("virgin") == [name]


async def test_an_entry_that_left_while_it_was_cut_off_is_not_put_back(shop: Workshop) -> None:
    """Else a cancelled delivery would be repeated by the next run of the same process (P10)."""

    async def leave_slowly(claim: Claim) -> None:
        await shop.spool.finish(claim)
        await asyncio.Event().wait()

    await shop.notice()
    runner = shop.runner("virgin", leave_slowly)
    task = asyncio.create_task(runner.run())
    await until(lambda: not shop.names("virgin"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(shop.spool.queues["virgin"]) == 0


async def test_a_lost_spool_ends_the_run(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    step.script[name] = [SpoolLost("may come back")]
    shop.runner("virgin", step)
    with pytest.raises(BaseExceptionGroup) as caught:
        await shop.runners["virgin"].run()
    assert caught.group_contains(SpoolLost)


async def test_a_spool_lost_while_an_entry_is_opened_ends_the_run(
    shop: Workshop, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.notice()

    async def lost(_queue: str, _name: str) -> Claim | None:
        raise SpoolLost("may come back")

    monkeypatch.setattr(shop.spool, "claim", lost)
    with pytest.raises(BaseExceptionGroup) as caught:
        await shop.runner("virgin", step).run()
    assert caught.group_contains(SpoolLost)


async def test_p17_a_defect_of_the_loop_is_raised_once_what_runs_has_ended(
    shop: Workshop, step: Step
) -> None:
    """It loses no name, and another run goes on with all of them."""
    first, second = await shop.notice(), await shop.notice()
    step.gate = asyncio.Event()
    defects: list[Callable[[], float]] = [lambda: 1 / 0, lambda: 0.0]

    def due(_claim: Claim) -> float:
        return defects.pop()() if defects else 0.0

    runner = shop.runner("virgin", step, due=due)
    task = asyncio.create_task(runner.run())
    await until(lambda: step.attempts == [first])
    await asyncio.sleep(0.003)
    assert not task.done()
    step.gate.set()
    with pytest.raises(ZeroDivisionError):
        await task
    assert shop.names("virgin") == [second]

    await shop.drain()

    assert step.attempts == [first, second]


# -- suspects ----------------------------------------------------------------------------------------------


async def test_p14_an_entry_that_killed_alone_twice_is_shunted_without_a_third_try(
    shop: Workshop, step: Step
) -> None:
    name = await shop.notice()
    claim = await shop.spool.claim("virgin", name)
    assert claim is not None
    await claim.attempt(alone=True)
    await claim.attempt(alone=True)
    shop.runner("virgin", step)

    await shop.drain()

    assert step.attempts == []
    assert shop.files() == {"shunt": [name]}
    assert "died twice" in shop.show("shunt", name).progress.why


async def test_an_entry_alone_ends_before_the_next_one(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    runner = shop.runner("virgin", step)
    async with asyncio.TaskGroup() as group:
        await runner.run_first(name, group)
        assert step.attempts == [name]
        assert runner.active == 0
    assert shop.files() == {}


async def test_a_slow_suspect_is_joined_by_the_others(shop: Workshop, step: Step) -> None:
    """A peer that hangs must not keep a whole server from starting for minutes; the mark counts no strike."""
    name = await shop.notice()
    step.gate = asyncio.Event()
    runner = shop.runner("virgin", step)
    async with asyncio.TaskGroup() as group:
        await runner.run_first(name, group, alone_s=0.002)
        progress = shop.show("virgin", name).progress
        assert (progress.suspect, progress.strikes) == (True, 0)
        step.gate.set()
    assert shop.files() == {}


async def test_a_suspect_that_is_gone_or_not_due_is_passed_over(shop: Workshop, step: Step) -> None:
    gone, later = shop.ids.new(), await shop.notice()
    shop.spool.queues["virgin"].put(gone)
    runner = shop.runner("virgin", step, due=lambda _: 60.0)
    async with asyncio.TaskGroup() as group:
        for name in (gone, later, "never-heard-of"):
            await runner.run_first(name, group)
    assert step.attempts == []


async def test_no_suspect_begins_after_a_stop(shop: Workshop, step: Step) -> None:
    name = await shop.notice()
    runner = shop.runner("virgin", step)
    runner.stop()
    async with asyncio.TaskGroup() as group:
        await runner.run_first(name, group)
    assert step.attempts == []
    assert name in shop.spool.queues["virgin"]


def test_p15_a_full_disk_is_looked_at_again_within_thirty_seconds() -> None:
    """P15: the longest rest."""
    assert Limits().rest_cap_s * 1.2 < 30
