"""What became of one recipient of one transaction, as a value."""

from dataclasses import dataclass

from mlcore.mail.reply import Reply


@dataclass(frozen=True, slots=True)
class Delivered:
    """The peer took responsibility (2xx after the final dot)."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Deferred:
    """The peer said 4xx, or it was never asked: try again later."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Failed:
    """The peer said 5xx. policy: a refusal of the content or of us (5.6.x, 5.7.x, or at MAIL or dot), which
    does not count against the member."""

    reply: Reply
    policy: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection was lost after the final dot: perhaps delivered. Retried: at most one repeat a loss."""

    reply: Reply


Outcome = Delivered | Deferred | Failed | Unknown
