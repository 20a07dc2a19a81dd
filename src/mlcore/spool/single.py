"""Single calls on names and files, as the transitions use them, each with the name of its step."""

from collections.abc import Sequence

from mlcore.base.durable import Disk, Place, SyncFailed, remove, write_new
from mlcore.spool.entry import Entry, TailPlace, decode, encode, tail_size
from mlcore.spool.records import Owner, Records
from mlcore.spool.tail import Tail


async def write_entry(owner: Owner, entry: Entry, places: Sequence[Place]) -> Records:
    """A new durable file called by all of `places`, whose names are not durable. Raises OSError, and
    ValueError if the entry cannot be encoded."""
    owner.file_syncs += 1
    tail, identity = await owner.batches.run(_write, owner.disk, entry, owner.nonce(), places)
    records = Records(owner, Tail(tail))
    owner.files[identity] = records
    return records


def read_entry(disk: Disk, place: Place) -> tuple[Entry, TailPlace, bytes, int]:
    """An entry, its tail and the inode number. Raises OSError, CorruptEntry, LeftAlone."""
    octets, identity = disk.read(place)
    entry, tail = decode(octets)
    return entry, tail, octets[tail.offset :], identity


def opened(owner: Owner, entry: Entry, tail: TailPlace, octets: bytes) -> Records:
    """The records of a file that was just read. Blanks beyond those of its birth may not be durable."""
    firm = tail.size <= tail_size(len(entry.addresses))
    return Records(owner, Tail(tail, octets, firm=firm))


def rename(owner: Owner, old: Place, new: Place, step: str) -> None:
    """In a thread. Replaces `new`."""
    owner.disk.rename(old, new)
    owner.at(step)


def link(owner: Owner, old: Place, new: Place, step: str) -> None:
    """In a thread. FileExistsError if `new` is there."""
    owner.disk.link(old, new)
    owner.at(step)


def unlink(owner: Owner, place: Place, step: str) -> None:
    """In a thread. An operator may have removed it by hand: gone is gone. SyncFailed: nobody knows."""
    disk = owner.disk
    try:
        remove(disk, place)
    except OSError as error:
        # Whoever hears the error goes on with this name, so it must really be there.
        try:
            disk.age(place)
        except FileNotFoundError:
            pass
        except OSError:
            raise SyncFailed(error.errno, f"unlink of {place.name}: {error.strerror}") from error
        else:
            raise
    owner.at(step)


def _write(disk: Disk, entry: Entry, nonce: bytes, places: Sequence[Place]) -> tuple[TailPlace, int]:
    pieces, tail = encode(entry, nonce)
    return tail, write_new(disk, places[0], pieces, places[1:])
