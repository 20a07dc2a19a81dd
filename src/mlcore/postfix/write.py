"""Puts the maps into files, so that Postfix finds either the old ones or the new ones, and never a part.

Text and database are made beside the old ones and take their names by rename: a process of Postfix that has
the old one open sees that it is gone, ends, and the next one opens the new one. smtpd looks before each
client, but trivial-rewrite, which knows where mail goes, only every ten seconds. An LMDB file is therefore
changed in its place, by way of a second name: postmap does so in one transaction, readers see the state
before or after it, and the very next question is answered from the new one.

The database comes first and the text last: the text is what is compared the next time, so whatever was cut
off in between is done again."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from mlcore.base.durable import sync_path
from mlcore.base.errors import DiskTrouble
from mlcore.postfix.maps import content
from mlcore.postfix.postmap import SUFFIXES, Postmap, PostmapFailed

_MODE = 0o644
"""Nothing in them is secret, and the directory says who may come near: Postfix opens tables as root."""
_LOCK_S = 60.0
_LOCK_POLL_S = 0.05

Texts = Mapping[str, str | None]
Build = Callable[[], Awaitable[Texts]]
"""Gives the content of each file by its name, as it is to be now; None: there is to be no such file."""


async def write(directory: str, build: Build, postmap: Postmap, *, force: bool = False) -> tuple[str, ...]:
    """Writes those files in `directory` that are not as `build` says; their names. force: all of them.

    `build` is called under the lock of the directory, so that of two processes the later one has the later
    state. Raises what it raises, DiskTrouble, PostmapFailed: then every file is as it was before, or new."""
    try:
        async with _locked(directory):
            wanted = await build()
            stale = await asyncio.to_thread(_stale, directory, wanted, postmap.suffix, force=force)
            try:
                for name in stale:
                    if wanted[name] is not None and postmap.suffix:
                        await _make(directory, name, postmap)
                await asyncio.to_thread(_replace, directory, wanted, stale, postmap.suffix)
            finally:
                _clean(directory, stale, postmap.suffix)
    except OSError as error:
        raise DiskTrouble.of(error, f"writing {error.filename or directory}") from error
    return tuple(stale)


async def _make(directory: str, name: str, postmap: Postmap) -> None:
    """The database under its new name."""
    new = _new(directory, name)
    if postmap.in_place and _linked(os.path.join(directory, name) + postmap.suffix, new + postmap.suffix):
        with contextlib.suppress(PostmapFailed):
            await postmap.make(new)
            return
        os.unlink(new + postmap.suffix)  # what is there is no database, perhaps: then it is replaced
    await postmap.make(new)


def _linked(path: str, new: str) -> bool:
    """Whether `path` is there and has the second name `new` now; somebody else's file gets none."""
    try:
        os.link(path, new, follow_symlinks=False)
    except OSError:
        return False
    return True


@contextlib.asynccontextmanager
async def _locked(directory: str) -> AsyncIterator[None]:
    """Flock on the directory itself: it dies with the process, and leaves no file."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        limit = asyncio.get_running_loop().time() + _LOCK_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if asyncio.get_running_loop().time() >= limit:
                    raise DiskTrouble(f"another process writes the maps in {directory}") from None
                await asyncio.sleep(_LOCK_POLL_S)
        yield
    finally:
        os.close(descriptor)


def _new(directory: str, name: str) -> str:
    return os.path.join(directory, f"{name}.new")


def _stale(directory: str, wanted: Texts, suffix: str, *, force: bool) -> list[str]:
    """The names of the files to be made or removed; the texts of the former are there under new names."""
    stale = []
    for name, text in wanted.items():
        path = os.path.join(directory, name)
        if text is None:
            if os.path.lexists(path):
                stale.append(name)
        elif force or not _is_current(path, text, suffix):
            stale.append(name)
            _write_new(_new(directory, name), text)
    return stale


def _is_current(path: str, text: str, suffix: str) -> bool:
    """Whether text and database are there, the one as wanted and the other made after it."""
    try:
        with open(path, encoding="utf-8") as file:
            written_at = os.fstat(file.fileno()).st_mtime_ns
            if content(file.read()) != content(text):
                return False
        return not suffix or os.stat(path + suffix).st_mtime_ns >= written_at
    except (OSError, UnicodeDecodeError):
        return False


def _write_new(path: str, text: str) -> None:
    for old in (path, *(path + suffix for suffix in set(SUFFIXES.values()))):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(old)  # what a process left that was killed here
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    with open(file, "w", encoding="utf-8") as stream:
        os.fchmod(file, _MODE)  # whatever the umask is; postmap gives the database the same
        stream.write(text)
        stream.flush()
        os.fsync(file)


def _replace(directory: str, wanted: Texts, names: list[str], suffix: str) -> None:
    for name in names:
        path, new = os.path.join(directory, name), _new(directory, name)
        if wanted[name] is None:
            for old in (path, path + suffix):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(old)
            continue
        if suffix:
            _sync(new + suffix)
            os.rename(new + suffix, path + suffix)  # does nothing if both are one file; `_clean` removes it
        os.rename(new, path)
    if names:
        sync_path(directory)


def _sync(path: str) -> None:
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _clean(directory: str, names: list[str], suffix: str) -> None:
    for name in names:
        for left in {_new(directory, name), _new(directory, name) + suffix}:
            with contextlib.suppress(OSError):
                os.unlink(left)
