"""The child for large and suspect messages: `python -m mlcore.worker SECONDS OCTETS RULES HANDLERS`.

It reads requests from standard input and answers on standard output (`lists.wire`), one at a time, until the
input ends. A message that takes more than SECONDS of processor time kills it (RLIMIT_CPU), one that takes
more than OCTETS of memory ends it with `EX_MEMORY`; the server then starts another one. RULES and HANDLERS
name plug-ins, separated by commas."""

import contextlib
import os
import resource
import sys
import traceback
from typing import BinaryIO, Final

from mlcore import plugins
from mlcore.base.errors import summary_of
from mlcore.lists import wire
from mlcore.lists.stages import Extensions

EX_MEMORY: Final = 12
_NICE: Final = 5


def main(arguments: list[str]) -> int:
    """Until the input ends; the exit status."""
    seconds, octets = int(arguments[0]), int(arguments[1])
    more = plugins.load(*([name for name in names.split(",") if name] for names in arguments[2:4]))
    _all_processors()
    resource.setrlimit(resource.RLIMIT_AS, (octets, octets))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer, more, seconds)
    except MemoryError:
        return EX_MEMORY
    return 0


def serve(requests: BinaryIO, replies: BinaryIO, more: Extensions, seconds: int) -> None:
    """Answers until the input ends. Raises MemoryError."""
    while (asked := _read(requests)) is not None:
        _allow(seconds)
        replies.write(answer(*asked, more))
        replies.flush()
        asked = None  # a message of many megabytes must not stay while the next one is read


def answer(line: bytes, octets: bytes, more: Extensions) -> bytes:
    """The frame that answers a request. Raises MemoryError; whatever else is raised is told in the reply."""
    try:
        return wire.frame(*wire.carry_out(wire.request(line), octets, more))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (the server decides what becomes of the message)
        text = "".join(traceback.format_exception(error))
        return wire.frame(wire.Failed(error=summary_of(error), traceback=text))


def _read(source: BinaryIO) -> tuple[bytes, bytes] | None:
    head = source.read(wire.HEAD_OCTETS)
    if len(head) < wire.HEAD_OCTETS:
        return None
    line, octets = wire.lengths(head)
    return source.read(line), source.read(octets)


def _allow(seconds: int) -> None:
    """So much processor time from now on; then the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _all_processors() -> None:
    """The server keeps to one processor, and children inherit that; this one shall not stand in its way."""
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    with contextlib.suppress(OSError):
        os.nice(_NICE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
