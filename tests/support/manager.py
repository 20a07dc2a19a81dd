"""What a service manager does for a server, as far as a test needs it: sockets, a watchdog, an ear."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from support.server import TESTS, RunningServer

_EXCHANGE = """
import os, sys
given, command = [int(word) for word in sys.argv[1].split(",") if word], sys.argv[2:]
for number, descriptor in enumerate(given):
    os.dup2(descriptor, 50 + number)
for number in range(len(given)):
    os.dup2(50 + number, 3 + number)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(command[0], command)
"""


class Manager:
    """Hears a server, and hands it sockets. watchdog_s: how long it waits for a sign of life; 0: for none."""

    def __init__(
        self, directory: Path, *, sockets: Sequence[socket.socket] = (), watchdog_s: float = 0
    ) -> None:
        self._path = directory / "notify"
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ear.bind(str(self._path))
        self._sockets = sockets
        self._watchdog_s = watchdog_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ear.close()

    def launch(self, server: RunningServer, **environment: str) -> None:
        """Starts `server` as `RunningServer.launch` does, and does not wait."""
        assert not server.running
        places = [found.fileno() for found in self._sockets]
        more = {"NOTIFY_SOCKET": str(self._path), "PYTHONPATH": str(TESTS)}
        if places:
            more |= {"LISTEN_FDS": str(len(places)), "LISTEN_FDNAMES": ":".join("lmtp" for _ in places)}
        if self._watchdog_s:
            more["WATCHDOG_USEC"] = str(round(self._watchdog_s * 1e6))
        command = [sys.executable, "-m", "support.launch", str(server.config_file)]
        with (server.directory / "server.log").open("ab") as log:
            server.process = subprocess.Popen(
                [sys.executable, "-c", _EXCHANGE, ",".join(map(str, places)), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=server.directory,
                pass_fds=places,
                env={**os.environ, **more, **environment},
            )

    def start(self, server: RunningServer, **environment: str) -> None:
        """The same, and waits until it says that it is ready."""
        self.launch(server, **environment)
        self.wait_for("READY=1")

    def heard(self, within_s: float) -> list[str]:
        """Every line that comes within so many seconds."""
        limit = time.monotonic() + within_s
        lines: list[str] = []
        while (left := limit - time.monotonic()) > 0:
            self._ear.settimeout(left)
            try:
                lines += self._ear.recv(4096).decode().splitlines()
            except TimeoutError:
                break
        return lines

    def wait_for(self, line: str, timeout_s: float = 20.0) -> list[str]:
        """What is heard until `line` comes, with it."""
        limit = time.monotonic() + timeout_s
        lines: list[str] = []
        while line not in lines:
            assert time.monotonic() < limit, f"{line} did not come; heard: {lines}"
            self._ear.settimeout(timeout_s)
            lines += self._ear.recv(4096).decode().splitlines()
        return lines
