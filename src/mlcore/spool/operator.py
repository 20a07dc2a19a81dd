"""What commands do with a spool that belongs to a running server, or to nobody.

A command writes `tmp/c-PID-NAME`, publishes and rings the bell; it never unlinks a name in shunt/ that it
put back, because the server may have shunted the entry again meanwhile."""

import contextlib
import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from mlcore.base.durable import Disk, LocalDisk, Lock, Place, write_new
from mlcore.base.errors import BadInput, CorruptEntry, DiskTrouble
from mlcore.base.ids import NAME
from mlcore.spool.entry import NONCE_BYTES, Entry, TailPlace, decode, encode
from mlcore.spool.layout import ACTIVE, COMMAND_TEMPORARY, DIRECTORIES, INJECTABLE, QUEUES, TMP
from mlcore.spool.tail import Progress, Record, decode_records

LOCK_NAME = "lock"


class QueueDepth(NamedTuple):
    """entries: how many; oldest: Unix time of the oldest one's birth, None in an empty queue."""

    entries: int
    oldest: float | None


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as `qfile` prints it."""

    queue: str
    name: str
    entry: Entry
    records: tuple[Record, ...]
    progress: Progress


def open_disk(queue_dir: str) -> LocalDisk:
    """The disk under `queue_dir`. Raises BadInput if it is no spool."""
    return LocalDisk(queue_dir, DIRECTORIES)


def inject(disk: Disk, queue: str, name: str, entry: Entry) -> None:
    """A from outside: durable in `queue` when it returns. Raises BadInput, DiskTrouble."""
    if queue not in INJECTABLE:
        raise BadInput(f"No such queue: {queue}", "use one of " + ", ".join(INJECTABLE))
    temporary = Place(TMP, f"{COMMAND_TEMPORARY}{os.getpid()}-{name}")
    try:
        pieces, _ = encode(entry, secrets.token_bytes(NONCE_BYTES))
    except ValueError as error:
        raise BadInput(f"cannot be written: {error}", "addresses have no control characters") from error
    try:
        write_new(disk, temporary, pieces)
        disk.rename(temporary, Place(queue, name))
        disk.sync_directory(queue)
    except OSError as error:
        for leftover in (temporary, Place(queue, name)):
            with contextlib.suppress(OSError):
                disk.unlink(leftover)
        raise DiskTrouble.of(error, f"injecting into {queue}/") from error


def depths(disk: Disk) -> dict[str, QueueDepth]:
    """How much lies in each queue directory, in the order of `QUEUES`."""
    found = {}
    for queue in QUEUES:
        names = [name for name in _names(disk, queue) if NAME.match(name)]
        found[queue] = QueueDepth(len(names), born(min(names)) if names else None)
    return found


def born(name: str) -> float:
    """Unix time in a root id or a name made from it."""
    return int(name[:11], 16) / 1000


def find(disk: Disk, name: str) -> Place:
    """Where the entry called `name` lies, dead ends last. Raises BadInput if nowhere."""
    if NAME.match(name):
        for queue in (*ACTIVE, "shunt", "bad"):
            if name in _names(disk, queue):
                return Place(queue, name)
    raise BadInput(f"No such entry: {name}", "`mlcore queues --names` lists what there is")


def show(disk: Disk, place: Place) -> Shown:
    """Reads one entry. Raises CorruptEntry, DiskTrouble."""
    try:
        octets, _ = disk.read(place)
    except OSError as error:
        raise DiskTrouble.of(error, f"reading {place.directory}/{place.name}") from error
    entry, tail = decode(octets)
    records = _records(octets, tail)
    return Shown(place.directory, place.name, entry, tuple(records), Progress(place.name, records))


@dataclass(frozen=True, slots=True)
class Unshunted:
    """What became of one shunted entry. queue: where it is again; empty if discarded or if `error` is set."""

    name: str
    queue: str = ""
    error: str = ""


def unshunt(
    disk: Disk, names: Iterable[str] | None, *, discard: bool = False, owner: bool = False
) -> list[Unshunted]:
    """I: puts shunted entries (None: all of them) back where they came from, or discards them.

    owner: no server runs and the caller holds the lock of the spool; then the shunted name goes here too."""
    there = sorted(name for name in _names(disk, "shunt") if NAME.match(name))
    wanted = there if names is None else list(names)
    return [
        _unshunt(disk, name, discard=discard, owner=owner)
        if name in there
        else Unshunted(name, error="no such entry in shunt/")
        for name in wanted
    ]


def _unshunt(disk: Disk, name: str, *, discard: bool, owner: bool) -> Unshunted:
    shunted = Place("shunt", name)
    try:
        if discard:
            disk.unlink(shunted)
            disk.sync_directory("shunt")
            return Unshunted(name)
        shown = show(disk, shunted)
        queue = shown.progress.shunted_from
        if queue not in ACTIVE:
            return Unshunted(name, error="no record of the queue it came from")
        with contextlib.suppress(FileExistsError):  # a server that died in the middle of shunting it
            disk.link(shunted, Place(queue, name))
        disk.sync_directory(queue)
        if owner:
            disk.unlink(shunted)
            disk.sync_directory("shunt")
    except (OSError, CorruptEntry, DiskTrouble) as error:
        return Unshunted(name, error=str(error))
    return Unshunted(name, queue=queue)


def sweep_temporary(disk: Disk, *, now: float | None = None, older_than_s: float = 3600.0) -> list[str]:
    """Removes what commands left in tmp/ more than an hour ago; returns the names. Raises DiskTrouble."""
    limit = (time.time() if now is None else now) - older_than_s
    removed = []
    for name in _names(disk, TMP):
        if not name.startswith(COMMAND_TEMPORARY):
            continue
        try:
            if disk.age(Place(TMP, name)) < limit:
                disk.unlink(Place(TMP, name))
                removed.append(name)
        except FileNotFoundError:
            continue  # its command has just published it
        except OSError as error:
            raise DiskTrouble.of(error, f"removing {TMP}/{name}") from error
    return removed


def spool_lock(queue_dir: str) -> Lock:
    """The lock that makes one process the owner of a spool."""
    return Lock(os.path.join(queue_dir, LOCK_NAME))


def _names(disk: Disk, directory: str) -> list[str]:
    try:
        return disk.names(directory)
    except OSError as error:
        raise DiskTrouble.of(error, f"listing {directory}/") from error


def _records(octets: bytes, tail: TailPlace) -> list[Record]:
    return decode_records(octets[tail.offset :], tail.key)[0]
