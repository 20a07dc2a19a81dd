"""After an unclean stop: entries in whose attempt the process died run one at a time, before the others.

Only an attempt that dies alone counts as a strike; otherwise a server that is killed three times would set
innocent posts aside (P14)."""

import asyncio
from collections.abc import Mapping

from mlcore.base.durable import Place
from mlcore.base.errors import CorruptEntry
from mlcore.base.eventlog import EventLog
from mlcore.runners.runner import Runner
from mlcore.spool.entry import HEAD_BYTES, decode_head
from mlcore.spool.spool import Spool
from mlcore.spool.tail import Progress, decode_records

ALL_S = 2.0
"""How long new mail waits at a start after a crash, at the most."""
_AT_ONCE = 200


async def find(spool: Spool, queues: Mapping[str, Runner]) -> list[tuple[str, str]]:
    """(queue, name) of every entry with an attempt that nothing ended. Reads head and tail, not the rest."""
    found: list[tuple[str, str]] = []
    for queue in queues:
        names = sorted(spool.queues[queue].names())
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            found += [(queue, name) for name in await spool.batches.run(_suspects, spool, queue, some)]
    return found


async def run(
    spool: Spool,
    queues: Mapping[str, Runner],
    log: EventLog,
    group: asyncio.TaskGroup,
    *,
    alone_s: float = 0.5,
    all_s: float = ALL_S,
) -> int:
    """Runs them, each for up to `alone_s` seconds alone; returns how many there were. What takes longer ends
    in `group`, beside the others.

    New mail waits meanwhile, or a suspect would not be alone; but no longer than `all_s` seconds: whoever
    comes after that still runs before the others, and what happens then counts against nobody."""
    loop = asyncio.get_running_loop()
    spool.accepting.clear()
    door = loop.call_later(all_s, spool.accepting.set)
    try:
        suspects = await find(spool, queues)
        if suspects:
            log.warning(
                "suspects", count=len(suspects), reason="the last run ended in the middle of their attempts"
            )
            door.cancel()  # a long search opened it
            spool.accepting.clear()
            door = loop.call_later(all_s, spool.accepting.set)
        for queue, name in suspects:
            alone = not spool.accepting.is_set()
            await queues[queue].run_first(name, group, alone=alone, alone_s=alone_s)
    finally:
        door.cancel()
        spool.accepting.set()
    return len(suspects)


def _suspects(spool: Spool, queue: str, names: list[str]) -> list[str]:
    """In a thread: those of `names` with an open attempt; what cannot be read is left to its claim."""
    found = []
    for name in names:
        place = Place(queue, name)
        try:
            head = decode_head(spool.disk.read_part(place, 0, HEAD_BYTES))
            tail = spool.disk.read_part(place, head.tail_offset, 1 << 20)
        except (OSError, CorruptEntry):
            continue
        if Progress(name, decode_records(tail, head.key)[0]).suspect:
            found.append(name)
    return found
