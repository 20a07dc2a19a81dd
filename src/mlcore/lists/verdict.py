"""Decisions as values (design: a function decides, somebody else carries it out)."""

from dataclasses import dataclass
from typing import Final, Literal

from mlcore.lists.reasons import Reason

Terminal = Literal["accept", "hold", "reject", "discard"]
"""Where the way through the chains ends."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule's finding. rule: its name in logs and headers; reason: None for rules that only find; action:
    what the rule itself asks for, None where the chain says what a hit means; text: the list owner's own
    words for the author, instead of reasons (dmarc_moderation_notice), empty: none."""

    rule: str
    reason: Reason | None = None
    action: Terminal | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """What led to a decision. hits and misses: names of rules that record them, in the order asked; reasons:
    in the order found; text: see `Hit`; chain: the name of the last one; by: rule or handler that decided,
    empty: none."""

    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    text: str = ""
    chain: str = ""
    by: str = ""


NO_TRAIL: Final = Trail()


@dataclass(frozen=True, slots=True)
class Accept:
    """Goes to the members."""

    trail: Trail = NO_TRAIL


@dataclass(frozen=True, slots=True)
class Hold:
    """Waits for a moderator. sender: empty if there is none; subject: decoded; one line each, at most 255
    characters."""

    trail: Trail = NO_TRAIL
    sender: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """Goes back to its author with the reasons."""

    trail: Trail = NO_TRAIL


@dataclass(frozen=True, slots=True)
class Discard:
    """Ends here, with a log line. forward: the owners get it for information; preserve: a copy goes to bad/
    (filter_action)."""

    trail: Trail = NO_TRAIL
    forward: bool = False
    preserve: bool = False


Verdict = Accept | Hold | Reject | Discard
