"""What every command stands on: the configuration, and from there database, spool and running server.

Nothing is read before a command asks for it, so that `--help` needs no configuration, and so that files
named on the command line are opened before a command that root gave becomes the owner of the site."""

import contextlib
import os
import pwd
import time
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlcore.base.errors import BadInput, DiskTrouble, MlcoreError
from mlcore.config.directories import prepare
from mlcore.config.loader import load
from mlcore.config.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mlcore.base.durable import LocalDisk


_NOT_RUNNING = "mlcore is not running"


class Site:
    """One command's view of the site. config: the file after -C, None if there is none."""

    def __init__(self, config: str | None) -> None:
        self._config = config

    @cached_property
    def settings(self) -> Settings:
        """The configuration. Raises ConfigError. From here on root is the owner of var_dir."""
        settings = load(self._config)
        os.umask(0o077)
        become_owner(settings.paths.var_dir)
        return settings

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    @contextlib.contextmanager
    def connection(self, *, read_only: bool = False) -> "Iterator[Connection]":
        """One transaction, committed at the end; a running server is told of it, so that what it remembers is
        never older than what a command has just said. The database is made if it is missing.

        Raises BadInput for one that this program cannot use, StoreTrouble for one that is locked or down."""
        from mlcore.store.engine import open_sync
        from mlcore.store.upgrade import prepare as prepare_database

        prepare(self.settings.paths)
        url = self.settings.database.url
        prepare_database(url)
        with open_sync(url, read_only=read_only) as connection:
            yield connection
        if not read_only:
            with contextlib.suppress(MlcoreError):  # it looks by itself, once a second
                self.ask_running({"do": "changed"}, timeout_s=2.0)

    @contextlib.contextmanager
    def disk(self) -> "Iterator[LocalDisk]":
        """The spool, made if it is missing. Raises BadInput for one that others may write to, DiskTrouble."""
        from mlcore.base.durable import make_directories
        from mlcore.spool.layout import DIRECTORIES
        from mlcore.spool.operator import open_disk

        paths = self.settings.paths
        prepare(paths)
        try:
            make_directories(paths.queue_dir, DIRECTORIES)
        except OSError as error:
            raise DiskTrouble.of(error, f"making {paths.queue_dir}") from error
        disk = open_disk(paths.queue_dir)
        try:
            yield disk
        finally:
            disk.shut()

    def ask_running(self, command: dict[str, Any], *, timeout_s: float = 30.0) -> dict[str, Any] | None:
        """The running server's answer, None if none runs.

        Raises BadInput if it refuses or this user may not ask, LocalTrouble if it does not answer."""
        from mlcore.server.control import ask

        path = self.settings.paths.control_socket
        try:
            return ask(path, command, timeout_s=timeout_s)
        except BadInput as error:
            # Not the lock of the spool: a server that starts at this moment would find it taken.
            if error.text == _NOT_RUNNING:
                return None
            raise

    def spool_is_free(self) -> bool:
        """Whether no server owns the spool (any more). A lock dies with its process, so this is never stale;
        but a server that starts while it is asked would be sent away: ask only after a stop."""
        from mlcore.spool.operator import spool_lock

        lock = spool_lock(self.settings.paths.queue_dir)
        try:
            free = lock.take()
        except FileNotFoundError:
            return True
        except OSError as error:
            raise DiskTrouble.of(error, "looking for a running server") from error
        lock.release()
        return free

    def ring(self, *queues: str) -> None:
        """Tells a running server of something new in `queues`; without one, the next start sees it."""
        for queue in queues:
            # What is on disk is found by the slow scan too: a bell that nobody hears is no failure.
            with contextlib.suppress(MlcoreError):
                self.ask_running({"do": "bell", "queue": queue})


def become_owner(directory: str) -> None:
    """Root becomes the owner of `directory`, so that no file of root is left there; others stay who they are.

    Where there is no such directory yet, nothing changes. Raises BadInput if the owner is not known here."""
    if os.geteuid() != 0 or not os.path.isdir(directory):
        return
    owner = os.stat(directory).st_uid
    if owner == 0:
        return
    try:
        user = pwd.getpwuid(owner)
    except KeyError:
        raise BadInput(
            f"{directory} belongs to user {owner}, who is not known here",
            "give it to the user who runs mlcore",
        ) from None
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
