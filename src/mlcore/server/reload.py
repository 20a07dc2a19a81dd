"""A running server reads its configuration again (SIGHUP, `mlcore reopen`).

What can change while mail is on its way changes for whatever begins from then on; of the rest it is said that
it needs a restart. A configuration with a mistake changes nothing."""

import asyncio
import os
from dataclasses import dataclass
from typing import Any

from mlcore.base.durable import make_directories
from mlcore.base.errors import ConfigError, LocalTrouble, StoreTrouble
from mlcore.config.changes import differences, take_over
from mlcore.config.settings import Settings
from mlcore.lists.addressing import candidates
from mlcore.server.logs import Log, LogFile
from mlcore.server.wiring import Parts, log_path
from mlcore.store.cache import PolicyCache

OWNER_S = 5.0
"""How long the database is asked whether the site owner is a list."""


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
    parts.texts.look_again()  # its files may have changed though no setting has
    return Reloaded(
        settings,
        tuple(str(change) for change in changes if change.live),
        tuple(str(change) for change in changes if not change.live),
    )


async def refuse_list_as_owner(old: Settings, new: Settings, cache: PolicyCache) -> None:
    """Mail about a list must not go to a list: raises ConfigError if the new site_owner is an address of one.

    Raises StoreTrouble where the database cannot tell; but the owner there was is not doubted then."""
    owner = new.mailman.site_owner
    names = [(one.list_name, one.mail_host) for one in candidates(owner, new.mta.verp_delimiter)]
    try:
        async with asyncio.timeout(OWNER_S):
            found = await cache.first_of(names)
    except (LocalTrouble, TimeoutError) as error:
        if owner == old.mailman.site_owner:
            return
        reason = str(error) or "the database does not answer"
        raise StoreTrouble(f"whether {owner} is a list cannot be told: {reason}") from error
    if found is not None:
        raise ConfigError(
            f"{owner} is an address of a list here",
            "write the address of a person or an alias",
            file=new.config_file,
            section="mailman",
            key="site_owner",
        )
