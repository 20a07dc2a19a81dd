"""Which addresses exist here: the question that LMTP asks before it accepts (P20)."""

from dataclasses import dataclass
from typing import Literal, Protocol

Purpose = Literal["post", "owner", "bounces", "confirm", "join", "leave", "request", "discard"]
"""`discard`: nobody reads what is sent there."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A known address, of a list or of the site itself. list_id: empty for the site, whose addresses are for
    `owner`, `request` or `discard`; detail: what stood behind the delimiter, spelling kept (empty: nothing);
    mail_host: of the domain whose site address it is, empty for a list."""

    list_id: str
    purpose: Purpose
    detail: str = ""
    mail_host: str = ""


class Directory(Protocol):
    """Asked once per RCPT."""

    async def find(self, address: str) -> Destination | None:
        """The destination behind `address` (local@domain, spelling kept), None where there is none.

        Raises LocalTrouble when it cannot be known now: the peer then hears 451, never 550 (P3)."""
        ...
