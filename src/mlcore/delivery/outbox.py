"""The outbox: a maildir per recipient instead of a mail server, to look at what would have been sent.

    DIRECTORY/ant@example.com/new/0190a1b2c3d40000a1b2c3.o.7

The file name is the entry and the number of the recipient: the same copy written twice is one file."""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Final, Protocol, Self

from mlcore.base.errors import LocalTrouble
from mlcore.delivery.commands import BAD_RECIPIENT, BAD_SENDER, sendable
from mlcore.delivery.fair import FairSlots
from mlcore.delivery.outcome import Deferred, Delivered, Outcome
from mlcore.delivery.transport import Slot, Transaction
from mlcore.mail.reply import LOCAL_TROUBLE, Reply

_STORED: Final = Delivered(Reply(250, "2.0.0", "Stored in the outbox"))
_NOT_STORED: Final = Deferred(LOCAL_TROUBLE)
_AT_ONCE: Final = 16
"""Copies of one transaction written side by side, so that they can share a sync."""
_MAX_NAME: Final = 160
_UNSAFE: Final = re.compile(rb"[^A-Za-z0-9@._+=-]|^\.")


class Publisher(Protocol):
    """Writes files that last."""

    async def publish(self, directory: str, name: str, pieces: Sequence[bytes]) -> None:
        """Makes `directory` with tmp, new and cur where missing, writes the pieces to a new file in tmp,
        and renames it to new/`name`, replacing one of that name. Durable when it returns.

        Raises OSError or LocalTrouble; then new/`name` is what it was."""
        ...


def safe_name(address: str) -> str:
    """`address` as one component of a path (P9): octets outside A-Z a-z 0-9 @ . _ + = - become %XX, and so
    does a dot at the start; what gets longer than 160 characters is cut and ends with a digest. Different
    addresses have different names; never empty."""
    octets = address.encode("utf-8", "surrogatepass")
    name = _UNSAFE.sub(lambda match: b"%%%02X" % match[0][0], octets).decode("ascii")
    if not name:
        return "%"
    if len(name) > _MAX_NAME:
        # `%-` comes from no octet, so that a digest cannot be mistaken for somebody's address.
        name = f"{name[:_MAX_NAME]}%-{hashlib.sha256(octets).hexdigest()[:32]}"
    return name


class OutboxTransport:
    """See `delivery.transport.Transport`. directory: where the maildirs are; at most `max_slots` at work."""

    def __init__(self, directory: str, publish: Publisher, max_slots: int = 4) -> None:
        self._directory = directory
        self._publisher = publish
        self._slots = FairSlots(max_slots)
        self._copies = 0

    @property
    def offers_xverp(self) -> bool:
        """See `Transport.offers_xverp`: each copy is a file of its own anyway."""
        return False

    def slot(self, list_id: str, *, urgent: bool = False) -> AbstractAsyncContextManager[Slot]:
        """See `Transport.slot`."""
        return _OutboxSlot(self, self._slots, list_id, urgent)

    def at_once(self, wanted: int) -> int:
        """See `Transport.at_once`."""
        return wanted

    def stop(self) -> None:
        """See `Transport.stop`: nothing waits here."""

    def hang_up(self) -> None:
        """See `Transport.hang_up`: nothing takes long."""

    async def close(self) -> None:
        """See `Transport.close`."""

    def status(self) -> str:
        """See `Transport.status`."""
        return (
            f"outbox in {self._directory}: mail is stored and sent to nobody, {self._copies} copies since "
            f"the start, {self._slots.busy} slots busy, {self._slots.waiting} waiting"
        )

    async def carry(self, transaction: Transaction) -> tuple[Outcome, ...]:
        """Stores a copy for each recipient."""
        sender = transaction.reverse_path
        if sender and not sendable(sender):
            return (BAD_SENDER,) * len(transaction.recipients)
        pieces = (f"Return-Path: <{sender}>\r\n".encode(), transaction.message.octets)
        copies = list(zip(transaction.numbers, transaction.recipients, strict=True))
        outcomes: list[Outcome] = []
        for start in range(0, len(copies), _AT_ONCE):
            outcomes += await asyncio.gather(
                *(
                    self._store(f"{safe_name(transaction.entry)}.{number}", address, pieces)
                    for number, address in copies[start : start + _AT_ONCE]
                )
            )
        return tuple(outcomes)

    async def _store(self, name: str, address: str, pieces: Sequence[bytes]) -> Outcome:
        if not sendable(address):
            return BAD_RECIPIENT
        try:
            await self._publisher.publish(f"{self._directory}/{safe_name(address)}", name, pieces)
        except (OSError, LocalTrouble):
            return _NOT_STORED
        self._copies += 1
        return _STORED


class _OutboxSlot:
    def __init__(self, transport: OutboxTransport, slots: FairSlots, list_id: str, urgent: bool) -> None:
        self._transport = transport
        self._slots = slots
        self._list_id = list_id
        self._urgent = urgent

    async def __aenter__(self) -> Self:
        await self._slots.acquire(self._list_id, urgent=self._urgent)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._slots.release()

    async def send(self, transaction: Transaction) -> tuple[Outcome, ...]:
        """See `Slot.send`."""
        return await self._transport.carry(transaction)

    async def send_each(self, transactions: Sequence[Transaction]) -> tuple[Outcome, ...]:
        """See `Slot.send_each`."""
        outcomes: list[Outcome] = []
        for start in range(0, len(transactions), _AT_ONCE):
            some = transactions[start : start + _AT_ONCE]
            for found in await asyncio.gather(*map(self._transport.carry, some)):
                outcomes += found
        return tuple(outcomes)
