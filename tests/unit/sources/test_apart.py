"""Calls that block, in threads that nobody waits for."""

import asyncio
import threading

import pytest

from mlcore.sources.apart import apart


async def test_the_result_comes_back() -> None:
    assert await apart(lambda one, two: one + two, 1, 2) == 3


async def test_the_thread_is_none_of_the_loop_and_ends_with_the_process() -> None:
    thread = await apart(threading.current_thread)
    assert thread is not threading.main_thread()
    assert thread.daemon


async def test_an_error_comes_back() -> None:
    with pytest.raises(ZeroDivisionError):
        await apart(lambda: 1 // 0)


async def test_whoever_does_not_wait_any_more_is_not_disturbed() -> None:
    gate = threading.Event()
    future = apart(gate.wait, 5)
    future.cancel()
    gate.set()
    await asyncio.sleep(0.02)
    assert future.cancelled()


def test_a_loop_that_is_gone_is_not_disturbed() -> None:
    gate, done = threading.Event(), threading.Event()

    def work() -> None:
        gate.wait(5)
        threading.Timer(0.05, done.set).start()

    async def begin() -> None:
        apart(work)

    asyncio.run(begin())
    gate.set()
    assert done.wait(5)
