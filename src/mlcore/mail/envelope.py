"""What mlcore knows about a message beside its octets: one frozen record per stage of its life.

`spool.entry` codes these and nothing else. A record may gain fields with defaults; a change of meaning
needs a new version in the magic line. Times are Unix seconds (UTC)."""

from typing import Literal

import msgspec

from mlcore.mail.slots import Slot


class Arrived(msgspec.Struct, frozen=True, kw_only=True, tag="arrived"):
    """in/: accepted by LMTP or injected, not yet decided. One per accepted recipient address."""

    list_id: str
    recipient: str
    """The address as given at RCPT, spelling kept."""
    purpose: Literal["post", "owner"] = "post"
    reverse_path: str = ""
    """MAIL FROM without brackets; empty is the null sender."""
    arrived_at: float
    smtputf8: bool = False
    peer: str = ""


class Held(msgspec.Struct, frozen=True, kw_only=True, tag="held"):
    """hold/: waits for a moderator."""

    arrived: Arrived
    reasons: tuple[str, ...]
    rule_hits: tuple[str, ...] = ()
    rule_misses: tuple[str, ...] = ()
    sender: str = ""
    subject: str = ""


class Accepted(msgspec.Struct, frozen=True, kw_only=True, tag="accepted"):
    """pipeline/: approved, or accepted and told to wait. The rules do not run again."""

    arrived: Arrived
    moderator_approved: bool = False
    approved_at: float | None = None
    rule_hits: tuple[str, ...] = ()
    rule_misses: tuple[str, ...] = ()
    """Names of the rules that were asked before it was held."""


class Rendered(msgspec.Struct, frozen=True, kw_only=True, tag="rendered"):
    """out/ and retry/: the octets every recipient gets but for `slots`, with the envelope sender they go out
    under. archive/ and digest/: the post as it is kept; the recipients of an entry in archive/ are the names
    of the archivers that get it, those of one in digest/ say nothing."""

    list_id: str
    reverse_path: str
    message_id: str = ""
    arrived_at: float
    """Start of `delivery_retry_period`."""
    number: int | None = None
    smtputf8: bool = False
    """The header section holds raw UTF-8, or the reverse path does."""
    eight_bit: bool = False
    """The body holds octets over 127."""
    kind: Literal["post", "owner", "notice", "digest"] = "post"
    urgent: bool = False
    """Somebody waits for it: it goes before posts."""
    slots: tuple[Slot, ...] = ()
    """In order of `at`; without them all recipients get the same octets. What is filled in comes from the
    slot values of each recipient (`spool.entry.Entry.slots`)."""
    verp: int = 0
    """0: all recipients under `reverse_path`; 1: each under a sender of its own (`mail.verp`); N: every Nth
    one, the others under `reverse_path`."""


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag="notice"):
    """virgin/: mail that mlcore itself wrote, complete but for its rendering."""

    list_id: str = ""
    """Empty: a message of the site."""
    reverse_path: str = ""
    kind: str
    """What it is about, for logs: `shunted`, `held`, …"""
    arrived_at: float
    urgent: bool = False
    """Somebody waits for it: it goes before posts."""
    verp: bool = False
    """Whether each recipient gets a sender of its own."""


class Command(msgspec.Struct, frozen=True, kw_only=True, tag="command"):
    """command/: mail to -join, -leave, -confirm or -request of a list, and whatever comes to an address of
    the site itself."""

    list_id: str
    """Empty: the site, of which there are `request`, `owner` and `discard`."""
    recipient: str
    command: Literal["join", "leave", "confirm", "request", "owner", "discard"]
    detail: str = ""
    """What stood behind the delimiter (a token), spelling kept."""
    mail_host: str = ""
    """The domain whose site address it is; empty for a list."""
    reverse_path: str = ""
    arrived_at: float
    smtputf8: bool = False
    peer: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True, tag="report"):
    """bounces/: a delivery report, or whatever else came to -bounces."""

    list_id: str
    recipient: str
    detail: str = ""
    """What stood behind the delimiter: a VERP address, a tag, a probe token."""
    reverse_path: str = ""
    arrived_at: float
    smtputf8: bool = False
    peer: str = ""


Envelope = Arrived | Held | Accepted | Rendered | Notice | Command | Report


def is_urgent(envelope: Envelope) -> bool:
    """Whether somebody waits for it: then it goes before what is not."""
    return isinstance(envelope, Rendered | Notice) and envelope.urgent


def list_id_of(envelope: Envelope) -> str:
    """The list an entry belongs to; empty for mail of the site itself."""
    if isinstance(envelope, Held | Accepted):
        return envelope.arrived.list_id
    return envelope.list_id
