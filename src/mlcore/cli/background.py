"""A server of its own session: started, and waited for until it serves or has said why it does not."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

WAIT_S = 60.0
"""How long a start may take; the recovery of a large spool is the longest part of it."""
LOG_LINES = 10
_LOOK_S = 0.02
_MANAGER = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
"""What a service manager tells this process, and not one that leaves it."""


@dataclass(frozen=True, slots=True)
class Started:
    """How it went. status: None if it serves, or may still do so; said: what it had to say, or the end of its
    log. ready: whether it serves."""

    ready: bool
    status: int | None
    said: str


def start_background(
    arguments: list[str], log: str, is_ready: Callable[[int], bool], *, wait_s: float = WAIT_S
) -> Started:
    """Runs `mlcore ARGUMENTS` in a session of its own, without a terminal, and waits until it serves.

    log: its log file. is_ready: asked with its process id."""
    known = _size(log)
    process = subprocess.Popen(  # noqa: S603  (this very program)
        [sys.executable, "-m", "mlcore", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if name not in _MANAGER},
    )
    assert process.stderr is not None
    limit = time.monotonic() + wait_s
    said = bytearray()
    with process.stderr as errors:
        while process.poll() is None and time.monotonic() < limit:
            if is_ready(process.pid):
                process.returncode = 0  # it goes on by itself, and nobody here waits for its end
                return Started(ready=True, status=None, said="")
            _gather(errors.fileno(), said)
        if process.returncode is None:
            process.returncode = 0
            return Started(ready=False, status=None, said=_new_lines(log, known))
        while _gather(errors.fileno(), said):
            pass
    # It speaks to a pipe as this process does to its standard error: the two have one locale.
    text = said.decode(sys.stderr.encoding or "utf-8", "replace").strip()
    return Started(ready=False, status=process.returncode, said=text or _new_lines(log, known))


def _gather(descriptor: int, said: bytearray) -> bool:
    """Waits a moment for what it says; whether there may be more."""
    if not select.select([descriptor], [], [], _LOOK_S)[0]:
        return False
    piece = os.read(descriptor, 65_536)
    said += piece
    if not piece:
        time.sleep(_LOOK_S)  # closed: it serves, or is about to end
    return bool(piece)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _new_lines(path: str, known: int) -> str:
    """The last lines that the log has got since it was `known` octets long."""
    try:
        with open(path, "rb") as log:
            log.seek(known)
            lines = log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-LOG_LINES:])
