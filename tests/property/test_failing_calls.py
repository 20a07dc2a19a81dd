"""Every disk call of every transition fails once: before it did anything, or after. Nothing that was
acknowledged is missing afterwards, nothing is doubled, and the step succeeds when the disk is well again."""

import contextlib
import errno
from collections.abc import Awaitable, Callable, Sequence

import pytest

from mlcore.base.errors import LocalTrouble, SpoolLost
from mlcore.spool import operator
from support.disks import FailingDisk, ForgetfulDisk, keep_all, keep_none
from support.spools import Life, World, post, root

Step = Callable[[Life], Awaitable[object]]


def accept(life: Life) -> Awaitable[object]:
    return life.accept(root(1))


def accept_two(life: Life) -> Awaitable[object]:
    return life.accept(root(1), root(2))


def into(plan: str) -> Step:
    return lambda life: life.step("in", lambda claim: life.run_in(claim, plan))


def decide(life: Life) -> Awaitable[object]:
    return life.step("hold", life.decide)


def deliver(life: Life) -> Awaitable[object]:
    return life.step("out", lambda claim: life.deliver(claim, size=1))


def deliver_at_once(life: Life) -> Awaitable[object]:
    return life.step("out", lambda claim: life.deliver(claim, size=99))


def deliver_retry(life: Life) -> Awaitable[object]:
    return life.step("retry", lambda claim: life.deliver(claim, size=1))


def defer(life: Life) -> Awaitable[object]:
    return life.step("out", life.defer)


def shunt(life: Life) -> Awaitable[object]:
    return life.step("out", life.shunt)


async def unshunt(life: Life) -> None:
    with contextlib.suppress(LocalTrouble):
        operator.unshunt(life.disk, None)
    await life.spool.scan()


async def inject(life: Life) -> None:
    operator.inject(life.disk, "in", root(1), post())
    life.world.promised[root(1)] = life.world.recipients
    await life.spool.scan()


def store(queue: str) -> Step:
    return lambda life: life.step(queue, life.store)


SCENARIOS: dict[str, Sequence[Step]] = {
    "accept": [accept],
    "accept a group": [accept_two],
    "inject": [inject],
    "advance to one child": [accept, into("out")],
    "advance to three children": [accept, into("apart")],
    "advance to links": [accept, into("copies")],
    "hold": [accept, into("hold")],
    "decide": [accept, into("hold"), decide],
    "discard": [accept, into("discard")],
    "deliver": [accept, into("out"), deliver],
    "deliver in one transaction": [accept, into("out"), deliver_at_once],
    "deliver beside links": [accept, into("copies"), deliver],
    "defer": [accept, into("out"), defer],
    "deliver from retry": [accept, into("out"), defer, deliver_retry],
    "shunt": [accept, into("out"), shunt],
    "unshunt": [accept, into("out"), shunt, unshunt],
    "consume": [accept, into("copies"), store("archive")],
}


class Trial:
    """A scenario whose last step meets the failure."""

    def __init__(self, steps: Sequence[Step], **failure: object) -> None:
        self.world = World()
        self.disks: list[FailingDisk] = []
        self.world.wrap = self._wrapped
        life = self.world.start()
        for step in steps[:-1]:
            life.run(_of(step, life))
        self.failing = self.disks[-1]
        vars(self.failing).update({"count": 0, **failure})
        self.lost = False
        try:
            life.run(_of(steps[-1], life))
        except LocalTrouble:
            pass
        except SpoolLost:
            self.lost = True
        self.failing.many = 0

    def _wrapped(self, disk: object) -> FailingDisk:
        assert isinstance(disk, ForgetfulDisk)
        self.disks.append(FailingDisk(disk, fail_at=0))
        return self.disks[-1]

    def go_on(self) -> None:
        """The same process, on a healthy disk; unless it had to end."""
        life = self.world.life
        assert life is not None
        if self.lost:
            self.world.crash(power=False)
            self.world.finish()
            return
        for plans in self.world.tried.values():
            self.world.plan = min(plans)
        try:
            life.run(life.work_off())
            self.world.check()
        finally:
            self.world.forget_process()

    def end(self, *, power: bool, keep: bool) -> None:
        """The process or the machine ends right after the failure."""
        for plans in self.world.tried.values():
            self.world.plan = min(plans)
        self.world.crash(power=power, choose=keep_all if keep else keep_none)
        self.world.finish()


async def _of(step: Step, life: Life) -> None:
    await step(life)


def failing_at(steps: Sequence[Step], **failure: object) -> int:
    """How many calls of the last step could fail; each was tried, with every sequel."""
    number = 0
    while True:
        number += 1
        for sequel in range(4):
            trial = Trial(steps, fail_at=number, **failure)
            try:
                if not trial.failing.failed:
                    return number - 1
                if sequel == 0:
                    trial.go_on()
                else:
                    trial.end(power=sequel > 1, keep=sequel == 3)
            finally:
                trial.world.forget_process()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_p1_p10_any_call_may_fail(name: str, error: int, after: bool) -> None:
    assert failing_at(SCENARIOS[name], error=error, after=after) > 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_p15_a_full_disk_ends_nothing(name: str) -> None:
    """Calls that need space fail for as long as the step lasts; nothing is lost and no restart is needed."""
    space = frozenset({"create", "write", "link", "rename"})
    trial = Trial(SCENARIOS[name], fail_at=1, many=1 << 30, error=errno.ENOSPC, only=space)
    assert not trial.lost
    trial.go_on()
