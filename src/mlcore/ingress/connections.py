"""Who is connected: the limit, who goes when it is reached, whose time is up, and how all of it ends (P5)."""

import asyncio
import contextlib
from typing import Protocol

from mlcore.base.clock import Clock
from mlcore.ingress import replies
from mlcore.ingress.limits import CROWDED, LmtpLimits
from mlcore.mail.reply import Reply


class Client(Protocol):
    """One connection, as this module needs it."""

    @property
    def idle_since(self) -> float | None:
        """Monotonic seconds since when it waits without a transaction; None while it is doing something."""
        ...

    def overdue(self, now: float, *, crowded: bool) -> bool:
        """Whether it had more time than the limits give for what it is doing."""
        ...

    def expire(self) -> None:
        """Its time is up."""
        ...

    def dismiss(self, reply: Reply) -> None:
        """Says `reply` and closes; `Connections.leave` follows when its conversation has ended."""
        ...

    def cancel(self) -> None:
        """Says 421 and ends the conversation wherever it stands."""
        ...


class Connections:
    """The clients of one server, oldest first."""

    def __init__(self, limits: LmtpLimits, clock: Clock) -> None:
        self.stopping = False
        self._limits = limits
        self._clock = clock
        self._clients: dict[Client, None] = {}
        self._leaving: set[Client] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        """How many are served now; one that was shown out does not count."""
        return len(self._clients)

    def admit(self, client: Client) -> Reply | None:
        """Takes a new client in; otherwise the reply that it hears instead of a greeting.

        At the limit the longest-idle client makes room: a crowd that does nothing keeps nobody out."""
        if self.stopping:
            return replies.SHUTTING_DOWN
        if len(self._clients) >= self._limits.connections:
            idle = self._longest_idle()
            if idle is None:
                return replies.CROWDED
            self._show_out(idle, replies.EVICTED)
        self._clients[client] = None
        self._empty.clear()
        return None

    def leave(self, client: Client) -> None:
        """The conversation with `client` has ended."""
        self._clients.pop(client, None)
        self._leaving.discard(client)
        if not self._clients and not self._leaving:
            self._empty.set()

    def sweep(self) -> None:
        """Expires every client whose time is up."""
        now = self._clock.monotonic()
        crowded = len(self._clients) > CROWDED * self._limits.connections
        for client in list(self._clients):
            if client.overdue(now, crowded=crowded):
                client.expire()

    async def stop(self, grace_s: float, cancel_s: float = 1.0) -> None:
        """Idle clients hear 421 at once; a transaction may end within `grace_s` seconds.

        Then the rest is cancelled, and has `cancel_s` seconds to notice it. Returns when every
        conversation has ended."""
        self.stopping = True
        for client in list(self._clients):
            if client.idle_since is not None:
                self._show_out(client, replies.SHUTTING_DOWN)
        try:
            async with asyncio.timeout(grace_s):
                await self._empty.wait()
        except TimeoutError:
            for client in (*self._clients, *self._leaving):
                client.cancel()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(cancel_s):
                    await self._empty.wait()

    def _longest_idle(self) -> Client | None:
        longest, since = None, float("inf")
        for client in self._clients:
            idle_since = client.idle_since
            if idle_since is not None and idle_since < since:
                longest, since = client, idle_since
        return longest

    def _show_out(self, client: Client, reply: Reply) -> None:
        del self._clients[client]
        self._leaving.add(client)
        client.dismiss(reply)
