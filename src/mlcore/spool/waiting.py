"""What waits in each queue, as the server remembers it: names, in order, and a bell.

The directory is the truth after a start; from then on memory is, and a slow scan compares."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

from mlcore.spool.entry import Entry
from mlcore.spool.records import Records


class Waiting:
    """One queue. A name is either ready (to be taken) or taken (by a runner) or unknown. What is urgent is
    taken before all that is not, and rings a bell of its own."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.bell = asyncio.Event()
        self.urgent_bell = asyncio.Event()
        self._ready: OrderedDict[str, None] = OrderedDict()
        self._ready_urgent: OrderedDict[str, None] = OrderedDict()
        self._urgent: set[str] = set()
        self._taken: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return name in self._ready or name in self._taken or name in self._ready_urgent

    def __len__(self) -> int:
        return self.ready + len(self._taken)

    @property
    def ready(self) -> int:
        """How many wait to be taken."""
        return len(self._ready) + len(self._ready_urgent)

    def names(self) -> Iterable[str]:
        """All names, those that are taken first."""
        return [*self._taken, *self._ready_urgent, *self._ready]

    def oldest(self) -> str | None:
        """The smallest name: ids begin with the time of birth."""
        return min(self.names(), default=None)

    def put(self, name: str, *, urgent: bool = False) -> None:
        """`name` may be taken (again). urgent: now and whenever it is put back."""
        self._taken.discard(name)
        if urgent:
            self._urgent.add(name)
        self._place(name)[name] = None
        self.bell.set()
        if name in self._urgent:
            self.urgent_bell.set()

    def is_urgent(self, name: str) -> bool:
        """Whether `name` goes before others, as long as it is here."""
        return name in self._urgent

    def put_first(self, name: str) -> None:
        """`name` may be taken, before all others that are not more urgent."""
        self.put(name)
        self._place(name).move_to_end(name, last=False)

    def take(self, *, urgent: bool = False) -> str | None:
        """The name that waits longest, now taken; None if none waits (the bell is silent then). urgent: only
        one that is."""
        if self._ready_urgent:
            name, _ = self._ready_urgent.popitem(last=False)
        elif urgent:
            self.urgent_bell.clear()
            return None
        elif self._ready:
            name, _ = self._ready.popitem(last=False)
        else:
            self.bell.clear()
            return None
        self._taken.add(name)
        return name

    def take_this(self, name: str) -> bool:
        """Takes `name` if it is ready."""
        place = self._place(name)
        if name not in place:
            return False
        del place[name]
        self._taken.add(name)
        return True

    def replace(self, names: Iterable[str]) -> None:
        """Exactly `names` wait here: for a queue that nobody takes from."""
        self._ready = OrderedDict.fromkeys(names)
        self._ready_urgent.clear()

    def forget(self, name: str) -> None:
        """`name` has left this queue."""
        self._taken.discard(name)
        self._place(name).pop(name, None)
        self._urgent.discard(name)

    def _place(self, name: str) -> OrderedDict[str, None]:
        return self._ready_urgent if name in self._urgent else self._ready


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
