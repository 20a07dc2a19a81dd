"""Decisions as values (design: a function decides, somebody else carries it out)."""

from dataclasses import dataclass, field
from typing import Literal

Action = Literal["hold", "reject", "discard"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule's finding. rule: its name in logs and headers; reason: one line of English, without octets
    of the message (P9, P19)."""

    rule: str
    reason: str
    action: Action


@dataclass(frozen=True, slots=True)
class Accept:
    """Goes to the members."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Waits for a moderator."""

    hits: tuple[Hit, ...]
    sender: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """Goes back to its author with the reasons."""

    hits: tuple[Hit, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Discard:
    """Ends here, with a log line."""

    hits: tuple[Hit, ...] = field(default_factory=tuple)


Verdict = Accept | Hold | Reject | Discard
