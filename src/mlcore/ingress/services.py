"""What every conversation of one server shares."""

import contextlib
from dataclasses import dataclass

from mlcore.base.clock import Clock
from mlcore.base.errors import LocalTrouble
from mlcore.base.eventlog import EventLog
from mlcore.base.ids import IdMaker
from mlcore.ingress.accept import Acceptor
from mlcore.ingress.connections import Connections
from mlcore.ingress.data import Memory
from mlcore.ingress.limits import LmtpLimits
from mlcore.lists.directory import Directory
from mlcore.mail.reply import Reply


class SafeLog:
    """A log whose own failure (its disk is full, say) refuses no mail and breaks no connection."""

    __slots__ = ("_log",)

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def debug(self, event: str, /, **values: object) -> None:
        """See `EventLog.debug`."""
        with contextlib.suppress(Exception):
            self._log.debug(event, **values)

    def info(self, event: str, /, **values: object) -> None:
        """See `EventLog.info`."""
        with contextlib.suppress(Exception):
            self._log.info(event, **values)

    def warning(self, event: str, /, **values: object) -> None:
        """See `EventLog.warning`."""
        with contextlib.suppress(Exception):
            self._log.warning(event, **values)

    def error(self, event: str, /, **values: object) -> None:
        """See `EventLog.error`."""
        with contextlib.suppress(Exception):
            self._log.error(event, **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Handed to each session. hostname: as the greeting says it."""

    directory: Directory
    acceptor: Acceptor
    ids: IdMaker
    clock: Clock
    limits: LmtpLimits
    hostname: str
    log: SafeLog
    connections: Connections
    memory: Memory

    def refused(self, reply: Reply, **values: str) -> Reply:
        """Logs that a peer hears `reply`, and gives it back. values: recipient, reverse_path or peer."""
        self.log.info("refused", reply=reply.line(), **values)
        return reply

    def trouble(self, step: str, error: Exception, peer: str) -> None:
        """Logs what went wrong here: one line for a trouble that passes, a traceback for a defect."""
        if isinstance(error, LocalTrouble):
            self.log.warning("trouble", step=step, error=str(error), peer=peer)
        else:
            self.log.error("trouble", step=step, error=str(error), peer=peer, exc_info=error)
