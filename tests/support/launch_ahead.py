"""Runs a server in another time: `python -m support.launch_ahead CONFIG`.

MLTEST_AHEAD_S    by how many seconds its clock is ahead of that of this host (default 0)"""

import os
import sys

from mlcore.base.clock import SystemClock
from mlcore.config.loader import read
from mlcore.server.main import run_foreground
from mlcore.server.wiring import Extras

AHEAD_S = "MLTEST_AHEAD_S"


class ClockAhead(SystemClock):
    """What a person reads is ahead; timers are as they are."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def time(self) -> float:
        """See `Clock.time`."""
        return super().time() + self._seconds


if __name__ == "__main__":
    extras = Extras(clock=ClockAhead(float(os.environ.get(AHEAD_S, "0"))))
    sys.exit(run_foreground(read(sys.argv[1]), extras=extras))
