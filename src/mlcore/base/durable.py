"""The only caller of fsync, rename, link and unlink on mail: what a disk is trusted with, in one file.

Trusted: an fsync of a file that returned 0 made its octets and length durable; an fsync of a directory
that returned 0 made the names durable that were added to or removed from it before the call began.
Nothing else: without the first a file may be short or torn, without the second any name may be missing
or back. After a failed fsync of a file a later success means nothing; that file is not trusted again.

All calls block and belong into `base.batches`. They raise OSError as the system gives it."""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from mlcore.base.errors import BadInput, LeftAlone

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MANY = 512  # pieces a writev may take (IOV_MAX is 1024 on Linux)


class SyncFailed(OSError):
    """An fsync failed: what was done before it was done, but whether it is durable nobody knows."""


class Place(NamedTuple):
    """A name in a directory of the spool."""

    directory: str
    name: str


class Free(NamedTuple):
    """Room on the file system. octets: bytes a process may still write; inodes: files it may still make."""

    octets: int
    inodes: int


class Disk(Protocol):
    """The calls that mail may use, one system call each: a test can forget or fail every single one."""

    def create(self, place: Place) -> int:
        """A new empty file, opened for writing; FileExistsError if the name is taken. Not durable."""
        ...

    def open(self, place: Place) -> int:
        """An existing file, opened for writing."""
        ...

    def write(self, file: int, pieces: Sequence[bytes]) -> None:
        """Appends all octets of `pieces` at the file position."""
        ...

    def write_at(self, file: int, offset: int, octets: bytes) -> None:
        """Overwrites at `offset` (or extends). Not durable until `sync`."""
        ...

    def sync(self, file: int) -> None:
        """fsync: octets and length are durable when it returns."""
        ...

    def identity(self, file: int) -> int:
        """The inode number: two names of one file have the same."""
        ...

    def close(self, file: int) -> None:
        """Closes; never raises for a descriptor that is open."""
        ...

    def read(self, place: Place) -> tuple[bytes, int]:
        """All octets and the inode number. Raises LeftAlone if it is no plain file."""
        ...

    def read_part(self, place: Place, offset: int, size: int) -> bytes:
        """At most `size` octets from `offset`."""
        ...

    def rename(self, old: Place, new: Place) -> None:
        """Replaces `new` if it is there."""
        ...

    def link(self, old: Place, new: Place) -> None:
        """A second name for the same file; FileExistsError if the name is taken."""
        ...

    def unlink(self, place: Place) -> None:
        """Removes one name; FileNotFoundError if it is not there."""
        ...

    def sync_directory(self, directory: str) -> None:
        """Fsync of a directory: its changes of names until now are durable when it returns."""
        ...

    def names(self, directory: str) -> list[str]:
        """All names in a directory, unsorted."""
        ...

    def age(self, place: Place) -> float:
        """Modification time in Unix seconds."""
        ...

    def free(self) -> Free:
        """Room that is left."""
        ...


def write_new(disk: Disk, place: Place, pieces: Sequence[bytes], links: Sequence[Place] = ()) -> int:
    """Creates `place` with the octets of `pieces`, durable (but for its name), and `links` as more names of
    the same file; returns the inode number.

    On an error all these names are removed again as far as possible, and the error goes on."""
    file = disk.create(place)
    try:
        disk.write(file, pieces)
        disk.sync(file)
        for link in links:
            disk.link(place, link)
        return disk.identity(file)
    except BaseException:
        for name in (place, *links):
            with contextlib.suppress(OSError):
                disk.unlink(name)
        raise
    finally:
        disk.close(file)


def overwrite(disk: Disk, place: Place, changes: Iterable[tuple[int, bytes]], sync: bool) -> None:
    """Writes each (offset, octets) into an existing file, with one fsync behind them if `sync`.

    Raises SyncFailed if that failed, and then the file must not be trusted again; OSError before it."""
    file = disk.open(place)
    try:
        for offset, octets in changes:
            disk.write_at(file, offset, octets)
        if sync:
            try:
                disk.sync(file)
            except OSError as error:
                raise SyncFailed(error.errno, f"sync of {place.name}: {error.strerror}") from error
    finally:
        disk.close(file)


def remove(disk: Disk, place: Place) -> None:
    """Unlinks; nothing happens if it is not there."""
    with contextlib.suppress(FileNotFoundError):
        disk.unlink(place)


def remove_quietly(disk: Disk, place: Place) -> None:
    """Unlinks, where it does not matter now whether that succeeds."""
    with contextlib.suppress(OSError):
        disk.unlink(place)


