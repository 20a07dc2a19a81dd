"""Calls that block, each in a thread of its own that nobody waits for at the end of the process.

Threads of the loop's executor are joined before a process ends, so that a name server or a file system that
does not answer would hold up a stop."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def apart(function: Callable[..., _T], *arguments: object) -> "asyncio.Future[_T]":
    """The result of `function(*arguments)`. A future that is cancelled does not end the call."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # without an error it is what was returned

    def work() -> None:
        result, error = None, None
        try:
            result = function(*arguments)
        except BaseException as raised:  # noqa: BLE001  (it belongs to the waiter, whatever it is)
            error = raised
        with contextlib.suppress(RuntimeError):  # a loop that is closed has no waiters
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name="apart", daemon=True).start()
    return future
