"""The seam between the runner that delivers and whatever carries mail away.

A slot is one conversation at a time (an SMTP connection). The caller keeps it until the record of its
last transaction is durable; that alone bounds what a crash may repeat (P10)."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from mlcore.base.errors import LocalTrouble
from mlcore.delivery.outcome import Outcome


@dataclass(frozen=True, slots=True)
class SealedMessage:
    """Octets that nobody edits any more: CRLF line ends only, no NUL, no bare CR or LF (P4).

    eight_bit: the body holds octets over 127. utf8_header: the header section does."""

    octets: bytes
    eight_bit: bool = False
    utf8_header: bool = False


@dataclass(frozen=True, slots=True)
class Transaction:
    """One MAIL … dot. recipients: 1 or more addresses, in order; numbers: their numbers in the entry.

    entry: the spool name, for logs and for a transport that stores under it (the same entry and number
    are the same copy)."""

    entry: str
    list_id: str
    reverse_path: str
    recipients: tuple[str, ...]
    numbers: tuple[int, ...]
    message: SealedMessage
    xverp: str = ""
    """The two signs of XVERP (Postfix): the peer, which has to offer it, makes a sender of its own for each
    recipient; empty: all get `reverse_path`."""


class PeerDown(LocalTrouble):
    """The peer cannot be reached now (the breaker is open): nothing was sent. retry_after_s: until when."""

    def __init__(self, text: str, *, retry_after_s: float) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class Slot(Protocol):
    """One conversation. `send` may be called again after the record of the last one is durable."""

    async def send(self, transaction: Transaction) -> tuple[Outcome, ...]:
        """Carries it out; one outcome per recipient, in order. Raises nothing but CancelledError: a
        failure is an outcome. `PeerDown` alone is raised when not one octet could be sent."""
        ...

    async def send_each(self, transactions: Sequence[Transaction]) -> tuple[Outcome, ...]:
        """`send` for transactions of one recipient each, one behind the other, as fast as the peer allows:
        one outcome for each, in order. All of them may be under way at once; the caller bounds their
        number."""
        ...


class Transport(Protocol):
    """Gives slots, fairly between `list_id`s that wait."""

    @property
    def offers_xverp(self) -> bool:
        """Whether the peer, when it was last greeted, offered XVERP."""
        ...

    def slot(self, list_id: str, *, urgent: bool = False) -> AbstractAsyncContextManager[Slot]:
        """Waits for a free slot; urgent: before all who are not. Raises PeerDown on entering when there is
        no peer to talk to."""
        ...

    def at_once(self, wanted: int) -> int:
        """How many of `wanted` transactions of one recipient go out without a pause between them; at least
        one. What waits for leave to be sent should have the record of all before it."""
        ...

    def stop(self) -> None:
        """No transaction waits for leave to begin any more: `Stopping` instead. What has begun goes on."""
        ...

    def hang_up(self) -> None:
        """Breaks off what is under way: its outcomes are then those that are known, so that they can be
        recorded. Nothing is sent any more."""
        ...

    async def close(self) -> None:
        """Says QUIT to what is idle and closes; no slot is in use any more."""
        ...

    def status(self) -> str:
        """One line for `mlcore status`: kind, peer, breaker, connections."""
        ...
