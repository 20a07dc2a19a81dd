"""When a peer that fails is left alone, and when it is probed. Pure: time and jitter are passed in."""

from typing import Final, Literal

from mlcore.base.backoff import next_delay

_WHILE_PROBED_S: Final = 1.0


class Breaker:
    """closed → open after `threshold` failures in a row, for 1 s to 60 s (doubled each time) → half-open:
    one probe → closed or open again.

    A connection closes it, but only a transaction that the peer listened to proves that all is well:
    until then one more failure opens it again, and longer. `now`: monotonic seconds."""

    def __init__(self, threshold: int = 3, *, base_s: float = 1.0, cap_s: float = 60.0) -> None:
        self._threshold = threshold
        self._base_s = base_s
        self._cap_s = cap_s
        self._state: Literal["closed", "open", "half-open"] = "closed"
        self._failures = 0
        self._level = 0
        self._until = 0.0

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`, for status lines and metrics."""
        return self._state

    def retry_after(self, now: float) -> float:
        """Seconds until a connection may be tried, 0: now. Changes nothing."""
        if self._state == "closed":
            return 0.0
        if self._state == "half-open":
            return _WHILE_PROBED_S
        return max(0.0, self._until - now)

    def admit(self, now: float) -> float:
        """Asks to make a connection. 0: go (and tell the result); else the seconds to wait.

        The first one that asks an open breaker after its time is the probe."""
        wait = self.retry_after(now)
        if wait == 0.0 and self._state == "open":
            self._state = "half-open"
        return wait

    def connected(self) -> None:
        """The peer greeted: others may connect too."""
        self._state = "closed"

    def succeeded(self) -> None:
        """The peer listened to a transaction: everything is forgotten."""
        self._state = "closed"
        self._failures = 0
        self._level = 0

    def failed(self, now: float, jitter: float) -> None:
        """No connection, a refusing greeting, or 421 before anything was said. jitter: in [0, 1)."""
        if self._state == "open":
            return  # a late failure of a connection begun before; the back-off runs already
        self._failures += 1
        if self._state == "half-open" or self._level or self._failures >= self._threshold:
            self._level += 1
            delay = next_delay(self._level, base_s=self._base_s, cap_s=self._cap_s, jitter=jitter)
            self._state = "open"
            self._until = now + delay

    def abandoned(self, now: float) -> None:
        """The attempt was cancelled: it says nothing about the peer, and the next one may probe."""
        if self._state == "half-open":
            self._state = "open"
            self._until = now
