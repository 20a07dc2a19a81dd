"""Takes into account what deliveries have come to: refusals by the next hop, and what was given up.

Rows of `delivery_failures` are judged in the order of their time, some at once in one transaction, each once.
Whoever delivers rings after it has written them; without a bell they are found a little later."""

import asyncio
import traceback
from collections.abc import Callable
from typing import Final

from mlcore.actions import bounces as actions
from mlcore.actions.bounces import Office
from mlcore.base.errors import LocalTrouble
from mlcore.base.ids import root_of
from mlcore.runners.bounces import tell
from mlcore.runners.work import Work

BATCH: Final = 50
"""Failures of one transaction: others who want to write come in between."""
LOOK_S: Final = 60.0
"""How often the database is asked without a bell."""


class Judging:
    """The service. office: changed when the configuration is read again; queued: called when notices wait."""

    def __init__(
        self,
        work: Work,
        office: Office,
        *,
        queued: Callable[[], None],
        look_s: float = LOOK_S,
        at_once: int = BATCH,
    ) -> None:
        self.office = office
        self.name = "failures"
        self._work = work
        self._queued = queued
        self._look_s = look_s
        self._at_once = at_once
        self._bell = asyncio.Event()
        self._singly = 0  # so many are judged one by one
        self._stopping = False

    def changed(self) -> None:
        """Failures were written down: looks at once."""
        self._bell.set()

    def stop(self) -> None:
        """`run` returns after the batch under way."""
        self._stopping = True
        self._bell.set()

    async def run(self) -> None:
        """Until `stop`."""
        while not self._stopping:
            self._bell.clear()
            try:
                while await self.batch() and not self._stopping:
                    pass
            except LocalTrouble as trouble:
                self._work.log.warning("waiting", queue=self.name, reason=str(trouble))
            if not self._stopping:
                await self._rest()

    async def batch(self) -> bool:
        """Judges the oldest; whether there may be more. Raises LocalTrouble."""
        work, now = self._work, self._work.clock.time()
        limit = 1 if self._singly else self._at_once
        self._singly = max(0, self._singly - 1)
        try:
            events, count = await work.store.write(actions.judge_failures, self.office, limit, now)
        except LocalTrouble:
            raise
        except Exception as error:  # noqa: BLE001  (one row must not keep all others from being judged for ever)
            if limit > 1:
                self._singly = limit  # to find the one
            else:
                await self._skip(error)
            return True
        for event in events:
            tell(work, self.name, event)
        if events:
            self._queued()
        return count == limit

    async def _skip(self, error: Exception) -> None:
        skipped = await self._work.store.write(actions.skip_failure)
        trace = "".join(traceback.format_exception(error))
        for one in skipped:
            self._work.log.error(
                "crashed",
                queue=self.name,
                queue_id=root_of(one.entry),
                list_id=one.list_id,
                recipient=one.address,
                error=repr(error),
                traceback=trace,
            )

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._look_s):
                await self._bell.wait()
        except TimeoutError:
            pass
