"""What service manager and server tell each other: states and signs of life (sd_notify(3)), and sockets that
were opened for the server (sd_listen_fds(3))."""

import contextlib
import os
import socket
import time
from collections.abc import Mapping, MutableMapping

from mlcore.base.errors import BadInput

LMTP = "lmtp"
"""FileDescriptorName= of the sockets that LMTP is spoken on."""
_FIRST = 3
_FAMILIES = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)


def notify(message: str, *, address: str | None = None) -> bool:
    """Sends `READY=1`, `STOPPING=1`, `STATUS=…`, several on a line each; False where no service manager
    listens."""
    target = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
    if not target:
        return False
    if target.startswith("@"):
        target = "\0" + target[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.setblocking(False)  # a manager with a full queue must not stop the mail
        channel.sendto(message.encode(), target)
        return True
    return False


def reloading() -> str:
    """The message before a reload; READY=1 follows after it (sd_notify(3): the time tells the two apart)."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"


def is_managed(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a service manager started this process and sees to it."""
    return bool(environment.get("NOTIFY_SOCKET"))


def watchdog_s(environment: Mapping[str, str] = os.environ) -> float | None:
    """After how many seconds without `WATCHDOG=1` the manager takes this process for dead
    (sd_watchdog_enabled(3)); None: it does not watch."""
    try:
        span = int(environment.get("WATCHDOG_USEC", "0")) / 1e6
        process = int(environment.get("WATCHDOG_PID", "0"))
    except ValueError:
        return None
    return span if span > 0 and process in {0, os.getpid()} else None


def listen_fds(environment: MutableMapping[str, str] | None = None) -> list[socket.socket]:
    """The sockets that the manager has opened for LMTP, in its order; none where it opened none. They are not
    for children of this process, nor is what the environment says of them.

    Raises BadInput for one with another name, or that no client can connect to."""
    environment = os.environ if environment is None else environment
    told = {name: environment.pop(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES")}
    if told["PID"] != str(os.getpid()) or not told["FDS"].isdigit():
        return []
    names = told["FDNAMES"].split(":")
    return [
        _socket(descriptor, names[number] if number < len(names) else "")
        for number, descriptor in enumerate(range(_FIRST, _FIRST + int(told["FDS"])))
    ]


def _socket(descriptor: int, name: str) -> socket.socket:
    if name != LMTP:
        raise BadInput(
            f"the service manager hands over a socket named {name or 'nothing'}",
            f"write FileDescriptorName={LMTP} into its socket unit",
        )
    try:
        found = socket.socket(fileno=descriptor)
    except OSError as error:
        raise BadInput(
            f"descriptor {descriptor} of the service manager is no socket ({error.strerror})",
            "write ListenStream= into its socket unit",
        ) from error
    found.set_inheritable(False)
    listening = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if found.family not in _FAMILIES or found.type != socket.SOCK_STREAM or not listening:
        found.detach()  # it is not ours
        raise BadInput(
            f"descriptor {descriptor} of the service manager is no socket that listens for streams",
            "write ListenStream= and Accept=no into its socket unit",
        )
    return found
