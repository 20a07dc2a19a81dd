"""Children of one step: written, published and synced together, or undone together."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from mlcore.base.durable import Place, remove, remove_quietly
from mlcore.base.errors import DiskTrouble, SpoolLost
from mlcore.spool.entry import NewEntry
from mlcore.spool.layout import SERVER_TEMPORARY, TMP
from mlcore.spool.records import Owner, Records
from mlcore.spool.single import rename, write_entry

T = TypeVar("T")


async def make_children(owner: Owner, children: Sequence[NewEntry]) -> list[Records]:
    """Writes each file once (children that share an `Entry` are links to it), then gives all of them their
    names, durably. Raises DiskTrouble when nothing is left of them, SpoolLost when that is not sure."""
    shared: dict[int, list[NewEntry]] = {}
    for child in children:
        shared.setdefault(id(child.entry), []).append(child)
    try:
        written = await gather(
            [
                write_entry(owner, same[0].entry, [temporary(child) for child in same])
                for same in shared.values()
            ]
        )
        owner.at("advance: children written")
    except Exception as error:
        await _forget_temporary(owner, children)  # none has a name in a queue yet
        if isinstance(error, OSError):
            raise DiskTrouble.of(error, "writing what comes next") from error
        raise
    try:
        await gather([_publish(owner, child) for child in children])
        owner.at("advance: children synced")
    except Exception as error:
        await undo(owner, children)
        if isinstance(error, OSError):
            raise DiskTrouble.of(error, "publishing what comes next") from error
        raise
    records = dict(zip(shared, written, strict=True))
    return [records[id(child.entry)] for child in children]


async def undo(owner: Owner, children: Sequence[NewEntry]) -> None:
    """Removes children durably. A child that might come back would act beside what its parent decides
    next time, so a failure here ends the process: SpoolLost."""
    await _forget_temporary(owner, children)
    places = [Place(child.queue, child.name) for child in children]
    try:
        await gather(
            [owner.commits[place.directory].change(partial(remove, owner.disk, place)) for place in places]
        )
    except OSError as error:
        raise SpoolLost(f"cannot undo {[place.name for place in places]}: {error}") from error


def temporary(child: NewEntry) -> Place:
    """Where a child is written first."""
    return Place(TMP, SERVER_TEMPORARY + child.name)


def _publish(owner: Owner, child: NewEntry) -> "asyncio.Future[None]":
    place = Place(child.queue, child.name)
    return owner.commits[child.queue].change(
        partial(rename, owner, temporary(child), place, "advance: child renamed")
    )


async def _forget_temporary(owner: Owner, children: Iterable[NewEntry]) -> None:
    await gather([owner.batches.run(remove_quietly, owner.disk, temporary(child)) for child in children])


async def gather(awaitables: Sequence[Awaitable[T]]) -> list[T]:
    """Waits for all, also if one fails, so that nothing is still being written when the undo begins."""
    if len(awaitables) == 1:
        return [await awaitables[0]]
    results = await asyncio.gather(*awaitables, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return list(results)  # type: ignore[arg-type]
