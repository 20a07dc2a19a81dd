"""The control socket: commands ask the running server here, one line of JSON each way.

It lies in `var_dir` with mode 0600: whoever may open it may do everything. There is no pid file."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from mlcore.base.errors import BadInput, LocalTrouble
from mlcore.base.eventlog import EventLog

LINE_BYTES = 65_536
_ANSWER_BYTES = 16 << 20
_PATH_BYTES = 107
"""Longest path of a Unix socket (unix(7), less the final NUL)."""
_TIMEOUT_S = 30.0

_encode = msgspec.json.Encoder(enc_hook=str).encode

Handler = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]


class ControlServer:
    """Listens on a Unix socket. commands: by the word in `do`; each returns what the answer holds, within
    `timeout_s` seconds from when the client came."""

    def __init__(
        self, path: str, commands: Mapping[str, Handler], log: EventLog, *, timeout_s: float = _TIMEOUT_S
    ) -> None:
        self._path = path
        self._commands = commands
        self._log = log
        self._timeout_s = timeout_s
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """The caller owns the spool, so a socket that is there already belongs to a dead process.

        Raises BadInput for a path that no socket can have, OSError where the directory does not let it."""
        if len(os.fsencode(self._path)) > _PATH_BYTES:
            raise BadInput(f"{self._path} is too long for a socket", "choose a shorter [paths] var_dir")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=LINE_BYTES)
        finally:
            os.umask(old)

    def stop(self) -> None:
        """Closes the listener and removes the socket; answers under way are still given."""
        if self._server is not None:
            self._server.close()
            self._server = None
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._heard(reader)
            writer.write(answer + b"\n")
            await writer.drain()
        except (TimeoutError, ConnectionError):
            pass  # a command that went away; there is nobody to tell
        finally:
            writer.close()

    async def _heard(self, reader: asyncio.StreamReader) -> bytes:
        try:
            line = await reader.readline()
        except ValueError:
            return _encode({"ok": False, "error": f"the command is longer than {LINE_BYTES} octets"})
        return _encode(await self._answer(line))

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            command = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.MsgspecError:
            return {"ok": False, "error": "the command is no line of JSON"}
        handler = self._commands.get(str(command.get("do")))
        if handler is None:
            return {"ok": False, "error": f"unknown command; known: {', '.join(sorted(self._commands))}"}
        try:
            return {"ok": True, **await handler(command)}
        except (BadInput, LocalTrouble) as wrong:
            return {"ok": False, "error": str(wrong)}
        except Exception as error:  # noqa: BLE001  (a faulty command must not end the server)
            self._log.error("control failed", command=command.get("do"), error=repr(error))
            return {"ok": False, "error": f"internal error: {error!r}"}


def ask(path: str, command: Mapping[str, Any], *, timeout_s: float = 30.0) -> dict[str, Any]:
    """One command to the running server, from a process without a loop; its answer without `ok`.

    Raises BadInput if no server runs or it refuses, LocalTrouble if it does not answer in time."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(timeout_s)
        try:
            channel.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            raise BadInput("mlcore is not running", "start it: mlcore start") from None
        except PermissionError:
            raise BadInput(f"no permission for {path}", "run this as the user mlcore runs as") from None
        except OSError as error:
            raise LocalTrouble(f"{path}: {error.strerror or error}") from error
        try:
            channel.sendall(msgspec.json.encode(command) + b"\n")
            answer = _read_line(channel)
        except TimeoutError:
            raise LocalTrouble(f"the server did not answer within {timeout_s:g} s") from None
        except OSError as error:
            raise LocalTrouble(f"the server went away: {error.strerror}") from error
    if not answer:
        raise LocalTrouble("the server went away without an answer")
    values: dict[str, Any] = msgspec.json.decode(answer, type=dict[str, Any])
    if not values.pop("ok", False):
        raise BadInput(str(values.get("error", "the server refused")))
    return values


def _read_line(channel: socket.socket) -> bytes:
    parts = bytearray()
    while not parts.endswith(b"\n") and len(parts) < _ANSWER_BYTES:
        part = channel.recv(65_536)
        if not part:
            break
        parts += part
    return bytes(parts)
