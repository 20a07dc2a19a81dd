"""Signs of life for the service manager: `WATCHDOG=1` while the loop turns and every service lives, and a
status line for `systemctl status`. A loop that hangs sends nothing, and is killed and started again."""

import asyncio
from collections.abc import Callable, Mapping

from mlcore.base.eventlog import EventLog
from mlcore.server.sdnotify import notify
from mlcore.server.supervisor import Health

STATUS_S = 10.0
"""How often the status line is looked at, at the least."""
BACKING_OFF_S = 30.0
"""How long a service may wait to be started again; supervision itself waits 10 s at the most."""


class Pulse:
    """The task. watchdog_s: see `sdnotify.watchdog_s`; ailing: what does not live, empty: all do; status: one
    line for people; tell: sends a message to the manager."""

    def __init__(
        self,
        watchdog_s: float | None,
        ailing: Callable[[], str],
        status: Callable[[], str],
        log: EventLog,
        tell: Callable[[str], object] = notify,
    ) -> None:
        self._feeds = watchdog_s is not None
        self._every_s = min(STATUS_S, watchdog_s / 2) if watchdog_s is not None else STATUS_S
        self._ailing = ailing
        self._status = status
        self._log = log
        self._tell = tell
        self._told = ""
        self._starving = False

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self.beat()
            await asyncio.sleep(self._every_s)

    def beat(self) -> None:
        """What is due every half of the manager's patience."""
        lines = []
        ailing = self._ailing()
        if self._feeds and not ailing:
            lines.append("WATCHDOG=1")
        if self._feeds and bool(ailing) is not self._starving:
            self._starving = bool(ailing)
            if ailing:
                self._log.error(
                    "no sign of life", service=ailing, next="the service manager will restart this"
                )
        status = self._status()
        if status != self._told:
            self._told = status
            lines.append(f"STATUS={status}")
        if lines:
            self._tell("\n".join(lines))


def ailing(healths: Mapping[str, Health], now: float) -> str:
    """Name of a service that has ended by itself, or waits too long to be started again; empty: all live.

    now: seconds of the loop."""
    for name, health in healths.items():
        waits = health.state == "backing off" and now - health.since > BACKING_OFF_S
        if waits or health.state == "ended":
            return name
    return ""
