"""The worker child as the server sees it: started when it is needed, asked one thing at a time, killed when a
message takes more than its share, ended when nobody has asked for a minute."""

import asyncio
import contextlib
import signal
import sys
from typing import Final

from mlcore.base.errors import MlcoreError, Overload, RemoteError
from mlcore.lists import wire
from mlcore.lists.wire import Failed, Reply, Request

IDLE_S: Final = 60.0
EX_MEMORY: Final = 12
"""Exit status of a child that a message has left without memory (`mlcore.worker`)."""


class WorkerKilled(MlcoreError):
    """The message took more than its share of time or memory, or has crashed the interpreter."""


class Child:
    """seconds: processor time for one request; octets: memory of the process; rules, handlers: plug-ins."""

    def __init__(
        self,
        *,
        seconds: float,
        octets: int,
        rules: tuple[str, ...] = (),
        handlers: tuple[str, ...] = (),
        idle_s: float = IDLE_S,
    ) -> None:
        self._seconds = max(1, round(seconds))
        self._octets = octets
        self._plugins = (",".join(rules), ",".join(handlers))
        self._idle_s = idle_s
        # A child that waits (for a disk, for a processor that others use) uses no processor time: it is cut
        # by the clock too, later.
        self._patience_s = 2 * self._seconds + 10.0
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self.waiting = 0
        """Requests that are asked or wait for their turn."""

    async def ask(self, asked: Request, octets: bytes) -> tuple[Reply, bytes]:
        """The reply and its octets. Raises WorkerKilled, RemoteError, LocalTrouble (no child can be had)."""
        self.waiting += 1
        try:
            async with self._lock:
                self._keep()
                try:
                    reply, more = await self._exchange(asked, octets)
                except BaseException:
                    await self._end()  # whatever it still says answers nobody
                    raise
                self._rest()
        finally:
            self.waiting -= 1
        if isinstance(reply, Failed):
            raise RemoteError(reply.error, reply.traceback.rstrip())
        return reply, more

    async def stop(self) -> None:
        """Ends the child, if there is one."""
        self._keep()
        await self._end()

    async def _exchange(self, asked: Request, octets: bytes) -> tuple[Reply, bytes]:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            async with asyncio.timeout(self._patience_s):
                process.stdin.write(wire.frame(asked, octets))
                await process.stdin.drain()
                line, more = wire.lengths(await process.stdout.readexactly(wire.HEAD_OCTETS))
                reply = wire.reply(await process.stdout.readexactly(line))
                return reply, await process.stdout.readexactly(more)
        except TimeoutError:
            raise WorkerKilled(f"it took longer than {self._patience_s:g} s") from None
        except (OSError, asyncio.IncompleteReadError):
            raise self._why(await process.wait()) from None

    def _why(self, status: int) -> MlcoreError:
        if status == -signal.SIGXCPU:
            return WorkerKilled(f"it took more than {self._seconds} s of processor time")
        if status == -signal.SIGKILL:
            return WorkerKilled("the worker was killed over it")  # by a person, or the host is out of memory
        if status == EX_MEMORY:
            return WorkerKilled(f"it took more than {self._octets >> 20} MiB of memory")
        return WorkerKilled(f"the worker ended with status {status} over it")

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    # -P: what lies in the working directory is not imported
                    *(sys.executable, "-P", "-m", "mlcore.worker", str(self._seconds), str(self._octets)),
                    *self._plugins,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                )
            except OSError as error:
                raise Overload(f"cannot start the worker: {error.strerror or error}") from error
        return self._process

    def _keep(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(self._idle_s, self._close)

    def _close(self) -> None:
        """Nobody has asked: the end of its input ends the child."""
        self._idle = None
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