class LocalDisk:
    """Directories below `root`, each opened once and used by descriptor, so that no link is followed.

    Raises BadInput if a directory is missing, is a link, may be written by everybody, or `root` may (P26)."""

    def __init__(self, root: str, directories: Iterable[str]) -> None:
        self.root = root
        self._directories: dict[str, int] = {}
        os.close(_open_directory(root))
        try:
            for name in directories:
                self._directories[name] = _open_directory(os.path.join(root, name))
        except BaseException:
            self.shut()
            raise

    def shut(self) -> None:
        """Closes the directories; no other call may follow."""
        for descriptor in self._directories.values():
            os.close(descriptor)
        self._directories.clear()

    def create(self, place: Place) -> int:
        """See `Disk.create`; mode 0600."""
        return os.open(place.name, _CREATE, 0o600, dir_fd=self._directories[place.directory])

    def open(self, place: Place) -> int:
        """See `Disk.open`."""
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(place.name, flags, dir_fd=self._directories[place.directory])

    def write(self, file: int, pieces: Sequence[bytes]) -> None:
        """See `Disk.write`; short writes are continued."""
        for start in range(0, len(pieces), _MANY):
            some = pieces[start : start + _MANY]
            written = os.writev(file, some)
            if written == sum(map(len, some)):
                continue
            rest = memoryview(b"".join(some))[written:]
            while rest:  # a full disk or a signal: go on, the next call says why
                rest = rest[os.write(file, rest) :]

    def write_at(self, file: int, offset: int, octets: bytes) -> None:
        """See `Disk.write_at`."""
        done = os.pwrite(file, octets, offset)
        while done < len(octets):
            done += os.pwrite(file, octets[done:], offset + done)

    def sync(self, file: int) -> None:
        """See `Disk.sync`."""
        os.fsync(file)

    def identity(self, file: int) -> int:
        """See `Disk.identity`."""
        return os.fstat(file).st_ino

    def close(self, file: int) -> None:
        """See `Disk.close`."""
        with contextlib.suppress(OSError):  # everything that matters was synced before
            os.close(file)

    def read(self, place: Place) -> tuple[bytes, int]:
        """See `Disk.read`."""
        file = self._open_to_read(place)
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                raise LeftAlone(f"{place.directory}/{place.name} is no plain file")
            size = status.st_size
            octets = os.read(file, size + 1)
            if len(octets) < size:
                parts = [octets]
                while more := os.read(file, 1 << 20):
                    parts.append(more)
                octets = b"".join(parts)
            return octets, status.st_ino
        finally:
            os.close(file)

    def read_part(self, place: Place, offset: int, size: int) -> bytes:
        """See `Disk.read_part`."""
        file = self._open_to_read(place)
        try:
            return os.pread(file, size, offset)
        finally:
            os.close(file)

    def rename(self, old: Place, new: Place) -> None:
        """See `Disk.rename`."""
        os.rename(
            old.name,
            new.name,
            src_dir_fd=self._directories[old.directory],
            dst_dir_fd=self._directories[new.directory],
        )

    def link(self, old: Place, new: Place) -> None:
        """See `Disk.link`."""
        os.link(
            old.name,
            new.name,
            src_dir_fd=self._directories[old.directory],
            dst_dir_fd=self._directories[new.directory],
            follow_symlinks=False,
        )

    def unlink(self, place: Place) -> None:
        """See `Disk.unlink`."""
        os.unlink(place.name, dir_fd=self._directories[place.directory])

    def sync_directory(self, directory: str) -> None:
        """See `Disk.sync_directory`."""
        os.fsync(self._directories[directory])

    def names(self, directory: str) -> list[str]:
        """See `Disk.names`; opens the directory anew, since a descriptor has one reading position."""
        again = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._directories[directory])
        try:
            return os.listdir(again)
        finally:
            os.close(again)

    def age(self, place: Place) -> float:
        """See `Disk.age`."""
        directory = self._directories[place.directory]
        return os.stat(place.name, dir_fd=directory, follow_symlinks=False).st_mtime

    def free(self) -> Free:
        """See `Disk.free`; a file system without inodes of its own (btrfs) reports plenty."""
        some = next(iter(self._directories.values()))
        status = os.fstatvfs(some)
        inodes = status.f_favail if status.f_files else 1 << 40
        return Free(status.f_bavail * status.f_frsize, inodes)

    def _open_to_read(self, place: Place) -> int:
        # Not blocking: a pipe with an entry's name must not hold a disk thread for ever.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            return os.open(place.name, flags, dir_fd=self._directories[place.directory])
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):
                raise LeftAlone(f"{place.directory}/{place.name} is no plain file") from None
            raise


def make_directories(root: str, names: Iterable[str], *, mode: int = 0o700) -> None:
    """Makes `root` (and what lacks above it) and `root`/name for each name, durable; what is there already
    is kept as it is."""
    root = os.path.abspath(root)
    missing = []
    above = root
    while not os.path.isdir(above):
        missing.append(above)
        above = os.path.dirname(above)
    for path in [*reversed(missing), *(os.path.join(root, name) for name in names)]:
        try:
            os.mkdir(path, mode)
        except FileExistsError:
            continue
        os.chmod(path, mode)  # the umask may have taken a bit
        sync_path(os.path.dirname(path))


def sync_path(path: str) -> None:
    """Fsync of a directory given by path, for places outside the spool."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(directory: str, temporary: str, name: str, pieces: Sequence[bytes]) -> None:
    """Writes `directory`/name durably: under `temporary` (a path relative to `directory`) first, fsync,
    rename, fsync of the directory the name stands in. An older file of that name is replaced at once."""
    source = os.path.join(directory, temporary)
    target = os.path.join(directory, name)
    file = os.open(source, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(file, rest) :]
        os.fsync(file)
        os.rename(source, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(source)
        raise
    finally:
        os.close(file)
    sync_path(os.path.dirname(target))


class Lock:
    """One process owns a directory: flock on an open file. It dies with the process: none is ever stale."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = -1

    def take(self) -> bool:
        """True if it is ours (now or already), False if another process has it."""
        if self._file >= 0:
            return True
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Gives it back; the file stays, since removing it would let two processes own one path."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _open_directory(path: str) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BadInput(f"directory {path} is missing", "create it, or start the server once") from None
    except NotADirectoryError:
        raise BadInput(f"{path} is no directory", "links are not followed here") from None
    except PermissionError:
        raise BadInput(f"directory {path} may not be opened", "run this as its owner") from None
    mode = os.fstat(descriptor).st_mode
    if mode & stat.S_IWOTH:
        os.close(descriptor)
        raise BadInput(f"directory {path} may be written by everybody", f"run: chmod o-w {path}")
    return descriptor
