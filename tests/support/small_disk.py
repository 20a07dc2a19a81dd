"""A small file system of its own (ext4 in a file, mounted over a loop device) that a test can fill."""

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

_BLOCK = 4096


class SmallDisk:
    """A mounted file system with one big file or many small ones in the way of everybody else."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._filler = root / "filler"
        self._files = root / "fillers"
        self._files.mkdir()

    @property
    def free_octets(self) -> int:
        """What may still be written."""
        status = os.statvfs(self.root)
        return status.f_bavail * status.f_frsize

    @property
    def free_inodes(self) -> int:
        """How many files may still be made."""
        return os.statvfs(self.root).f_favail

    def fill(self, leave: int = 0) -> None:
        """Takes room until `leave` octets (a multiple of 4,096) are left; 0: nothing at all."""
        with self._filler.open("ab") as file:
            size = file.tell()
            while (more := self.free_octets - leave) >= _BLOCK:
                try:
                    os.posix_fallocate(file.fileno(), size, more)
                    size += more
                except OSError as error:  # the file's own metadata takes room too
                    if error.errno != errno.ENOSPC:
                        raise
                    leave += _BLOCK
            os.fsync(file.fileno())

    def make_room(self) -> None:
        """Gives the room back."""
        self._filler.unlink(missing_ok=True)
        for file in self._files.iterdir():
            file.unlink()
        os.sync()

    def fill_inodes(self, leave: int = 0) -> None:
        """Makes empty files until `leave` more can be made."""
        for number in range(self.free_inodes - leave):
            (self._files / str(number)).touch()


@contextlib.contextmanager
def small_disk(directory: Path, *, size_mib: int = 24, inodes: int = 1024) -> Iterator[SmallDisk]:
    """Mounts one below `directory`; it is unmounted in the end, whatever happens.

    Needs root and loop devices. Fails with the words of the tool that could not do its part."""
    image, root = directory / "disk.img", directory / "disk"
    root.mkdir()
    with image.open("wb") as file:
        file.truncate(size_mib << 20)
    _run("mkfs.ext4", "-q", "-F", "-m", "0", "-b", str(_BLOCK), "-N", str(inodes), str(image))
    _run("mount", "-o", "loop", str(image), str(root))
    try:
        yield SmallDisk(root)
    finally:
        # What still has files open there is about to end: detached now, gone with the last of them.
        if subprocess.run(["umount", str(root)], capture_output=True, check=False).returncode:
            _run("umount", "--lazy", str(root))


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        raise AssertionError(f"{command[0]} is missing: install e2fsprogs and mount") from None
    assert done.returncode == 0, (
        f"`{' '.join(command)}` failed (this test needs root and loop devices): {done.stderr.strip()}"
    )
