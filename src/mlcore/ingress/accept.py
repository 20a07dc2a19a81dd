"""What LMTP needs from the rest of the server: somebody who makes entries durable."""

from collections.abc import Sequence
from typing import Protocol

from mlcore.base.errors import DiskTrouble, LocalTrouble
from mlcore.mail.reply import LOCAL_TROUBLE, NO_SPACE, Reply
from mlcore.spool.entry import NewEntry


class Acceptor(Protocol):
    """Takes responsibility for mail: what it returns None for survives a power cut (P1)."""

    async def accept(self, entries: Sequence[NewEntry]) -> list[LocalTrouble | None]:
        """Stores the entries of one transaction; one result per entry, in order, None when it is durable.

        What it raises counts for all of them. It may be cancelled: the peers then hear 4xx."""
        ...

    def room(self) -> LocalTrouble | None:
        """What stands against taking a message now; None: nothing. Asked at each MAIL; must not block."""
        ...


def reply_for(trouble: LocalTrouble) -> Reply:
    """What the peer hears of it: 452 4.3.1 when the disk is full, otherwise 451 4.3.0 (P3)."""
    return NO_SPACE if isinstance(trouble, DiskTrouble) and trouble.full else LOCAL_TROUBLE
