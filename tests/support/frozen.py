"""Runs what may freeze its event loop, so that a defect fails one test instead of hanging them all."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any


def run_unless_frozen(scenario: Callable[[], Coroutine[Any, Any, None]], *, within_s: float = 5.0) -> None:
    """Runs `scenario` in a loop and a thread of its own; fails if it does not end `within_s` seconds.

    No time-out inside the loop helps against code that never lets the loop go."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(scenario())
        except BaseException as error:  # noqa: BLE001  (raised in the thread of the test)
            failures.append(error)

    thread = threading.Thread(target=run, name="perhaps frozen", daemon=True)
    thread.start()
    thread.join(within_s)
    assert not thread.is_alive(), "the event loop stands still"
    if failures:
        raise failures[0]
