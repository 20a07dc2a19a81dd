"""A server's life: start with recovery, run until told to stop, stop in two steps."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

import mlcore
from mlcore.base.durable import LocalDisk, make_directories
from mlcore.base.errors import BadInput, DiskTrouble, MlcoreError, SpoolLost, Stopping
from mlcore.config.loader import reread
from mlcore.config.owner import owner_problem, require_owner
from mlcore.config.places import endpoint
from mlcore.config.settings import Settings
from mlcore.runners import suspects
from mlcore.server.commands import Commands, queue_depths, shown_address
from mlcore.server.control import ControlServer
from mlcore.server.inherited import missing_address
from mlcore.server.logs import LogFile, make_log
from mlcore.server.processor import kept_on_one
from mlcore.server.pulse import Pulse, ailing
from mlcore.server.reload import Reloaded, refuse_list_as_owner, reload
from mlcore.server.sdnotify import is_managed, listen_fds, notify, reloading, watchdog_s
from mlcore.server.supervisor import CrashBudgetSpent, Health, spool_lost, supervise
from mlcore.server.wiring import Extras, Parts, log_path, wire
from mlcore.spool.layout import DIRECTORIES
from mlcore.spool.operator import spool_lock
from mlcore.spool.recovery import fill, recover
from mlcore.store.upgrade import prepare

GRACE_S = 6.0
"""How long what is under way may go on after a stop (P16: below 10 s with all that follows)."""
HANG_UP_S = 1.0
"""Seconds before the end of the grace in which what peers have said by then is recorded."""
CANCEL_S = 1.0
"""How long what was cut off then may take to put back what it has in hand."""
STORE_S = 1.5
"""How long the database may take to answer then; connections to the next hop end meanwhile."""
_SWITCH_INTERVAL_S = 0.001
_GC = (10_000, 20, 20)
"""Posts leave few cycles behind; the default looks for them some fifty times a second under load."""

Ready = Callable[["Server"], Coroutine[Any, Any, None]]


def run_foreground(
    settings: Settings,
    *,
    ready: Ready | None = None,
    extras: Extras | None = None,
    log_instead: str = "",
) -> int:
    """Runs a server until SIGTERM, SIGINT or `stop`; the exit status. LMTP is spoken on the sockets that a
    service manager hands over, if it does.

    ready: called once it serves (in a task of its own). log_instead: a log file that takes the place of
    standard error, for a process in the background; once it serves, nothing is written to where its output
    went. Raises BadInput and LocalTrouble of the start: a second instance, directories, sockets or a database
    that cannot be used."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)  # disk threads and the loop take turns 200 times a second else
    os.umask(0o077)
    sockets = listen_fds()
    settings = _with_log(settings, log_instead)
    paths = settings.paths
    lock = spool_lock(paths.queue_dir)
    log_file = None
    disk = None
    try:
        make_directories(paths.var_dir, ())
        make_directories(paths.data_dir, ())
        make_directories(paths.queue_dir, DIRECTORIES)
        if not lock.take():
            raise BadInput(
                f"another mlcore already runs on {paths.queue_dir}",
                "see `mlcore status`, or `mlcore stop` it",
            )
        log_file = _log_file(settings)
        disk = LocalDisk(paths.queue_dir, DIRECTORIES)
        prepare(settings.database.url)
        log = make_log(log_file, level=settings.logging.level, style=settings.logging.format)
        with kept_on_one(wanted=settings.process.one_processor):
            server = Server(settings, disk, log, log_file, extras, sockets=sockets, log_instead=log_instead)
            return asyncio.run(server.run(ready))
    except OSError as error:
        raise DiskTrouble.of(error, f"start: {error.filename or paths.var_dir}") from error
    finally:
        if disk is not None:
            disk.shut()
        lock.release()
        if log_file is not None:
            log_file.close()


