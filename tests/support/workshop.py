"""A spool, a database with one list, and a transport in memory, for tests of runners: real files, a
real database, a clock that stands."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from mlcore.actions import lists as list_actions
from mlcore.base.batches import Batches
from mlcore.base.clock import FakeClock
from mlcore.base.durable import LocalDisk, Place, make_directories
from mlcore.base.ids import IdMaker
from mlcore.delivery.copies import NoSeal
from mlcore.delivery.memory import MemoryTransport
from mlcore.delivery.outcome import Outcome
from mlcore.delivery.transport import Slot, Transaction, Transport
from mlcore.lists.facts import SiteFacts
from mlcore.lists.model import Member
from mlcore.lists.stages import Extensions
from mlcore.mail.envelope import Arrived, Notice, Rendered
from mlcore.runners.deciding import Deciding
from mlcore.runners.gather import Gatherer, NoDmarc
from mlcore.runners.hold import Hold
from mlcore.runners.incoming import Incoming
from mlcore.runners.outgoing import Deliver, Schedule
from mlcore.runners.pipeline import Pipeline
from mlcore.runners.recent import RecentPosts
from mlcore.runners.runner import Limits, Runner, Step
from mlcore.runners.verdicts import Verdicts
from mlcore.runners.virgin import Virgin
from mlcore.runners.work import Work
from mlcore.spool.entry import Entry, NewEntry
from mlcore.spool.layout import ACTIVE, DIRECTORIES
from mlcore.spool.operator import Shown, show
from mlcore.spool.recovery import fill, recover
from mlcore.spool.spool import Spool
from mlcore.store import lists, members
from mlcore.store.cache import PolicyCache
from mlcore.store.engine import Store, open_sync
from mlcore.store.rosters import RosterCache
from mlcore.store.upgrade import prepare
from support.database import fresh_url
from support.texts import texts

LIST_ID = "ant.example.com"
MEMBERS = ("anne@example.org", "bart@example.org", "cate@example.net")
POST = (
    b"From: anne@example.org\r\nTo: ant@example.com\r\nSubject: tea\r\nMessage-ID: <1@example.org>\r\n"
    b"\r\nAt four\r\n"
)
SHORT = Limits(rest_base_s=0.005, rest_cap_s=0.02)
Fault = Callable[[str, str, str], OSError | None]


def make_database(directory: Path) -> None:
    """The database of `directory` (`support.database`), with the list `ant@example.com` and its `MEMBERS`."""
    url = fresh_url(directory)
    prepare(url)
    with open_sync(url) as connection:
        policy = list_actions.create(connection, "ant@example.com", owners=["olga@example.org"], now=1.0)
        lists.change(connection, msgspec.structs.replace(policy, digests_enabled=False))
        members.add_many(connection, policy.list_id, [Member(address=one) for one in MEMBERS], 1.0)


@dataclass
class RecordingLog:
    """Keeps events, in order."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def _note(self, event: str, /, **values: object) -> None:
        self.events.append((event, dict(values)))

    debug = info = warning = error = _note

    def info_each(self, event: str, key: str, each: Iterable[str], /, **values: object) -> None:
        """See `WorkLog`."""
        for one in each:
            self._note(event, **{**values, key: one})

    def named(self, *events: str) -> list[dict[str, Any]]:
        """The values of all events of these names."""
        return [values for event, values in self.events if event in events]


class FaultyDisk(LocalDisk):
    """A disk whose calls fail as `fault(call, directory, name)` says; name is empty where there is none.

    It may be called in several threads."""

    fault: Fault | None = None

    def _check(self, call: str, directory: str, name: str = "") -> None:
        error = self.fault(call, directory, name) if self.fault else None
        if error is not None:
            raise error

    def open(self, place: Place) -> int:
        """See `Disk.open`."""
        self._check("open", *place)
        return super().open(place)

    def read(self, place: Place) -> tuple[bytes, int]:
        """See `Disk.read`."""
        self._check("read", *place)
        return super().read(place)

    def rename(self, old: Place, new: Place) -> None:
        """See `Disk.rename`."""
        self._check("rename", *new)
        super().rename(old, new)

    def link(self, old: Place, new: Place) -> None:
        """See `Disk.link`."""
        self._check("link", *new)
        super().link(old, new)

    def unlink(self, place: Place) -> None:
        """See `Disk.unlink`."""
        self._check("unlink", *place)
        super().unlink(place)

    def sync_directory(self, directory: str) -> None:
        """See `Disk.sync_directory`."""
        self._check("sync", directory)
        super().sync_directory(directory)

    def names(self, directory: str) -> list[str]:
        """See `Disk.names`."""
        self._check("names", directory)
        return super().names(directory)


