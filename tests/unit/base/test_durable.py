import errno
import os
import stat
from pathlib import Path

import pytest

from mlcore.base.durable import (
    LocalDisk,
    Lock,
    Place,
    SyncFailed,
    make_directories,
    overwrite,
    publish,
    remove,
    remove_quietly,
    sync_path,
    write_new,
)
from mlcore.base.errors import BadInput, LeftAlone
from support.disks import FailingDisk, ForgetfulDisk

A, B = Place("in", "a"), Place("out", "b")


@pytest.fixture
def root(tmp_path: Path) -> str:
    path = str(tmp_path / "deep" / "queue")
    make_directories(path, ["tmp", "in", "out"])
    return path


@pytest.fixture
def disk(root: str) -> LocalDisk:
    return LocalDisk(root, ["tmp", "in", "out"])


def test_p26_directories_are_0700_and_files_0600_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o000)
    try:
        make_directories(str(tmp_path / "x" / "queue"), ["in"])
        disk = LocalDisk(str(tmp_path / "x" / "queue"), ["in"])
        disk.close(disk.create(A))
    finally:
        os.umask(old)
    modes = [
        stat.S_IMODE((tmp_path / "x" / place).stat().st_mode)
        for place in (".", "queue", "queue/in", "queue/in/a")
    ]
    assert modes == [0o700, 0o700, 0o700, 0o600]
    disk.shut()


def test_directories_that_are_there_are_kept_as_they_are(root: str) -> None:
    os.chmod(f"{root}/in", 0o750)
    make_directories(root, ["in", "hold"])
    assert stat.S_IMODE(os.stat(f"{root}/in").st_mode) == 0o750
    assert os.path.isdir(f"{root}/hold")


@pytest.mark.parametrize("place", ["", "/in"])
def test_p26_a_world_writable_directory_is_refused(root: str, place: str) -> None:
    os.chmod(root + place, 0o777)
    with pytest.raises(BadInput, match="chmod o-w"):
        LocalDisk(root, ["in"])


def test_p26_a_directory_that_is_a_link_is_refused(root: str) -> None:
    os.symlink(f"{root}/in", f"{root}/hold")
    with pytest.raises(BadInput, match="no directory"):
        LocalDisk(root, ["in", "hold"])


def test_a_missing_directory_is_refused(root: str) -> None:
    with pytest.raises(BadInput, match="missing"):
        LocalDisk(root, ["in", "gone"])


