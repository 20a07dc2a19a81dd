"""A machine for hypothesis: any order of transitions, at once and one after another, with kills, power cuts
and failing syncs anywhere, also in recovery. No post is lost after its 250, no recipient is skipped,
repeats stay within what was in flight when a process ended, nothing held goes out undecided, and every
recovery ends in a legal state."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mlcore.base.durable import Disk
from mlcore.base.errors import LocalTrouble, SpoolLost
from support.disks import Crashed, FailingDisk
from support.spools import PLANS, Life, World, legal, root

OTHERS = ["defer", "decide", "render", "notice", "archive", "digest", "scan"]
DELIVERIES = st.tuples(st.sampled_from(["out", "retry"]), st.integers(1, 3), st.integers(0, 3))
MOVES = st.one_of(
    st.tuples(st.just("run"), st.sampled_from(PLANS)),
    st.tuples(st.just("deliver"), DELIVERIES),
    st.tuples(st.just("shunt"), st.sampled_from(["in", "out", "retry", "virgin", "pipeline", "archive"])),
    st.tuples(st.sampled_from(OTHERS), st.none()),
)


class SpoolMachine(RuleBasedStateMachine):
    """One spool and the processes that own it, one after another."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.posts = 0
        self.failing: FailingDisk | None = None

    @initialize(seed=st.integers(0, 1 << 16), first_in_first_out=st.booleans(), apart=st.booleans())
    def begin(self, seed: int, first_in_first_out: bool, apart: bool) -> None:
        chance = random.Random(seed)
        if apart:
            self.world.order = (lambda _count: 0) if first_in_first_out else chance.randrange
        self.world.wrap = self._wrap
        self.world.start()

    def _wrap(self, disk: Disk) -> Disk:
        self.failing = FailingDisk(disk, fail_at=0, only=frozenset({"sync", "sync_directory"}))
        return self.failing

    @property
    def life(self) -> Life:
        assert self.world.life is not None
        return self.world.life

    def do(self, work: Coroutine[Any, Any, Any], data: st.DataObject) -> None:
        """Lets the process work; if it ends, another one recovers."""
        try:
            self.life.run(work)
        except LocalTrouble:
            pass
        except (Crashed, SpoolLost):
            self.fall(data)

    def fall(self, data: st.DataObject) -> None:
        """The process ends by a kill or a power cut, and so do up to three more in their recovery."""
        for end_at in [*data.draw(st.lists(st.integers(1, 45), max_size=3)), 0]:
            self.world.crash(
                power=data.draw(st.booleans()), choose=lambda count: int(data.draw(st.integers(0, count - 1)))
            )
            try:
                self.world.start(end_at=end_at)
            except Crashed:
                continue
            self.life.disk.end_at = 0
            return

    # -- rules -------------------------------------------------------------------------------------------

    @precondition(lambda self: self.posts < 6)
    @rule(count=st.integers(1, 2), data=st.data())
    def accept(self, count: int, data: st.DataObject) -> None:
        names = [root(self.posts + number) for number in range(count)]
        self.posts += count
        self.do(self.life.accept(*names), data)

    @precondition(lambda self: self.posts < 6)
    @rule(data=st.data())
    def inject(self, data: st.DataObject) -> None:
        self.posts += 1
        self.life.inject(root(self.posts - 1))
        self.do(self.life.spool.scan(), data)

    @rule(moves=st.lists(MOVES, min_size=1, max_size=3), data=st.data())
    def move(self, moves: list[tuple[str, Any]], data: st.DataObject) -> None:
        self.do(self._together(moves), data)

    async def _together(self, moves: list[tuple[str, Any]]) -> None:
        results = await asyncio.gather(*(self._move(*move) for move in moves), return_exceptions=True)
        for kind in (Crashed, SpoolLost, AssertionError, Exception):
            for result in results:
                if isinstance(result, kind):
                    raise result

    async def _move(self, kind: str, detail: Any) -> None:
        life = self.life
        if kind == "run":
            await life.step("in", lambda claim: life.run_in(claim, detail))
        elif kind == "deliver":
            queue, size, transactions = detail
            await life.step(queue, lambda claim: life.deliver(claim, size, transactions))
        elif kind == "shunt":
            await life.step(detail, life.shunt)
        elif kind == "defer":
            await life.step("out", life.defer)
        elif kind == "decide":
            await life.step("hold", life.decide)
        elif kind in ("render", "notice"):
            await life.step("pipeline" if kind == "render" else "virgin", life.render)
        elif kind == "scan":
            await life.spool.scan()
        else:
            await life.step(kind, life.store)

    @rule(after=st.integers(1, 6), moves=st.lists(MOVES, min_size=1, max_size=2), data=st.data())
    def unshunt_meanwhile(self, after: int, moves: list[tuple[str, Any]], data: st.DataObject) -> None:
        """A command runs between two steps of the server, and the server hears of it."""
        life = self.life
        target = len(life.heard) + after

        def listen(_step: str) -> None:
            if len(life.heard) == target:
                life.unshunt()

        life.listener = listen
        self.do(self._together([*moves, ("scan", None)]), data)
        life.listener = None

    @rule(data=st.data())
    def unshunt(self, data: st.DataObject) -> None:
        self.life.unshunt()
        self.do(self.life.spool.scan(), data)

    @rule(calls=st.integers(1, 60))
    def end_soon(self, calls: int) -> None:
        self.life.disk.end_at = self.life.disk.count + calls

    @rule(calls=st.integers(1, 12), many=st.integers(1, 2))
    def fail_soon(self, calls: int, many: int) -> None:
        assert self.failing is not None
        self.failing.fail_at, self.failing.many = self.failing.count + calls, many

    @rule(data=st.data())
    def end_now(self, data: st.DataObject) -> None:
        self.fall(data)

    # -- what must hold ------------------------------------------------------------------------------------

    @invariant()
    def names_are_legal(self) -> None:
        faults = legal(self.world.disk.now, at_rest=False)
        assert not faults, faults

    @invariant()
    def repeats_are_bounded(self) -> None:
        for key, count in self.world.copies.items():
            assert count <= 1 + self.world.allowed[key], key

    def teardown(self) -> None:
        self.world.wrap = lambda disk: disk
        self.world.crash(power=False)
        self.world.finish()
