"""A transport that keeps what it is given: for tests, and obeying the same contract as the real ones."""

from collections import deque
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

from mlcore.delivery.fair import FairSlots
from mlcore.delivery.outcome import Delivered, Outcome
from mlcore.delivery.transport import PeerDown, Slot, Transaction
from mlcore.mail.reply import ACCEPTED


class MemoryTransport:
    """See `delivery.transport.Transport`. Everybody gets a copy, but for what `script` says."""

    def __init__(self, max_slots: int = 8) -> None:
        self._slots = FairSlots(max_slots)
        self._scripts: dict[str, deque[Outcome]] = {}
        self.transactions: list[Transaction] = []
        """In the order they were sent."""
        self.delivered: list[tuple[Transaction, str]] = []
        """One item per copy that arrived: its transaction and recipient."""
        self.down_for_s: float | None = None
        """Set: there is no peer, and it is this many seconds until one should ask again."""
        self.closed = False
        self.offers_xverp = False
        """See `Transport.offers_xverp`."""

    def script(self, address: str, *outcomes: Outcome) -> None:
        """The next outcomes for `address`, one per attempt; after them it is delivered to again. An
        `Unknown` arrives nowhere: whether the peer had it is for the test to decide."""
        self._scripts.setdefault(address, deque()).extend(outcomes)

    def slot(self, list_id: str, *, urgent: bool = False) -> AbstractAsyncContextManager[Slot]:
        """See `Transport.slot`."""
        return _MemorySlot(self, list_id, urgent)

    def at_once(self, wanted: int) -> int:
        """See `Transport.at_once`."""
        return wanted

    def stop(self) -> None:
        """See `Transport.stop`: nothing waits here."""

    def hang_up(self) -> None:
        """See `Transport.hang_up`: nothing takes long."""

    async def close(self) -> None:
        """See `Transport.close`."""
        self.closed = True

    def status(self) -> str:
        """See `Transport.status`."""
        return f"memory: {len(self.delivered)} copies, {self._slots.busy} slots busy"

    async def enter(self, list_id: str, urgent: bool) -> None:
        """Takes a place."""
        await self._slots.acquire(list_id, urgent=urgent)
        try:
            self.check()
        except PeerDown:
            self._slots.release()
            raise

    def leave(self) -> None:
        """Gives a place back."""
        self._slots.release()

    def check(self) -> None:
        """Raises PeerDown where there is no peer."""
        if self.down_for_s is not None:
            raise PeerDown("the peer is down", retry_after_s=self.down_for_s)

    def carry(self, transaction: Transaction) -> tuple[Outcome, ...]:
        """Delivers as scripted."""
        self.transactions.append(transaction)
        return tuple(self._deliver(transaction, address) for address in transaction.recipients)

    def _deliver(self, transaction: Transaction, address: str) -> Outcome:
        script = self._scripts.get(address)
        outcome = script.popleft() if script else Delivered(ACCEPTED)
        if isinstance(outcome, Delivered):
            self.delivered.append((transaction, address))
        return outcome


class _MemorySlot:
    def __init__(self, transport: MemoryTransport, list_id: str, urgent: bool) -> None:
        self._transport = transport
        self._list_id = list_id
        self._urgent = urgent

    async def __aenter__(self) -> Self:
        await self._transport.enter(self._list_id, self._urgent)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.leave()

    async def send(self, transaction: Transaction) -> tuple[Outcome, ...]:
        """See `Slot.send`."""
        self._transport.check()
        return self._transport.carry(transaction)

    async def send_each(self, transactions: Sequence[Transaction]) -> tuple[Outcome, ...]:
        """See `Slot.send_each`."""
        return tuple([(await self.send(transaction))[0] for transaction in transactions])
