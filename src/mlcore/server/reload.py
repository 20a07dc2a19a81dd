"""A running server reads its configuration again (SIGHUP, `mlcore reopen`).

What can change while mail is on its way changes for whatever begins from then on; of the rest it is said that
it needs a restart. A configuration with a mistake changes nothing."""

import os
from dataclasses import dataclass
from typing import Any

from mlcore.base.durable import make_directories
from mlcore.config.changes import differences, take_over
from mlcore.config.settings import Settings
from mlcore.server.logs import Log, LogFile
from mlcore.server.wiring import Parts, log_path


@dataclass(frozen=True, slots=True)
class Reloaded:
    """settings: what is in force now. changed, restart: `section key` of what was taken over, and of what
    waits for a restart."""

    settings: Settings
    changed: tuple[str, ...]
    restart: tuple[str, ...]


def reload(old: Settings, new: Settings, parts: Parts, log: Any, log_file: LogFile) -> Reloaded:
    """Opens the log anew, under its new path if it has one, and takes over what may change.

    Raises OSError where the log cannot be written; then lines go on into the old one, and the rest is not
    done."""
    changes = differences(old, new)
    settings = take_over(old, new)
    path = log_path(settings)
    if path:
        make_directories(os.path.dirname(path), ())
    log_file.reopen(path)
    if isinstance(log, Log):
        log.change(level=settings.logging.level, style=settings.logging.format)
    if settings != old:
        for adopt in parts.live:
            adopt(settings)
    return Reloaded(
        settings,
        tuple(str(change) for change in changes if change.live),
        tuple(str(change) for change in changes if not change.live),
    )
