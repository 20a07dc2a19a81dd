"""One conversation with a peer at the level of octets: groups of commands out, replies in.

No stream reader and no wait per line: a caller writes a group, says how many replies it is owed, and is
woken once, when the last one is there or none will come any more."""

import asyncio
import select
import ssl
from dataclasses import dataclass
from typing import Final, Literal

from mlcore.delivery.classify import CLOSING
from mlcore.delivery.replies import Answer, GarbledReply, ReplyParser
from mlcore.mail.reply import Reply


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a conversation is over. silent: the peer said nothing about what it was last told."""

    kind: Literal["lost", "late", "garbled", "closing", "retired"]
    reply: Reply

    @property
    def silent(self) -> bool:
        """Whether what was written last may have been carried out."""
        return self.kind in {"lost", "late"}


LOST: Final = Trouble("lost", Reply(451, "4.4.2", "The connection to the mail server was lost"))
LATE: Final = Trouble("late", Reply(451, "4.4.2", "The mail server did not answer in time"))
GARBLED: Final = Trouble("garbled", Reply(451, "4.5.0", "The mail server's answer made no sense"))
RETIRED: Final = Trouble("retired", Reply(421, "4.4.2", "The connection was given up here"))


class Dialogue(asyncio.Protocol):
    """The protocol object of one connection. After `trouble` is set, nothing is written any more."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser = ReplyParser()
        self._answers: list[Answer] = []
        self._owed = True  # the greeting
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._each_s = 0.0
        self._last_s = 0.0
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._gone: asyncio.Future[None] = loop.create_future()
        self.heard_at = loop.time()
        """When the peer last said something (time of the loop)."""
        self.trouble: Trouble | None = None
        self.unsent = False
        """Whether octets were still to be written when trouble came. Over TLS, only what the TLS layer
        itself held back counts: in doubt they are taken for sent."""

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self._adopt(transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self.trouble is not None:
            if self.trouble is RETIRED and self._transport is not None:
                self._transport.close()  # the answer to QUIT
            return
        try:
            answers = self._parser.feed(data)
        except GarbledReply:
            self.give_up(GARBLED)
            return
        self.heard_at = self._loop.time()
        for position, answer in enumerate(answers):
            if answer.reply.code == CLOSING:
                self._answers += answers[: position + 1]
                self.give_up(Trouble("closing", answer.reply))
                return
        if not self._owed:
            if answers:  # nobody asked: whatever comes next would be taken for another command's reply
                self.give_up(GARBLED)
            return
        self._answers += answers
        missing = self._wanted - len(self._answers)
        if missing <= 0:
            self._wake()
        elif self._waiter is not None:
            self._arm(self._last_s if missing == 1 else self._each_s)

    def eof_received(self) -> None:
        """See asyncio.Protocol: half a connection is of no use."""
        if self.trouble is None:
            self.give_up(LOST)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (the loop's signature)
        """See asyncio.Protocol."""
        if self.trouble is None:
            self.give_up(LOST)
        self._disarm()
        if not self._gone.done():
            self._gone.set_result(None)

    def pause_writing(self) -> None:
        """See asyncio.Protocol: octets wait in this process (see `_adopt`)."""
        self._paused = True

    def resume_writing(self) -> None:
        """See asyncio.Protocol: the network took them all."""
        self._paused = False
        if self._wanted == 0:
            self._wake()

    # What a connection calls

    def write(self, octets: bytes | memoryview) -> None:
        """Writes and owes the caller replies. Nothing happens once there is trouble."""
        if self.trouble is None and self._transport is not None:
            self._owed = True
            self._transport.write(octets)

    async def replies(self, count: int, each_s: float, last_s: float) -> list[Answer]:
        """The next `count` replies; fewer if there is trouble. each_s: how long to wait for the next one,
        last_s: for the last."""
        if len(self._answers) < count and self.trouble is None:
            self._each_s = each_s
            self._last_s = last_s
            await self._wait(count, last_s if count - len(self._answers) == 1 else each_s)
        answers, self._answers = self._answers, []
        self._owed = False
        if len(answers) > count:
            del answers[count:]
            if self.trouble is None:
                self.give_up(GARBLED)  # more replies than commands
        return answers

    async def written(self, timeout_s: float) -> bool:
        """Waits until the network took what was written; False if the peer said something meanwhile, or
        there is trouble."""
        if self._paused and self.trouble is None and not self._answers:
            await self._wait(0, timeout_s)
        return self.trouble is None and not self._answers

    def give_up(self, trouble: Trouble) -> None:
        """Ends it at once; whoever waits gets what has come so far."""
        if self.trouble is None:
            self.trouble = trouble
            self.unsent = self._paused
        if self._transport is not None:
            self._transport.abort()
        self._disarm()
        self._wake()

    def abort(self) -> None:
        """Ends it at once, from this side."""
        self.give_up(LOST)

    def retire(self, grace_s: float) -> None:
        """Says QUIT and lets the peer close; after `grace_s` seconds it is closed anyway."""
        if self.trouble is None and self._transport is not None:
            self.trouble = RETIRED
            self._disarm()
            self._timer = self._loop.call_later(grace_s, self._transport.abort)
            self._transport.write(b"QUIT\r\n")

    @property
    def closed(self) -> bool:
        """Whether nothing of the connection is left."""
        return self._gone.done()

    async def gone(self) -> None:
        """Waits until the connection is closed."""
        await asyncio.shield(self._gone)

    def readable(self) -> bool:
        """Whether the peer said or closed something that the loop has not told yet. Of use when nothing is
        owed: then a connection with anything to read is a stale one."""
        if self._transport is None or self._transport.is_closing() or not self._parser.between_replies:
            return True
        handle: int = self._transport.get_extra_info("socket").fileno()
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(0))

    async def start_tls(self, context: ssl.SSLContext, host: str, timeout_s: float) -> None:
        """Goes on in TLS (RFC 3207). Raises OSError (ssl.SSLError included) if that fails, and
        ConnectionError if the peer sent more than its reply in the clear: a third party may have put it
        there to be taken for a reply under TLS."""
        if self._transport is None or self.trouble is not None:
            raise ConnectionError("the connection was lost")
        if self._answers or not self._parser.between_replies:
            raise ConnectionError("octets after the reply to STARTTLS")
        transport = await self._loop.start_tls(
            self._transport, self, context, server_hostname=host, ssl_handshake_timeout=timeout_s
        )
        if transport is None or self.trouble is not None:
            raise ConnectionError("the connection was lost")
        self._adopt(transport)

    def _adopt(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._paused = False
        if transport.get_extra_info("sslcontext") is None:
            # With a mark of 0, "paused" says exactly: the kernel has not taken every octet yet.
            transport.set_write_buffer_limits(high=0)

    async def _wait(self, wanted: int, timeout_s: float) -> None:
        self._wanted = wanted
        self._waiter = self._loop.create_future()
        self._arm(timeout_s)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _arm(self, timeout_s: float) -> None:
        """One timer per connection, moved only when it would ring too late: most replies need none."""
        self._deadline = self._loop.time() + timeout_s
        timer = self._timer
        if timer is not None:
            if timer.when() <= self._deadline:
                return
            timer.cancel()
        self._timer = self._loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._ring)
        else:
            self.give_up(LATE)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
