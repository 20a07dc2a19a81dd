"""Jobs by the clock: the slow scan that is the safety net of the bell, and what has to be purged."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from mlcore.base.errors import DiskTrouble, LocalTrouble, SpoolLost
from mlcore.base.ids import root_of
from mlcore.runners.hold import Hold
from mlcore.runners.work import Work
from mlcore.spool.layout import QUEUES
from mlcore.spool.operator import sweep_temporary
from mlcore.store import numbers

DAY_S = 86_400.0
PURGED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Job:
    """What is done every `period_s` seconds; at_start: for the first time as soon as possible."""

    name: str
    period_s: float
    do: Callable[[], Awaitable[object]]
    at_start: bool = False


class Tasks:
    """Runs jobs one after the other; trouble of this host, or a defect of a job, only delays that job to its
    next time."""

    def __init__(self, work: Work, jobs: tuple[Job, ...]) -> None:
        self._work = work
        self._jobs = jobs
        self._stopping = asyncio.Event()
        self.name = "tasks"

    def stop(self) -> None:
        """`run` returns after the job under way."""
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop`. Raises SpoolLost."""
        loop = asyncio.get_running_loop()
        due = {job.name: loop.time() + (0.0 if job.at_start else job.period_s) for job in self._jobs}
        while not self._stopping.is_set():
            wait_s = max(0.0, min(due.values()) - loop.time())
            try:
                async with asyncio.timeout(wait_s):
                    await self._stopping.wait()
            except TimeoutError:
                for job in self._jobs:
                    if due[job.name] <= loop.time() and not self._stopping.is_set():
                        due[job.name] = loop.time() + job.period_s
                        await self._do(job)

    async def _do(self, job: Job) -> None:
        try:
            await job.do()
        except SpoolLost:
            raise
        except LocalTrouble as trouble:
            self._work.log.warning("waiting", queue=self.name, job=job.name, reason=str(trouble))
        except Exception as error:  # noqa: BLE001  (a job with a defect must not keep the others from their times)
            self._work.log.error(
                "crashed",
                queue=self.name,
                job=job.name,
                error=repr(error),
                traceback="".join(traceback.format_exception(error)),
            )


async def look_around(work: Work, hold: Hold, queues: Sequence[str] = QUEUES) -> list[tuple[str, str]]:
    """Takes up what other processes dropped into `queues`: (queue, name) of each. Raises LocalTrouble."""
    found = await work.spool.scan(queues)
    for queue, name in found:
        if queue == "hold":
            await hold.adopt(name)
    return found


def standard(
    work: Work, hold: Hold, *, scan_s: float = 30.0, purged_at_once: int = PURGED_AT_ONCE
) -> tuple[Job, ...]:
    """The jobs of every server. purged_at_once: post numbers forgotten in one transaction."""

    async def scan() -> None:
        for queue, name in await look_around(work, hold):
            work.log.info("found", queue=queue, queue_id=root_of(name), entry=name)

    async def sweep() -> None:
        await work.spool.batches.run(sweep_temporary, work.spool.disk)

    async def purge_numbers() -> None:
        """A number is forgotten a day after it was given, if its entry is durably gone."""
        try:
            for queue in ("in", "pipeline", "hold", "shunt", "bad"):
                await work.spool.commits[queue].change(lambda: None)
        except OSError as error:
            raise DiskTrouble.of(error, "looking for entries that are gone") from error
        alive = {name for queue in QUEUES for name in work.spool.queues[queue].names()}
        before = work.clock.time() - DAY_S
        forget = partial(numbers.purge, limit=purged_at_once)
        while await work.store.write(forget, before, alive.__contains__) >= purged_at_once:
            pass  # a pause for whoever else waits to write

    return (
        Job("scan", scan_s, scan),
        Job("decisions", scan_s, hold.carry_out, at_start=True),
        Job("sweep", 3600.0, sweep),
        Job("purge numbers", 3600.0, purge_numbers),
    )
