"""What a peer may ask of the LMTP server before it hears no."""

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LmtpLimits:
    """Bounds of one server. Sizes in octets, times in seconds; all positive.

    size_bytes: content of one message (announced as SIZE). command_line: one command with its CRLF.
    buffer: octets read ahead per connection. errors: bad commands answered before 421. recipients: per
    transaction. data_memory_bytes: content kept by all transactions together."""

    size_bytes: int = 64 * _MIB
    command_line: int = 2048
    buffer: int = 64 * 1024
    errors: int = 20
    connections: int = 100
    recipients: int = 1000
    data_memory_bytes: int = 256 * _MIB
    idle_s: float = 300.0
    """Between two transactions."""
    idle_crowded_s: float = 30.0
    """The same when more than `CROWDED` of the connections are in use."""
    command_s: float = 300.0
    """From the first octet of a command to its end; and for the next command of a transaction."""
    data_s: float = 600.0
    """From 354 to the final dot, however the octets drip."""
    work_s: float = 120.0
    """One question to the directory, or one transaction in the spool, before the peer hears 451."""


CROWDED = 0.8
"""Share of the connections in use above which idle clients have less time."""
