"""A small world around a spool: posts come, a model of the runners moves them on, processes die.

`World` knows what the outside has seen (replies to peers, copies at members, rows, archive) and asks, when
all has come to rest, whether every promise was kept."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from mlcore.base.durable import Disk
from mlcore.base.errors import CorruptEntry, LocalTrouble, SpoolLost
from mlcore.base.ids import NAME, root_of
from mlcore.mail.envelope import Accepted, Arrived, Held, Notice, Rendered
from mlcore.spool import operator
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry, NewEntry
from mlcore.spool.layout import ACTIVE, DIRECTORIES, PARENTS, ancestors
from mlcore.spool.recovery import fill, recover
from mlcore.spool.spool import Spool
from support.disks import Choose, Crashed, EndingDisk, ForgetfulDisk, InlineBatches, keep_none

ARRIVED = Arrived(list_id="ant.example.com", recipient="ant@example.com", arrived_at=1.0)
RENDERED = Rendered(list_id="ant.example.com", reverse_path="ant-bounces@example.com", arrived_at=1.0)
OCTETS = b"Subject: tea\r\n\r\nAt four.\r\n"
WRITTEN_BY_RUNNERS = ("out", "retry", "archive", "digest", "virgin", "pipeline", "hold", "in")
PLANS = ("out", "copies", "hold", "discard")


def root(number: int) -> str:
    """The root id of post `number`."""
    return f"{1_700_000_000_000 + number:011x}{number:04x}abcdef"


def post(recipients: int = 0) -> Entry:
    """What lies in in/ (no recipients yet) or elsewhere."""
    return Entry(ARRIVED, addresses(recipients), OCTETS)


def rendered(recipients: int) -> Entry:
    """What lies in out/."""
    return Entry(RENDERED, addresses(recipients), OCTETS)


def addresses(count: int) -> tuple[str, ...]:
    """Members."""
    return tuple(f"m{number}@example.com" for number in range(count))


def children(name: str, plan: str, recipients: int = 3) -> list[NewEntry]:
    """What an entry in in/ becomes: out alone, with links for archive and digest, or hold and a notice."""
    if plan == "out":
        return [NewEntry("out", f"{name}.o", rendered(recipients))]
    if plan == "copies":
        same = rendered(recipients)
        return [
            NewEntry("out", f"{name}.o", same),
            NewEntry("archive", f"{name}.a", same),
            NewEntry("digest", f"{name}.d", same),
        ]
    if plan == "apart":
        queues = {"o": "out", "a": "archive", "d": "digest"}
        return [NewEntry(queue, f"{name}.{end}", rendered(recipients)) for end, queue in queues.items()]
    if plan == "hold":
        held = Entry(Held(arrived=ARRIVED, reasons=("why",)), (), OCTETS)
        notice = Entry(Notice(kind="held", arrived_at=1.0), addresses(1), b"held\r\n")
        return [NewEntry("hold", f"{name}.h", held), NewEntry("virgin", f"{name}.v1", notice)]
    return []


def legal(names: Mapping[str, Iterable[str]], *, at_rest: bool = True) -> list[str]:
    """What is wrong with these names by the state table of docs/spool.md; at_rest: after a recovery, when
    no step is under way and what only recovery may see must be gone."""
    places = {queue: set(names[queue]) for queue in names}
    faults = [f"tmp/{name}" for name in places["tmp"] if at_rest and not name.startswith("c-")]
    parents = {name for queue in PARENTS for name in places[queue]}
    endings = {"out": "o", "retry": "o", "archive": "a", "digest": "d", "hold": "h", "pipeline": "p"}
    for queue in ACTIVE:
        for name in places[queue]:
            if not NAME.match(name):
                faults.append(f"{queue}/{name} is no name")
            ending = name.rpartition(".")[2][:1] if "." in name else ""
            if queue in endings and ending != endings[queue]:
                faults.append(f"{queue}/{name} does not belong there")
            if at_rest and any(parent in parents for parent in ancestors(name)):
                faults.append(f"{queue}/{name} beside its parent")
            if at_rest and (name in places["shunt"] or name in places["bad"]):
                faults.append(f"{queue}/{name} beside itself in a dead end")
    seen = Counter(name for queue in ACTIVE for name in places[queue])
    for name, count in seen.items():
        deferring = not at_rest and name in places["out"] and name in places["retry"] and count == 2
        if count > 1 and not deferring:
            faults.append(f"{name} in {count} queues")
    return faults


class World:
    """What lasts beyond a process: the disk, the database, peers and members."""

    def __init__(self, disk: ForgetfulDisk | None = None) -> None:
        self.disk = disk or ForgetfulDisk(DIRECTORIES)
        self.rows: dict[str, str] = {}
        self.promised: dict[str, int] = {}
        self.tried: dict[str, set[str]] = {}
        self.copies: Counter[tuple[str, int]] = Counter()
        self.allowed: Counter[tuple[str, int]] = Counter()
        self.flight: set[tuple[str, int]] = set()
        self.stored: Counter[str] = Counter()
        self.decided: set[str] = set()
        self.plan = "out"
        self.recipients = 3
        self.life: Life | None = None
        self.order: Choose | None = None
        self.wrap: Callable[[Disk], Disk] = lambda disk: disk
        self.make: Callable[..., Spool] = Spool
        self.recovers_on: Callable[[Disk], Disk] = lambda disk: disk

    def fork(self, disk: ForgetfulDisk) -> "World":
        """The same outside with another disk."""
        other = World(disk)
        for name in ("rows", "promised", "copies", "allowed", "stored"):
            setattr(other, name, getattr(self, name).copy())
        other.tried = {name: set(plans) for name, plans in self.tried.items()}
        other.decided = set(self.decided)
        for name in ("plan", "recipients", "order", "wrap", "make", "recovers_on"):
            setattr(other, name, getattr(self, name))
        return other

    # -- processes -------------------------------------------------------------------------------------

    def start(self, *, end_at: int = 0, at: Callable[[str], None] | None = None) -> "Life":
        """A new process recovers the spool; raises Crashed if it ends before its first step."""
        self.life = Life(self, end_at=end_at, at=at)
        self.life.begin()
        return self.life

    def crash(self, *, power: bool, choose: Choose = keep_none) -> None:
        """The process ends, or the machine; whatever was in flight may come twice."""
        self.forget_process()
        self.disk = self.disk.crash(power=power, choose=choose)

    def forget_process(self) -> None:
        """Ends the process, and counts what it had in flight."""
        for key in self.flight:
            self.allowed[key] += 1
        self.flight.clear()
        if self.life is not None:
            self.life.shut()
            self.life = None

    def finish(self) -> None:
        """A healthy process works until nothing is left; then everything promised must have happened."""
        try:
            life = self.start()
            life.run(life.work_off())
            self.check()
        finally:
            self.forget_process()

    def check(self) -> None:
        """Every promise, when all has come to rest."""
        left = {queue: names for queue, names in self.disk.now.items() if names}
        assert not left, f"left over: {left}"
        assert not self.rows, f"rows left: {self.rows}"
        for name, recipients in self.promised.items():
            got = [self.copies[name, number] for number in range(recipients)]
            archived = (self.stored[f"{name}.a"], self.stored[f"{name}.d"])
            outcomes = {
                "out": all(got) and archived == (0, 0),
                "copies": all(got) and all(archived),
                "apart": all(got) and all(archived),
                "hold": all(got) and archived == (0, 0) and self.copies[f"{name}.v1", 0] > 0,
                "discard": not any(got) and archived == (0, 0),
            }
            tried = self.tried.get(name, set())
            assert any(outcomes[plan] for plan in tried), f"{name} {tried}: copies {got}, archived {archived}"
        for key, count in self.copies.items():
            assert count <= 1 + self.allowed[key], (
                f"{key}: {count} copies, {self.allowed[key]} repeats allowed"
            )


class Life:
    """One process: a spool, its loop, and what its runners do."""

    def __init__(self, world: World, *, end_at: int, at: Callable[[str], None] | None) -> None:
        self.world = world
        self.disk = EndingDisk(world.wrap(world.disk), end_at=end_at)
        self.loop = asyncio.new_event_loop()
        self.heard: list[str] = []
        self.listener = at
        self.batches = InlineBatches(world.order)
        self.spool = world.make(self.disk, self.batches, at=self.at, sleep=_no_time)

    def at(self, step: str) -> None:
        """Hears of each step; a listener that raises Crashed ends the process there."""
        if self.disk.ended:
            raise Crashed
        self.heard.append(step)
        if self.listener is not None:
            try:
                self.listener(step)
            except Crashed:
                self.disk.ended = True
                raise

    def begin(self) -> None:
        """Recovery, and what follows it: rows of held posts."""
        world = self.world
        recovered = recover(world.recovers_on(self.disk), self.at)
        faults = legal(world.disk.now)
        assert not faults, faults
        fill(self.spool.queues, recovered)
        held = set(recovered.names["hold"])
        for name in held:
            world.rows.setdefault(name, "")
        for name in set(world.rows) - held:
            del world.rows[name]

    def shut(self) -> None:
        """Ends the loop with all its tasks."""
        if self.loop.is_closed():
            return
        self.disk.ended = True
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.set_exception_handler(lambda _loop, _context: None)
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Runs it to its end; Crashed goes up."""
        self.loop.set_exception_handler(lambda _loop, _context: None)
        return self.loop.run_until_complete(work)

    # -- what comes from outside -----------------------------------------------------------------------

    async def accept(self, *names: str) -> None:
        """LMTP: 250 for each that the spool took."""
        entries = [NewEntry("in", name, post()) for name in names]
        for name, trouble in zip(names, await self.spool.accept(entries), strict=True):
            if trouble is None:
                self.world.promised[name] = self.world.recipients

    def inject(self, name: str) -> None:
        """A command; it has its own process, and so its own disk calls."""
        operator.inject(self.world.disk, "in", name, post())
        self.world.promised[name] = self.world.recipients

    def unshunt(self) -> None:
        """A command."""
        operator.unshunt(self.world.disk, None)

    # -- runners ---------------------------------------------------------------------------------------

    async def step(self, queue: str, act: Callable[[Claim], Awaitable[None]]) -> bool:
        """Takes one entry; False if there is none. Trouble puts it back."""
        waiting = self.spool.queues[queue]
        name = waiting.take()
        if name is None:
            return False
        try:
            claim = await self.spool.claim(queue, name)
            if claim is not None:
                await claim.attempt()
                await act(claim)
        except LocalTrouble:
            waiting.put(name)
            raise
        except CorruptEntry:
            waiting.forget(name)
        return True

    async def run_in(self, claim: Claim, plan: str | None = None) -> None:
        world = self.world
        plan = plan or world.plan
        world.tried.setdefault(claim.name, set()).add(plan)
        if plan == "discard":
            await self.spool.finish(claim)
            return
        row = partial(self._row, f"{claim.name}.h") if plan == "hold" else None
        await self.spool.advance(claim, children(claim.name, plan, world.recipients), row=row)

    async def _row(self, name: str) -> None:
        self.world.rows.setdefault(name, "")

    async def _no_row(self, name: str) -> None:
        self.world.rows.pop(name, None)

    async def decide(self, claim: Claim) -> None:
        """The moderator accepts."""
        self.world.rows[claim.name] = "accept"
        self.world.decided.add(claim.name)
        child = NewEntry("pipeline", f"{claim.name}.p", Entry(Accepted(arrived=ARRIVED), (), OCTETS))
        await self.spool.advance(claim, [child], after=partial(self._no_row, claim.name))

    async def render(self, claim: Claim) -> None:
        """pipeline/ and virgin/ to out/."""
        recipients = 1 if claim.queue == "virgin" else self.world.recipients
        await self.spool.advance(claim, children(claim.name, "out", recipients))

    async def deliver(self, claim: Claim, size: int = 2, transactions: int = 99) -> None:
        """Transactions of `size` recipients; the last one's record is the unlink."""
        held = [name for name in ancestors(claim.name) if name.endswith(".h")]
        assert all(name in self.world.decided for name in held), "delivered undecided"
        key = claim.name.rpartition(".")[0] if ".v" in claim.name else root_of(claim.name)
        numbers = claim.open_numbers()
        while numbers and transactions:
            some, numbers = numbers[:size], numbers[size:]
            transactions -= 1
            room = await claim.reserve(some)
            keys = {(key, number) for number in some}
            self.world.flight |= keys
            self.world.copies.update(keys)
            if numbers:
                await claim.settle({250: some}, room)
            else:
                try:
                    await self.spool.finish(claim)
                except LocalTrouble:
                    await claim.settle({250: some}, room)
                    self.world.flight -= keys
                    raise
            self.world.flight -= keys
            if not numbers:
                return
        if numbers:
            await claim.back(due=2.0, failures=1)
            self.spool.queues[claim.queue].put(claim.name)
        else:
            await self.spool.finish(claim)

    async def defer(self, claim: Claim) -> None:
        await self.spool.defer(claim)

    async def shunt(self, claim: Claim) -> None:
        await self.spool.shunt(claim, "a bug")

    async def store(self, claim: Claim) -> None:
        """archive/ and digest/: an effect that is keyed by the name."""
        self.world.stored[claim.name] = 1
        await self.spool.consume(claim)

    def runner(self, queue: str) -> Callable[[Claim], Awaitable[None]]:
        """What is normally done with the entries of a queue."""
        if queue == "in":
            return self.run_in
        if queue in ("out", "retry"):
            return self.deliver
        if queue == "hold":
            return self.decide
        return self.render if queue in ("pipeline", "virgin") else self.store

    async def work_off(self) -> None:
        """Everything, shunted entries too, until nothing is left."""
        busy = True
        while busy:
            self.unshunt()
            busy = bool(await self.spool.scan())
            for queue in reversed(WRITTEN_BY_RUNNERS):
                while await self.step(queue, self.runner(queue)):
                    busy = True
        operator.sweep_temporary(self.disk, now=1e10)


