"""Warns the members whose delivery bounces have disabled, and removes those who were warned often enough."""

import asyncio
from collections.abc import Callable
from typing import Final

from mlcore.actions import disabled as actions
from mlcore.runners.tasks import Job
from mlcore.runners.work import Work
from mlcore.store import disabled

PERIOD_S: Final = 3_600.0
AT_ONCE: Final = 500


class Warnings:
    """The job. queued: called when notices may wait; at_once: members of one transaction.

    Whole domains may be away for long: 100,000 members are that many rows, and mail is made of them little by
    little (`runners.notices`). After a crash everything that was committed is counted, so nobody is warned
    twice."""

    def __init__(self, work: Work, *, queued: Callable[[], None], at_once: int = AT_ONCE) -> None:
        self._work = work
        self._queued = queued
        self._at_once = at_once

    def jobs(self) -> tuple[Job, ...]:
        """For `Tasks`."""
        return (Job("warn members", PERIOD_S, self.go_on, at_start=True),)

    async def go_on(self) -> int:
        """Looks at all lists; how many members were warned or removed, each with a line in the log. Raises
        LocalTrouble."""
        work = self._work
        count = 0
        for list_id in await work.store.read(disabled.lists_with):
            after: int | None = 0
            while after is not None:
                now = work.clock.time()
                portion = await work.store.write(actions.go_on, list_id, after, self._at_once, now)
                for one in portion.done:
                    work.log.info(
                        "bounce",
                        queue="warnings",
                        list_id=list_id,
                        recipient=one.address,
                        effect=one.effect,
                        warnings=one.warnings,
                    )
                count += len(portion.done)
                after = portion.last
                await asyncio.sleep(0)  # whoever else waits comes first
        if count:
            self._queued()
        return count
