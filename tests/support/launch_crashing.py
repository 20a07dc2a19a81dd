"""Runs a server with defects outside of any entry: `python -m support.launch_crashing CONFIG`.

MLTEST_CRASHES       how many times the runner of retry/ dies (default 0): its clock raises
MLTEST_ATTEMPTS      how many attempts die before the work on the entry begins (default 0)"""

import asyncio
import itertools
import os
import sys

from mlcore.base.clock import SystemClock
from mlcore.config.loader import read
from mlcore.server.main import run_foreground
from mlcore.server.wiring import Extras
from mlcore.spool import steps

CRASHES = "MLTEST_CRASHES"
ATTEMPTS = "MLTEST_ATTEMPTS"


class WantedByTest(Exception):
    """A defect."""


class BrokenClock(SystemClock):
    """Raises `times` times when the loop of the runner of retry/ asks for the time."""

    def __init__(self, times: int) -> None:
        self._left = times

    def time(self) -> float:
        """See `Clock.time`."""
        if self._left and _service() == "retry":
            self._left -= 1
            raise WantedByTest("the clock is broken")
        return super().time()


def _service() -> str:
    """Name of the task that runs; empty in a thread."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return ""
    return task.get_name() if task else ""


def crashing(times: int) -> steps.Hook:
    """A hook that raises at the first `times` attempts."""
    seen = itertools.count(1)

    def at(step: str) -> None:
        if step == "attempt: marked" and next(seen) <= times:
            raise WantedByTest(step)

    return at


if __name__ == "__main__":
    extras = Extras(
        at=crashing(int(os.environ.get(ATTEMPTS, "0"))),
        clock=BrokenClock(int(os.environ.get(CRASHES, "0"))),
    )
    sys.exit(run_foreground(read(sys.argv[1]), extras=extras))
