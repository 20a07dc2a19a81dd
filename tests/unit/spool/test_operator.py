import errno
import os
from pathlib import Path

import pytest

from mlcore.base.durable import Place, make_directories
from mlcore.base.errors import BadInput, CorruptEntry, DiskTrouble
from mlcore.spool import operator
from mlcore.spool.entry import Entry, NewEntry
from mlcore.spool.layout import DIRECTORIES, QUEUES
from mlcore.spool.operator import QueueDepth, Unshunted
from mlcore.spool.spool import Spool
from support.disks import FailingDisk, ForgetfulDisk, InlineBatches
from support.spools import post, rendered, root

NAME = f"{root(1)}.o"


def a_disk() -> ForgetfulDisk:
    return ForgetfulDisk(DIRECTORIES)


async def shunted(disk: ForgetfulDisk, *names: str) -> None:
    spool = Spool(disk, InlineBatches())
    for name in names:
        await spool.accept([NewEntry("out", name, rendered(2))])
        spool.queues["out"].take_this(name)
        claim = await spool.claim("out", name)
        assert claim is not None
        await spool.shunt(claim, "a bug")


def durable(disk: ForgetfulDisk) -> dict[str, list[str]]:
    return {queue: sorted(names) for queue, names in disk.after(power=True).now.items() if names}


def test_p1_what_inject_reports_is_durable() -> None:
    disk = a_disk()
    operator.inject(disk, "virgin", root(1), post())
    assert durable(disk) == {"virgin": [root(1)]}
    assert operator.show(disk, operator.find(disk, root(1))).entry == post()


def test_inject_refuses_other_queues_and_what_cannot_be_written() -> None:
    with pytest.raises(BadInput, match="use one of in, virgin"):
        operator.inject(a_disk(), "out", root(1), post())
    with pytest.raises(BadInput, match="control character"):
        operator.inject(a_disk(), "in", root(1), Entry(post().envelope, ("a\nb",), b""))


@pytest.mark.parametrize("fail_at", range(1, 7))
def test_an_inject_that_fails_leaves_nothing(fail_at: int) -> None:
    disk = a_disk()
    calls = frozenset({"create", "write", "sync", "identity", "rename", "sync_directory"})
    with pytest.raises(DiskTrouble):
        operator.inject(
            FailingDisk(disk, fail_at=fail_at, only=calls, error=errno.ENOSPC), "in", root(1), post()
        )
    assert not any(disk.now.values())


def test_depths_are_read_from_names_alone() -> None:
    disk = a_disk()
    for name in (root(2), root(1), "core"):
        disk.put(Place("in", name), b"not even an entry")
    found = operator.depths(disk)
    assert list(found) == list(QUEUES)
    assert found["in"] == QueueDepth(2, 1_700_000_000.001)
    assert found["out"] == QueueDepth(0, None)


async def test_an_entry_is_found_and_shown_with_its_records() -> None:
    disk = a_disk()
    await shunted(disk, NAME)
    place = operator.find(disk, NAME)
    shown = operator.show(disk, place)
    assert (shown.queue, shown.name, shown.entry) == ("shunt", NAME, rendered(2))
    assert (shown.progress.shunted_from, shown.progress.why) == ("out", "a bug")
    assert len(shown.records) == 1
    for wrong in (root(9), "../../etc/passwd"):
        with pytest.raises(BadInput, match="No such entry"):
            operator.find(disk, wrong)
    with pytest.raises(DiskTrouble):
        operator.show(disk, Place("in", NAME))
    disk.put(Place("in", root(2)), b"torn")
    with pytest.raises(CorruptEntry):
        operator.show(disk, Place("in", root(2)))


async def test_unshunt_beside_a_server_leaves_the_shunted_name_to_it() -> None:
    disk = a_disk()
    await shunted(disk, NAME)
    assert operator.unshunt(disk, None) == [Unshunted(NAME, "out")]
    assert durable(disk) == {"out": [NAME], "shunt": [NAME]}
    assert operator.unshunt(disk, [NAME]) == [Unshunted(NAME, "out")]


async def test_unshunt_without_a_server_takes_it_out_of_shunt() -> None:
    disk = a_disk()
    await shunted(disk, NAME, f"{root(2)}.o")
    assert operator.unshunt(disk, [NAME], owner=True) == [Unshunted(NAME, "out")]
    assert durable(disk) == {"out": [NAME], "shunt": [f"{root(2)}.o"]}


async def test_discard_is_durable() -> None:
    disk = a_disk()
    await shunted(disk, NAME)
    assert operator.unshunt(disk, None, discard=True) == [Unshunted(NAME)]
    assert durable(disk) == {}


def test_what_cannot_be_unshunted_is_told_one_by_one() -> None:
    disk = a_disk()
    operator.inject(disk, "in", root(1), post())
    disk.link(Place("in", root(1)), Place("shunt", root(1)))
    disk.put(Place("shunt", root(2)), b"torn")
    errors = [found.error for found in operator.unshunt(disk, [root(1), root(2), root(3), "README"])]
    assert errors == [
        "no record of the queue it came from",
        "no magic line",
        "no such entry in shunt/",
        "no such entry in shunt/",
    ]
    with pytest.raises(DiskTrouble):
        operator.unshunt(FailingDisk(disk, fail_at=1), None)


def test_old_temporary_files_of_commands_go_and_no_others() -> None:
    disk = a_disk()
    for name, age in (("c-1-a", 100.0), ("c-2-b", 5000.0), ("s-c", 100.0)):
        disk.put(Place("tmp", name), b"x")
        disk.ages[Place("tmp", name)] = age
    assert operator.sweep_temporary(disk, now=5000.0) == ["c-1-a"]
    assert sorted(disk.now["tmp"]) == ["c-2-b", "s-c"]
    assert operator.sweep_temporary(disk) == ["c-2-b"]


def test_a_sweep_meets_a_command_that_publishes_and_a_disk_in_trouble() -> None:
    disk = a_disk()
    disk.put(Place("tmp", "c-1-a"), b"x")
    disk.now["tmp"]["c-2-gone"] = 0
    names = disk.names("tmp")
    del disk.now["tmp"]["c-2-gone"]
    disk.names = lambda directory: names if directory == "tmp" else []  # type: ignore[method-assign]
    with pytest.raises(DiskTrouble):
        operator.sweep_temporary(FailingDisk(disk, fail_at=2))
    assert operator.sweep_temporary(disk) == ["c-1-a"]


def test_p14_one_process_owns_a_spool(tmp_path: Path) -> None:
    root_dir = str(tmp_path / "queue")
    make_directories(root_dir, DIRECTORIES)
    disk = operator.open_disk(root_dir)
    assert disk.names("in") == []
    first, second = operator.spool_lock(root_dir), operator.spool_lock(root_dir)
    assert (first.take(), second.take()) == (True, False)
    first.release()
    assert os.listdir(root_dir).count("lock") == 1
    disk.shut()
    with pytest.raises(BadInput, match="missing"):
        operator.open_disk(str(tmp_path))