def test_a_directory_of_somebody_else_is_refused(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(BadInput, match="owner"):
        LocalDisk(root, ["in"])


def test_p26_no_link_is_followed_by_any_call(root: str, disk: LocalDisk) -> None:
    secret = Path(root) / "secret"
    secret.write_bytes(b"secret")
    os.symlink(secret, f"{root}/in/a")
    with pytest.raises(FileExistsError):
        disk.create(A)
    with pytest.raises(OSError, match="symbolic"):
        disk.open(A)
    with pytest.raises(LeftAlone):
        disk.read(A)
    with pytest.raises(LeftAlone):
        disk.read_part(A, 0, 1)
    disk.link(A, B)
    assert os.path.islink(f"{root}/out/b")
    disk.age(A)
    disk.unlink(A)
    assert secret.read_bytes() == b"secret"


def test_what_is_no_plain_file_is_left_alone_and_holds_no_thread(root: str, disk: LocalDisk) -> None:
    os.mkfifo(f"{root}/in/pipe")
    os.mkdir(f"{root}/in/directory")
    for name in ("pipe", "directory"):
        with pytest.raises(LeftAlone):
            disk.read(Place("in", name))


def test_a_file_lives_through_all_calls(disk: LocalDisk) -> None:
    inode = write_new(disk, A, [b"0123", b"", b"456789"], [B])
    assert disk.read(A) == disk.read(B) == (b"0123456789", inode)
    assert disk.read_part(A, 2, 3) == b"234"
    overwrite(disk, A, [(1, b"xx"), (10, b"yy")], sync=True)
    assert disk.read(B)[0] == b"0xx3456789yy"
    disk.sync_directory("in")
    with pytest.raises(FileExistsError):
        disk.link(A, B)
    disk.rename(A, B)  # two names of one file: nothing happens, says POSIX
    assert disk.names("in") == ["a"]
    disk.unlink(A)
    disk.rename(B, A)
    assert (disk.names("in"), disk.names("out")) == (["a"], [])
    assert disk.age(A) > 1_600_000_000
    with pytest.raises(FileNotFoundError):
        disk.unlink(B)
    with pytest.raises(FileNotFoundError):
        disk.read(B)
    remove(disk, B)
    remove_quietly(disk, B)
    disk.shut()


def test_a_file_of_many_pieces_and_one_that_grows_while_it_is_read(
    disk: LocalDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_new(disk, A, [b"%04d" % number for number in range(1200)])
    assert disk.read(A)[0] == b"".join(b"%04d" % number for number in range(1200))
    read = os.read
    monkeypatch.setattr(os, "read", lambda file, size: read(file, min(size, 1000)))
    assert len(disk.read(A)[0]) == 4800


def test_short_writes_are_continued(disk: LocalDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    write, pwrite = os.write, os.pwrite
    monkeypatch.setattr(os, "writev", lambda file, pieces: write(file, pieces[0][:1]))
    monkeypatch.setattr(os, "write", lambda file, octets: write(file, octets[:2]))
    monkeypatch.setattr(os, "pwrite", lambda file, octets, offset: pwrite(file, octets[:1], offset))
    write_new(disk, A, [b"0123", b"456"])
    overwrite(disk, A, [(2, b"ABC")], sync=False)
    assert disk.read(A)[0] == b"01ABC56"


def test_p15_free_space_counts_inodes_where_there_are_some(
    disk: LocalDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert disk.free().octets > 0
    status = os.statvfs("/")

    class Without:
        f_bavail, f_frsize, f_files, f_favail = status.f_bavail, status.f_frsize, 0, 0

    monkeypatch.setattr(os, "fstatvfs", lambda _file: Without)
    assert disk.free().inodes > 1 << 30


@pytest.mark.parametrize("fail_at", range(1, 6))
def test_what_could_not_be_written_leaves_no_name(fail_at: int) -> None:
    disk = ForgetfulDisk(["in", "out"])
    calls = frozenset({"create", "write", "sync", "link", "identity"})
    failing = FailingDisk(disk, fail_at=fail_at, error=errno.ENOSPC, only=calls)
    with pytest.raises(OSError, match="failed"):
        write_new(failing, A, [b"x"], [B])
    assert disk.now == {"in": {}, "out": {}}


def test_a_failed_sync_is_told_from_a_failed_write() -> None:
    disk = ForgetfulDisk(["in"])
    disk.put(A, b"abc")
    with pytest.raises(SyncFailed):
        overwrite(FailingDisk(disk, fail_at=3), A, [(0, b"x")], sync=True)
    with pytest.raises(OSError, match="write_at failed") as caught:
        overwrite(FailingDisk(disk, fail_at=2), A, [(0, b"x")], sync=True)
    assert not isinstance(caught.value, SyncFailed)


def test_publish_replaces_at_once(tmp_path: Path) -> None:
    for octets in (b"one", b"two"):
        publish(str(tmp_path), ".new", "name", [octets, b"\n"])
    assert (tmp_path / "name").read_bytes() == b"two\n"
    assert stat.S_IMODE((tmp_path / "name").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["name"]
    sync_path(str(tmp_path))


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_publish_that_fails_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    publish(str(tmp_path), ".new", "name", [b"one"])

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="no"):
        publish(str(tmp_path), ".new", "name", [b"two"])
    assert (tmp_path / "name").read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["name"]


def test_p14_a_lock_belongs_to_one_and_dies_with_it(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    first, second = Lock(path), Lock(path)
    assert first.take()
    assert first.take()
    assert not second.take()
    first.release()
    first.release()
    assert second.take()
    second.release()
    assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600