def attempt(world: World, script: Callable[[World], None]) -> bool:
    """Runs `script`; True if a process ended in it. SpoolLost ends it too, as it ends a server."""
    try:
        script(world)
    except (Crashed, SpoolLost):
        return True
    return False


def fates(limit: int = 12) -> Iterator[Choose]:
    """What a power cut may leave: all, nothing, and each single change alone kept or alone lost."""
    yield lambda _count: 0
    yield lambda count: count - 1
    for chosen in range(limit):
        for lost in (0, 1):
            yield _Single(chosen, lost)


class _Single:
    def __init__(self, chosen: int, lost: int) -> None:
        self.left, self.lost = chosen, lost

    def __call__(self, count: int) -> int:
        self.left -= 1
        if self.left == -1:
            return count - 1 if self.lost else 0
        return 0 if self.lost else count - 1


def explore(
    make: Callable[[], World], script: Callable[..., None], *, depth: int = 1, fate_limit: int = 8
) -> int:
    """Ends the process before every disk call of `script(world, end_at)`, kills and power cuts, and again in
    what follows up to `depth` times; lets a healthy process finish and checks. Returns the number of ends."""
    ends = 0
    end_at = 0
    while True:
        end_at += 1
        world = make()
        try:
            if not attempt(world, partial(script, end_at=end_at)):
                return ends
            for power, fate in [(False, keep_none), *((True, fate) for fate in fates(fate_limit))]:
                ends += 1
                if depth > 1 and not power:
                    ends += explore(partial(_forked, world), _again, depth=depth - 1, fate_limit=fate_limit)
                other = _forked(world, power=power, choose=fate)
                other.finish()
        finally:
            world.forget_process()


def _forked(world: World, *, power: bool = False, choose: Choose = keep_none) -> World:
    other = world.fork(world.disk)
    other.flight = set(world.flight)
    other.crash(power=power, choose=choose)
    return other


def _again(world: World, end_at: int) -> None:
    life = world.start(end_at=end_at)
    life.run(life.work_off())


async def _no_time(_seconds: float) -> None:
    await asyncio.sleep(0)
