"""The LMTP listener: where it listens, who may come in, and how it ends."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterable
from dataclasses import replace

from mlcore.base import socket_files
from mlcore.base.clock import Clock
from mlcore.base.eventlog import EventLog
from mlcore.base.ids import IdMaker
from mlcore.ingress.accept import Acceptor
from mlcore.ingress.connections import Connections
from mlcore.ingress.data import Memory
from mlcore.ingress.limits import LmtpLimits
from mlcore.ingress.services import SafeLog, Services
from mlcore.ingress.session import LmtpSession
from mlcore.lists.directory import Directory

_SWEEP_S = 1.0
_BACKLOG = 128
_TURNS_TO_A_SESSION = 3
"""Turns of the loop from accept() to the greeting, and one more."""
_INHERITED_BACKLOG = 4096
"""Those who knock while the process is exchanged wait in the queue of an inherited socket."""


class LmtpServer:
    """Listens on any number of addresses; all of them share one set of limits.

    hostname: what greeting and LHLO say; DNS is not asked. Made and used inside a running event loop."""

    def __init__(
        self,
        directory: Directory,
        acceptor: Acceptor,
        ids: IdMaker,
        clock: Clock,
        limits: LmtpLimits,
        hostname: str,
        log: EventLog,
    ) -> None:
        self.connections = Connections(limits, clock)
        self._services = Services(
            directory=directory,
            acceptor=acceptor,
            ids=ids,
            clock=clock,
            limits=limits,
            hostname=hostname,
            log=SafeLog(log),
            connections=self.connections,
            memory=Memory(limits.data_memory_bytes),
        )
        self._listeners: list[asyncio.Server] = []
        self._socket_files: list[tuple[str, int]] = []
        self._timer: asyncio.TimerHandle | None = None

    async def start_tcp(self, host: str, port: int) -> None:
        """Listens on `host` (a name or address; empty: all) and `port` (0: any free one; see `addresses`).

        Raises OSError when it cannot."""
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(self._session, host or None, port, backlog=_BACKLOG)
        self._started(listener)

    async def start_unix(self, path: str, mode: int = 0o660) -> None:
        """Listens on a Unix socket at `path` with permission bits `mode`.

        A socket file that a dead process left is replaced. Raises BadInput when a live one listens there, or
        when `path` is something else than a socket; OSError when the directory does not let it."""
        socket_files.make_free(path)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Nobody can connect between bind() and listen(), so the mode holds from the first client on.
            listening.bind(path)
            os.chmod(path, mode)
            inode = os.stat(path).st_ino
            loop = asyncio.get_running_loop()
            listener = await loop.create_unix_server(self._session, sock=listening, backlog=_BACKLOG)
        except BaseException:
            listening.close()
            raise
        self._socket_files.append((path, inode))
        self._started(listener)

    async def start_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Listens on `sockets` that somebody else made, TCP or Unix, bound. At the stop they are closed, no
        more: whoever made them has copies, in whose queues the next clients wait.

        Raises OSError when one cannot be listened on."""
        loop = asyncio.get_running_loop()
        for listening in sockets:
            listening.setblocking(False)
            # Not create_unix_server: from Python 3.13 on that one removes the file of the socket.
            self._started(await loop.create_server(self._session, sock=listening, backlog=_INHERITED_BACKLOG))

    def limit_size(self, size_bytes: int) -> None:
        """Largest message for those who connect from now on."""
        limits = replace(self._services.limits, size_bytes=size_bytes)
        self._services = replace(self._services, limits=limits)

    def addresses(self) -> list[tuple[str, int] | str]:
        """Where it listens: (host, port) or the path of a socket, in the order of the starts."""
        found: list[tuple[str, int] | str] = []
        for listener in self._listeners:
            for listening in listener.sockets:
                name = listening.getsockname()
                if isinstance(name, bytes):
                    found.append("@" + os.fsdecode(name[1:]))  # without a file (unix(7), abstract)
                else:
                    found.append(name if isinstance(name, str) else (str(name[0]), int(name[1])))
        return found

    def sweep(self) -> None:
        """Shows out every client whose time is up. Runs by itself once a second while it listens."""
        self.connections.sweep()

    async def stop(self, grace_s: float) -> None:
        """Closes the listeners at once. Idle clients hear 421 4.3.2; a transaction in progress has `grace_s`
        seconds to its final replies, then it hears 421 too and is cancelled. Returns when all have gone."""
        await self._accept_no_more()
        for listener in self._listeners:
            listener.close()
        self._remove_socket_files()
        try:
            await self.connections.stop(grace_s)
        finally:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        for listener in self._listeners:
            await listener.wait_closed()
        self._listeners.clear()

    async def _accept_no_more(self) -> None:
        """Whoever is accepted is greeted: asyncio drops those whose listener closes in the turns between."""
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            for listening in listener.sockets:
                loop.remove_reader(listening.fileno())
        for _ in range(_TURNS_TO_A_SESSION):
            await asyncio.sleep(0)

    def _session(self) -> LmtpSession:
        return LmtpSession(self._services)

    def _started(self, listener: asyncio.Server) -> None:
        self._listeners.append(listener)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SWEEP_S, self._tick)

    def _tick(self) -> None:
        # One look over at most a few hundred connections a second costs less than a timer per command.
        self._timer = asyncio.get_running_loop().call_later(_SWEEP_S, self._tick)
        self.sweep()

    def _remove_socket_files(self) -> None:
        for path, inode in self._socket_files:
            # Only our own: a successor may have put its socket there already.
            with contextlib.suppress(OSError):
                if os.stat(path).st_ino == inode:
                    os.unlink(path)
        self._socket_files.clear()
