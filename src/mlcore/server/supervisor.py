"""Sees that every service lives: catches, logs, waits, starts again, and gives up after a budget (P17)."""

import asyncio
import time
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from mlcore.base.backoff import next_delay
from mlcore.base.errors import MlcoreError, SpoolLost
from mlcore.base.eventlog import EventLog


class CrashBudgetSpent(MlcoreError):
    """A service died too often in a short time: the process ends non-zero, so that its manager sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """crashes: how many in `within_s` seconds are borne; base_s, cap_s: waits before the next start."""

    crashes: int = 5
    within_s: float = 60.0
    base_s: float = 0.5
    cap_s: float = 10.0


@dataclass(slots=True)
class Health:
    """How a service stands. last_error_at: Unix seconds, 0 if it never crashed; since: monotonic seconds of
    the loop, when `state` began."""

    state: Literal["starting", "running", "backing off", "ended"] = "starting"
    since: float = 0.0
    crashes: int = 0
    last_error: str = ""
    last_error_at: float = 0.0

    def become(self, state: Literal["running", "backing off", "ended"], now: float) -> None:
        """Changes the state. now: seconds of the loop."""
        self.state, self.since = state, now


async def supervise(
    name: str,
    run: Callable[[], Awaitable[None]],
    log: EventLog,
    budget: Budget | None = None,
    *,
    health: Health | None = None,
) -> None:
    """Runs `run` until it returns, and keeps `health` up to date. Raises CrashBudgetSpent, or SpoolLost at
    once."""
    budget = budget or Budget()
    health = health or Health()
    loop = asyncio.get_running_loop()
    crashes: deque[float] = deque()
    while True:
        try:
            health.become("running", loop.time())
            await run()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            if not isinstance(error, Exception | BaseExceptionGroup):
                raise
            lost = spool_lost(error)
            if lost is not None:
                log.error("spool lost", service=name, reason=str(lost))
                raise lost from error
            log.error(
                "crashed",
                service=name,
                error=repr(error),
                traceback="".join(traceback.format_exception(error)),
            )
            health.crashes += 1
            health.last_error, health.last_error_at = repr(error), time.time()
            health.become("backing off", loop.time())
            crashes.append(loop.time())
            while crashes and crashes[0] < loop.time() - budget.within_s:
                crashes.popleft()
            if len(crashes) > budget.crashes:
                raise CrashBudgetSpent(f"{name} crashed {len(crashes)} times") from error
            delay = next_delay(len(crashes), base_s=budget.base_s, cap_s=budget.cap_s, jitter=0.5)
            await asyncio.sleep(delay)
        else:
            health.become("ended", loop.time())
            return


def spool_lost(error: BaseException) -> SpoolLost | None:
    """The SpoolLost in `error` or in the group that it is."""
    if isinstance(error, SpoolLost):
        return error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            found = spool_lost(inner)
            if found is not None:
                return found
    return None
