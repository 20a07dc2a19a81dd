"""A fixed number of places, handed out in turn between those who wait."""

import asyncio
from collections import deque
from typing import Final

_SPARED_FROM: Final = 4
"""Places from which on one is spared for what is urgent."""

_Queue = dict[str, deque["asyncio.Future[None]"]]


class FairSlots:
    """At most `limit` places (1 or more). Waiting lists take turns: one with 10,000 transactions waiting
    and one with a single one alternate. What is urgent goes before all that is not, and where there are 4
    places or more one of them is spared for it: large mail may hold the others for minutes. Not for use from
    several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._spared = 1 if limit >= _SPARED_FROM else 0
        self._free = limit
        self._urgent: _Queue = {}  # in the order of their turns
        self._others: _Queue = {}

    @property
    def busy(self) -> int:
        """Places taken."""
        return self._limit - self._free

    @property
    def waiting(self) -> int:
        """Callers in the queue."""
        return sum(
            not place.done()
            for waiting in (self._urgent, self._others)
            for queue in waiting.values()
            for place in queue
        )

    async def acquire(self, list_id: str, *, urgent: bool = False) -> None:
        """Waits for a place. Being cancelled gives it on."""
        waiting = self._urgent if urgent else self._others
        if self._free > (0 if urgent else self._spared) and not waiting:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.setdefault(list_id, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was ours already when the cancellation came
                self.release()
            raise

    def release(self) -> None:
        """Gives a place to the next list in turn, or back."""
        self._free += 1
        if _next(self._urgent) or (self._free > self._spared and _next(self._others)):
            self._free -= 1


def _next(waiting: _Queue) -> bool:
    """Whether somebody waited and has a place now."""
    while waiting:
        list_id, queue = next(iter(waiting.items()))
        del waiting[list_id]
        while queue:
            place = queue.popleft()
            if not place.done():
                if queue:
                    waiting[list_id] = queue  # behind all others
                place.set_result(None)
                return True
    return False
