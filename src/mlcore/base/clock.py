"""Time, passed in. Timers use `monotonic`; `time` is for what a person or another host reads."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: Unix seconds, and seconds that never jump."""

    def time(self) -> float:
        """Seconds since 1970-01-01 UTC; may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds since some point; never goes back."""
        ...


class SystemClock:
    """The clock of this host."""

    def time(self) -> float:
        """See `Clock.time`."""
        return time.time()

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()


class FakeClock:
    """A clock that stands until it is moved; it obeys the same contract as `SystemClock`."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._time = now
        self._monotonic = 0.0

    def time(self) -> float:
        """See `Clock.time`."""
        return self._time

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Both readings go on by `seconds` (not negative)."""
        if seconds < 0:
            raise ValueError("time goes forward; use jump() for a wall clock that is set back")
        self._time += seconds
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock; the monotonic reading does not notice."""
        self._time += seconds
