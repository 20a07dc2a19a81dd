"""The service that Postfix asks instead of reading files (socketmap_table(5)).

Postfix sends `MAP KEY` as a netstring and gets one back: `OK VALUE`, `NOTFOUND `, `TEMP REASON` (it answers
451 and asks again later) or `PERM REASON` (a fault in its configuration). A connection serves any number of
questions, one after the other."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mlcore.base import socket_files
from mlcore.base.errors import LocalTrouble
from mlcore.base.eventlog import EventLog
from mlcore.postfix import netstrings
from mlcore.postfix.answers import UnknownMap
from mlcore.postfix.netstrings import BadNetstring

_BACKLOG = 128
_REASON = 200
_TELL_S = 60.0
"""Trouble is logged once in so many seconds: every mail on its way through Postfix would have its line."""

Answer = Callable[[str, str], Awaitable[str | None]]
"""The value of (map, key), or None. Raises UnknownMap, LocalTrouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketMapLimits:
    """request_bytes: of one question; longer ones are no addresses (RFC 5321 4.5.3.1). connections: at a
    time; one more takes the place of the longest idle. idle_s: for the next whole question. work_s: for its
    answer."""

    request_bytes: int = 4096
    connections: int = 500
    idle_s: float = 120.0
    work_s: float = 20.0


class SocketMap:
    """Listens on any number of addresses; all of them share one set of limits."""

    def __init__(self, answer: Answer, log: EventLog, limits: SocketMapLimits | None = None) -> None:
        self._answer = answer
        self._log = log
        self._limits = limits or SocketMapLimits()
        self._listeners: list[asyncio.Server] = []
        self._socket_files: list[tuple[str, int]] = []
        # longest idle first: each question moves its connection to the end
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._told_at = -_TELL_S
        self._stopping = False

    async def start_tcp(self, host: str, port: int) -> None:
        """Listens on `host` and `port` (0: any free one; see `addresses`). Raises OSError."""
        self._listeners.append(
            await asyncio.start_server(
                self._serve, host, port, limit=self._limits.request_bytes + 16, backlog=_BACKLOG
            )
        )

    async def start_unix(self, path: str, mode: int = 0o660) -> None:
        """Listens on a Unix socket at `path` with permission bits `mode`; one that a dead process left is
        replaced. Raises BadInput for something else than a socket there, or a live one; OSError."""
        socket_files.make_free(path)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(path)
            os.chmod(path, mode)
            inode = os.stat(path).st_ino
            listener = await asyncio.start_unix_server(
                self._serve, sock=listening, limit=self._limits.request_bytes + 16, backlog=_BACKLOG
            )
        except BaseException:
            listening.close()
            raise
        self._socket_files.append((path, inode))
        self._listeners.append(listener)

    def addresses(self) -> list[tuple[str, int] | str]:
        """Where it listens: (host, port) or the path of a socket, in the order of the starts."""
        names = [listening.getsockname() for one in self._listeners for listening in one.sockets]
        return [name if isinstance(name, str) else (str(name[0]), int(name[1])) for name in names]

    def __len__(self) -> int:
        """How many connections are open."""
        return len(self._open)

    async def stop(self) -> None:
        """Closes listeners and connections: Postfix comes again, or puts mail off."""
        self._stopping = True
        for listener in self._listeners:
            listener.close()
        for path, inode in self._socket_files:
            with contextlib.suppress(OSError):  # only our own: a successor may have put its socket there
                if os.stat(path).st_ino == inode:
                    os.unlink(path)
        self._socket_files.clear()
        tasks = list(self._open.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for listener in self._listeners:
            await listener.wait_closed()
        self._listeners.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._stopping:
            writer.close()  # it was accepted in the turn of the loop before the stop
            return
        while len(self._open) >= self._limits.connections:
            longest = next(iter(self._open))
            del self._open[longest]
            longest.transport.abort()  # its reader sees the end, and its task follows
        self._open[writer] = task
        try:
            await self._talk(reader, writer, task)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # it went away, or said nothing for long
        except asyncio.CancelledError:
            pass  # the server stops
        finally:
            self._open.pop(writer, None)
            writer.close()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: "asyncio.Task[None]"
    ) -> None:
        while True:
            try:
                async with asyncio.timeout(self._limits.idle_s):
                    request = await netstrings.read(reader, self._limits.request_bytes)
            except BadNetstring as error:
                # Where the next question would begin is not known any more.
                writer.write(netstrings.encode(f"PERM the question is no netstring: {error}".encode()))
                await writer.drain()
                return
            if request is None:
                return
            if self._open.pop(writer, None) is None:
                return  # shown out meanwhile
            self._open[writer] = task
            writer.write(netstrings.encode(await self._reply(request)))
            await writer.drain()

    async def _reply(self, request: bytes) -> bytes:
        name, blank, key = request.partition(b" ")
        if not blank:
            return b"PERM the question has no key"
        try:
            text = key.decode()
            # Postfix has no key with a control character in it, and a value must not have one (P9)
            if not text.isprintable():
                return b"NOTFOUND "
            async with asyncio.timeout(self._limits.work_s):
                value = await self._answer(name.decode("ascii", "replace"), text)
        except UnicodeDecodeError:
            return b"NOTFOUND "  # no address that anybody here has
        except UnknownMap as error:
            return b"PERM " + str(error).encode()
        except TimeoutError:
            return self._put_off("no answer in time")
        except LocalTrouble as trouble:
            return self._put_off(str(trouble))
        except Exception as error:  # noqa: BLE001  (a defect must not become "no such list": unknown is temporary)
            self._log.error("socketmap failed", error=repr(error))
            return b"TEMP internal error"
        return b"NOTFOUND " if value is None else b"OK " + value.encode()

    def _put_off(self, reason: str) -> bytes:
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= _TELL_S:
            self._told_at = now
            self._log.warning("socketmap", reason=reason)
        printable = "".join(char if char.isprintable() else " " for char in reason[:_REASON])
        return b"TEMP " + printable.encode()