class GatedTransport:
    """A memory transport whose peer answers when the test lets it."""

    def __init__(self, max_slots: int = 8) -> None:
        self.memory = MemoryTransport(max_slots)
        self.gate = asyncio.Event()
        self.sending = 0
        """Transactions that were begun."""

    @property
    def offers_xverp(self) -> bool:
        """See `Transport.offers_xverp`."""
        return self.memory.offers_xverp

    def slot(self, list_id: str, *, urgent: bool = False) -> AbstractAsyncContextManager[Slot]:
        """See `Transport.slot`."""
        return _GatedSlot(self, list_id, urgent)

    def at_once(self, wanted: int) -> int:
        """See `Transport.at_once`."""
        return wanted

    def stop(self) -> None:
        """See `Transport.stop`: nothing waits here."""

    def hang_up(self) -> None:
        """See `Transport.hang_up`: the test says what ends."""

    async def close(self) -> None:
        """See `Transport.close`."""

    def status(self) -> str:
        """See `Transport.status`."""
        return "gated"


class _GatedSlot:
    def __init__(self, transport: GatedTransport, list_id: str, urgent: bool) -> None:
        self._transport = transport
        self._inner = transport.memory.slot(list_id, urgent=urgent)
        self._slot: Slot | None = None

    async def __aenter__(self) -> Self:
        self._slot = await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._inner.__aexit__(kind, error, trace)

    async def send(self, transaction: Transaction) -> tuple[Outcome, ...]:
        """See `Slot.send`."""
        assert self._slot is not None
        self._transport.sending += 1
        await self._transport.gate.wait()
        return await self._slot.send(transaction)

    async def send_each(self, transactions: Sequence[Transaction]) -> tuple[Outcome, ...]:
        """See `Slot.send_each`."""
        assert self._slot is not None
        self._transport.sending += len(transactions)
        await self._transport.gate.wait()
        return await self._slot.send_each(transactions)


