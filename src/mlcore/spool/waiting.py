"""What waits in each queue, as the server remembers it: names, in order, and a bell.

The directory is the truth after a start; from then on memory is, and a slow scan compares."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

from mlcore.spool.entry import Entry
from mlcore.spool.records import Records


class Waiting:
    """One queue. A name is either ready (to be taken) or taken (by a runner) or unknown."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.bell = asyncio.Event()
        self._ready: OrderedDict[str, None] = OrderedDict()
        self._taken: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return name in self._ready or name in self._taken

    def __len__(self) -> int:
        return len(self._ready) + len(self._taken)

    @property
    def ready(self) -> int:
        """How many wait to be taken."""
        return len(self._ready)

    def names(self) -> Iterable[str]:
        """All names, those that are taken first."""
        return [*self._taken, *self._ready]

    def oldest(self) -> str | None:
        """The smallest name: ids begin with the time of birth."""
        return min(self.names(), default=None)

    def put(self, name: str) -> None:
        """`name` may be taken (again)."""
        self._taken.discard(name)
        self._ready[name] = None
        self.bell.set()

    def put_first(self, name: str) -> None:
        """`name` may be taken, before all others."""
        self.put(name)
        self._ready.move_to_end(name, last=False)

    def take(self) -> str | None:
        """The name that waits longest, now taken; None if none waits (the bell is silent then)."""
        if not self._ready:
            self.bell.clear()
            return None
        name, _ = self._ready.popitem(last=False)
        self._taken.add(name)
        return name

    def take_this(self, name: str) -> bool:
        """Takes `name` if it is ready."""
        if name not in self._ready:
            return False
        del self._ready[name]
        self._taken.add(name)
        return True

    def replace(self, names: Iterable[str]) -> None:
        """Exactly `names` wait here: for a queue that nobody takes from."""
        self._ready = OrderedDict.fromkeys(names)

    def forget(self, name: str) -> None:
        """`name` has left this queue."""
        self._taken.discard(name)
        self._ready.pop(name, None)


class Memory:
    """Entries that were just written, so that the next stage need not read them. octets: most to keep."""

    def __init__(self, octets: int = 16 << 20) -> None:
        self._left = octets
        self._kept: dict[str, tuple[Entry, Records]] = {}

    def keep(self, name: str, entry: Entry, records: Records) -> None:
        """Remembers an entry if there is room; a large one is read again instead."""
        size = len(entry.octets) + 100 * len(entry.addresses) + 1000
        if size <= self._left and name not in self._kept:
            self._left -= size
            self._kept[name] = (entry, records)

    def take(self, name: str) -> tuple[Entry, Records] | None:
        """The entry, forgotten here from now on."""
        kept = self._kept.pop(name, None)
        if kept is not None:
            self._left += len(kept[0].octets) + 100 * len(kept[0].addresses) + 1000
        return kept
