import asyncio
import errno
from functools import partial

import pytest

from mlcore.base.batches import Batches
from mlcore.base.durable import Place, SyncFailed
from mlcore.spool.commit import DirectoryCommit
from support.disks import CountingDisk, FailingDisk, ForgetfulDisk, InlineBatches

A = Place("in", "a")


def a_disk(*names: str) -> ForgetfulDisk:
    disk = ForgetfulDisk(["in", "tmp"])
    for name in names:
        disk.put(Place("tmp", name), b"x")
    return disk


def arrive(disk: CountingDisk | FailingDisk | ForgetfulDisk, name: str) -> partial[None]:
    return partial(disk.rename, Place("tmp", name), Place("in", name))


async def test_changes_of_one_turn_share_a_sync() -> None:
    disk = CountingDisk(a_disk("a", "b", "c"))
    commit = DirectoryCommit(disk, InlineBatches(), "in")
    await asyncio.gather(*(commit.change(arrive(disk, name)) for name in "abc"))
    assert disk.calls == ["rename", "rename", "rename", "sync_directory"]
    assert commit.syncs == 1


async def test_who_comes_while_a_sync_runs_waits_for_the_next_one() -> None:
    class Meanwhile(CountingDisk):
        def sync_directory(self, directory: str) -> None:
            super().sync_directory(directory)
            if not second:
                second.append(commit.change(arrive(disk, "b")))

    second: list[asyncio.Future[None]] = []
    disk = Meanwhile(a_disk("a", "b"))
    commit = DirectoryCommit(disk, InlineBatches(lambda _count: 0), "in")
    await commit.change(arrive(disk, "a"))
    assert not second[0].done()
    await second[0]
    assert disk.calls == ["rename", "sync_directory", "rename", "sync_directory"]


async def test_an_error_of_one_change_disturbs_no_other() -> None:
    disk = a_disk("a")
    commit = DirectoryCommit(disk, InlineBatches(), "in")
    good, bad = commit.change(arrive(disk, "a")), commit.change(arrive(disk, "gone"))
    await good
    with pytest.raises(FileNotFoundError):
        await bad
    assert disk.crash(power=True).now["in"].keys() == {"a"}


async def test_a_defect_in_one_change_is_told_to_its_waiter_alone() -> None:
    disk = a_disk("a")
    commit = DirectoryCommit(disk, InlineBatches(), "in")
    good, bad = commit.change(arrive(disk, "a")), commit.change(partial(int, "x"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="invalid literal"):
        await bad
    await good
    assert disk.crash(power=True).now["in"].keys() == {"a"}


async def test_nothing_changed_needs_no_sync() -> None:
    disk = CountingDisk(a_disk())
    commit = DirectoryCommit(disk, InlineBatches(), "in")
    with pytest.raises(FileNotFoundError):
        await commit.change(arrive(disk, "gone"))
    assert disk.calls == ["rename"]


async def test_a_failed_sync_is_told_to_all_and_only_to_them() -> None:
    disk = a_disk("a", "b")
    failing = FailingDisk(disk, fail_at=1, error=errno.EIO, only=frozenset({"sync_directory"}))
    commit = DirectoryCommit(failing, InlineBatches(), "in")
    results = await asyncio.gather(
        commit.change(arrive(disk, "a")), commit.change(arrive(disk, "gone")), return_exceptions=True
    )
    assert [type(result) for result in results] == [SyncFailed, FileNotFoundError]
    await commit.change(arrive(disk, "b"))


async def test_a_waiter_that_is_cancelled_takes_nobody_along() -> None:
    disk = a_disk("a", "b")
    commit = DirectoryCommit(disk, InlineBatches(lambda _count: 0), "in")
    given_up, other = commit.change(arrive(disk, "a")), commit.change(arrive(disk, "b"))
    given_up.cancel()
    await other
    assert disk.crash(power=True).now["in"].keys() == {"a", "b"}


async def test_a_defect_in_the_sync_and_threads_that_were_stopped_leave_nobody_waiting() -> None:
    disk = a_disk("a", "b")
    commit = DirectoryCommit(disk, InlineBatches(), "gone")
    with pytest.raises(KeyError):
        await commit.change(arrive(disk, "a"))
    batches = Batches(threads=1).start()
    stopped = DirectoryCommit(disk, batches, "in")
    batches.stop()
    with pytest.raises(RuntimeError, match="do not run"):
        await stopped.change(arrive(disk, "b"))
