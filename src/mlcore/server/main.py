"""A server's life: start with recovery, run until told to stop, stop in two steps."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import mlcore
from mlcore.base.durable import LocalDisk, make_directories
from mlcore.base.errors import BadInput, DiskTrouble, LocalTrouble, SpoolLost
from mlcore.config.settings import Settings
from mlcore.runners import suspects
from mlcore.runners.tasks import look_around
from mlcore.server.control import ControlServer
from mlcore.server.logs import LogFile, make_log
from mlcore.server.processor import kept_on_one
from mlcore.server.sdnotify import notify
from mlcore.server.supervisor import CrashBudgetSpent, spool_lost, supervise
from mlcore.server.wiring import Extras, Parts, log_path, wire
from mlcore.spool.layout import DIRECTORIES, QUEUES
from mlcore.spool.operator import born, spool_lock
from mlcore.spool.recovery import fill, recover
from mlcore.store.upgrade import prepare

GRACE_S = 6.0
"""How long what is under way may go on after a stop (P16: below 10 s with all that follows)."""
CANCEL_S = 1.0
"""How long what was cut off then may take to put back what it has in hand."""
_SWITCH_INTERVAL_S = 0.001
_GC = (10_000, 20, 20)
"""Posts leave few cycles behind; the default looks for them some fifty times a second under load."""

Ready = Callable[["Server"], Coroutine[Any, Any, None]]


def run_foreground(settings: Settings, *, ready: Ready | None = None, extras: Extras | None = None) -> int:
    """Runs a server until SIGTERM, SIGINT or `stop`; the exit status.

    ready: called once it serves (in a task of its own). Raises BadInput and LocalTrouble of the start: a
    second instance, directories or a database that cannot be used."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)  # disk threads and the loop take turns 200 times a second else
    os.umask(0o077)
    paths = settings.paths
    lock = spool_lock(paths.queue_dir)
    log_file = None
    disk = None
    try:
        make_directories(paths.var_dir, ())
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
            return asyncio.run(Server(settings, disk, log, log_file, extras).run(ready))
    except OSError as error:
        raise DiskTrouble.of(error, f"start: {error.filename or paths.var_dir}") from error
    finally:
        if disk is not None:
            disk.shut()
        lock.release()
        if log_file is not None:
            log_file.close()


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
    """One running server."""

    def __init__(
        self, settings: Settings, disk: LocalDisk, log: Any, log_file: LogFile, extras: Extras | None
    ) -> None:
        self.settings = settings
        self._disk = disk
        self._log = log
        self._log_file = log_file
        self._extras = extras
        self._stopping = asyncio.Event()
        self._started = time.monotonic()
        self._failure: BaseException | None = None
        self.parts: Parts | None = None

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
        control = ControlServer(self.settings.paths.control_socket, self._commands(), self._log)
        try:
            await parts.store.start()
            await parts.hold.reconcile()
            await control.start()
            parts.spool.accepting.clear()  # until suspects have run alone
            await self._listen(parts)
            self._signals()
            entries = sum(len(queue) for queue in parts.spool.queues.values())
            self._log.info(
                "started",
                version=mlcore.__version__,
                pid=os.getpid(),
                lmtp=" ".join(map(_address, parts.lmtp.addresses())),
                outgoing=parts.transport.status(),
                entries=entries,
                removed=len(recovered.removed),
                start_s=round(time.monotonic() - begun, 3),
            )
            if not self.settings.mailman.site_owner:
                self._log.warning("no site_owner", remedy="set [mailman] site_owner to a person's address")
            notify("READY=1")
            gc.collect()
            self._log_file.gather()
            gc.freeze()  # what lives from the start on need not be looked at again
            gc.set_threshold(*_GC)
            await self._serve(parts, ready)
        finally:
            control.stop()
            await parts.transport.close()
            await parts.store.stop()
            parts.batches.stop()
        if self._failure is not None:
            self._log.error("ended", reason=str(self._failure))
            return 1
        self._log.info("stopped")
        return 0

    async def _listen(self, parts: Parts) -> None:
        mta = self.settings.mta
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

    def _signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reopen)

    def _reopen(self) -> None:
        try:
            self._log_file.reopen()
            self._log.info("reopened")
        except OSError as error:
            self._log.error("reopen failed", reason=str(error))

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
        parts.tasks.stop()
        for runner in parts.runners.values():
            runner.stop()
        await parts.lmtp.stop(GRACE_S / 2)
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
            name: runner.run for name, runner in parts.runners.items()
        }
        services[parts.tasks.name] = parts.tasks.run
        try:
            async with asyncio.TaskGroup() as group:
                await suspects.run(parts.spool, parts.runners, self._log, group)
                for name, run in services.items():
                    group.create_task(supervise(name, run, self._log), name=name)
        except BaseExceptionGroup as group_error:
            fatal = group_error.subgroup((SpoolLost, CrashBudgetSpent))
            raise (fatal or group_error).exceptions[0] from group_error

    # -- commands -------------------------------------------------------------------------------------

    def _commands(self) -> Mapping[str, Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]]:
        return {
            "status": self._do_status,
            "stop": self._do_stop,
            "bell": self._do_bell,
            "changed": self._do_changed,
            "reopen": self._do_reopen,
        }

    async def _do_status(self, _command: Mapping[str, Any]) -> dict[str, Any]:
        parts = self.parts
        if parts is None:
            return {"state": "starting"}
        queues = {}
        for queue in QUEUES:
            waiting = parts.spool.queues[queue]
            oldest = waiting.oldest()
            queues[queue] = {"entries": len(waiting), "oldest": born(oldest) if oldest else None}
        return {
            "state": "stopping" if self._stopping.is_set() else "running",
            "outgoing": parts.transport.status(),
            "pid": os.getpid(),
            "version": mlcore.__version__,
            "uptime_s": round(time.monotonic() - self._started),
            "lmtp": [_address(address) for address in parts.lmtp.addresses()],
            "queues": queues,
            "runners": {
                name: {"active": runner.active, "done": runner.done, "last_error": runner.last_error}
                for name, runner in parts.runners.items()
            },
            "fsyncs": parts.spool.syncs,
            "commits": parts.store.commits,
        }

    async def _do_stop(self, _command: Mapping[str, Any]) -> dict[str, Any]:
        self.stop()
        return {"state": "stopping"}

    async def _do_bell(self, command: Mapping[str, Any]) -> dict[str, Any]:
        parts = self.parts
        if parts is None:
            return {"found": 0}
        queue = str(command.get("queue", ""))
        found = await look_around(parts.work, parts.hold, (queue,) if queue in QUEUES else QUEUES)
        with contextlib.suppress(LocalTrouble):
            await parts.hold.carry_out()
        return {"found": len(found)}

    async def _do_changed(self, _command: Mapping[str, Any]) -> dict[str, Any]:
        if self.parts is not None:
            self.parts.cache.invalidate()
            self.parts.work.rosters.invalidate()
        return {}

    async def _do_reopen(self, _command: Mapping[str, Any]) -> dict[str, Any]:
        self._reopen()
        return {}


def _address(address: tuple[str, int] | str) -> str:
    return address if isinstance(address, str) else f"{address[0]}:{address[1]}"
