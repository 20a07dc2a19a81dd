"""Files that commands write: whole or not at all, and where the caller may write.

The file is opened while the command line is read, so still with the rights of whoever gave the command: by
the time something is written, root has become the owner of the site, who may not be allowed to. To put the
finished file into its place takes those rights once more; a child process keeps them for that alone."""

import contextlib
import errno
import os
import secrets
import signal
import socket
import stat
import sys
from collections.abc import Callable
from types import TracebackType
from typing import IO, TYPE_CHECKING

import click

from mlcore.base.errors import DiskTrouble

if TYPE_CHECKING:
    _OutputType = click.ParamType["Output"]
else:
    _OutputType = click.ParamType  # older versions of click have no parameter there

_FINISH = b"+"
_ERRORS = "backslashreplace"
"""For lone surrogates: nothing else is missing in UTF-8."""


class Output:
    """Where a command writes its text (UTF-8): standard output, or a file that replaces `path` at the end.

        with output as stream:
            stream.write("…")

    What is not a plain file (a pipe, /dev/null) is written to directly. After an exception, or if nothing is
    written at all, the file that was there stays; a new one is for its owner alone. Raises OSError where it
    cannot be opened."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._stream: IO[str] | None = None
        self._finish: Callable[[], None] = _nothing
        self._abandon: Callable[[], None] = _nothing
        if path == "-":
            return
        path = os.path.realpath(path)
        status = _status(path)
        if status is not None and not stat.S_ISREG(status.st_mode):
            self._stream = open(path, "w", encoding="utf-8", errors=_ERRORS)  # noqa: SIM115  (see `close`)
            return
        descriptor, temporary = _beside(path, status)
        self._stream = os.fdopen(descriptor, "w", encoding="utf-8", errors=_ERRORS)
        if os.geteuid() == 0:
            self._finish, self._abandon = _by_child(temporary, path)
        else:
            self._finish = lambda: os.replace(temporary, path)
            self._abandon = lambda: _remove(temporary)

    def __enter__(self) -> IO[str]:
        return sys.stdout if self._stream is None else self._stream

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
            return
        self.abandon()
        if self._path_given and isinstance(error, OSError) and error.filename is None:
            raise self._trouble(error) from error

    @property
    def _path_given(self) -> bool:
        return self.path != "-"

    def _trouble(self, error: OSError) -> DiskTrouble:
        return DiskTrouble.of(error, f"writing {self.path}")

    def close(self) -> None:
        """Puts the file into its place. Raises DiskTrouble where that fails; then nothing has changed."""
        if self._stream is None:
            return
        try:
            self._stream.flush()
            if self._finish is not _nothing:
                os.fsync(self._stream.fileno())
            self._stream.close()
            self._finish()
        except OSError as error:
            self.abandon()
            raise self._trouble(error) from error
        self._finish = self._abandon = _nothing

    def abandon(self) -> None:
        """Leaves everything as it was; harmless after `close`."""
        if self._stream is not None:
            with contextlib.suppress(OSError):  # a full disk has no room for what it still holds
                self._stream.close()
        self._abandon()
        self._finish = self._abandon = _nothing


class OutputFile(_OutputType):
    """The type of options like `-o FILE`; `-` is standard output. The parameter is an `Output`."""

    name = "file"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Output:
        """Opens it now; what the command never writes to is abandoned when the command ends."""
        if isinstance(value, Output):
            return value
        path = os.fsdecode(value) if isinstance(value, bytes) else str(value)
        if ctx is not None and ctx.resilient_parsing:
            path = "-"  # a shell asks for completions: nothing is made
        try:
            output = Output(path)
        except OSError as error:
            self.fail(f"{path!r}: {error.strerror or error}", param, ctx)
        if ctx is not None:
            ctx.call_on_close(output.abandon)
        return output


OUTPUT_FILE = OutputFile()


def _nothing() -> None:
    """What is to be done where there is no file."""


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _beside(path: str, old: os.stat_result | None) -> tuple[int, str]:
    """A new file in the directory of `path`, with owner and mode of the one that it will replace."""
    temporary = os.path.join(os.path.dirname(path), f".{os.path.basename(path)[:200]}.{secrets.token_hex(6)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    if old is not None:
        with contextlib.suppress(PermissionError):  # the group of somebody else: then it is the caller's
            os.fchown(descriptor, old.st_uid, old.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & 0o777)
    return descriptor, temporary


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _by_child(temporary: str, path: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """What is done at the end of `temporary`, and what if nothing comes of it, both by a child that has the
    rights of now. If this process dies, the child removes the file."""
    ours, its = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        _serve(its, temporary, path)
    its.close()

    def settle(word: bytes) -> int:
        with ours, contextlib.suppress(OSError):
            ours.sendall(word)
            ours.shutdown(socket.SHUT_WR)
            told = ours.recv(8)
            os.waitpid(child, 0)
            return int(told)
        return errno.EIO  # the child is gone without a word

    def finish() -> None:
        number = settle(_FINISH)
        if number:
            raise OSError(number, os.strerror(number))

    return finish, lambda: _ignored(settle(b""))


def _ignored(_number: int) -> None:
    """The caller has an error of its own to tell."""


def _serve(asked: socket.socket, temporary: str, path: str) -> None:
    """The child: waits for the word, renames or removes, tells the error number, and is gone."""
    number = 0
    try:
        for sign in (signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, signal.SIG_IGN)  # a Ctrl-C ends the parent, and that is the word to remove
        if asked.recv(1) == _FINISH:
            os.replace(temporary, path)
        else:
            os.unlink(temporary)
    except OSError as error:
        number = error.errno or errno.EIO
    finally:
        with contextlib.suppress(OSError):
            asked.sendall(str(number).encode())
        os._exit(0)
