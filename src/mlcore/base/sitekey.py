"""The secret of a site: 32 random octets in a file, from which tokens derive.

Who has it can make every token, so the file is for its owner alone; a copy of the database is of no use
without it. Losing it makes the tokens void that people have in their mailboxes, and nothing else."""

import contextlib
import os
import secrets
import stat
from typing import Final

from mlcore.base.durable import LocalDisk, Place, write_new
from mlcore.base.errors import BadInput, DiskTrouble

SIZE: Final = 32
"""Octets."""
_HERE: Final = "."


def site_key(path: str) -> bytes:
    """The key in the file `path` (absolute), which is made, durable and with mode 0600, where it is missing;
    of several processes that do so at once all get the same one. Its directory is there already.

    Raises BadInput for a file that is no plain one (links are not followed), that has not `SIZE` octets or
    that others may read or change (P26), DiskTrouble where the disk fails."""
    try:
        found = _read(path)
        if found is None:
            _make(path)
            found = _read(path)
    except OSError as error:
        raise DiskTrouble.of(error, f"reading {path}") from error
    if found is None:
        raise DiskTrouble(f"{path} was removed while it was made")
    return found


def _read(path: str) -> bytes | None:
    try:
        # not blocking: a pipe of that name must not hold the start for ever
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        if os.path.islink(path):
            raise BadInput(f"{path} is a link", "put the file itself there") from error
        raise
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise BadInput(f"{path} is no plain file", "remove it; it is made anew")
        if status.st_mode & (stat.S_IRWXO | stat.S_IWGRP):
            raise BadInput(f"{path} may be read or changed by others", f"run: chmod 600 {path}")
        octets = os.read(file, SIZE + 1)
    finally:
        os.close(file)
    if len(octets) != SIZE:
        raise BadInput(
            f"{path} has not {SIZE} octets",
            "put it back from a copy, or remove it: it is made anew, and open confirmations become void",
        )
    return octets


def _make(path: str) -> None:
    """A new key under a name of its own first; who comes second to give it the name leaves the first one."""
    directory, name = os.path.split(path)
    temporary = Place(_HERE, f".{name}-{os.getpid()}-{secrets.token_hex(8)}")
    disk = LocalDisk(directory, (_HERE,))
    try:
        write_new(disk, temporary, [secrets.token_bytes(SIZE)])
        try:
            with contextlib.suppress(FileExistsError):
                disk.link(temporary, Place(_HERE, name))
        finally:
            disk.unlink(temporary)
        disk.sync_directory(_HERE)
    finally:
        disk.shut()
