"""Row "LMTP in" of the budget: one transaction of 4 KiB over loopback, with nothing behind it."""

import asyncio
import multiprocessing
import os
from collections.abc import Sequence

from load import Load, post_octets
from measure import processor_time
from mlcore.base.clock import SystemClock
from mlcore.base.errors import LocalTrouble
from mlcore.base.ids import IdMaker
from mlcore.ingress.limits import LmtpLimits
from mlcore.ingress.server import LmtpServer
from mlcore.lists.directory import Destination
from mlcore.server.logs import LogFile, make_log
from mlcore.spool.entry import NewEntry

POSTS = 4000


class Anything:
    """Every address is a list, and every entry is taken at once."""

    async def find(self, _address: str) -> Destination:
        return Destination("bench.example.com", "post")

    async def accept(self, entries: Sequence[NewEntry]) -> list[LocalTrouble | None]:
        return [None] * len(entries)

    def room(self) -> None:
        return None


def client(port: int, posts: int, connections: int) -> None:
    octets = post_octets("bench@example.com", 1, 4096)
    asyncio.run(Load(port, connections).send([("bench@example.com", octets)] * posts))


async def main() -> None:
    for connections in (1, 8):
        anything, clock = Anything(), SystemClock()
        log = make_log(LogFile(os.devnull))
        server = LmtpServer(anything, anything, IdMaker(clock), clock, LmtpLimits(), "bench.example.com", log)
        await server.start_tcp("127.0.0.1", 0)
        port = next(address[1] for address in server.addresses() if not isinstance(address, str))
        process = multiprocessing.get_context("spawn").Process(target=client, args=(port, POSTS, connections))
        with processor_time(f"LMTP in, 4 KiB, {connections} connections", POSTS):
            process.start()
            await asyncio.to_thread(process.join)
        await server.stop(1)


if __name__ == "__main__":
    asyncio.run(main())
