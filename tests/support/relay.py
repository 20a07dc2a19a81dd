"""The sink in a process of its own, as the relay of a server under test: its log says who got what.

It lives through the crashes of the server, and is made worse or well again by a restart on the same port."""

import os
import smtplib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import msgspec

from support.server import TESTS, free_port, wait_until
from support.sink import Taken

_SINK = TESTS.parent / "benchmarks" / "sink.py"
_decode = msgspec.json.Decoder(Taken).decode


class Relay:
    """`with Relay(directory) as relay:` listens on `relay.port` of 127.0.0.1.

    options: as `benchmarks/sink.py --help` has them, such as `"--delay-ms=20"`."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.port = free_port()
        self._options = options
        self._log = directory / "relay.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._start(self._options)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, options: Sequence[str]) -> None:
        command = [sys.executable, str(_SINK), f"--port={self.port}", f"--log={self._log}"]
        self._process = subprocess.Popen(
            [*command, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"port %d\n" % self.port

    def stop(self) -> None:
        """Ends the process; connections to it are cut."""
        if self._process is None:
            return
        self._process.terminate()
        self._process.communicate(timeout=10)
        self._process = None

    def restart(self, *options: str) -> None:
        """The same port with other manners: these options, none of those before."""
        self.stop()
        self._start(options)

    def barrier(self) -> None:
        """Returns when everything that reached it before this call is in its log.

        It serves its connections in turns: who is answered twice has seen the others served between."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as client:
            for _ in range(2):
                client.noop()

    def taken(self) -> list[Taken]:
        """Every transaction whose content began, in order."""
        if not self._log.exists():
            return []
        return [_decode(line) for line in self._log.read_bytes().splitlines()]

    def wait_transactions(self, count: int, timeout_s: float = 20.0) -> None:
        """Until there are so many in the log."""
        wait_until(
            lambda: len(self.taken()) >= count,
            timeout_s,
            lambda: f"{len(self.taken())} of {count} transactions",
        )
