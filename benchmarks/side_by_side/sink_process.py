"""The sink as seen by who measures: started, waited for, and measured by itself."""

import mmap
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from side_by_side.sink import Counts

_LOOK_S: Final = 0.004
_GROUP: Final = 32
"""Transactions that the measurement of the sink itself sends at once."""


class TooSlow(Exception):
    """Not all that was to come came in time; `seen` copies did."""

    def __init__(self, seen: int) -> None:
        super().__init__(f"{seen} copies in the time there was")
        self.seen = seen


class SinkProcess:
    """`with SinkProcess(directory) as sink`: it listens on `port` of 127.0.0.1."""

    def __init__(self, directory: Path, *, offer: tuple[str, ...] = ()) -> None:
        self._file = directory / "sink.counts"
        self._offer = offer
        self.port = 0

    def __enter__(self) -> Self:
        self._file.write_bytes(bytes(Counts.OCTETS))
        with self._file.open("r+b") as file:
            self.counts = Counts(mmap.mmap(file.fileno(), Counts.OCTETS))
        program = Path(__file__).with_name("sink.py")
        more = [word for keyword in self._offer for word in ("--offer", keyword)]
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(program), str(self._file), *more], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline().split()[1])
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def wait(self, copies: int, until: float, alive: Callable[[], None] = lambda: None) -> None:
        """Until so many copies were taken. until: of `time.monotonic`, then TooSlow is raised. alive: raises
        if there is nobody any more to wait for."""
        while self.counts.copies < copies:
            alive()
            if time.monotonic() > until:
                raise TooSlow(self.counts.copies)
            time.sleep(_LOOK_S)

    def speed(self, content: bytes, seconds: float) -> float:
        """Transactions of one recipient that it takes in a second from a client that only copies octets:
        what neither server can be faster than here."""
        one = b"MAIL FROM:<bench0-bounces@example.com> BODY=8BITMIME\r\nRCPT TO:<member@example.net>\r\n"
        group = (one + b"BDAT %d LAST\r\n" % len(content) + content) * _GROUP
        peers = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(2)]
        for peer in peers:
            peer.recv(100)
        self.counts.reset()
        begun, done = time.monotonic(), 0
        while time.monotonic() < begun + seconds:
            for peer in peers:
                peer.sendall(group)
            for peer in peers:
                lines = 0
                while lines < 3 * _GROUP:
                    lines += peer.recv(65_536).count(b"\n")
            done += 2 * _GROUP
        took = time.monotonic() - begun
        for peer in peers:
            peer.close()
        assert self.counts.copies == done, "the sink counts wrongly"
        return done / took