class Workshop:
    """Everything a runner works with. Made by `workshop`."""

    def __init__(self, directory: Path, store: Store, transport: Transport) -> None:
        self.directory = directory
        self.clock = FakeClock()
        self.ids = IdMaker(self.clock)
        self.log = RecordingLog()
        self.disk = FaultyDisk(str(directory), DIRECTORIES)
        self.batches = Batches(threads=2)
        self.spool = Spool(self.disk, self.batches, sleep=self._soon)
        self.store = store
        self.transport = transport
        self.work = Work(
            spool=self.spool,
            store=self.store,
            cache=PolicyCache(self.store, self.clock),
            rosters=RosterCache(self.store, self.clock),
            clock=self.clock,
            ids=self.ids,
            log=self.log,
            site=SiteFacts(version="0", site_owner="root@example.com"),
            texts=texts(),
            hostname="lists.example.com",
            spool_id="here",
            site_key=bytes(32),
        )
        self.more = Extensions()
        """Rules and handlers beside the built-in ones, for `all_runners`."""
        self.recent = RecentPosts(self.clock)
        self.hold = Hold(self.work, self.recent)
        self.runners: dict[str, Runner] = {}
        self._made: dict[str, Callable[[], Runner]] = {}

    @property
    def memory(self) -> MemoryTransport:
        """The transport, where it is the one in memory."""
        assert isinstance(self.transport, MemoryTransport)
        return self.transport

    @staticmethod
    async def _soon(_seconds: float) -> None:
        await asyncio.sleep(0.001)

    # -- making ----------------------------------------------------------------------------------------

    def runner(self, queue: str, step: Step, **more: Any) -> Runner:
        """A runner with short rests."""
        self._made[queue] = partial(Runner, queue, self.spool, step, self.log, **{"limits": SHORT, **more})
        runner = self.runners[queue] = self._made[queue]()
        return runner

    def again(self, *, after_s: float = 0.0) -> None:
        """Fresh runners, as another start would make them, `after_s` seconds later; all names are ready."""
        self.clock.advance(after_s)
        for queue, make in self._made.items():
            self.runners[queue] = make()
            for name in self.names(queue):
                self.spool.queues[queue].forget(name)
                self.spool.queues[queue].put(name)

    def deliver(self, *, stopping: Callable[[], bool] = bool, **schedule: Any) -> Deliver:
        """The step of out/ and retry/, without jitter; both runners with it."""
        step = Deliver(
            self.work, self.transport, NoSeal(), Schedule(**schedule), jitter=lambda: 0.5, stopping=stopping
        )
        for queue in ("out", "retry"):
            self.runner(queue, step, due=step.due)
        return step

    def all_runners(self, **schedule: Any) -> None:
        """Every queue as the server wires it."""
        deciding = Deciding(self.log, more=self.more, child=None, threshold=256 << 10)
        gatherer = Gatherer(self.work, self.recent, NoDmarc())
        verdicts = Verdicts(self.work)
        pipeline = Pipeline(self.work, deciding, gatherer, verdicts)
        incoming = Incoming(self.work, deciding, gatherer, self.recent, pipeline, verdicts)
        self.runner("in", incoming, opened=incoming.opened, closed=incoming.closed)
        self.runner("pipeline", pipeline)
        self.runner("virgin", Virgin(self.work))
        self.deliver(**schedule)

    def arrived(self, **more: Any) -> Arrived:
        """The envelope of a post to `ant@example.com`."""
        given: dict[str, Any] = {
            "list_id": LIST_ID,
            "recipient": "ant@example.com",
            "reverse_path": "anne@example.org",
            "arrived_at": self.clock.time(),
        }
        return Arrived(**(given | more))

    async def put(self, queue: str, entry: Entry, *, suffix: str = "") -> str:
        """An entry, durable in `queue`; its name."""
        name = self.ids.new() + suffix
        (trouble,) = await self.spool.accept([NewEntry(queue, name, entry)])
        assert trouble is None
        return name

    async def post(self, octets: bytes = POST, **more: Any) -> str:
        """A post in in/."""
        return await self.put("in", Entry(self.arrived(**more), (), octets))

    async def notice(self, queue: str = "virgin", list_id: str = "") -> str:
        """Some entry without any meaning to a step."""
        envelope = Notice(kind="test", list_id=list_id, arrived_at=self.clock.time())
        return await self.put(queue, Entry(envelope, ("root@example.com",), POST))

    async def outgoing(self, *addresses: str, octets: bytes = POST) -> str:
        """A rendered message in out/."""
        envelope = Rendered(
            list_id=LIST_ID, reverse_path="ant-bounces@example.com", arrived_at=self.clock.time()
        )
        return await self.put("out", Entry(envelope, addresses, octets), suffix=".o")

    # -- running ---------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def running(self, *queues: str) -> AsyncIterator[None]:
        """The runners (of these queues) at work; they are stopped, and have ended, at the end."""
        runners = [self.runners[queue] for queue in queues or self.runners]
        async with asyncio.TaskGroup() as group:
            for runner in runners:
                group.create_task(runner.run(), name=runner.name)
            yield
            for runner in runners:
                runner.stop()

    async def drain(self, *queues: str) -> None:
        """Runs until these queues (those that have runners) are empty."""
        async with self.running():
            await until(lambda: not any(len(self.spool.queues[queue]) for queue in queues or self.runners))

    # -- looking ---------------------------------------------------------------------------------------

    def names(self, queue: str) -> list[str]:
        """What lies in its directory."""
        return sorted(self.disk.names(queue))

    def files(self) -> dict[str, list[str]]:
        """All names by directory, without empty ones."""
        return {name: found for name in DIRECTORIES if (found := self.names(name))}

    def show(self, queue: str, name: str) -> Shown:
        """An entry as it lies on disk."""
        return show(self.disk, Place(queue, name))

    def copies(self) -> Counter[str]:
        """How many copies each address has got."""
        memory = self.transport.memory if isinstance(self.transport, GatedTransport) else self.memory
        return Counter(address for _, address in memory.delivered)

    def consistent(self) -> None:
        """Memory and disk know the same names, and nothing lies in tmp/."""
        assert self.names("tmp") == []
        for queue in ACTIVE:
            assert sorted(self.spool.queues[queue].names()) == self.names(queue), queue


@contextlib.asynccontextmanager
async def workshop(
    directory: Path, database: str, transport: Transport | None = None
) -> AsyncIterator[Workshop]:
    """A workshop over `directory`, recovered; database: the URL of one that `make_database` made, which is
    written to."""
    make_directories(str(directory), DIRECTORIES)
    store = Store(database, busy_timeout_s=0.02)
    shop = Workshop(directory, store, transport or MemoryTransport())
    fill(shop.spool.queues, recover(shop.disk))
    shop.batches.start()
    await store.start()
    try:
        yield shop
        await shop.spool.rest()
    finally:
        await store.stop()
        shop.batches.stop()
        shop.disk.shut()


async def until(condition: Callable[[], object], timeout_s: float = 5.0) -> None:
    """Lets the others work until `condition` holds; fails after `timeout_s` seconds."""
    loop = asyncio.get_running_loop()
    limit = loop.time() + timeout_s
    while not condition():
        assert loop.time() < limit, "waited in vain"
        await asyncio.sleep(0.001)


@contextlib.contextmanager
def failing(disk: FaultyDisk, fault: Fault) -> Iterator[None]:
    """`disk` fails as `fault` says."""
    disk.fault = fault
    try:
        yield
    finally:
        disk.fault = None
