"""Row "spool" of the budget: accept, mark, fan out, mark, finish, on a real disk."""

import asyncio

from load import post_octets
from measure import at_once, place, processor_time
from mlcore.base.batches import Batches
from mlcore.base.clock import SystemClock
from mlcore.base.durable import LocalDisk, make_directories
from mlcore.base.ids import IdMaker
from mlcore.mail.envelope import Arrived, Rendered
from mlcore.spool.entry import Entry, NewEntry
from mlcore.spool.layout import DIRECTORIES
from mlcore.spool.spool import Spool

POSTS = 2000
OCTETS = post_octets("bench@example.com", 1, 4096)
MEMBERS = tuple(f"member{number}@example.net" for number in range(10))
ARRIVED = Arrived(list_id="bench.example.com", recipient="bench@example.com", arrived_at=1.0)
RENDERED = Rendered(list_id="bench.example.com", reverse_path="bench-bounces@example.com", arrived_at=1.0)


async def main() -> None:
    with place() as directory:
        make_directories(directory, DIRECTORIES)
        batches = Batches().start()
        spool = Spool(LocalDisk(directory, DIRECTORIES), batches)
        ids = IdMaker(SystemClock())

        async def one(_number: int) -> None:
            name = ids.new()
            await spool.accept([NewEntry("in", name, Entry(ARRIVED, (), OCTETS))])
            spool.queues["in"].take_this(name)
            parent = await spool.claim("in", name)
            assert parent is not None
            await parent.attempt()
            await spool.advance(parent, [NewEntry("out", f"{name}.o", Entry(RENDERED, MEMBERS, OCTETS))])
            spool.queues["out"].take_this(f"{name}.o")
            child = await spool.claim("out", f"{name}.o")
            assert child is not None
            await child.attempt()
            await spool.finish(child)

        for most in (1, 16):
            before = spool.syncs
            with processor_time(f"spool, whole life of a post, {most} at once", POSTS):
                await at_once(POSTS, most, one)
            print(f"  {(spool.syncs - before) / POSTS:.2f} fsyncs a post")
        batches.stop()


if __name__ == "__main__":
    asyncio.run(main())
