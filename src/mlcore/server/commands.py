"""What the running server answers on its control socket: one method per command."""

import contextlib
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import mlcore
from mlcore.base.errors import LocalTrouble
from mlcore.runners.tasks import look_around
from mlcore.server.control import Handler
from mlcore.server.sdnotify import is_managed
from mlcore.server.supervisor import Health
from mlcore.spool.layout import QUEUES
from mlcore.spool.operator import born

if TYPE_CHECKING:
    from mlcore.server.main import Server
    from mlcore.server.wiring import Parts

MAPS_S = 25.0
"""How long a command waits for Postfix's maps: less than the control socket has for an answer."""


class Commands:
    """The commands of one server. While it starts, most of them have nothing to do."""

    def __init__(self, server: "Server") -> None:
        self._server = server

    def table(self) -> Mapping[str, Handler]:
        """By the word in `do`."""
        return {
            "status": self.status,
            "stop": self.stop,
            "bell": self.bell,
            "changed": self.changed,
            "reload": self.reload,
            "reopen": self.reload,
        }

    async def status(self, _command: Mapping[str, Any]) -> dict[str, Any]:
        """How it is. Times are Unix seconds; `managed`: a service manager sees to it."""
        server, parts = self._server, self._server.parts
        known = {"pid": os.getpid(), "managed": is_managed(), "foreground": server.foreground}
        if parts is None:
            return {"state": "starting", **known}
        return {
            "state": server.state,
            **known,
            "outgoing": parts.transport.status(),
            "version": mlcore.__version__,
            "uptime_s": round(time.monotonic() - server.started),
            "lmtp": [shown_address(address) for address in parts.lmtp.addresses()],
            "maps": parts.maps.state.text(),
            "socketmap": [shown_address(address) for address in parts.socketmap.addresses()],
            "log": server.log_path,
            "queues": queue_depths(parts),
            "runners": {name: self._runner(parts, name) for name in parts.runners},
            "services": {name: _service(self._health(name)) for name in parts.services},
            "archivers": parts.archive.status(),
            "fsyncs": parts.spool.syncs,
            "commits": parts.store.commits,
        }

    async def stop(self, _command: Mapping[str, Any]) -> dict[str, Any]:
        """Asks for the end; the process is gone once the lock of its spool is free."""
        self._server.stop()
        return {"state": "stopping"}

    async def bell(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Something new lies in `queue` (all of them if it names none)."""
        parts = self._server.parts
        if parts is None:
            return {"found": 0}
        queue = str(command.get("queue", ""))
        found = await look_around(parts.work, parts.hold, (queue,) if queue in QUEUES else QUEUES)
        with contextlib.suppress(LocalTrouble):
            await parts.hold.carry_out()
        return {"found": len(found)}

    async def changed(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Another process has changed the database: nothing older is believed any more.

        maps: it concerns Postfix; the answer comes when the maps are written, and says how that went. force:
        they are written even if nothing has changed."""
        parts = self._server.parts
        if parts is not None:
            for hear in parts.on_change:
                hear()
        if parts is None or not command.get("maps"):
            return {}
        parts.maps.changed(force=bool(command.get("force")))
        state = await parts.maps.settled(MAPS_S)
        return {"maps": state.status, "maps_error": state.error}

    async def reload(self, _command: Mapping[str, Any]) -> dict[str, Any]:
        """Reads the configuration again and opens the log anew. Raises BadInput, LocalTrouble."""
        if self._server.parts is None:
            return {"changed": [], "restart": []}
        done = await self._server.reload()
        return {"changed": list(done.changed), "restart": list(done.restart)}

    def _health(self, name: str) -> Health:
        return self._server.healths.get(name) or Health()

    def _runner(self, parts: "Parts", name: str) -> dict[str, Any]:
        runner, health = parts.runners[name], self._health(name)
        crashed = health.last_error_at > runner.last_error_at
        waits = health.state == "backing off" or runner.state == "resting"
        return {
            "state": "backing off" if waits else runner.state,
            "active": runner.active,
            "done": runner.done,
            "crashes": health.crashes,
            "last_error": health.last_error if crashed else runner.last_error,
            "last_error_at": (health.last_error_at if crashed else runner.last_error_at) or None,
        }


def queue_depths(parts: "Parts") -> dict[str, dict[str, Any]]:
    """How many entries each queue has, and when the oldest one was born."""
    depths = {}
    for queue in QUEUES:
        waiting = parts.spool.queues[queue]
        oldest = waiting.oldest()
        depths[queue] = {"entries": len(waiting), "oldest": born(oldest) if oldest else None}
    return depths


def shown_address(address: tuple[str, int] | str) -> str:
    """Where it listens, as people write it."""
    if isinstance(address, str):
        return address
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _service(health: Health) -> dict[str, Any]:
    return {
        "state": health.state,
        "crashes": health.crashes,
        "last_error": health.last_error,
        "last_error_at": health.last_error_at or None,
    }
