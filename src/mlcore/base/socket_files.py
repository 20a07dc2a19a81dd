"""The file of a Unix socket: whether it is free to be listened on."""

import os
import socket
import stat

from mlcore.base.errors import BadInput


def make_free(path: str) -> None:
    """Removes the socket file that a dead process left at `path`; nothing where there is none.

    Raises BadInput for what is no socket, or one that somebody listens on; OSError."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise BadInput(f"{path} is in the way", "name a path for the socket where no other file is")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except BlockingIOError:
            pass  # its queue is full, so somebody listens
    raise BadInput(f"another server listens on {path}", "stop it, or name another path")
