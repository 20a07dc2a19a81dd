"""Parked entries of a list that is full again called each other for ever, and the event loop stood still."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from mlcore.base.eventlog import EventLog
from mlcore.runners.runner import Limits, Runner
from mlcore.spool.claim import Claim
from mlcore.spool.spool import Spool
from mlcore.spool.waiting import Waiting
from support.delivery import MemoryLog
from support.frozen import run_unless_frozen


class OpenedLate:
    """A spool of entries of one list; `gates` say when each may be opened, `ends` when its work ends."""

    def __init__(self, *names: str) -> None:
        self.queues = {"out": Waiting("out")}
        self.gates = {name: asyncio.Event() for name in names}
        self.ends = {name: asyncio.Event() for name in names}
        for name in names:
            self.queues["out"].put(name)

    async def claim(self, _queue: str, name: str) -> Claim:
        await self.gates[name].wait()

        async def attempt(*, alone: bool = False) -> None:
            return

        progress = SimpleNamespace(strikes=0)
        entry = SimpleNamespace(octets=b"", envelope=None)
        claim: Any = SimpleNamespace(
            name=name, list_id="ant", progress=progress, entry=entry, attempt=attempt
        )
        return cast("Claim", claim)

    async def work(self, claim: Claim) -> None:
        await self.ends[claim.name].wait()
        self.queues["out"].forget(claim.name)


def test_a_place_taken_meanwhile_is_not_offered() -> None:
    async def scenario() -> None:
        spool = OpenedLate("1", "2", "3", "4", "5")
        limits = Limits(most=4, most_per_list=2)
        runner = Runner("out", cast("Spool", spool), spool.work, cast("EventLog", MemoryLog()), limits=limits)
        running = asyncio.create_task(runner.run())
        for name in "1234":
            spool.gates[name].set()  # 1 and 2 are in work then, 3 and 4 are parked
        await turns()
        assert runner.active == 2
        spool.ends["1"].set()  # 3 is called, while 5 is being opened
        await turns()
        spool.gates["5"].set()  # 5 takes the place
        await turns()
        assert runner.active == 2
        for end in spool.ends.values():
            end.set()
        await turns()
        assert runner.done == 5
        runner.stop()
        await running

    run_unless_frozen(scenario)


async def turns() -> None:
    """Lets everybody go as far as they can."""
    for _ in range(50):
        await asyncio.sleep(0)
