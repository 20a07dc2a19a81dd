"""A fixed number of places, handed out in turn between those who wait."""

import asyncio
from collections import deque


class FairSlots:
    """At most `limit` places (1 or more). Waiting lists take turns: one with 10,000 transactions waiting
    and one with a single one alternate. Not for use from several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._free = limit
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # in the order of their turns

    @property
    def busy(self) -> int:
        """Places taken."""
        return self._limit - self._free

    @property
    def waiting(self) -> int:
        """Callers in the queue."""
        return sum(not place.done() for queue in self._waiting.values() for place in queue)

    async def acquire(self, list_id: str) -> None:
        """Waits for a place. Being cancelled gives it on."""
        if self._free and not self._waiting:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(list_id, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was ours already when the cancellation came
                self.release()
            raise

    def release(self) -> None:
        """Gives a place to the next list in turn, or back."""
        while self._waiting:
            list_id, queue = next(iter(self._waiting.items()))
            del self._waiting[list_id]
            while queue:
                place = queue.popleft()
                if not place.done():
                    if queue:
                        self._waiting[list_id] = queue  # behind all others
                    place.set_result(None)
                    return
        self._free += 1
