"""A connection and its time: blocks in, replies out, and how long each step may take.

aiosmtpd gives the connection its life: the stream, its flow control, the task, the verbs found by name. Ours
is what costs or bounds something: blocks are read instead of lines, replies to pipelined commands leave
together (RFC 2920), and one sweep over all connections watches the time, not a timer for each command."""

import asyncio
import enum
from collections.abc import Awaitable, Sequence
from typing import Any, Final, TypeVar, cast

from aiosmtpd.smtp import SMTP

from mlcore.base.errors import Overload
from mlcore.ingress import replies
from mlcore.ingress.services import Services
from mlcore.ingress.transaction import Transaction
from mlcore.mail.reply import Reply

_T = TypeVar("_T")

_MISTAKES: Final = frozenset({500, 501, 502, 503, 555})
_LINGER_S: Final = 10.0


class Phase(enum.Enum):
    """What the conversation waits for, hence how long it may."""

    COMMAND = enum.auto()
    CONTENT = enum.auto()
    WORK = enum.auto()


class Closed(Exception):
    """The conversation is over; not an error."""


class _NoHooks:
    """aiosmtpd asks its handler for hooks; there are none, the verbs are overridden."""

    def __dir__(self) -> Sequence[str]:
        return ()


class Conversation(SMTP):
    """One connection without its verbs. Made by the listener, owned by `Connections`; runs as one task."""

    def __init__(self, services: Services) -> None:
        limits = services.limits
        # The limit of the stream; asyncio pauses reading at twice this number.
        self.line_length_limit = max(limits.buffer // 2, 1)
        super().__init__(
            _NoHooks(),
            data_size_limit=limits.size_bytes,
            enable_SMTPUTF8=True,
            hostname=services.hostname,  # without it, aiosmtpd asks DNS in each session
            ident="LMTP mlcore",
            timeout=limits.idle_s,
            loop=asyncio.get_running_loop(),
        )
        self._services = services
        self._limits = limits
        self._peer = ""
        self._transaction: Transaction | None = None
        self._refusal: Reply | None = None
        self._errors = 0
        self._replies: list[bytes] = []
        self._read = b""
        self._at = 0
        self._phase = Phase.COMMAND
        self._since = 0.0
        self._partial = False
        self._late = False

    async def _execute(self, line: bytes) -> None:
        """Carries out one command; `line` is without its CRLF. Raises Closed to end the conversation."""
        raise NotImplementedError

    # -- the connection ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer is there: served, or told 421 when there is no place."""
        peername = transport.get_extra_info("peername")
        self._peer = str(peername[0]) if isinstance(peername, tuple) else "unix"
        self._since = self._services.clock.monotonic()
        refusal = self._services.connections.admit(self)
        if refusal is not None:
            self._services.refused(refusal, peer=self._peer)
            stream = cast("asyncio.Transport", transport)
            stream.write(_line(refusal))
            stream.close()
            return
        if hasattr(transport, "max_size"):
            # What one recv() may bring: by default four times the buffer that a peer is allowed.
            cast("Any", transport).max_size = self._limits.buffer
        super().connection_made(transport)
        if self._handler_coroutine is not None:
            self._handler_coroutine.set_name(f"lmtp {self._peer}")

    def connection_lost(self, error: Exception | None) -> None:
        """The stream ends, and the conversation by itself: aiosmtpd would cancel it, perhaps in the spool."""
        super(SMTP, self).connection_lost(error)

    def eof_received(self) -> bool | None:
        """The peer writes no more, but may still read: what it sent is answered before the close."""
        return super(SMTP, self).eof_received()

    def _reset_timeout(self, duration: float | None = None) -> None:
        """No timer: `overdue` is asked once a second."""

    def _set_rset_state(self) -> None:
        self._transaction = None
        self._refusal = None

    # -- what Connections asks -----------------------------------------------------------------------------

    @property
    def idle_since(self) -> float | None:
        """Since when it waits for a command outside a transaction; a command that drips in is idleness."""
        return self._since if self._phase is Phase.COMMAND and self._transaction is None else None

    def overdue(self, now: float, *, crowded: bool) -> bool:
        """Whether the present phase took longer than its limit."""
        limits = self._limits
        if self._phase is Phase.CONTENT:
            return now - self._since >= limits.data_s
        if self._phase is Phase.WORK:
            return now - self._since >= limits.work_s
        limit = limits.command_s if self._partial or self._transaction is not None else limits.idle_s
        if crowded and self._transaction is None:
            limit = min(limit, limits.idle_crowded_s)
        return now - self._since >= limit

    def expire(self) -> None:
        """A peer that is too slow hears 421 4.4.2; work of ours that is too slow becomes 451."""
        task = self._handler_coroutine
        if self._phase is Phase.WORK and task is not None:
            if not self._late:
                self._late = True
                task.cancel()
        else:
            self.dismiss(replies.TIME_IS_UP)

    def dismiss(self, reply: Reply) -> None:
        """Says `reply` and closes. The conversation ends when its stream does."""
        self._services.log.info("dismissed", reply=reply.line(), peer=self._peer)
        self._say(reply)
        self._flush()
        transport = cast("asyncio.Transport", self._writer.transport)
        transport.close()
        if transport.get_write_buffer_size():
            transport.abort()  # a peer that does not read would keep the connection for ever

    def cancel(self) -> None:
        """Says 421 4.3.2, closes, and cancels what is under way."""
        self.dismiss(replies.SHUTTING_DOWN)
        if self._handler_coroutine is not None:
            self._late = False
            self._handler_coroutine.cancel()

    # -- reading and writing -------------------------------------------------------------------------------

    async def _handle_client(self) -> None:
        """The conversation from greeting to close; runs as the task of this connection."""
        self._services.log.debug("connected", peer=self._peer)
        self._say(Reply(220, "", f"{self.hostname} {self.__ident__}"))
        try:
            while True:
                await self._execute(await self._command_line())
        except (Closed, OSError):
            pass
        except Exception as error:  # noqa: BLE001  (the outermost frame of a connection: P3)
            self._services.trouble("conversation", error, self._peer)
            self._say(replies.BROKEN)
        finally:
            self._services.connections.leave(self)
            self._close()

    async def _command_line(self) -> bytes:
        """The next command without its CRLF. A line that is too long is read to its end and dropped."""
        limit = self._limits.command_line
        while True:
            end = self._read.find(b"\r\n", self._at)
            size = (len(self._read) if end < 0 else end + 2) - self._at
            if size > limit:
                await self._skip_line()
                self._answer(replies.LINE_TOO_LONG)
            elif end >= 0:
                line = self._read[self._at : end]
                self._at = end + 2
                self._partial = False
                return line
            else:
                await self._fill()

    async def _skip_line(self) -> None:
        while (end := self._read.find(b"\r\n", self._at)) < 0:
            self._at = len(self._read) - (1 if self._read.endswith(b"\r") else 0)
            await self._fill()
        self._at = end + 2
        self._partial = False

    async def _fill(self) -> None:
        """Sends what is due and waits for more of a command.

        Time counts from when the wait begins, then from the first octet of the command: dripping it does not
        win any."""
        fresh = self._at >= len(self._read)
        self._phase = Phase.COMMAND
        if not self._partial:
            self._since = self._services.clock.monotonic()
            self._partial = not fresh
        if fresh and self._transaction is None and self._services.connections.stopping:
            self._say(replies.SHUTTING_DOWN)
            raise Closed
        block = await self._block()
        if not self._partial:
            self._since = self._services.clock.monotonic()
            self._partial = True
        self._read = block if fresh else self._read[self._at :] + block
        self._at = 0

    async def _block(self) -> bytes:
        if self._replies:
            self._flush()
            await self._writer.drain()
        block = await self._reader.read(self._limits.buffer)
        if not block:
            raise Closed
        return block

    def _say(self, reply: Reply) -> None:
        self._replies.append(_line(reply))

    def _flush(self) -> None:
        if self._replies and not self._writer.is_closing():
            self._writer.write(b"".join(self._replies))
        self._replies.clear()

    def _answer(self, reply: Reply) -> None:
        """Says `reply`; too many mistakes end the conversation."""
        if reply.code in _MISTAKES:
            self._errors += 1
            if self._errors > self._limits.errors:
                self._services.log.warning("dismissed", reply=replies.TOO_MANY_ERRORS.line(), peer=self._peer)
                self._say(replies.TOO_MANY_ERRORS)
                raise Closed
        self._say(reply)

    def _close(self) -> None:
        self._flush()
        transport = cast("asyncio.Transport", self._writer.transport)
        transport.close()
        if transport.get_write_buffer_size():
            self.loop.call_later(_LINGER_S, transport.abort)
        self._smtp_methods.clear()  # bound methods of this object: a cycle that the collector need not meet

    async def _work(self, step: Awaitable[_T]) -> _T:
        """Waits for our own side. After `work_s` it is given up: a hang would be worse than 451 (P3)."""
        self._phase = Phase.WORK
        self._since = self._services.clock.monotonic()
        self._late = False
        try:
            return await step
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._late or task is None:
                raise
            task.uncancel()
            raise Overload(f"no answer within {self._limits.work_s:g} s") from None


def _line(reply: Reply) -> bytes:
    return f"{reply.line()}\r\n".encode()
