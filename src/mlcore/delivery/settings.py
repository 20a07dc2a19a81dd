"""Settings of the SMTP transport: frozen, checked once, no file format."""

import re
import ssl
from dataclasses import dataclass, field
from typing import Final, Literal

from mlcore.base.errors import BadInput

_HELO_NAME: Final = re.compile(r"[A-Za-z0-9.\-]+\Z|\[[A-Za-z0-9.:]+\]\Z")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait, no shorter than RFC 5321 4.5.3.2 asks for. Each reply of a group has its own."""

    connect_s: float = 30.0
    greeting_s: float = 300.0
    command_s: float = 300.0
    """EHLO, STARTTLS, AUTH, RSET."""
    mail_s: float = 300.0
    rcpt_s: float = 300.0
    data_s: float = 120.0
    block_s: float = 180.0
    """Until the network took one block of content."""
    dot_s: float = 600.0
    tls_s: float = 60.0
    quit_s: float = 2.0


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where to and how. Raises BadInput for a name or a login that cannot be written in a command.

    mode: `smtp`, `smtps` (TLS from the first octet, RFC 8314) or `starttls` (RFC 3207, required).
    opportunistic_tls: with mode `smtp`, STARTTLS where it is offered, unverified, plain where it fails.
    max_sessions_per_connection: transactions until a connection is replaced; 0: no limit.
    idle_s: how long an unused connection is kept; below the time after which the peer drops it."""

    host: str = "localhost"
    port: int = 25
    mode: Literal["smtp", "smtps", "starttls"] = "smtp"
    opportunistic_tls: bool = False
    verify_cert: bool = True
    verify_hostname: bool = True
    ca_file: str = ""
    """Certificates to trust beside those of the system (PEM)."""
    user: str = ""
    password: str = field(default="", repr=False)
    helo_name: str = "localhost"
    max_connections: int = 8
    max_sessions_per_connection: int = 0
    messages_per_minute: int = 0
    """Transactions; 0: no limit."""
    idle_s: float = 30.0
    failures_until_open: int = 3
    """Failed connections in a row until the breaker opens."""
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuses what would break a command line (P9)."""
        if _HELO_NAME.match(self.helo_name) is None:
            raise BadInput("the name for EHLO is no host name", "write a host name or [address]")
        if "\0" in self.user + self.password:
            raise BadInput("the login holds a NUL character", "remove it")
        if self.max_connections < 1:
            raise BadInput("no connection is allowed", "write a number of 1 or more")

    @property
    def peer(self) -> str:
        """`host:port`, for logs."""
        return f"{self.host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        """A context as the settings ask for it, None where TLS is never spoken. Reads certificate files:
        made once per transport. Raises OSError if `ca_file` cannot be read."""
        if self.mode == "smtp" and not self.opportunistic_tls:
            return None
        context = ssl.create_default_context(cafile=self.ca_file or None)
        if self.ca_file:
            context.load_default_certs()
        verified = self.verify_cert and self.mode != "smtp"
        context.check_hostname = verified and self.verify_hostname
        context.verify_mode = ssl.CERT_REQUIRED if verified else ssl.CERT_NONE
        return context
