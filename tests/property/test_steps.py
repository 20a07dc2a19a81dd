"""The process ends at every named step of every scenario, by a kill or a power cut."""

from collections.abc import Callable, Sequence
from functools import partial

import pytest

from mlcore.spool.steps import STEPS
from support.disks import Choose, Crashed, keep_all, keep_none
from support.spools import World, attempt, fates, root


def whole_life(plan: str, world: World, at: Callable[[str], None] | None = None) -> None:
    world.plan = plan
    life = world.start(at=at)
    life.run(life.accept(root(1)))
    life.run(life.work_off())


def roundabout(world: World, at: Callable[[str], None] | None = None) -> None:
    """Injected, shunted from in/ and from out/, unshunted each time, deferred, and settled bit by bit."""
    life = world.start(at=at)
    life.inject(root(1))

    async def go() -> None:
        await life.spool.scan()
        await life.step("in", life.shunt)
        life.unshunt()
        await life.spool.scan()
        await life.step("in", life.run_in)
        await life.step("out", lambda claim: life.deliver(claim, 1, 1))
        await life.step("out", life.shunt)
        life.unshunt()
        await life.spool.scan()
        await life.step("out", life.defer)
        await life.step("retry", lambda claim: life.deliver(claim, 1, 1))

    life.run(go())
    life.run(life.work_off())


def half_an_advance(world: World, at: Callable[[str], None] | None = None) -> None:
    """A start that finds something to remove."""
    assert attempt(world, partial(whole_life, "copies", at=_end_with_children))
    world.crash(power=False)
    life = world.start(at=at)
    life.run(life.work_off())


def _end_with_children(step: str) -> None:
    if step == "advance: children synced":
        raise Crashed


SCENARIOS: dict[str, Callable[..., None]] = {
    **{plan: partial(whole_life, plan) for plan in ("out", "copies", "apart", "hold", "discard")},
    "roundabout": roundabout,
    "half an advance": half_an_advance,
}


def heard_in(name: str) -> Sequence[str]:
    heard: list[str] = []
    world = World()
    SCENARIOS[name](world, at=heard.append)
    world.check()
    world.forget_process()
    return heard


def test_every_step_is_reached_and_none_is_unknown() -> None:
    assert {step for name in SCENARIOS for step in heard_in(name)} == set(STEPS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_p1_p10_p14_the_process_may_end_at_every_step(name: str) -> None:
    for number in range(len(heard_in(name))):
        ends: list[tuple[bool, Choose]] = [
            (False, keep_all),
            (True, keep_none),
            *((True, fate) for fate in fates(4)),
        ]
        for power, fate in ends:
            left = [number]

            def end(_step: str, left: list[int] = left) -> None:
                left[0] -= 1
                if left[0] == -1:
                    raise Crashed

            world = World()
            try:
                assert attempt(world, partial(SCENARIOS[name], at=end))
                world.crash(power=power, choose=fate)
                world.finish()
            finally:
                world.forget_process()
