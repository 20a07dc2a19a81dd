"""A real server as a subprocess, in a directory of its own: started, killed, stopped, started again.

Everything here blocks. In a test with an event loop of its own that the server needs (a sink in the same
process), call it by `asyncio.to_thread`."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from mlcore.actions import lists as list_actions
from mlcore.actions import members as member_actions
from mlcore.base.durable import LocalDisk, Place, make_directories
from mlcore.base.errors import MlcoreError
from mlcore.base.ids import NAME
from mlcore.config import directories
from mlcore.config.loader import read
from mlcore.config.settings import Settings
from mlcore.lists.model import ListPolicy
from mlcore.server.control import ask
from mlcore.spool.layout import ACTIVE, DIRECTORIES, QUEUES
from mlcore.spool.operator import Shown, open_disk, show
from mlcore.store import lists
from mlcore.store.engine import open_sync
from mlcore.store.upgrade import prepare
from support.database import section as database_section

SITE_OWNER = "root@example.com"
TESTS = Path(__file__).resolve().parents[1]
MLCORE = Path(sys.executable).with_name("mlcore")
START_S = 20.0
"""How long a start may take before a test gives up: far above what is promised."""
_STOP_S = 15.0
_POLL_S = 0.02

_FLOW: Final = ("in", "command", "bounces", "hold", "pipeline", "virgin")
_IN_FLOW: Final = (*_FLOW, *(queue for queue in QUEUES if queue not in _FLOW))
"""In the order in which an entry moves: who looks in another one overlooks those that move meanwhile."""

Sections = Mapping[str, Mapping[str, object]]


PLAIN: Final[Mapping[str, Any]] = {
    "administrivia": False,
    "admin_immed_notify": False,
    "digests_enabled": False,
    "max_message_size": 0,
    "max_num_recipients": 0,
    "require_explicit_destination": False,
    "respond_to_post_requests": False,
}
"""What a list has that only passes posts on."""


class RunningServer:
    """One site below `directory`, and the process that serves it. Not started yet when made.

        with RunningServer(tmp_path, smtp_port=relay.port) as server:
            server.make_list("ant@example.com", ["bart@example.org"])
            server.start()

    smtp_port: where mail is given to; None: into the outbox. config: more values by section and key, such
    as `{"mta": {"retry_base": "1s"}}`; they win over those made here. At the end of the `with` the process
    is gone."""

    def __init__(
        self, directory: Path, *, smtp_port: int | None = None, config: Sections | None = None
    ) -> None:
        self.directory = directory
        self.config_file = directory / "mlcore.cfg"
        self.lmtp_port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.exits: list[int] = []
        """Exit status of every process that ended; -9 for one that was killed."""
        self._log = directory / "server.log"
        self._write_config(smtp_port, config or {})

    def _write_config(self, smtp_port: int | None, more: Sections) -> None:
        mta: dict[str, object] = {"lmtp_port": self.lmtp_port, "outgoing": "outbox", "incoming": "null"}
        if smtp_port is not None:
            mta |= {"outgoing": "smtp", "smtp_host": "127.0.0.1", "smtp_port": smtp_port}
            mta |= {"retry_base": "1s", "retry_cap": "1s"}
        sections: dict[str, dict[str, object]] = {
            "mailman": {"site_owner": SITE_OWNER},
            "paths.here": {"var_dir": self.directory / "var"},
            "mta": mta,
            "logging.root": {"format": "json"},
        }
        if database := database_section(self.directory):
            sections["database"] = {**database}
        for section, values in more.items():
            sections[section] = {**sections.get(section, {}), **values}
        self.lmtp_port = int(str(sections["mta"]["lmtp_port"]))
        lines = []
        for section, values in sections.items():
            lines += [f"[{section}]", *(f"{key}: {value}" for key, value in values.items()), ""]
        self.config_file.write_text("\n".join(lines), "utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.running:
            self.kill()

    # -- the site --------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """The configuration as the server reads it."""
        return read(str(self.config_file))

    def make_list(
        self, name: str, members: Iterable[str], *, owners: Iterable[str] = (), plain: bool = True
    ) -> ListPolicy:
        """A discussion list with these members, straight into the database. name: `ant` or `ant@host`.

        plain: one that only passes posts of members on, for tests of how that is done: no footer, no rule
        about what a post looks like, no mail about what is held."""
        settings = self.settings
        directories.prepare(settings.paths)
        prepare(settings.database.url)
        address = name if "@" in name else f"{name}@example.com"
        now = time.time()
        with open_sync(settings.database.url) as connection:
            policy = list_actions.create(connection, address, owners=list(owners), now=now)
            if plain:
                policy = msgspec.structs.replace(policy, **PLAIN)
                lists.change(connection, policy)
            for lines in member_actions.read(members):
                assert not lines.bad, lines.bad
                member_actions.add(connection, policy, lines.people, welcome=False, notify=False, now=now)
        if plain:
            footer = Path(settings.paths.template_dir, "site", "en", "list:member:generic:footer.txt")
            footer.parent.mkdir(parents=True, exist_ok=True)
            footer.touch()
        return policy

    def mlcore(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """One command on this site, in a process of its own; its exit status is not looked at."""
        command = [str(MLCORE), "-C", str(self.config_file), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)

    # -- the process -----------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """Of the process there is."""
        assert self.process is not None
        return self.process.pid

    def launch(self, **environment: str) -> None:
        """Starts a process and does not wait. environment: what `support.launch` understands."""
        assert not self.running
        self._collect()
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "support.launch", str(self.config_file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env={**os.environ, "PYTHONPATH": _python_path(), **environment},
            )

    def start(self, **environment: str) -> Self:
        """Starts a process and waits until it serves."""
        self.launch(**environment)
        self.wait_ready()
        return self

    def wait_ready(self, timeout_s: float = START_S) -> None:
        """Until the control socket says that it runs."""

        def ready() -> bool:
            assert self.running, f"it ended with status {self.wait_exit()}:\n{self.tail()}"
            return self.is_ready()

        wait_until(ready, timeout_s, lambda: f"not ready:\n{self.tail()}")

    def is_ready(self) -> bool:
        """Whether it serves now."""
        try:
            return self.control("status").get("state") == "running"
        except MlcoreError:
            return False

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        self._signal(signal.SIGKILL)
        self.wait_exit()

    def terminate(self) -> None:
        """SIGTERM; does not wait."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait_exit(self, timeout_s: float = _STOP_S) -> int:
        """Exit status of the last process, once it has ended. Fails if it does not."""
        if self.process is None:
            return self.exits[-1]
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout_s} s:\n{self.tail()}") from None
        return self._collect()

    def _collect(self) -> int:
        if self.process is None:
            return self.exits[-1] if self.exits else 0
        status = self.process.wait()
        self.exits.append(status)
        self.process = None
        return status

    def stop(self) -> int:
        """SIGTERM, and its exit status."""
        self.terminate()
        return self.wait_exit()

    def restart(self, **environment: str) -> Self:
        """Ends the process gently if there is one, and starts another."""
        if self.running:
            self.stop()
        return self.start(**environment)

    def control(self, command: str, **more: object) -> dict[str, Any]:
        """What the running server answers on its control socket. Raises BadInput, LocalTrouble."""
        return ask(self.settings.paths.control_socket, {"do": command, **more})

    # -- what it wrote ---------------------------------------------------------------------------------

    def log_lines(self) -> list[str]:
        """Everything all processes of this site wrote, line by line."""
        return self._log.read_text("utf-8", "replace").splitlines() if self._log.exists() else []

    def events(self, event: str = "") -> list[dict[str, Any]]:
        """The lines that are events (of this name), read."""
        found = []
        for line in self.log_lines():
            with contextlib.suppress(ValueError):  # a traceback, or a line that a kill cut off
                values = json.loads(line)
                if isinstance(values, dict) and (not event or values.get("event") == event):
                    found.append(values)
        return found

    def tail(self, lines: int = 30) -> str:
        """The end of the log, for messages of failed tests."""
        return "\n".join(self.log_lines()[-lines:])

    def tell(self) -> str:
        """What all threads and tasks of the running server are doing, for messages of failed tests."""
        if not self.running:
            return self.tail()
        known = len(self.log_lines())
        self._signal(signal.SIGUSR1)
        time.sleep(1.0)
        return "\n".join(self.log_lines()[known:])

    # -- the spool ---------------------------------------------------------------------------------------

    def names(self, directory: str) -> list[str]:
        """What lies in a directory of the spool, sorted."""
        return sorted(os.listdir(Path(self.settings.paths.queue_dir) / directory))

    def spool(self) -> dict[str, list[str]]:
        """The names of all entries by queue, without empty queues."""
        found = {queue: [name for name in self.names(queue) if NAME.match(name)] for queue in _IN_FLOW}
        return {queue: names for queue, names in found.items() if names}

    def in_transit(self) -> dict[str, list[str]]:
        """The same for the queues that somebody works on: not hold, shunt and bad."""
        return {queue: names for queue, names in self.spool().items() if queue in ACTIVE and queue != "hold"}

    def entries(self) -> list[Shown]:
        """Every entry, read. Only while no server runs: it moves files meanwhile."""
        disk = self.open_disk()
        try:
            return [show(disk, Place(queue, name)) for queue, names in self.spool().items() for name in names]
        finally:
            disk.shut()

    def open_disk(self) -> LocalDisk:
        """The spool as commands see it, made if it is missing; the caller shuts it."""
        queue_dir = self.settings.paths.queue_dir
        directories.prepare(self.settings.paths)
        make_directories(queue_dir, DIRECTORIES)
        return open_disk(queue_dir)

    def wait_drained(self, timeout_s: float = 30.0) -> None:
        """Until nothing is in transit any more."""

        def left() -> str:
            counts = {queue: len(names) for queue, names in self.in_transit().items()}
            return f"still in transit: {counts}\n{self.tail()}\n{self.tell()}"

        wait_until(lambda: not self.in_transit(), timeout_s, left)


def wait_until(
    condition: Callable[[], object],
    timeout_s: float = 10.0,
    explain: Callable[[], str] = lambda: "waited in vain",
) -> None:
    """Asks until `condition` is true; fails with the text of `explain` after `timeout_s` seconds."""
    limit = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < limit, explain()
        time.sleep(_POLL_S)


def _python_path() -> str:
    return os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, below those the system gives to outgoing connections,
    so that it is still free when it is wanted again after a restart."""
    for port in random.SystemRandom().sample(range(20_000, 32_000), 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")
