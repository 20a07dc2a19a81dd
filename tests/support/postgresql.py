"""A PostgreSQL server in a directory of its own, on a Unix socket: started, stopped hard or gently, started
again. Nothing is kept through a crash of the machine: it never waits for the disk.

Its texts are sorted as people sort them (ICU, en-US), not by their octets: whoever relies on the order of
octets sorts by himself, and a test shows it."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

USER = "mlcore"
"""The role that owns everything; the socket asks for no password."""
_INSTALLED = Path("/usr/lib/postgresql")
_POLL_S = 0.01
_ROOM = 2 << 30
_PATIENCE_S = 30.0

FAST = signal.SIGINT
"""Shutdown that breaks all connections and ends cleanly (pg_ctl stop -m fast)."""
IMMEDIATE = signal.SIGQUIT
"""Shutdown as a crash: the next start recovers from the log (pg_ctl stop -m immediate)."""


class PostgresServer:
    """One cluster. Not started yet when made; at the end of the `with` process and files are gone.

        with PostgresServer() as server:
            server.start()
            url = server.create_database("ant")

    settings: more of postgresql.conf."""

    def __init__(self, **settings: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="mlcore-pg-", dir=_place()))
        self.directory.chmod(0o755)  # commands under another user come through it to the socket
        self.process: subprocess.Popen[bytes] | None = None
        self.log = self.directory / "log"
        self._settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.directory),
            "fsync": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
            "shared_buffers": "32MB",
            "max_wal_size": "1GB",
            **settings,
        }
        self._make_cluster()

    def _make_cluster(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")
        command = [program("initdb"), "-D", str(self.directory / "data"), "-U", USER, "-A", "trust"]
        command += ["-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
        command += ["--no-sync", "--no-instructions"]
        subprocess.run(as_postgres(command), check=True, capture_output=True, cwd="/")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    def start(self) -> Self:
        """Starts the server and waits until it answers."""
        assert self.process is None
        command = [program("postgres"), "-D", str(self.directory / "data")]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                as_postgres(command, die_with_us=True),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
            )
        self._wait_ready()
        return self

    def _wait_ready(self) -> None:
        limit = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._connect().close()
            except psycopg.OperationalError:
                assert self.process is not None
                assert self.process.poll() is None, self.log.read_text("utf-8", "replace")
                assert time.monotonic() < limit, self.log.read_text("utf-8", "replace")
                time.sleep(_POLL_S)
            else:
                return

    def stop(self, how: signal.Signals = FAST) -> None:
        """Ends the process: FAST or IMMEDIATE. Returns when it is gone."""
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(_PATIENCE_S)
        self.process = None

    def shut(self) -> None:
        """Ends the process and removes the files."""
        self.stop(IMMEDIATE)
        shutil.rmtree(self.directory)

    def url(self, database: str) -> str:
        """What `[database] url` says for a database of this server."""
        return f"postgresql://{USER}@/{database}?host={self.directory}"

    def create_database(self, name: str, template: str = "template0") -> str:
        """Makes a database, empty or a copy of one that nobody uses; its URL."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Removes a database, whoever is connected to it."""
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: Any, database: str = "postgres") -> list[tuple[Any, ...]]:
        """One statement outside of a transaction; its rows."""
        with self._connect(database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.url(database), autocommit=True)


def _place() -> str:
    """Where clusters lie: in memory where there is room, since each database is some three hundred files.
    Short in any case: the path of a Unix socket has 107 octets at most."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage("/dev/shm").free > _ROOM:
            return "/dev/shm"
    return "/tmp"


def program(name: str) -> str:
    """A program of the newest PostgreSQL that is installed here."""
    found = sorted(_INSTALLED.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"no {name} here: run tools/system-packages postgresql"
    return path


def as_postgres(command: list[str], *, die_with_us: bool = False) -> list[str]:
    """The command under the user `postgres`, since a server refuses to be root; others stay who they are.

    die_with_us: it ends with the tests, even where they are killed."""
    prefix = ["setpriv"]
    if os.geteuid() == 0:
        prefix += ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    if die_with_us and threading.current_thread() is threading.main_thread():
        # the kernel sends it when the thread ends that started the process: right for the main thread alone
        prefix += ["--pdeathsig", "INT"]
    return [*prefix, "--", *command] if len(prefix) > 1 else command
