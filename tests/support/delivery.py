"""What tests of delivery share: transactions, settings with short time-outs, a log that remembers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mlcore.base.clock import Clock, FakeClock
from mlcore.delivery.connection import SmtpConnection, open_connection
from mlcore.delivery.settings import SmtpSettings, Timeouts
from mlcore.delivery.smtp import SmtpTransport
from mlcore.delivery.transport import SealedMessage, Transaction

BODY = b"Subject: x\r\n\r\n.dot\r\nbody\r\n"
SHORT = Timeouts(rcpt_s=0.1, mail_s=0.1, data_s=0.1, block_s=0.1, dot_s=0.1, quit_s=0.05)
PATIENT = Timeouts(quit_s=0.05)


def transaction(
    *recipients: str,
    octets: bytes = BODY,
    reverse_path: str = "ant-bounces@example.com",
    entry: str = "0190a1b2c3d40000a1b2c3.o",
    list_id: str = "ant.example.com",
    eight_bit: bool = False,
    utf8_header: bool = False,
) -> Transaction:
    """One MAIL … dot."""
    return Transaction(
        entry=entry,
        list_id=list_id,
        reverse_path=reverse_path,
        recipients=recipients,
        numbers=tuple(range(len(recipients))),
        message=SealedMessage(octets, eight_bit=eight_bit, utf8_header=utf8_header),
    )


@dataclass
class MemoryLog:
    """Keeps events."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def info(self, event: str, /, **values: object) -> None:
        """See `EventLog`."""
        self.events.append((event, values))

    debug = warning = error = info


def smtp_settings(port: int, timeouts: Timeouts = PATIENT, **more: Any) -> SmtpSettings:
    """Settings for a peer on loopback."""
    return SmtpSettings(host="127.0.0.1", port=port, timeouts=timeouts, **more)


async def connection_to(port: int, timeouts: Timeouts = PATIENT, **more: Any) -> SmtpConnection:
    """A connection that is ready for MAIL."""
    settings = smtp_settings(port, timeouts, **more)
    return await open_connection(settings, settings.tls_context())


def smtp_transport(
    port: int,
    timeouts: Timeouts = PATIENT,
    *,
    clock: Clock | None = None,
    log: MemoryLog | None = None,
    **more: Any,
) -> SmtpTransport:
    """A transport to a peer on loopback, without jitter."""
    settings = smtp_settings(port, timeouts, **more)
    return SmtpTransport(settings, clock or FakeClock(), log or MemoryLog(), lambda: 0.5)


@dataclass
class MemoryPublisher:
    """Files in memory; `failures` are raised by the next calls, in turn."""

    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)

    async def publish(self, directory: str, name: str, pieces: Sequence[bytes]) -> None:
        """See `Publisher.publish`."""
        if self.failures:
            raise self.failures.pop(0)
        self.files[directory, name] = b"".join(pieces)
