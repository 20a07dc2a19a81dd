"""What happens to a spool at every start, before anything listens or runs.

Every step only removes what has no effect of its own, so a crash in it, however often, starts it again.
No entry is opened: a torn one is found when it is claimed."""

import contextlib
from dataclasses import dataclass, field

from mlcore.base.durable import Disk, Place
from mlcore.base.ids import NAME
from mlcore.spool import steps
from mlcore.spool.layout import ACTIVE, PARENTS, QUEUES, SERVER_TEMPORARY, TMP, ancestors
from mlcore.spool.waiting import Waiting


@dataclass(slots=True)
class Recovered:
    """names: per queue, sorted by birth. removed: what was dropped. strange: files that are no entries."""

    names: dict[str, list[str]] = field(default_factory=dict)
    removed: list[Place] = field(default_factory=list)
    strange: list[Place] = field(default_factory=list)


def recover(disk: Disk, at: steps.Hook = steps.nothing) -> Recovered:
    """Lists, syncs, removes, syncs again (docs/spool.md). The caller holds the lock. Raises OSError."""
    result = Recovered()
    listed: dict[str, set[str]] = {}
    for queue in QUEUES:
        names = disk.names(queue)
        listed[queue] = {name for name in names if NAME.match(name)}
        result.strange += [Place(queue, name) for name in names if not NAME.match(name)]
    temporary = disk.names(TMP)
    at("recover: listed")
    # After listing: what was seen is durable now; a name seen after the sync could be gone after a power cut.
    for queue in QUEUES:
        disk.sync_directory(queue)
    at("recover: synced")
    result.removed = _choose(listed, temporary)
    for place in result.removed:
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(place)
        at("recover: unlinked")
    # A second run may decide otherwise; a child of the first must not come back.
    for directory in sorted({place.directory for place in result.removed} - {TMP}):
        disk.sync_directory(directory)
    at("recover: resynced")
    gone = set(result.removed)
    for queue, found in listed.items():
        result.names[queue] = sorted(name for name in found if Place(queue, name) not in gone)
    return result


def fill(waiting: dict[str, Waiting], recovered: Recovered) -> None:
    """Hands the lists to the queues."""
    for queue, names in recovered.names.items():
        for name in names:
            waiting[queue].put(name)


def _choose(listed: dict[str, set[str]], temporary: list[str]) -> list[Place]:
    """Rule 3 of the protocol: what goes, from the lists alone."""
    removals = [Place(TMP, name) for name in temporary if name.startswith(SERVER_TEMPORARY)]
    parents: set[str] = set().union(*(listed[queue] for queue in PARENTS))
    for queue in ACTIVE:
        # The parent wins: its children slept, and are perhaps not all there.
        removals += [
            Place(queue, name)
            for name in listed[queue]
            if "." in name and any(ancestor in parents for ancestor in ancestors(name))
        ]
    # A deferral that did not end: out/ goes on. A shunt or unshunt that did not end: never the other way,
    # since a command may be unshunting it at this moment.
    removals += [Place("retry", name) for name in listed["retry"] & listed["out"]]
    active: set[str] = set().union(*(listed[queue] for queue in ACTIVE))
    removals += [Place("shunt", name) for name in listed["shunt"] & active]
    removals += [Place("bad", name) for name in listed["bad"] & active]
    return list(dict.fromkeys(removals))
