"""What carries mail out of this host, and what keeps files on it."""

import random
from collections.abc import Callable, Sequence
from typing import Literal, cast

from mlcore.base.batches import Batches
from mlcore.base.clock import Clock
from mlcore.base.durable import make_directories, publish
from mlcore.base.errors import DiskTrouble
from mlcore.base.eventlog import EventLog
from mlcore.config.settings import Settings
from mlcore.delivery.outbox import OutboxTransport
from mlcore.delivery.settings import SmtpSettings
from mlcore.delivery.smtp import SmtpTransport
from mlcore.delivery.transport import Transport


class LocalPublisher:
    """Files that last, for the outbox: `base.durable.publish` in the disk threads."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    async def publish(self, directory: str, name: str, pieces: Sequence[bytes]) -> None:
        """See `delivery.outbox.Publisher`."""
        try:
            await self._batches.run(_publish, directory, name, list(pieces))
        except OSError as error:
            raise DiskTrouble.of(error, f"writing {directory}") from error


def _publish(directory: str, name: str, pieces: Sequence[bytes]) -> None:
    make_directories(directory, ("tmp", "new", "cur"))
    publish(directory, f"tmp/{name}", f"new/{name}", pieces)


def make_transport(
    settings: Settings,
    batches: Batches,
    clock: Clock,
    log: EventLog,
    hostname: str,
    smtp_of: Callable[[SmtpSettings], SmtpSettings],
) -> Transport:
    """What `[mta] outgoing` names. smtp_of: changes how SMTP is spoken, for tests."""
    mta = settings.mta
    if mta.outgoing == "outbox":
        return OutboxTransport(settings.paths.outbox_dir, LocalPublisher(batches))
    smtp = SmtpSettings(
        host=mta.smtp_host,
        port=mta.smtp_port,
        mode=cast("Literal['smtp', 'smtps', 'starttls']", mta.smtp_secure_mode),
        verify_cert=mta.smtp_verify_cert,
        verify_hostname=mta.smtp_verify_hostname,
        user=mta.smtp_user,
        password=mta.smtp_pass,
        helo_name=hostname,
        max_connections=mta.max_connections,
        max_sessions_per_connection=mta.max_sessions_per_connection,
        messages_per_minute=mta.messages_per_minute,
    )
    return SmtpTransport(smtp_of(smtp), clock, log, random.random)
