"""What a peer offers after EHLO (RFC 5321 4.1.1.1), as a value."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Features:
    """The extensions that matter here; all off is what a peer that only knows HELO has.

    size: octets the peer takes; 0: SIZE is offered without a limit; None: SIZE is not offered (RFC 1870).
    auth: mechanisms, upper case (RFC 4954)."""

    pipelining: bool = False
    chunking: bool = False
    eight_bit: bool = False
    smtputf8: bool = False
    xverp: bool = False
    dsn: bool = False
    starttls: bool = False
    size: int | None = None
    auth: frozenset[str] = frozenset()


def read_features(lines: Sequence[str]) -> Features:
    """The features in a reply to EHLO. lines: without codes; the first one is the peer's name."""
    offered: dict[str, list[str]] = {}
    for line in lines[1:]:
        # `AUTH=PLAIN` is how servers older than RFC 2554 wrote it; some still say both.
        keyword, *parameters = line.replace("=", " ", 1).upper().split() or [""]
        offered.setdefault(keyword, []).extend(parameters)
    return Features(
        pipelining="PIPELINING" in offered,
        chunking="CHUNKING" in offered,
        eight_bit="8BITMIME" in offered,
        smtputf8="SMTPUTF8" in offered,
        xverp="XVERP" in offered,
        dsn="DSN" in offered,
        starttls="STARTTLS" in offered,
        size=_size(offered["SIZE"]) if "SIZE" in offered else None,
        auth=frozenset(offered.get("AUTH", ())),
    )


def _size(parameters: list[str]) -> int:
    digits = parameters[0] if parameters else ""
    # A number of more than 20 digits (RFC 1870 4) is no limit that a message could reach.
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 20 else 0
