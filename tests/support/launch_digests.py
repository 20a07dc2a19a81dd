"""Runs a server that kills itself while it makes digests: `python -m support.launch_digests CONFIG`.

MLTEST_DIGESTS_KILL    where: a name of `spool.steps`; `before F` or `after F`: before the function F of the
                       store is asked for, after its commit; `unlink Q`: once a name of queue Q is gone
MLTEST_DIGESTS_COUNT   at which occurrence (default 1)"""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from mlcore.base.durable import LocalDisk, Place
from mlcore.config.loader import read
from mlcore.server.main import run_foreground
from mlcore.server.wiring import Extras
from mlcore.store.engine import Store

KILL = "MLTEST_DIGESTS_KILL"
COUNT = "MLTEST_DIGESTS_COUNT"


class KillingStore(Store):
    """Tells `hear` of functions before they are submitted, and when they have been committed."""

    hear: Callable[[str], None] = staticmethod(lambda _: None)

    def write(  # type: ignore[override]  # whatever the function takes
        self, fn: Any, *arguments: Any
    ) -> "asyncio.Future[Any]":
        """See `Store.write`."""
        name = getattr(fn, "__name__", "")
        self.hear(f"before {name}")
        future = super().write(fn, *arguments)
        future.add_done_callback(lambda _: self.hear(f"after {name}"))  # before whoever waits for it
        return future


class KillingDisk(LocalDisk):
    """Tells `hear` of names that are gone."""

    hear: Callable[[str], None] = staticmethod(lambda _: None)

    def unlink(self, place: Place) -> None:
        """See `Disk.unlink`."""
        super().unlink(place)
        self.hear(f"unlink {place.directory}")


def killer(wanted: str, count: int) -> Callable[[str], None]:
    """Ends this process with SIGKILL at occurrence `count` of `wanted`."""
    seen = itertools.count(1)

    def hear(what: str) -> None:
        if what == wanted and next(seen) == count:
            os.kill(os.getpid(), signal.SIGKILL)

    return hear


def main() -> int:
    """The exit status of the server."""
    hear = killer(os.environ.get(KILL, ""), int(os.environ.get(COUNT, "1")))
    KillingStore.hear = KillingDisk.hear = staticmethod(hear)
    for module in ("mlcore.server.wiring", "mlcore.server.main"):
        for name, double in (("Store", KillingStore), ("LocalDisk", KillingDisk)):
            if hasattr(sys.modules[module], name):
                setattr(sys.modules[module], name, double)
    return run_foreground(read(sys.argv[1]), extras=Extras(at=hear))


if __name__ == "__main__":
    sys.exit(main())
