"""One test per row of the state table of docs/spool.md, and what a start does beside it."""

import time
from pathlib import Path

import pytest

from mlcore.base.durable import LocalDisk, Place, make_directories
from mlcore.spool import operator
from mlcore.spool.layout import DIRECTORIES, QUEUES
from mlcore.spool.recovery import fill, recover
from mlcore.spool.waiting import Waiting
from support.disks import CountingDisk, ForgetfulDisk
from support.spools import legal, post, root

I = root(1)  # noqa: E741  (as the table calls it)

ROWS = {
    "1 nothing": ("", ""),
    "2 being accepted": (f"tmp/s-{I}", ""),
    "3 accepted": (f"in/{I}", f"in/{I}"),
    "3 a notice": (f"virgin/{I}.v1", f"virgin/{I}.v1"),
    "4 advance under way": (f"in/{I} out/{I}.o archive/{I}.a tmp/s-{I}.d", f"in/{I}"),
    "4 a hold under way": (f"in/{I} hold/{I}.h virgin/{I}.v1", f"in/{I}"),
    "4 grandchildren": (f"pipeline/{I}.h.p out/{I}.h.p.o retry/{I}.h.p.o", f"pipeline/{I}.h.p"),
    "4 of a command": (f"command/{I} virgin/{I}.v1", f"command/{I}"),
    "4 of a report": (f"bounces/{I} digest/{I}.d", f"bounces/{I}"),
    "5 to be delivered": (f"out/{I}.o", f"out/{I}.o"),
    "7 deferring": (f"out/{I}.o retry/{I}.o", f"out/{I}.o"),
    "8 deferred": (f"retry/{I}.o", f"retry/{I}.o"),
    "9 children of one parent": (f"archive/{I}.a digest/{I}.d retry/{I}.o",) * 2,
    "10 held": (f"hold/{I}.h virgin/{I}.v1",) * 2,
    "12 decision under way": (f"hold/{I}.h pipeline/{I}.h.p virgin/{I}.v1", f"hold/{I}.h virgin/{I}.v1"),
    "12 refusal under way": (f"hold/{I}.h virgin/{I}.h.v1", f"hold/{I}.h"),
    "13 decided": (f"pipeline/{I}.h.p", f"pipeline/{I}.h.p"),
    "14 told to wait": (f"pipeline/{I}.p", f"pipeline/{I}.p"),
    "15 shunting or unshunting": (f"out/{I}.o shunt/{I}.o", f"out/{I}.o"),
    "15 setting aside": (f"bad/{I} in/{I}", f"in/{I}"),
    "16 waits for the operator": (f"bad/{root(2)} shunt/{I}",) * 2,
    "16 a dead end beside its parent": (f"bad/{I}.a in/{I} shunt/{I}.o",) * 2,
    "17 rewritten": (f"out/{I}.o tmp/s-{I}.o", f"out/{I}.o"),
    "18 a command writes": (f"tmp/c-77-{I}", f"tmp/c-77-{I}"),
    "names that only look alike": (f"in/{I} out/{I}-2.o",) * 2,
}


def a_disk(names: str) -> ForgetfulDisk:
    disk = ForgetfulDisk(DIRECTORIES)
    for text in names.split():
        directory, _, name = text.partition("/")
        disk.put(Place(directory, name), b"x")
    return disk


def names_on(disk: ForgetfulDisk) -> str:
    return " ".join(sorted(f"{directory}/{name}" for directory, names in disk.now.items() for name in names))


@pytest.mark.parametrize("row", ROWS)
def test_p14_every_row_of_the_table_is_put_right(row: str) -> None:
    before, after = ROWS[row]
    disk = a_disk(before)
    assert not legal(disk.now, at_rest=False)
    result = recover(disk)
    assert names_on(disk) == after
    assert not legal(disk.now)
    again = disk.crash(power=True)
    assert {place.directory for place in recover(again).removed} <= {"tmp"}  # which is never synced
    assert names_on(again) == after
    assert sorted(f"{queue}/{name}" for queue, names in result.names.items() for name in names) == [
        name for name in after.split() if not name.startswith("tmp/")
    ]


def test_the_checker_of_the_table_knows_what_is_illegal() -> None:
    for wrong in (f"out/{I}", f"hold/{I}.p", f"out/{I}.o archive/{I}.o", f"in/{I} virgin/{I}", "in/x"):
        assert legal(a_disk(wrong).now, at_rest=False), wrong
    for wrong in (f"in/{I} out/{I}.o", f"out/{I}.o retry/{I}.o", f"tmp/s-{I}", f"out/{I}.o bad/{I}.o"):
        assert legal(a_disk(wrong).now), wrong


def test_what_is_no_entry_is_left_and_reported() -> None:
    disk = a_disk("in/core shunt/README tmp/odd")
    result = recover(disk)
    assert result.strange == [Place("in", "core"), Place("shunt", "README")]
    assert names_on(disk) == "in/core shunt/README tmp/odd"


def test_every_directory_is_synced_after_it_was_listed() -> None:
    calls = []

    class Listening(CountingDisk):
        def names(self, directory: str) -> list[str]:
            calls.append(("names", directory))
            return super().names(directory)

        def sync_directory(self, directory: str) -> None:
            calls.append(("sync", directory))
            super().sync_directory(directory)

    recover(Listening(a_disk(f"in/{I} out/{I}.o")))
    for queue in QUEUES:
        assert calls.index(("names", queue)) < calls.index(("sync", queue))
    assert [call for call in calls if call[0] == "names"][-1] == ("names", "tmp")
    assert calls[-1] == ("sync", "out")


def test_a_name_that_somebody_else_removes_meanwhile_is_gone() -> None:
    class Racing(CountingDisk):
        def unlink(self, place: Place) -> None:
            super().unlink(place)
            super().unlink(place)

    assert recover(Racing(a_disk(f"in/{I} out/{I}.o"))).removed == [Place("out", f"{I}.o")]


def test_the_lists_go_to_the_queues_in_the_order_of_birth() -> None:
    waiting = {queue: Waiting(queue) for queue in QUEUES}
    fill(waiting, recover(a_disk(f"in/{root(3)} in/{root(1)} in/{root(2)}")))
    assert [waiting["in"].take() for _ in range(3)] == [root(1), root(2), root(3)]


def test_p14_ten_thousand_entries_are_recovered_in_seconds(tmp_path: Path) -> None:
    make_directories(str(tmp_path / "queue"), DIRECTORIES)
    disk = LocalDisk(str(tmp_path / "queue"), DIRECTORIES)
    for number in range(10_000):
        disk.close(
            disk.create(Place("in" if number % 2 else "out", root(number) + ("" if number % 2 else ".o")))
        )
    began = time.monotonic()
    result = recover(disk)
    assert time.monotonic() - began < 5
    assert sum(map(len, result.names.values())) == 10_000
    disk.shut()


def test_an_injected_entry_survives_a_recovery_at_any_moment() -> None:
    """tmp/c-… belongs to a command: the server's recovery must not touch it."""
    disk = ForgetfulDisk(DIRECTORIES)

    class Recovering(CountingDisk):
        def around(self, name, call, arguments):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            recover(disk)
            return super().around(name, call, arguments)

    operator.inject(Recovering(disk), "in", I, post())
    assert names_on(disk.crash(power=True)) == f"in/{I}"
