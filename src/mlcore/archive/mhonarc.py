"""MHonArc, or any other program that reads a post from its input."""

import asyncio
import contextlib
import os
import shlex
import signal
from collections.abc import Mapping, Sequence
from typing import Final, cast

from mlcore.archive.archiver import ArchivedPost, Unavailable, safe_name
from mlcore.base.errors import BadInput
from mlcore.lists.model import ListPolicy
from mlcore.mail.words import one_line
from mlcore.texts.expand import expand

TIMEOUT_S: Final = 60.0
_OUTPUT: Final = 200
_STDERR: Final = 2
_REST_S: Final = 0.5
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


class Mhonarc:
    """See `Archiver`. command: program and arguments in one line, taken apart as a shell does it, but no
    shell runs; directory: what `$archive_dir` stands for.

    Raises BadInput for a command that cannot be taken apart."""

    repeatable = True

    def __init__(self, name: str, command: str, directory: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.name = name
        try:
            self._command = shlex.split(command)
        except ValueError as error:
            raise BadInput(
                f"the command of the archiver {name} cannot be read ({error})", "close its quotes"
            ) from None
        if not self._command:
            raise BadInput(f"the archiver {name} has no command", "set command")
        self._directory = directory
        self._timeout_s = timeout_s

    async def archive(self, post: ArchivedPost) -> None:
        """See `Archiver.archive`. A program that ends with another status than 0 does not take it now: a post
        that it never takes is tried again and again, an hour apart at the most, until an operator looks."""
        names = {**_names(post.policy), "archive_dir": self._directory}
        program, *arguments = (expand(one, names) for one in self._command)
        status, said = await self._run(program, arguments, post.unix())
        if status:
            text = one_line(said.decode("utf-8", "replace")).strip()
            raise Unavailable(f"{program} ended with status {status}" + (f": {text}" if text else ""))

    async def _run(self, program: str, arguments: Sequence[str], octets: bytes) -> tuple[int, bytes]:
        """The exit status, and the end of what the program said. Raises Unavailable."""
        loop = asyncio.get_running_loop()
        try:
            transport, child = await loop.subprocess_exec(
                _Child,
                program,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env={"PATH": os.environ.get("PATH", _PATH), "LC_ALL": "C.UTF-8"},
                start_new_session=True,  # what it starts ends with it
            )
        except (OSError, ValueError) as error:
            raise Unavailable(f"{program}: {getattr(error, 'strerror', None) or error}") from error
        pipe = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))
        try:
            pipe.write(octets)
            pipe.write_eof()
            async with asyncio.timeout(self._timeout_s):
                await child.ended.wait()
        except TimeoutError:
            raise Unavailable(f"{program} did not end within {self._timeout_s:g} s") from None
        finally:
            if transport.get_returncode() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(transport.get_pid(), signal.SIGKILL)
                await child.ended.wait()
            # What it has left in the background may hold the pipes open for ever.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_REST_S):
                    await child.silent.wait()
            if not child.fed:
                pipe.abort()
            transport.close()
        return transport.get_returncode() or 0, bytes(child.said)

    async def close(self) -> None:
        """See `Archiver.close`."""


class _Child(asyncio.SubprocessProtocol):
    """A program at work. ended: when it has ended; fed: whether its input is closed; silent: when nobody can
    say anything any more; said: the end of what was said."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.fed = False
        self.silent = asyncio.Event()
        self.said = bytearray()

    def pipe_data_received(self, _fd: int, data: bytes) -> None:
        self.said += data
        del self.said[:-_OUTPUT]

    def pipe_connection_lost(self, fd: int, _error: Exception | None) -> None:
        if fd == _STDERR:
            self.silent.set()
        else:
            self.fed = True

    def process_exited(self) -> None:
        self.ended.set()


def _names(policy: ListPolicy) -> Mapping[str, str]:
    """What may stand in arguments, by placeholder: each fit to be a name of a file, and no option."""
    values = {
        "fqdn_listname": policy.posting_address,
        "listname": policy.posting_address,
        "list_id": policy.list_id,
        "list_name": policy.list_name,
        "mail_host": policy.mail_host,
        "hostname": policy.mail_host,
        "domain": policy.mail_host,
    }
    return {name: safe_name(value) for name, value in values.items()}
