"""What programs that are run here get to know."""

import os
from collections.abc import Mapping
from typing import Final

_MANAGER: Final = ("NOTIFY_", "LISTEN_", "WATCHDOG_")
"""How variables begin in which a service manager speaks to this process alone: a child could answer in its
place (sd_notify(3), sd_listen_fds(3))."""


def environment(of: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables of this process for a child of it."""
    return {name: value for name, value in of.items() if not name.startswith(_MANAGER)}
