"""The seam between the runner that delivers and whatever carries mail away.

A slot is one conversation at a time (an SMTP connection). The caller keeps it until the record of its
last transaction is durable; that alone bounds what a crash may repeat (P10)."""

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


class Transport(Protocol):
    """Gives slots, fairly between `list_id`s that wait."""

    def slot(self, list_id: str) -> AbstractAsyncContextManager[Slot]:
        """Waits for a free slot. Raises PeerDown on entering when there is no peer to talk to."""
        ...

    async def close(self) -> None:
        """Says QUIT to what is idle and closes; no slot is in use any more."""
        ...

    def status(self) -> str:
        """One line for `mlcore status`: kind, peer, breaker, connections."""
        ...
