"""Which addresses exist here: the question that LMTP asks before it accepts (P20)."""

from dataclasses import dataclass
from typing import Literal, Protocol

Purpose = Literal["post", "owner", "bounces", "confirm", "join", "leave", "request"]


@dataclass(frozen=True, slots=True)
class Destination:
    """A known address. detail: what stood behind the delimiter, spelling kept (empty: nothing)."""

    list_id: str
    purpose: Purpose
    detail: str = ""


class Directory(Protocol):
    """Asked once per RCPT."""

    async def find(self, address: str) -> Destination | None:
        """The destination behind `address` (local@domain, spelling kept), None where there is none.

        Raises LocalTrouble when it cannot be known now: the peer then hears 451, never 550 (P3)."""
        ...
