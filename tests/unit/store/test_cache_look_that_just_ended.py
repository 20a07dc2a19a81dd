"""A look that has ended, but whose result is not in memory yet, froze whoever came in that very moment."""

import asyncio
from typing import Any, cast

from mlcore.base.clock import FakeClock
from mlcore.store.cache import PolicyCache
from mlcore.store.engine import Store
from support.frozen import run_unless_frozen


class OneLook:
    """A store whose answers a test gives."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[Any]] = []

    def submit_read(self, *_: Any) -> asyncio.Future[Any]:
        self.asked.append(asyncio.get_running_loop().create_future())
        return self.asked[-1]


def test_who_comes_as_a_look_ends_waits_for_its_result() -> None:
    async def scenario() -> None:
        store = OneLook()
        cache = PolicyCache(cast("Store", store), FakeClock())
        first = asyncio.create_task(cache.first_of(()))
        await asyncio.sleep(0)
        second = asyncio.create_task(cache.first_of(()))  # runs before the callbacks of the look
        store.asked[0].set_result((1, []))
        await asyncio.gather(first, second)
        assert len(store.asked) == 1

    run_unless_frozen(scenario)
