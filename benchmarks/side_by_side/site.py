"""What both servers are to the benchmark: a site of their own that is made, started, asked and stopped."""

import os
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from side_by_side import processes

HOST: Final = "example.com"
FOOTER: Final = "-- \n$display_name mailing list\nTo leave: $short_listname-leave@$domain\n"
"""The same in both sites, so that copies have the same size."""
FOOTER_NAME: Final = "list:member:regular:footer.txt"
_START_S: Final = 60.0
_MADE_S: Final = 1_800.0


class Failed(Exception):
    """A measurement that came to nothing, and why: one line."""


@dataclass(frozen=True)
class ListSpec:
    """A list and how many members it is to have; the first of them writes the posts."""

    name: str
    members: int

    @property
    def address(self) -> str:
        return f"{self.name}@{HOST}"


@dataclass(frozen=True)
class Wishes:
    """How both are configured. verp: a sender of its own for each recipient. recipients: in one transaction,
    at most; 0: what each has by itself."""

    verp: bool
    recipients: int


def member(number: int) -> str:
    """Address of the member with this number, of any list."""
    return f"member{number}@site{number % 7}.example.net"


class Site(ABC):
    """One site below `directory`. Everything blocks.

    `make` may be called again for more lists while the server does not run."""

    title: ClassVar[str]

    def __init__(self, directory: Path, sink_port: int, wishes: Wishes) -> None:
        self.directory = directory
        self.config = directory / "site.cfg"
        self.spoiled = False
        """Something was not finished, and would disturb what is measured here next."""
        self.lmtp_port = processes.free_port()
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True)
        self._write_config(sink_port, wishes)

    @abstractmethod
    def _write_config(self, sink_port: int, wishes: Wishes) -> None: ...

    @abstractmethod
    def make(self, lists: Sequence[ListSpec]) -> None:
        """Lists with their members, by the shortest way there is: how long it takes is not measured here."""

    @abstractmethod
    def _server(self) -> list[str]:
        """The command line of the server, which stays in the foreground."""

    @abstractmethod
    def _command(self) -> list[str]:
        """What stands before the name of a command."""

    def spare(self, _pids: Sequence[int]) -> list[int]:
        """Those processes of the server that do what the other one does not do."""
        return []

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Seconds until LMTP answers."""
        log = (self.directory / "server.log").open("ab")
        begun = time.monotonic()
        with log:
            self._process = subprocess.Popen(
                self._server(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env=environment(),
            )
        while not processes.greets(self.lmtp_port):
            self.alive()
            if time.monotonic() > begun + _START_S:
                self.stop()
                raise Failed(f"{self.title} did not answer within {_START_S:.0f} s: {self._last_words()}")
            time.sleep(0.01)
        return time.monotonic() - begun

    def alive(self) -> None:
        """Raises Failed when the server is gone."""
        if self._process is None or self._process.poll() is not None:
            raise Failed(f"{self.title} ended: {self._last_words()}")

    def stop(self) -> None:
        """It and all that it started; nothing if it does not run."""
        if self._process is not None:
            processes.end_tree(self._process)
            self._process = None

    def run(self, *arguments: str, stdin: bytes = b"", limit_s: float = _MADE_S) -> float:
        """Seconds that one command takes from its start to its end. Raises subprocess.TimeoutExpired after
        `limit_s`, and Failed."""
        begun = time.monotonic()
        done = subprocess.run(
            [*self._command(), *arguments],
            input=stdin,
            capture_output=True,
            timeout=limit_s,
            check=False,
            cwd=self.directory,
            env=environment(),
        )
        took = time.monotonic() - begun
        if done.returncode:
            raise Failed(f"{self.title} {arguments[0]}: {end_of(done.stderr or done.stdout)}")
        return took

    def _last_words(self) -> str:
        return end_of((self.directory / "server.log").read_bytes())

    def _write_footer(self, templates: Path) -> None:
        place = templates / "site" / "en" / FOOTER_NAME
        place.parent.mkdir(parents=True)
        place.write_text(FOOTER, "utf-8")


def end_of(output: bytes) -> str:
    """The end of what a program said, as one line."""
    return " ".join(output.decode("utf-8", "replace").split())[-300:]


def environment() -> dict[str, str]:
    """That of this process without what would change a configuration."""
    left = {name: value for name, value in os.environ.items() if not name.startswith(("MAILMAN_", "MLCORE_"))}
    return {**left, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