def _with_log(settings: Settings, log_instead: str) -> Settings:
    """The same with a log file, if it has none."""
    if not log_instead or settings.logging.path:
        return settings
    return replace(settings, logging=replace(settings.logging, path=log_instead))


def _log_file(settings: Settings) -> LogFile:
    path = log_path(settings)
    try:
        if path:
            make_directories(os.path.dirname(path), ())
        return LogFile(path)
    except OSError as error:
        raise BadInput(
            f"cannot write the log {path}: {error.strerror}", "change [logging.root] path, or empty it"
        ) from error


class Server:
    """One running server. sockets: where LMTP is spoken, instead of where the configuration says;
    log_instead: see `run_foreground`. healths: of runners and services, by name, once they were started."""

    def __init__(
        self,
        settings: Settings,
        disk: LocalDisk,
        log: Any,
        log_file: LogFile,
        extras: Extras | None,
        *,
        sockets: Sequence[socket.socket] = (),
        log_instead: str = "",
    ) -> None:
        self.settings = settings
        self.started = time.monotonic()
        self.healths: dict[str, Health] = {}
        self.parts: Parts | None = None
        self._disk = disk
        self._log = log
        self._log_file = log_file
        self._extras = extras
        self._sockets = sockets
        self._log_instead = log_instead
        self._reloading = asyncio.Lock()
        self._hung_up: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._listening = False
        self._failure: BaseException | None = None
        self._services: dict[str, asyncio.Task[None]] = {}

    @property
    def state(self) -> str:
        """In one word."""
        if self._stopping.is_set():
            return "stopping"
        return "running" if self._listening else "starting"

    @property
    def foreground(self) -> bool:
        """Whether whoever started it waits for its end."""
        return not self._log_instead

    @property
    def log_path(self) -> str:
        """The file of the log; empty for standard error."""
        return self._log_file.path

    def stop(self) -> None:
        """Asks for the end; `run` returns when it has come."""
        self._stopping.set()

    def lmtp_addresses(self) -> list[tuple[str, int] | str]:
        """Where it listens."""
        return self.parts.lmtp.addresses() if self.parts else []

    async def run(self, ready: Ready | None = None) -> int:
        """Start, serve, stop; 0 after a wanted stop, 1 after a failure."""
        begun = time.monotonic()
        recovered = recover(self._disk, self._extras.at) if self._extras else recover(self._disk)
        parts = self.parts = wire(self.settings, self._disk, self._log, self._extras)
        fill(parts.spool.queues, recovered)
        for place in recovered.strange:
            self._log.warning("strange file", queue=place.directory, name=place.name)
        parts.batches.start()
        control = ControlServer(self.settings.paths.control_socket, Commands(self).table(), self._log)
        pulse: asyncio.Task[None] | None = None
        try:
            await parts.store.start()
            await parts.hold.reconcile()
            await parts.issues.reconcile()
            await parts.recent.load(parts.store)
            await parts.texts.prime()
            await control.start()
            parts.spool.accepting.clear()  # until suspects have run alone
            await self._listen(parts)
            await self._answer_postfix(parts)
            self._listening = True
            self._signals()
            entries = sum(len(queue) for queue in parts.spool.queues.values())
            self._log.info(
                "started",
                version=mlcore.__version__,
                pid=os.getpid(),
                lmtp=" ".join(map(shown_address, parts.lmtp.addresses())),
                outgoing=parts.transport.status(),
                entries=entries,
                removed=len(recovered.removed),
                start_s=round(time.monotonic() - begun, 3),
            )
            if not self.settings.mailman.site_owner:
                self._log.warning("no site_owner", remedy="set [mailman] site_owner to a person's address")
            for notice in self.settings.notices:
                self._log.info("configuration", notice=notice)
            if self._log_instead:
                self._log_file.take_stderr()
            notify("READY=1")
            if is_managed():
                pulse = asyncio.create_task(self._pulse(parts).run(), name="pulse")
            gc.collect()
            self._log_file.gather()
            gc.freeze()  # what lives from the start on need not be looked at again
            gc.set_threshold(*_GC)
            await self._serve(parts, ready)
        finally:
            if pulse is not None:
                pulse.cancel()
            control.stop()
            if not self._listening:
                await parts.lmtp.stop(0.0)  # the start has failed behind it
            await parts.socketmap.stop()
            if parts.child is not None:
                await parts.child.stop()
            await asyncio.gather(parts.transport.close(), parts.archive.close(), parts.store.stop(STORE_S))
            parts.batches.stop()
        if self._failure is not None:
            self._log.error("ended", reason=str(self._failure))
            return 1
        self._log.info("stopped")
        return 0

    async def _listen(self, parts: Parts) -> None:
        mta = self.settings.mta
        if self._sockets:
            await parts.lmtp.start_sockets(self._sockets)
            missing = missing_address(mta, parts.lmtp.addresses())
            if missing:
                self._log.warning(
                    "lmtp elsewhere",
                    maps=missing,
                    listening=" ".join(map(shown_address, parts.lmtp.addresses())),
                    remedy="make ListenStream= and [mta] lmtp_host, lmtp_port or lmtp_socket the same",
                )
            return
        try:
            if mta.lmtp_socket:
                await parts.lmtp.start_unix(mta.lmtp_socket)
            else:
                await parts.lmtp.start_tcp(mta.lmtp_host, mta.lmtp_port)
        except OSError as error:
            where = mta.lmtp_socket or f"{mta.lmtp_host}:{mta.lmtp_port}"
            raise BadInput(
                f"cannot listen on {where}: {error.strerror or error}",
                "change [mta] lmtp_host, lmtp_port or lmtp_socket",
            ) from error

    async def _answer_postfix(self, parts: Parts) -> None:
        where = endpoint(self.settings.postfix.socketmap)
        try:
            if isinstance(where, str):
                await parts.socketmap.start_unix(where)
            elif where is not None:
                await parts.socketmap.start_tcp(*where)
        except OSError as error:
            raise BadInput(
                f"cannot listen on {self.settings.postfix.socketmap}: {error.strerror or error}",
                "change [postfix] socketmap, or empty it",
            ) from error

    def _signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)

    def _pulse(self, parts: Parts) -> Pulse:
        loop = asyncio.get_running_loop()

        def ailing_now() -> str:
            return "" if self._stopping.is_set() else ailing(self.healths, loop.time())

        def status() -> str:
            depths = queue_depths(parts)
            waiting = ", ".join(
                f"{name} {depth['entries']}" for name, depth in depths.items() if depth["entries"]
            )
            return f"{self.state}; {waiting or 'all queues are empty'}"

        return Pulse(watchdog_s(), ailing_now, status, self._log, notify)

    # -- reading the configuration again ----------------------------------------------------------------

    async def reload(self) -> Reloaded:
        """Reads the configuration again, opens the log anew, and takes over what may change.

        The log is opened anew even if the configuration cannot be used; then the old one stays in force.
        Raises ConfigError, LocalTrouble; Stopping once a stop was asked for. Those that come together follow
        one another. Short files are read, so nobody waits meanwhile."""
        assert self.parts is not None
        async with self._reloading:
            if self._stopping.is_set():
                raise Stopping("the server stops")
            # READY would be no end of the reload, but of the start
            tell = notify if self._listening else bool
            tell(reloading())
            try:
                return await self._reload(self.parts)
            finally:
                tell("READY=1")

    async def _reload(self, parts: Parts) -> Reloaded:
        try:
            done = reload(self.settings, await self._read_again(parts), parts, self._log, self._log_file)
        except MlcoreError as error:
            with contextlib.suppress(OSError):
                self._log_file.reopen()
            self._log.error("reload failed", reason=str(error), next="the old configuration stays in force")
            raise
        except OSError as error:
            self._log.error("reload failed", reason=str(error), next="the log goes on where it was")
            raise DiskTrouble.of(error, f"opening the log {log_path(self.settings)}") from error
        self.settings = done.settings
        self._log.info("reloaded", changed=", ".join(done.changed), needs_restart=", ".join(done.restart))
        self._log_file.flush()  # whoever asked may look at once
        return done

    async def _read_again(self, parts: Parts) -> Settings:
        if not self.settings.config_file:
            return self.settings
        fresh = reread(self.settings)
        if owner_problem(self.settings) is None:
            require_owner(fresh)
        await refuse_list_as_owner(self.settings, fresh, parts.cache)
        return _with_log(fresh, self._log_instead)

    def _hang_up(self) -> None:
        # one that has not begun yet will see what this one would
        if sum(not task.done() for task in self._hung_up) < 2:
            task = asyncio.get_running_loop().create_task(self._reload_for_signal(), name="reload")
            self._hung_up.add(task)
            task.add_done_callback(self._hung_up.discard)

    async def _reload_for_signal(self) -> None:
        try:
            await self.reload()
        except MlcoreError:
            pass  # the log tells
        except Exception as error:  # noqa: BLE001  (nobody waits for it, and the server goes on as it was)
            self._log.error("crashed", service="reload", error=repr(error))

    # -- serving and stopping -------------------------------------------------------------------------

    async def _serve(self, parts: Parts, ready: Ready | None) -> None:
        services = [asyncio.create_task(self._work(parts), name="runners")]
        if ready is not None:
            services.append(asyncio.create_task(ready(self), name="ready"))
        waiting = asyncio.create_task(self._stopping.wait(), name="stopping")
        for service in services:
            service.add_done_callback(self._ended)
        await waiting
        loop = asyncio.get_running_loop()
        limit = loop.time() + GRACE_S
        notify("STOPPING=1")
        self._log.info("stopping")
        for name, beside in parts.services.items():
            if beside.stop is not None:
                beside.stop()
            elif name in self._services:
                self._services[name].cancel()
        for runner in parts.runners.values():
            runner.stop()
        parts.transport.stop()
        await parts.lmtp.stop(GRACE_S / 2)
        _, late = await asyncio.wait(services, timeout=max(0.0, limit - HANG_UP_S - loop.time()))
        if late:
            parts.transport.hang_up()  # what was cancelled could not say any more who has a copy
            _, late = await asyncio.wait(services, timeout=max(0.0, limit - loop.time()))
        if late:
            working = [name for name, runner in parts.runners.items() if runner.active]
            for service in late:
                self._log.warning("cancelled", service=service.get_name(), working=" ".join(working))
                service.cancel()
            await asyncio.wait(late, timeout=CANCEL_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_S):
                await parts.spool.rest()  # what was sent gets its record, and nothing is left half done

    def _ended(self, service: "asyncio.Task[None]") -> None:
        error = None if service.cancelled() else service.exception()
        if error is not None:
            self._failure = spool_lost(error) or error
            self.stop()

    async def _work(self, parts: Parts) -> None:
        """Suspects first, then everything. Raises what ends the process: SpoolLost, CrashBudgetSpent."""
        services: dict[str, Callable[[], Awaitable[None]]] = {
            **{name: runner.run for name, runner in parts.runners.items()},
            **{name: service.run for name, service in parts.services.items()},
        }
        try:
            async with asyncio.TaskGroup() as group:
                await suspects.run(parts.spool, parts.runners, self._log, group)
                for name, run in services.items():
                    health = self.healths[name] = Health()
                    self._services[name] = group.create_task(
                        supervise(name, run, self._log, health=health), name=name
                    )
        except BaseExceptionGroup as group_error:
            fatal = group_error.subgroup((SpoolLost, CrashBudgetSpent))
            raise (fatal or group_error).exceptions[0] from group_error
