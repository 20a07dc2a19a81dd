"""How many transactions a peer gets in a minute."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from mlcore.base.errors import Stopping

_BURST_S: Final = 1.0
"""Seconds for which what was not used may be caught up."""


class Rate:
    """A bucket of tokens, one a transaction. per_minute: 0: no limit. monotonic: seconds.

    Who waits is served in order, the urgent before all others. Not for use from several threads."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._at = monotonic()
        self._tokens = 1.0
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False
        self.per_minute = per_minute
        """May be exchanged at any time; who waits already does so once more by the old one."""

    @property
    def limited(self) -> bool:
        """Whether there is a limit at all."""
        return self.per_minute > 0

    @property
    def waiting(self) -> int:
        """Callers that wait."""
        return sum(not one.done() for queue in (self._urgent, self._others) for one in queue)

    async def take(self, *, urgent: bool = False) -> None:
        """Returns when one more transaction may begin. After `stop` nobody waits: Stopping."""
        if not self.limited:
            return
        self._refill()
        if self._tokens >= 1.0 and not self.waiting:
            self._tokens -= 1.0
            return
        if self._stopped:
            raise _stopping()
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._urgent if urgent else self._others).append(place)
        self._arm()
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled() and place.exception() is None:  # it was ours already
                self._tokens += 1.0
                self._serve()
            raise

    def stop(self) -> None:
        """Nobody waits any more: a minute is longer than a server may take to stop."""
        self._stopped = True
        for queue in (self._urgent, self._others):
            for place in queue:
                if not place.done():
                    place.set_exception(_stopping())
            queue.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refill(self) -> None:
        now = self._monotonic()
        per_second = self.per_minute / 60
        most = max(1.0, per_second * _BURST_S)
        self._tokens = min(most, self._tokens + max(0.0, now - self._at) * per_second)
        self._at = now

    def _arm(self) -> None:
        if self._timer is None:
            wait_s = max(0.0, 1.0 - self._tokens) * 60 / max(self.per_minute, 1)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._refill()
        self._serve()

    def _serve(self) -> None:
        for queue in (self._urgent, self._others):
            while queue and (self._tokens >= 1.0 or not self.limited):
                place = queue.popleft()
                if not place.done():
                    self._tokens -= 1.0
                    place.set_result(None)
        self._tokens = max(0.0, self._tokens)  # without a limit more may have gone than there were
        if self.waiting:
            self._arm()


def _stopping() -> Stopping:
    return Stopping("the server stops")
