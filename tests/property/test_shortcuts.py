"""The shortcuts that lose mail, taken on purpose: the explorer that finds nothing in the protocol as it is
must find each of them, or it proves nothing."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from mlcore.base.durable import Disk, Place
from mlcore.spool.commit import Change, DirectoryCommit
from mlcore.spool.single import write_entry
from mlcore.spool.spool import Spool
from support.disks import Crashed, ForgetfulDisk, ThroughDisk, keep_all, keep_none
from support.spool_machine import SpoolMachine
from support.spools import World, explore, fates, post, root


class Skipping(ThroughDisk):
    """Leaves out the calls that `skip` names."""

    def __init__(self, disk: Disk, skip: Callable[[str, tuple[Any, ...]], bool]) -> None:
        super().__init__(disk)
        self.skip = skip

    def around(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        return None if self.skip(name, arguments) else call(*arguments)


def skipping(world: World, skip: Callable[[str, tuple[Any, ...]], bool]) -> World:
    world.wrap = lambda disk: Skipping(disk, skip)
    return world


def a_post(world: World, end_at: int, plan: str = "out") -> None:
    world.plan, world.recipients = plan, 2
    life = world.start(end_at=end_at)
    life.run(life.accept(root(1)))
    life.run(life.work_off())


def _first(_count: int) -> int:
    return 0


def found(make: Callable[[], World], script: Callable[..., None] = a_post, *, depth: int = 1) -> str:
    """What the explorer has to say about a shortcut; empty if it sees nothing wrong."""
    try:
        explore(make, script, depth=depth, fate_limit=5 if depth == 1 else 1)
    except AssertionError as fault:
        return str(fault)
    return ""


@pytest.mark.parametrize("plan", ["out", "copies", "hold", "discard"])
def test_p1_p6_p10_the_protocol_as_it_is_keeps_every_promise(plan: str) -> None:
    assert explore(World, partial(a_post, plan=plan)) > 500


def test_p1_a_kill_and_then_a_power_cut_lose_nothing() -> None:
    assert explore(World, a_post, depth=2, fate_limit=1) > 5000


def test_shortcut_1_the_file_is_not_synced_before_250() -> None:
    assert "left over: {'bad'" in found(lambda: skipping(World(), lambda name, _: name == "sync"))


def test_shortcut_1_the_directory_is_not_synced_before_250() -> None:
    def skip(name: str, arguments: tuple[Any, ...]) -> bool:
        return name == "sync_directory" and arguments == ("in",)

    assert "copies [0, 0]" in found(lambda: skipping(World(), skip))


class ReleasesTooMany(DirectoryCommit):
    """Makes a change at once, and releases it with the sync that is running."""

    def change(self, change: Change) -> Any:
        if not self._running:
            return super().change(change)
        future = super().change(change)
        made, _ = self._waiting.pop()
        made()
        self._running.append(future)
        return future

    def _end(self, job: Any) -> None:
        error = job.exception()
        results = [error] if error is not None else job.result()
        self._release([*results, *[None] * (len(self._running) - len(results))])


class ReleasingSpool(Spool):
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        for name in self.commits:
            self.commits[name] = ReleasesTooMany(self.disk, self.batches, name)


@pytest.mark.parametrize("make", [Spool, ReleasingSpool])
def test_shortcut_2_a_sync_releases_who_came_while_it_ran(make: type[Spool]) -> None:
    def world() -> World:
        world = World()
        world.make = make
        return world

    assert bool(found(world, two_posts_apart)) == (make is ReleasingSpool)


def two_posts_apart(world: World, end_at: int) -> None:
    """The second one asks for its name when the first one has its own and the sync is about to begin."""
    world.order, world.recipients = _first, 1
    renamed = asyncio.Event()
    life = world.start(end_at=end_at, at=lambda step: renamed.set() if step == "accept: renamed" else None)
    spool = life.spool
    hidden = Place("tmp", f"s-{root(2)}")

    async def second() -> None:
        await write_entry(spool, post(), [hidden])
        await renamed.wait()
        await spool.commits["in"].change(partial(life.disk.rename, hidden, Place("in", root(2))))
        world.promised[root(2)] = 1

    async def both() -> None:
        await asyncio.gather(second(), life.accept(root(1)))
        await spool.scan()

    life.run(both())


def test_shortcut_4_children_wake_before_the_parent_is_durably_gone() -> None:
    class Careless(Skipping):
        """Syncs no directory in which names were only removed."""

        def __init__(self, disk: Disk) -> None:
            super().__init__(disk, self.only_removals)
            self.removed: set[str] = set()

        def only_removals(self, name: str, arguments: tuple[Any, ...]) -> bool:
            if name == "unlink":
                self.removed.add(arguments[0].directory)
            return name == "sync_directory" and arguments[0] in self.removed

    def world() -> World:
        world = World()
        world.wrap = Careless
        return world

    assert "repeats allowed" in found(world)


def test_shortcut_7_recovery_trusts_what_it_lists() -> None:
    def world() -> World:
        world = World()
        world.recovers_on = lambda disk: Skipping(disk, lambda name, _: name == "sync_directory")
        return world

    assert found(world, depth=2)


def test_the_state_machine_finds_a_shortcut_too() -> None:
    """Without the sync of in/ before 250, in a few hundred examples."""

    class Careless(SpoolMachine):
        def _wrap(self, disk: Disk) -> Disk:
            return Skipping(super()._wrap(disk), _never_syncs_in)

    found = settings(
        max_examples=300,
        stateful_step_count=25,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        derandomize=True,
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Careless, settings=found)


def _never_syncs_in(name: str, arguments: tuple[Any, ...]) -> bool:
    return name == "sync_directory" and arguments == ("in",)


def test_shortcut_6_recovery_keeps_the_later_stage() -> None:
    class Later(ThroughDisk):
        """Shows a recovery no parent that has children."""

        def names(self, directory: str) -> list[str]:
            names = super().names(directory)
            if directory == "in":
                later = {
                    name.rpartition(".")[0] for queue in ("out", "archive") for name in self.disk.names(queue)
                }
                for name in later & set(names):
                    self.disk.unlink(Place("in", name))
                names = [name for name in names if name not in later]
            return names

    def world() -> World:
        world = World()
        world.recovers_on = Later
        return world

    assert found(world, partial(a_post, plan="copies"))


@pytest.mark.parametrize(("fate", "left"), [(0, b"abcd"), (1, b"ab"), (2, b"")])
def test_a_disk_that_forgets_octets(fate: int, left: bytes) -> None:
    disk = ForgetfulDisk(["in"])
    file = disk.create(Place("in", "a"))
    disk.write(file, [b"abcd"])
    disk.sync_directory("in")
    disk.fail_sync(file)
    disk.sync(file)
    assert disk.crash(power=False).read(Place("in", "a"))[0] == b"abcd"
    assert disk.crash(power=True, choose=lambda count: min(fate, count - 1)).read(Place("in", "a"))[0] == left


def test_a_disk_that_forgets_names() -> None:
    disk = ForgetfulDisk(["tmp", "in"])
    disk.close(disk.create(Place("tmp", "a")))
    disk.rename(Place("tmp", "a"), Place("in", "a"))
    assert disk.crash(power=True, choose=keep_all).now == {"tmp": {}, "in": {"a": 1}}
    assert disk.crash(power=True, choose=keep_none).now == {"tmp": {}, "in": {}}
    halves = [disk.crash(power=True, choose=fate).now for fate in fates(3)]
    assert {"tmp": {"a": 1}, "in": {"a": 1}} in halves
    assert {"tmp": {"a": 1}, "in": {}} in halves
    with pytest.raises(Crashed):
        disk.names("in")
