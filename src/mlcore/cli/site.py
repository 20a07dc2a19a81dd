"""What every command stands on: the configuration, and from there database, spool and running server.

Nothing is read before a command asks for it, so that `--help` needs no configuration, and so that files
named on the command line are opened before a command that root gave becomes the owner of the site."""

import contextlib
import os
import pwd
import sys
import time
from collections.abc import Iterator
from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import mlcore
from mlcore.base.errors import BadInput, ConfigError, DiskTrouble, MlcoreError
from mlcore.cli.language import spoken, spoken_error
from mlcore.cli.text import line
from mlcore.config.directories import prepare
from mlcore.config.loader import examine, load
from mlcore.config.settings import Paths, Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mlcore.base.durable import LocalDisk


NOT_RUNNING = "mlcore is not running"
USER = "mlcore"
"""Who owns a site of the layout fhs that nobody has begun yet, where there is such a user."""
_TOLD_S = 2.0
_MAPS_S = 30.0


class Site:
    """One command's view of the site. config: the file after -C, None if there is none."""

    def __init__(self, config: str | None) -> None:
        self._config = config

    @cached_property
    def settings(self) -> Settings:
        """The configuration. Raises ConfigError. From here on root is the owner of the site."""
        settings = load(self._config)
        os.umask(0o077)
        become_owner(settings)
        return settings

    @cached_property
    def paths(self) -> Paths:
        """Where files lie, also by a configuration that cannot be used for other reasons: a server that runs
        is there all the same. Raises ConfigError where the paths are in doubt."""
        try:
            return self.settings.paths
        except ConfigError:
            standing = examine(self._config).standing
            if standing is None:
                raise
            os.umask(0o077)
            become_owner(standing)
            return standing.paths

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    @cached_property
    def _database(self) -> str:
        """Its URL, once there is a database of use."""
        from mlcore.store.upgrade import prepare as prepare_database

        prepare(self.settings.paths)
        url = self.settings.database.url
        prepare_database(url)
        return url

    @contextlib.contextmanager
    def connection(self, *, read_only: bool = False, maps: bool = False) -> "Iterator[Connection]":
        """One transaction, committed at the end; a running server is told of it, so that what it remembers is
        never older than what a command has just said. The database is made if it is missing.

        maps: the change concerns what Postfix knows; the server has written its maps when this ends, or why
        not is said on standard error. What was committed stays, and without a server the next start writes
        them. Raises BadInput for a database that this program cannot use, StoreTrouble for one that is locked
        or down."""
        from mlcore.store.engine import open_sync

        with open_sync(self._database, read_only=read_only) as connection:
            yield connection
        if not read_only:
            self._tell(maps=maps)

    def _tell(self, *, maps: bool) -> None:
        command: dict[str, Any] = {"do": "changed"}
        try:
            if not maps:
                self.ask_running(command, timeout_s=_TOLD_S)
                return
            told = self.ask_running({**command, "maps": True}, timeout_s=_MAPS_S) or {}
        except MlcoreError as error:  # it looks by itself, once a second
            if maps:
                _say_of_maps(error)
            return
        if told.get("maps") == "failed":
            _say_of_maps(told.get("maps_error") or "not written")

    @contextlib.contextmanager
    def glance(self) -> "Iterator[Connection]":
        """One look at a database that is there; nothing is made, changed or told. Raises BadInput,
        StoreTrouble."""
        from mlcore.store.engine import open_sync

        with open_sync(self.settings.database.url, read_only=True) as connection:
            yield connection

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

        path = self.paths.control_socket
        try:
            return ask(path, command, timeout_s=timeout_s)
        except BadInput as error:
            # Not the lock of the spool: a server that starts at this moment would find it taken.
            if error.text == NOT_RUNNING:
                return None
            raise

    def spool_is_free(self) -> bool:
        """Whether no server owns the spool (any more). A lock dies with its process, so this is never stale;
        but a server that starts while it is asked would be sent away: ask only after a stop."""
        from mlcore.spool.operator import spool_lock

        lock = spool_lock(self.paths.queue_dir)
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


def _say_of_maps(reason: MlcoreError | str) -> None:
    print(spoken("Postfix maps: {reason}", reason=line(spoken_error(reason))), file=sys.stderr)


def become_owner(settings: Settings) -> None:
    """Root becomes the owner of var_dir, so that no file of root is left there; others stay who they are.

    Directories that only root may make (below /var, say) are made for that owner first. Where there is no
    var_dir yet, its owner is to be `USER` under the layout fhs, if there is one; else nothing changes. Raises
    BadInput if the owner is not known here, DiskTrouble if a directory cannot be made."""
    if os.geteuid() != 0:
        return
    user = _owner(settings)
    if user is None:
        return
    _make_for(user, settings)
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    _require_program(user, settings)


def _require_program(user: pwd.struct_passwd, settings: Settings) -> None:
    """What is imported from here on is read as the owner, who cannot look into the home of root, say."""
    for file in (os.__file__, mlcore.__file__):
        if not os.access(file, os.R_OK):
            raise BadInput(
                f"{settings.paths.var_dir} belongs to {user.pw_name}, who may not read {file}",
                "install Python and mlcore where everybody may read them",
            )


def _owner(settings: Settings) -> pwd.struct_passwd | None:
    """Who is to own the files of the site; None: root stays root."""
    directory = settings.paths.var_dir
    try:
        number = os.stat(directory).st_uid
    except FileNotFoundError:
        if settings.mailman.layout != "fhs":
            return None
        try:
            return pwd.getpwnam(USER)
        except KeyError:
            return None
    except OSError as error:
        raise DiskTrouble.of(error, f"looking at {directory}") from error
    if number == 0:
        return None
    try:
        return pwd.getpwuid(number)
    except KeyError:
        raise BadInput(
            f"{directory} belongs to user {number}, who is not known here",
            "give it to the user who runs mlcore",
        ) from None


def _make_for(user: pwd.struct_passwd, settings: Settings) -> None:
    """Only below directories of root: elsewhere the owner can make them, and could put something else into
    the way of root meanwhile."""
    for item in fields(settings.paths):
        path = getattr(settings.paths, item.name)
        try:
            if item.name == "etc_dir" or os.path.lexists(path) or os.stat(os.path.dirname(path)).st_uid != 0:
                continue
            os.mkdir(path, 0o700)
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
        except FileNotFoundError:
            continue  # its parent is one of these too, or somebody's who is told by `prepare`
        except OSError as error:
            raise DiskTrouble.of(error, f"making {path}") from error
