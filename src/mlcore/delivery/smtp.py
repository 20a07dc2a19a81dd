"""The SMTP transport: a few connections to one peer, shared fairly between lists."""

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Final, Self

from mlcore.base.clock import Clock
from mlcore.base.errors import LocalTrouble
from mlcore.base.eventlog import EventLog
from mlcore.delivery.breaker import Breaker
from mlcore.delivery.connection import SmtpConnection, open_connection
from mlcore.delivery.dialogue import LOST
from mlcore.delivery.fair import FairSlots
from mlcore.delivery.handshake import Unreachable
from mlcore.delivery.outcome import Deferred, Delivered, Failed, Outcome
from mlcore.delivery.rate import Rate
from mlcore.delivery.settings import SmtpSettings
from mlcore.delivery.transport import PeerDown, Slot, Transaction
from mlcore.mail.reply import Reply

_SOON_S: Final = 1.0
"""When to ask again after a failure that did not open the breaker."""


class SmtpTransport:
    """See `delivery.transport.Transport`. random: numbers in [0, 1), to spread the back-off.

    Raises OSError if `settings.ca_file` cannot be read."""

    def __init__(
        self, settings: SmtpSettings, clock: Clock, log: EventLog, random: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._log = log
        self._random = random
        self._context: ssl.SSLContext | None = settings.tls_context()
        self._breaker = Breaker(settings.failures_until_open)
        self._slots = FairSlots(settings.max_connections)
        self._idle: list[SmtpConnection] = []  # the one used last is at the end
        self._leaving: set[SmtpConnection] = set()  # QUIT was said
        self._leases: set[_Lease] = set()  # which have a place
        self._reaper: asyncio.TimerHandle | None = None
        self._closed = False
        self.offers_xverp = False
        """See `Transport.offers_xverp`."""
        self.rate = Rate(settings.messages_per_minute, time.monotonic)

    def slot(self, list_id: str, *, urgent: bool = False) -> AbstractAsyncContextManager[Slot]:
        """See `Transport.slot`."""
        return _Lease(self, list_id, urgent=urgent)

    def at_once(self, wanted: int) -> int:
        """See `Transport.at_once`. Where there is a limit, what it allows in a second."""
        return min(wanted, max(1, self.rate.per_minute // 60)) if self.rate.limited else wanted

    def stop(self) -> None:
        """See `Transport.stop`."""
        self.rate.stop()

    def hang_up(self) -> None:
        """See `Transport.hang_up`."""
        self._closed = True
        for lease in self._leases:
            lease.hang_up()

    async def close(self) -> None:
        """See `Transport.close`. Takes at most `quit_s`."""
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None
        idle, self._idle = self._idle, []
        for connection in idle:
            self.retire(connection)
        for connection in self._leaving:
            await connection.gone()

    def status(self) -> str:
        """See `Transport.status`."""
        return (
            f"smtp to {self._settings.peer}: breaker {self._breaker.state}, {self._slots.busy} of "
            f"{self._settings.max_connections} connections busy, {len(self._idle)} idle, "
            f"{self._slots.waiting} waiting"
        )

    async def enter(self, lease: "_Lease", list_id: str, *, urgent: bool) -> SmtpConnection:
        """A place and a connection for it (for the slots of this module)."""
        await self._slots.acquire(list_id, urgent=urgent)
        try:
            connection = self._kept() or await self.connect()
        except BaseException:
            self._slots.release()
            raise
        self._leases.add(lease)
        return connection

    def leave(self, lease: "_Lease", connection: SmtpConnection | None) -> None:
        """Gives both back."""
        self._leases.discard(lease)
        if connection is not None:
            if self._closed or self.worn_out(connection):
                self.retire(connection)
            else:
                self._idle.append(connection)
                self._watch_idle()
        self._slots.release()

    def sessions_left(self, connection: SmtpConnection, wanted: int) -> int:
        """How many of `wanted` transactions it may still carry; at least one."""
        limit = self._settings.max_sessions_per_connection
        return max(1, min(wanted, limit - connection.transactions)) if limit else wanted

    def worn_out(self, connection: SmtpConnection) -> bool:
        """Whether `connection` must not carry another transaction."""
        limit = self._settings.max_sessions_per_connection
        return not connection.usable or 0 < limit <= connection.transactions

    def retire(self, connection: SmtpConnection) -> None:
        """Says QUIT; `close` sees to it that it has gone."""
        connection.retire()
        self._leaving = {other for other in self._leaving if not other.closed}
        self._leaving.add(connection)

    async def connect(self) -> SmtpConnection:
        """A fresh connection. Raises PeerDown."""
        if self._closed:
            raise PeerDown("the transport is closed", retry_after_s=_SOON_S)
        wait_s = self._breaker.admit(self._clock.monotonic())
        if wait_s > 0:
            raise PeerDown(f"{self._settings.peer} is left alone for now", retry_after_s=wait_s)
        try:
            connection = await open_connection(self._settings, self._context)
        except Unreachable as error:
            raise self._down(error.step, str(error)) from error
        except BaseException:
            self._breaker.abandoned(self._clock.monotonic())
            raise
        if self._closed:  # meanwhile
            connection.abort()
            raise PeerDown("the transport is closed", retry_after_s=_SOON_S)
        if self._breaker.state != "closed":
            self._log.info("peer_up", peer=self._settings.peer)
        self._breaker.connected()
        self.offers_xverp = connection.features.xverp
        return connection

    def listened(self) -> None:
        """The peer took or refused a transaction: it works."""
        self._breaker.succeeded()

    def turned_away(self) -> None:
        """The peer greeted a fresh connection and then left before anything was said."""
        self._down("mail", "the peer left before the first reply")

    def _down(self, step: str, text: str) -> PeerDown:
        now = self._clock.monotonic()
        self._breaker.failed(now, self._random())
        retry_after_s = self._breaker.retry_after(now) or _SOON_S
        self._log.warning(
            "peer_down",
            peer=self._settings.peer,
            step=step,
            reason=text,
            breaker=self._breaker.state,
            retry_after_s=round(retry_after_s, 1),
        )
        return PeerDown(f"{self._settings.peer}: {text}", retry_after_s=retry_after_s)

    def _kept(self) -> SmtpConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:  # whether the peer has closed it is asked just before it is used
                return connection
            self.retire(connection)
        return None

    def _watch_idle(self) -> None:
        if self._reaper is None and self._idle:
            loop = asyncio.get_running_loop()
            oldest = min(connection.heard_at for connection in self._idle)
            self._reaper = loop.call_at(oldest + self._settings.idle_s, self._reap)

    def _reap(self) -> None:
        self._reaper = None
        limit = asyncio.get_running_loop().time() - self._settings.idle_s
        kept = []
        for connection in self._idle:
            if connection.heard_at <= limit or connection.stale():
                self.retire(connection)
            else:
                kept.append(connection)
        self._idle = kept
        self._watch_idle()


class _Lease:
    """A place in the transport, with whatever connection it needs at the moment."""

    def __init__(self, transport: SmtpTransport, list_id: str, *, urgent: bool) -> None:
        self._transport = transport
        self._list_id = list_id
        self._urgent = urgent
        self._connection: SmtpConnection | None = None

    async def __aenter__(self) -> Self:
        self._connection = await self._transport.enter(self, self._list_id, urgent=self._urgent)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        self._transport.leave(self, connection)

    def hang_up(self) -> None:
        """Breaks the conversation off."""
        if self._connection is not None:
            self._connection.abort()

    async def send(self, transaction: Transaction) -> tuple[Outcome, ...]:
        """See `Slot.send`."""
        await self._transport.rate.take(urgent=self._urgent)
        return await self._carry_out(await self._ready(), (transaction,), together=False)

    async def send_each(self, transactions: Sequence[Transaction]) -> tuple[Outcome, ...]:
        """See `Slot.send_each`."""
        transport = self._transport
        outcomes: list[Outcome] = []
        while len(outcomes) < len(transactions):
            rest = transactions[len(outcomes) :]
            try:
                if transport.rate.limited:
                    await transport.rate.take(urgent=self._urgent)
                    rest = rest[:1]
                connection = await self._ready()
                some = rest[: transport.sessions_left(connection, len(rest))]
                found = await self._carry_out(connection, some, together=True)
            except LocalTrouble as trouble:
                if not outcomes:
                    raise
                # What was sent must be recorded, so this is no error any more.
                reply = Reply(451, "4.4.2", str(trouble))
                return (*outcomes, *[Deferred(reply)] * (len(transactions) - len(outcomes)))
            last = self._connection
            if last is not None and last.usable:
                outcomes += found
                continue
            again = 0 if last is None else last.not_begun
            if isinstance(found[-1 - again] if again < len(found) else None, Delivered):
                # So many the peer takes on one connection: the others have another one.
                outcomes += found[: len(found) - again]
                continue
            outcomes += found
            reply = LOST.reply if isinstance(found[-1], Delivered | Failed) else found[-1].reply
            return (*outcomes, *[Deferred(reply)] * (len(transactions) - len(outcomes)))
        return tuple(outcomes)

    async def _ready(self) -> SmtpConnection:
        connection = self._connection
        if connection is None or self._transport.worn_out(connection) or connection.stale():
            connection = await self._renew()
        return connection

    async def _carry_out(
        self, connection: SmtpConnection, transactions: Sequence[Transaction], *, together: bool
    ) -> tuple[Outcome, ...]:
        reused = connection.transactions > 0
        outcomes = await _transact(connection, transactions, together=together)
        if connection.untouched and reused:
            # The peer dropped a connection that it had kept open: nobody's fault, and nobody has a copy.
            connection = await self._renew()
            outcomes = await _transact(connection, transactions, together=together)
        if connection.untouched:
            self._transport.turned_away()
        elif connection.usable:
            self._transport.listened()
        return outcomes

    async def _renew(self) -> SmtpConnection:
        old, self._connection = self._connection, None
        if old is not None:
            self._transport.retire(old)
        self._connection = await self._transport.connect()
        return self._connection


async def _transact(
    connection: SmtpConnection, transactions: Sequence[Transaction], *, together: bool
) -> tuple[Outcome, ...]:
    if together:
        return await connection.transact_each(transactions)
    return await connection.transact(transactions[0])
