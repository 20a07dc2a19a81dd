"""What stands round the LMTP server in tests: a directory, an acceptor and a log that one can look into."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from mlcore.base.clock import FakeClock
from mlcore.base.errors import DiskTrouble, LocalTrouble, StoreTrouble
from mlcore.base.eventlog import EventLog
from mlcore.base.ids import IdMaker
from mlcore.ingress.connections import Connections
from mlcore.ingress.data import Memory
from mlcore.ingress.limits import LmtpLimits
from mlcore.ingress.server import LmtpServer
from mlcore.ingress.services import SafeLog, Services
from mlcore.lists.directory import Destination, Purpose
from mlcore.spool.entry import NewEntry

HOST = "lists.example.com"
LISTS = ("ant", "bee", "full", "eio", "bug", "蟻")
PURPOSES: dict[str, Purpose] = {
    "": "post",
    "owner": "owner",
    "bounces": "bounces",
    "confirm": "confirm",
    "join": "join",
    "leave": "leave",
    "request": "request",
}


class FakeDirectory:
    """Lists of `LISTS` at example.com; `locked@` cannot be known now, `broken@` is a defect, `slow@` never
    answers."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def find(self, address: str) -> Destination | None:
        """See `Directory.find`."""
        self.asked.append(address)
        local, _, domain = address.lower().partition("@")
        if local == "locked":
            raise StoreTrouble("database is locked")
        if local == "broken":
            raise KeyError("a defect")
        if local == "slow":
            await asyncio.Event().wait()
        name, _, _ = local.partition("+")
        head, _, tail = name.rpartition("-")
        if name in LISTS:
            head, tail = name, ""
        if domain != "example.com" or head not in LISTS or tail not in PURPOSES:
            return None
        return Destination(f"{head}.example.com", PURPOSES[tail], address.partition("@")[0].partition("+")[2])


class FakeAcceptor:
    """Keeps entries in a list. Lists `full` and `eio` have disk trouble, `bug` raises for all of them."""

    def __init__(self) -> None:
        self.entries: list[NewEntry] = []
        self.no_room: LocalTrouble | None = None
        self.gate: asyncio.Event | None = None
        """Where set, `accept` waits for it."""
        self.waiting = asyncio.Event()
        self.cancelled = False

    def room(self) -> LocalTrouble | None:
        """See `Acceptor.room`."""
        if isinstance(self.no_room, DiskTrouble) and self.no_room.args == ("defect",):
            raise ZeroDivisionError
        return self.no_room

    async def accept(self, entries: Sequence[NewEntry]) -> list[LocalTrouble | None]:
        """See `Acceptor.accept`."""
        if self.gate is not None:
            self.waiting.set()
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        results: list[LocalTrouble | None] = []
        for new in entries:
            list_id = getattr(new.entry.envelope, "list_id", "")
            if list_id == "bug.example.com":
                raise RuntimeError("a defect")
            trouble = None
            if list_id in {"full.example.com", "eio.example.com"}:
                trouble = DiskTrouble("write", full=list_id.startswith("full"))
            results.append(trouble)
        self.entries += [new for new, trouble in zip(entries, results, strict=True) if trouble is None]
        return results


class FakeLog:
    """Keeps (event, values)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []

    def debug(self, event: str, /, **values: object) -> None:
        """See `EventLog`."""
        self.events.append((event, values))

    info = warning = error = debug

    def of(self, event: str) -> list[dict[str, object]]:
        """The values of every `event`, in order."""
        return [values for name, values in self.events if name == event]


def services(log: EventLog) -> Services:
    """What a session is given, without a server."""
    clock, limits = FakeClock(), LmtpLimits()
    return Services(
        directory=FakeDirectory(),
        acceptor=FakeAcceptor(),
        ids=IdMaker(clock),
        clock=clock,
        limits=limits,
        hostname="h.example.com",
        log=SafeLog(log),
        connections=Connections(limits, clock),
        memory=Memory(100),
    )


@dataclass
class Scene:
    """One server on a free port of the loopback interface, and what it works with."""

    server: LmtpServer
    directory: FakeDirectory
    acceptor: FakeAcceptor
    log: FakeLog
    clock: FakeClock
    address: tuple[str, int] | str = field(default=("", 0))

    async def until(self, come: Callable[[], object]) -> None:
        """Lets the server go on until `come` is true."""
        async with asyncio.timeout(5.0):
            while not come():  # noqa: ASYNC110  (the server tells nobody; it is a matter of a few rounds)
                await asyncio.sleep(0)

    async def gone(self) -> None:
        """Waits until nobody is connected."""
        await self.until(lambda: not len(self.server.connections))

    async def settle(self) -> None:
        """Lets the server take in what was written to it."""
        for _ in range(20):
            await asyncio.sleep(0)


@asynccontextmanager
async def serving(limits: LmtpLimits | None = None) -> AsyncIterator[Scene]:
    """A scene with a running server; stopped at the end."""
    directory, acceptor, log, clock = FakeDirectory(), FakeAcceptor(), FakeLog(), FakeClock()
    server = LmtpServer(directory, acceptor, IdMaker(clock), clock, limits or LmtpLimits(), HOST, log)
    await server.start_tcp("127.0.0.1", 0)
    try:
        yield Scene(server, directory, acceptor, log, clock, server.addresses()[0])
    finally:
        await server.stop(0.0)
