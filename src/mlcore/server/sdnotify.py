"""Tells the service manager how it stands (sd_notify(3)): a datagram to $NOTIFY_SOCKET."""

import contextlib
import os
import socket


def notify(message: str, *, address: str | None = None) -> bool:
    """Sends `READY=1`, `STOPPING=1`, `STATUS=…`; False where no service manager listens."""
    target = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
    if not target:
        return False
    if target.startswith("@"):
        target = "\0" + target[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(message.encode(), target)
        return True
    return False
