import asyncio
import gc
import threading
import weakref

import pytest

from mlcore.base.batches import BATCH, LANES, SLOW_S, Batches


async def test_results_come_back_to_the_loop_from_other_threads() -> None:
    batches = Batches(threads=2, name="two").start()
    names = await asyncio.gather(*(batches.run(lambda: threading.current_thread().name) for _ in range(20)))
    assert set(names) <= {"two-0", "two-1"}
    batches.stop()


async def test_the_jobs_of_one_turn_run_in_order_on_one_thread() -> None:
    batches = Batches(threads=1).start()
    done: list[int] = []
    await asyncio.gather(*(batches.run(done.append, number) for number in range(50)))
    assert done == list(range(50))
    batches.stop()


async def test_an_error_belongs_to_its_waiter_alone() -> None:
    batches = Batches(threads=1).start()
    good, bad = batches.run(lambda: 1), batches.run(int, "x")
    assert await good == 1
    with pytest.raises(ValueError, match="invalid literal"):
        await bad
    assert await batches.run(lambda: 2) == 2
    batches.stop()


async def test_a_stop_iteration_strands_nobody() -> None:
    batches = Batches(threads=1).start()
    stops, after = batches.run(next, iter(())), batches.run(lambda: 3)
    with pytest.raises(RuntimeError, match="StopIteration"):
        await stops
    assert await after == 3
    batches.stop()


async def test_a_cancelled_future_does_not_stop_the_call_nor_the_others() -> None:
    batches = Batches(threads=1).start()
    done: list[int] = []
    given_up, other = batches.run(done.append, 1), batches.run(done.append, 2)
    given_up.cancel()
    await other
    assert done == [1, 2]
    batches.stop()


async def test_stop_does_what_was_submitted_and_refuses_more() -> None:
    batches = Batches(threads=2).start()
    done: list[int] = []
    futures = [batches.run(done.append, number) for number in range(10)]
    batches.stop()
    assert sorted(done) == list(range(10))
    assert await asyncio.gather(*futures) == [None] * 10
    with pytest.raises(RuntimeError, match="do not run"):
        batches.run(done.append, 11)


def test_it_must_be_started() -> None:
    with pytest.raises(RuntimeError):
        Batches().run(print)
    Batches().stop()


def test_a_loop_that_is_closed_has_no_waiters() -> None:
    go, done = threading.Event(), threading.Event()

    async def leave() -> Batches:
        batches = Batches(threads=1).start()
        batches.run(go.wait, 5)
        batches.run(done.set)
        await asyncio.sleep(0)
        return batches

    batches = asyncio.run(leave())
    go.set()
    assert done.wait(5)
    thread = batches._threads[0]
    batches._inbox.put(None)
    thread.join(5)
    assert not thread.is_alive()


async def test_a_thread_that_waits_keeps_no_octets() -> None:
    class Octets:
        pass

    batches = Batches(threads=1).start()
    octets = Octets()
    seen = weakref.ref(octets)
    await batches.run(id, octets)
    del octets
    for _ in range(100):
        gc.collect()
        if seen() is None:
            break
        await asyncio.sleep(0.002)
    assert seen() is None
    batches.stop()


async def hang(batches: Batches, count: int) -> tuple[threading.Event, list["asyncio.Future[bool]"]]:
    """As many batches that hang on a slow disk until the event is set."""
    go = threading.Event()
    hanging = []
    for _ in range(count):
        hanging.append(batches.run(go.wait, 5))
        await asyncio.sleep(0)
    return go, hanging


async def test_the_other_threads_help_while_the_lanes_hang_on_a_slow_disk() -> None:
    batches = Batches(threads=8).start()
    go, hanging = await hang(batches, LANES)
    assert await asyncio.wait_for(batches.run(lambda: "helped"), 4) == "helped"
    assert not any(future.done() for future in hanging)
    go.set()
    assert all(await asyncio.gather(*hanging))
    batches.stop()


async def test_what_waits_for_a_lane_goes_when_one_is_free() -> None:
    batches = Batches(threads=LANES).start()
    go, hanging = await hang(batches, LANES)
    waiting = [batches.run(lambda: 1) for _ in range(2 * BATCH * LANES)]
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*waiting) == [1] * len(waiting)
    assert all(await asyncio.gather(*hanging))
    batches.stop()


async def test_help_that_is_no_longer_needed_does_nothing() -> None:
    batches = Batches(threads=8).start()
    go, hanging = await hang(batches, LANES)
    late = batches.run(lambda: 1)
    await asyncio.sleep(0)
    go.set()
    assert await late == 1
    batches._help()
    assert await batches.run(lambda: 2) == 2
    await asyncio.gather(*hanging)
    batches.stop()


async def test_stop_does_what_waited_for_a_lane() -> None:
    batches = Batches(threads=8).start()
    go, hanging = await hang(batches, LANES)
    waiting = batches.run(lambda: 1)
    await asyncio.sleep(0)
    go.set()
    batches.stop()
    assert (await waiting, all(await asyncio.gather(*hanging))) == (1, True)
    await asyncio.sleep(2 * SLOW_S)
