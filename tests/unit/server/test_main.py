"""A server's life, in this process: start, work, trouble, end."""

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from mlcore.actions import lists
from mlcore.base.batches import Batches
from mlcore.base.durable import LocalDisk, make_directories
from mlcore.base.errors import BadInput, LocalTrouble, SpoolLost, Stopping, StoreTrouble
from mlcore.base.eventlog import EventLog
from mlcore.config import directories
from mlcore.config.loader import load
from mlcore.config.settings import Settings
from mlcore.delivery.smtp import SmtpTransport
from mlcore.lists.model import Domain
from mlcore.mail.envelope import Notice, Rendered, Report
from mlcore.mail.report import UNKNOWN
from mlcore.runners.child import Child
from mlcore.runners.incoming import MOST_HEAVY
from mlcore.runners.runner import Runner
from mlcore.server import main
from mlcore.server.carriers import LocalPublisher
from mlcore.server.commands import Commands
from mlcore.server.control import ask
from mlcore.server.logs import LogFile
from mlcore.server.main import Ready, Server, run_foreground
from mlcore.server.supervisor import CrashBudgetSpent, Health
from mlcore.server.wiring import Extras, Parts, Service, wire
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry, NewEntry
from mlcore.spool.layout import DIRECTORIES
from mlcore.spool.operator import inject
from mlcore.store import domains
from mlcore.store.upgrade import prepare
from support.lmtp import LmtpClient
from support.sink import Sink, SinkSettings
from support.site import SiteInDirectory
from support.workshop import RecordingLog, until

NAME = "18bcfe568000000a1b2c3"
NOTICE = Entry(Notice(kind="test", arrived_at=1.0), ("root@example.com",), b"Subject: x\r\n\r\ny\r\n")
OUTBOX = "[mta]\nincoming: null\noutgoing: outbox\nlmtp_port: 0\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return SiteInDirectory(tmp_path, OUTBOX).settings


@pytest.fixture
def log() -> RecordingLog:
    return RecordingLog()


def prepared(settings: Settings) -> LocalDisk:
    """The spool and the database of a site; the spool is to be shut."""
    directories.prepare(settings.paths)
    make_directories(settings.paths.queue_dir, DIRECTORIES)
    prepare(settings.database.url)
    return LocalDisk(settings.paths.queue_dir, DIRECTORIES)


class Life:
    """A server at work. status: how it ended."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.status = -1

    async def ask(self, **command: Any) -> dict[str, Any]:
        """What it answers to a command."""
        return await asyncio.to_thread(ask, self.server.settings.paths.control_socket, command)


@contextlib.asynccontextmanager
async def alive(settings: Settings, log: RecordingLog, **more: Any) -> AsyncIterator[Life]:
    """A server that serves; at the end it is stopped, and has ended."""
    disk = prepared(settings)
    log_file = LogFile(more.pop("log_path", ""))
    server = Server(settings, disk, log, log_file, more.pop("extras", None))
    life = Life(server)
    task = asyncio.create_task(server.run(**more))
    try:
        await until(lambda: log.named("started") or task.done())
        yield life
    finally:
        server.stop()
        try:
            life.status = await task
        finally:
            disk.shut()
            log_file.close()


def there(path: str) -> bool:
    return Path(path).exists()


def stopper(seen: list[Server]) -> Ready:
    async def stop(server: Server) -> None:
        seen.append(server)
        server.stop()

    return stop


# -- in one piece ---------------------------------------------------------------------------------------


async def test_it_starts_says_where_it_listens_and_stops(settings: Settings, log: RecordingLog) -> None:
    async with alive(settings, log) as life:
        (address,) = life.server.lmtp_addresses()
        assert isinstance(address, tuple)
        host, port = address
        assert host == "127.0.0.1"
        status = await life.ask(do="status")
        assert status["state"] == "running"
        assert status["lmtp"] == [f"127.0.0.1:{port}"]
        queues = {"archive", "bounces", "command", "digest", "in", "out", "pipeline", "retry", "virgin"}
        assert status["runners"].keys() == queues
    assert life.status == 0
    assert [event for event, _ in log.events] == ["started", "no site_owner", "stopping", "stopped"]
    assert not there(settings.paths.control_socket)


async def test_before_the_start_there_is_nothing_to_say(settings: Settings, log: RecordingLog) -> None:
    disk = prepared(settings)
    server = Server(settings, disk, log, LogFile(), None)
    assert server.lmtp_addresses() == []
    commands = Commands(server)
    assert (await commands.status({}))["state"] == "starting"
    assert await commands.bell({}) == {"found": 0}
    assert await commands.changed({}) == {}
    assert await commands.reload({}) == {"changed": [], "restart": []}
    disk.shut()


async def test_what_waits_is_counted_and_what_is_odd_is_said(settings: Settings, log: RecordingLog) -> None:
    disk = prepared(settings)
    inject(disk, "command", NAME, NOTICE)
    disk.shut()
    (Path(settings.paths.queue_dir) / "in" / "README").write_text("?")
    async with alive(settings, log) as life:
        queues = (await life.ask(do="status"))["queues"]
    assert queues["command"] == {"entries": 1, "oldest": 1_700_000_000.0}
    assert queues["in"] == {"entries": 0, "oldest": None}
    assert log.named("strange file") == [{"queue": "in", "name": "README"}]


async def test_the_bell_finds_what_a_command_dropped(settings: Settings, log: RecordingLog) -> None:
    async with alive(settings, log) as life:
        disk = LocalDisk(settings.paths.queue_dir, DIRECTORIES)
        inject(disk, "virgin", NAME, NOTICE)
        assert await life.ask(do="bell", queue="virgin") == {"found": 1}
        assert await life.ask(do="bell") == {"found": 0}
        outbox = Path(settings.paths.outbox_dir)
        await until(lambda: list(outbox.glob("root@example.com/new/*")))
        disk.shut()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_p16_a_signal_stops_it_and_a_second_one_does_no_harm(
    settings: Settings, log: RecordingLog, number: signal.Signals
) -> None:
    async with alive(settings, log) as life:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        await until(lambda: log.named("stopping"))
        os.kill(os.getpid(), number)
    assert life.status == 0


async def test_the_command_stop_stops_it(settings: Settings, log: RecordingLog) -> None:
    async with alive(settings, log) as life:
        assert await life.ask(do="stop") == {"state": "stopping"}
        await until(lambda: log.named("stopped"))
    assert life.status == 0


async def test_a_socket_may_be_the_way_in(tmp_path: Path, log: RecordingLog) -> None:
    text = f"[mta]\noutgoing: outbox\nlmtp_socket: {tmp_path}/lmtp\n"
    async with alive(SiteInDirectory(tmp_path, text).settings, log) as life:
        assert life.server.lmtp_addresses() == [f"{tmp_path}/lmtp"]
        assert (await life.ask(do="status"))["lmtp"] == [f"{tmp_path}/lmtp"]


async def test_sighup_and_reopen_go_on_in_a_new_log(tmp_path: Path, log: RecordingLog) -> None:
    path = tmp_path / "mlcore.log"
    settings = SiteInDirectory(tmp_path, f"{OUTBOX}[logging.root]\npath: {path}\n").settings
    async with alive(settings, log, log_path=str(path)) as life:
        for _ in range(2):
            path.unlink()
            os.kill(os.getpid(), signal.SIGHUP)
            await until(path.exists)
        path.unlink()
        await life.ask(do="reopen")
        assert path.exists()
        path.unlink()
        path.mkdir()
        with pytest.raises(BadInput, match="opening the log"):
            await life.ask(do="reopen")
    assert len(log.named("reloaded")) == 3
    assert len(log.named("reload failed")) == 1


# -- the configuration, read again -----------------------------------------------------------------------


async def test_what_can_change_while_it_runs_changes_and_the_rest_is_named(
    tmp_path: Path, log: RecordingLog
) -> None:
    site = SiteInDirectory(tmp_path, f"[mailman]\nsite_owner: root@example.com\n{OUTBOX}")
    async with alive(site.settings, log) as life:
        parts = life.server.parts
        assert parts is not None
        text = (
            "[mailman]\nsite_owner: zed@example.org\n"
            f"{OUTBOX}max_message_size: 100K\nretry_base: 7s\nmax_recipients: 3\nmax_connections: 3\n"
        )
        SiteInDirectory(tmp_path, text)
        told = await life.ask(do="reload")
        assert told == {
            "changed": [
                "[mailman] site_owner",
                "[mta] max_recipients",
                "[mta] retry_base",
                "[mta] max_message_size",
            ],
            "restart": ["[mta] max_connections"],
        }
        assert parts.work.site.site_owner == "zed@example.org"
        assert life.server.settings.mta.retry_base.total_seconds() == 7
        assert life.server.settings.mta.max_connections == 8
        async with await LmtpClient.to(life.server.lmtp_addresses()[0]) as client:
            await client.lhlo()
            assert (await client.command("MAIL FROM:<> SIZE=102401")).code == 552
        again = await life.ask(do="reopen")
        assert again == {"changed": [], "restart": ["[mta] max_connections"]}
    assert log.named("reloaded")[0] == {
        "changed": ", ".join(told["changed"]),
        "needs_restart": "[mta] max_connections",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"[mailman]\nsite_owner: root@example.com\n{OUTBOX}retry_base: soon\n", "retry_base: 'soon'"),
        (OUTBOX, "nobody reads mail about this site"),
    ],
)
async def test_a_configuration_that_cannot_be_used_changes_nothing_but_the_log(
    tmp_path: Path, log: RecordingLog, text: str, reason: str
) -> None:
    path = tmp_path / "mlcore.log"
    more = f"[logging.root]\npath: {path}\n"
    site = SiteInDirectory(tmp_path, f"[mailman]\nsite_owner: root@example.com\n{OUTBOX}{more}")
    settings = site.settings
    async with alive(settings, log, log_path=str(path)) as life:
        SiteInDirectory(tmp_path, text + more)
        path.unlink()
        with pytest.raises(BadInput, match=reason) as caught:
            await life.ask(do="reload")
        assert "\n" not in str(caught.value)
        assert path.exists()
        assert life.server.settings == settings
        path.unlink()
        os.kill(os.getpid(), signal.SIGHUP)
        await until(path.exists)
    assert [values["next"] for values in log.named("reload failed")] == [
        "the old configuration stays in force"
    ] * 2


async def test_a_reload_reads_below_the_var_dir_of_the_environment(
    tmp_path: Path, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """$MLCORE_VAR_DIR stands in the place of var_dir, at the start and whenever the file is read again."""
    site = SiteInDirectory(tmp_path, OUTBOX)
    monkeypatch.setenv("MLCORE_VAR_DIR", str(tmp_path / "elsewhere"))
    settings = load(str(site.config))
    assert settings.paths.var_dir == str(tmp_path / "elsewhere")
    async with alive(settings, log) as life:
        assert await life.ask(do="reload") == {"changed": [], "restart": []}
        assert life.server.settings == settings


@pytest.mark.parametrize("owner", ["ant@example.com", "Ant-Owner@Example.COM", "ant@alias.example"])
async def test_a_reload_refuses_a_site_owner_that_is_a_list(
    tmp_path: Path, log: RecordingLog, owner: str
) -> None:
    site = SiteInDirectory(tmp_path, f"[mailman]\nsite_owner: root@example.com\n{OUTBOX}")
    with site.connection() as connection:
        domains.create(connection, Domain(mail_host="example.com", alias_domain="alias.example"), 1.0)
        lists.create(connection, "ant@example.com", now=1.0)
    async with alive(site.settings, log) as life:
        SiteInDirectory(tmp_path, f"[mailman]\nsite_owner: {owner}\n{OUTBOX}")
        with pytest.raises(BadInput, match=f"site_owner: {owner} is an address of a list here: write"):
            await life.ask(do="reload")
        assert life.server.settings.mailman.site_owner == "root@example.com"


async def test_a_reload_without_a_database_takes_the_owner_there_was_and_no_other(
    tmp_path: Path, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"[mailman]\nsite_owner: root@example.com\n{OUTBOX}"
    site = SiteInDirectory(tmp_path, text)
    async with alive(site.settings, log) as life:
        parts = life.server.parts
        assert parts is not None

        async def down(_names: object) -> None:
            raise StoreTrouble("database: down")

        async def hangs(_names: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(parts.cache, "first_of", down)
        SiteInDirectory(tmp_path, f"{text}retry_base: 7s\n")
        assert (await life.ask(do="reload"))["changed"] == ["[mta] retry_base"]
        SiteInDirectory(tmp_path, text.replace("root@", "zed@"))
        with pytest.raises(
            BadInput, match=r"whether zed@example.com is a list cannot be told: database: down"
        ):
            await life.ask(do="reload")
        monkeypatch.setattr(parts.cache, "first_of", hangs)
        monkeypatch.setattr("mlcore.server.reload.OWNER_S", 0.01)
        with pytest.raises(BadInput, match=r"cannot be told: the database does not answer"):
            await life.ask(do="reload")
        assert life.server.settings.mailman.site_owner == "root@example.com"


async def test_a_stop_is_not_undone_by_a_reload(settings: Settings, log: RecordingLog) -> None:
    """sd_notify(3): READY after STOPPING would say that it serves again."""
    async with alive(settings, log) as life:
        life.server.stop()
        with pytest.raises(Stopping):
            await life.server.reload()
    assert log.named("reloaded") == log.named("reload failed") == []


async def test_many_hangups_are_two_reloads(tmp_path: Path, log: RecordingLog) -> None:
    """One under way, and one that sees what came after it had begun to read."""
    settings = SiteInDirectory(tmp_path, OUTBOX).settings
    async with alive(settings, log):
        for _ in range(20):
            signal.raise_signal(signal.SIGHUP)
        await until(lambda: len(log.named("reloaded")) >= 2)
        await asyncio.sleep(0.02)
    assert len(log.named("reloaded")) == 2


async def test_a_defect_of_a_reload_is_logged(
    tmp_path: Path, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(main, "reload", broken)
    async with alive(SiteInDirectory(tmp_path, OUTBOX).settings, log) as life:
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: log.named("crashed"))
        assert (await life.ask(do="status"))["state"] == "running"
    assert log.named("crashed") == [{"service": "reload", "error": "ZeroDivisionError()"}]
    assert life.status == 0


async def test_the_manager_hears_of_the_life_of_the_server(
    tmp_path: Path, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """sd_notify(3): READY after the start, RELOADING and READY round a reload, STOPPING at the end."""
    told: list[str] = []
    monkeypatch.setattr(main, "notify", told.append)
    monkeypatch.setattr(main, "is_managed", lambda: True)
    async with alive(SiteInDirectory(tmp_path, OUTBOX).settings, log) as life:
        await until(lambda: "READY=1" in told)
        await until(lambda: "STATUS=running; all queues are empty" in told)
        await life.ask(do="reload")
    states = [line.partition("=")[0] for text in told for line in text.splitlines()]
    assert [state for state in states if state != "STATUS"] == [
        "READY",
        "RELOADING",
        "MONOTONIC_USEC",
        "READY",
        "STOPPING",
    ]


async def test_notices_about_the_configuration_are_logged(settings: Settings, log: RecordingLog) -> None:
    async with alive(replace(settings, notices=("one", "two")), log):
        pass
    assert log.named("configuration") == [{"notice": "one"}, {"notice": "two"}]


async def test_a_service_without_a_stop_is_cancelled_at_the_end(
    settings: Settings, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wired(*arguments: Any) -> Parts:
        parts = wire(*arguments)
        parts.services["endless"] = Service(run=asyncio.Event().wait)  # type: ignore[arg-type]
        return parts

    monkeypatch.setattr(main, "wire", wired)
    async with alive(settings, log) as life:
        await until(lambda: "endless" in life.server.healths)
        assert (await life.ask(do="status"))["services"]["endless"]["state"] == "running"
    assert log.named("cancelled") == []
    assert life.status == 0


# -- trouble --------------------------------------------------------------------------------------------


async def test_p17_a_lost_spool_ends_it_non_zero(
    settings: Settings, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(self: Runner) -> None:
        if self.name == "out":
            raise SpoolLost("out/ may come back")
        await asyncio.Event().wait()

    monkeypatch.setattr(Runner, "run", lost)
    async with alive(settings, log) as life:
        await until(lambda: log.named("ended"))
    assert life.status == 1
    assert log.named("ended") == [{"reason": "out/ may come back"}]


async def test_p17_a_spent_crash_budget_ends_it_non_zero(
    settings: Settings, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def spent(name: str, _run: object, _log: EventLog, *, health: Health) -> None:
        if name == "tasks":
            raise CrashBudgetSpent("tasks crashed 6 times")
        await asyncio.Event().wait()

    monkeypatch.setattr(main, "supervise", spent)
    async with alive(settings, log) as life:
        await until(lambda: log.named("ended"))
    assert life.status == 1
    assert log.named("ended") == [{"reason": "tasks crashed 6 times"}]


async def test_a_defect_before_supervision_ends_it_non_zero(
    settings: Settings, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def faulty(*_: object) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr("mlcore.runners.suspects.run", faulty)
    async with alive(settings, log) as life:
        await until(lambda: log.named("ended"))
    assert life.status == 1


async def test_p16_what_takes_too_long_is_named_cut_off_and_put_back(
    settings: Settings, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_self: object, _claim: Claim) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("mlcore.runners.virgin.Virgin.__call__", hang)
    monkeypatch.setattr(main, "GRACE_S", 0.05)
    async with alive(settings, log) as life:
        assert life.server.parts is not None
        await life.server.parts.spool.accept([NewEntry("virgin", NAME, NOTICE)])
        await until(lambda: life.server.parts and life.server.parts.runners["virgin"].active)
    assert life.status == 0
    assert log.named("cancelled") == [{"service": "runners", "working": "virgin"}]
    assert os.listdir(os.path.join(settings.paths.queue_dir, "virgin")) == [NAME]
    assert os.listdir(os.path.join(settings.paths.queue_dir, "shunt")) == []


def test_p16_the_time_a_stop_may_take_is_below_ten_seconds() -> None:
    """Grace, putting back, steps of the spool, and then QUIT beside the database."""
    assert main.GRACE_S + 2 * main.CANCEL_S + max(2.0, main.STORE_S) <= 10.0


async def test_p16_a_database_that_hangs_keeps_no_server_from_stopping(
    settings: Settings, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "STORE_S", 0.05)
    over = threading.Event()

    def hang(_connection: Connection) -> None:
        over.wait(20)

    async with alive(settings, log) as life:
        assert life.server.parts is not None
        life.server.parts.store.write(hang)
    assert life.status == 0
    over.set()


async def test_p16_a_step_that_never_ends_keeps_no_server_from_stopping(
    settings: Settings, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "CANCEL_S", 0.01)
    async with alive(settings, log) as life:
        assert life.server.parts is not None

        async def never() -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(life.server.parts.spool, "rest", never)
    assert life.status == 0


async def test_the_companion_of_the_start_may_fail(settings: Settings, log: RecordingLog) -> None:
    async def ready(_server: Server) -> None:
        raise BadInput("the demo cannot run")

    async with alive(settings, log, ready=ready) as life:
        await until(lambda: log.named("ended"))
    assert life.status == 1


# -- start errors ---------------------------------------------------------------------------------------


def test_a_server_runs_in_the_foreground(settings: Settings) -> None:
    directories.prepare(settings.paths)
    seen: list[Server] = []
    extras = Extras(at=lambda _: None)
    assert run_foreground(settings, ready=stopper(seen), extras=extras) == 0
    assert len(seen) == 1


def test_p26_what_it_makes_is_for_nobody_else(tmp_path: Path, settings: Settings) -> None:
    directories.prepare(settings.paths)
    settings = replace(settings, logging=replace(settings.logging, path="mlcore.log"))
    modes: dict[str, int] = {}

    async def look(server: Server) -> None:
        for path in (tmp_path / "var").rglob("*"):
            modes[str(path.relative_to(tmp_path / "var"))] = path.lstat().st_mode & 0o777
        server.stop()

    assert run_foreground(settings, ready=look) == 0
    assert {"mlcore.sock", "queue/in", "data", "logs/mlcore.log", "queue/lock"} <= set(modes)
    assert ("data/mlcore.db" in modes) is settings.database.url.startswith("sqlite:")
    assert set(modes.values()) <= {0o700, 0o600}


def test_a_second_server_is_refused_in_one_line(settings: Settings) -> None:
    directories.prepare(settings.paths)
    refused: list[str] = []

    async def second(server: Server) -> None:
        def start() -> None:
            with pytest.raises(BadInput, match="another mlcore already runs") as caught:
                run_foreground(settings)
            refused.append(str(caught.value))

        await asyncio.to_thread(start)
        assert there(settings.paths.control_socket)
        server.stop()

    assert run_foreground(settings, ready=second) == 0
    assert "\n" not in refused[0]


async def test_an_address_in_use_is_said_in_one_line(tmp_path: Path, log: RecordingLog) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        text = f"[mta]\noutgoing: outbox\nlmtp_port: {port}\n"
        with pytest.raises(BadInput, match=f"cannot listen on 127.0.0.1:{port}: .*: change"):
            async with alive(SiteInDirectory(tmp_path, text).settings, log):
                pass


async def test_a_socket_that_cannot_be_is_said_in_one_line(tmp_path: Path, log: RecordingLog) -> None:
    text = f"[mta]\noutgoing: outbox\nlmtp_socket: {tmp_path}/nowhere/lmtp\n"
    with pytest.raises(BadInput, match=r"cannot listen on .*No such file"):
        async with alive(SiteInDirectory(tmp_path, text).settings, log):
            pass


async def test_a_start_that_fails_leaves_no_socket_behind(tmp_path: Path, log: RecordingLog) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        text = (
            f"[mta]\noutgoing: outbox\nlmtp_socket: {tmp_path}/lmtp\n[postfix]\nsocketmap: 127.0.0.1:{port}\n"
        )
        with pytest.raises(BadInput, match=r"change \[postfix\] socketmap"):
            async with alive(SiteInDirectory(tmp_path, text).settings, log):
                pass
    assert not there(f"{tmp_path}/lmtp")


@pytest.mark.parametrize("same", [True, False])
async def test_sockets_of_a_manager_are_compared_with_what_postfix_is_told(
    tmp_path: Path, log: RecordingLog, *, same: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inherited:
        port = inherited.getsockname()[1]
        told = port if same else 24
        settings = SiteInDirectory(tmp_path, f"[mta]\noutgoing: outbox\nlmtp_port: {told}\n").settings
        disk = prepared(settings)
        server = Server(settings, disk, log, LogFile(), None, sockets=[inherited.dup()])
        task = asyncio.create_task(server.run())
        await until(lambda: log.named("started") or task.done())
        server.stop()
        assert await task == 0
        disk.shut()
    assert log.named("lmtp elsewhere") == (
        []
        if same
        else [
            {
                "maps": "lmtp:[127.0.0.1]:24",
                "listening": f"127.0.0.1:{port}",
                "remedy": "make ListenStream= and [mta] lmtp_host, lmtp_port or lmtp_socket the same",
            }
        ]
    )


def test_a_log_that_cannot_be_written_is_said_in_one_line(tmp_path: Path, settings: Settings) -> None:
    directories.prepare(settings.paths)
    (tmp_path / "file").write_text("")
    settings = replace(settings, logging=replace(settings.logging, path=f"{tmp_path}/file/mlcore.log"))
    with pytest.raises(BadInput, match="cannot write the log"):
        run_foreground(settings)


def test_a_disk_that_refuses_at_the_start_is_trouble_in_one_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    directories.prepare(settings.paths)

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error", "queue/in")

    monkeypatch.setattr(main, "recover", broken)
    with pytest.raises(LocalTrouble, match="start: queue/in: Input/output error"):
        run_foreground(settings)


def test_p26_a_spool_that_everybody_may_write_to_is_refused(settings: Settings) -> None:
    directories.prepare(settings.paths)
    make_directories(settings.paths.queue_dir, DIRECTORIES)
    os.chmod(os.path.join(settings.paths.queue_dir, "in"), 0o777)
    with pytest.raises(BadInput):
        run_foreground(settings)


async def test_a_site_with_an_owner_is_not_warned_about(tmp_path: Path, log: RecordingLog) -> None:
    text = f"[mailman]\nsite_owner: root@example.com\n{OUTBOX}"
    async with alive(SiteInDirectory(tmp_path, text).settings, log):
        pass
    assert log.named("no site_owner") == []


# -- wiring ---------------------------------------------------------------------------------------------


async def test_smtp_is_the_way_out_unless_told_otherwise(tmp_path: Path, log: RecordingLog) -> None:
    settings = SiteInDirectory(tmp_path, "[mta]\nsmtp_port: 2525\n").settings
    disk = prepared(settings)
    parts = wire(settings, disk, log)
    assert isinstance(parts.transport, SmtpTransport)
    assert "localhost:2525" in parts.transport.status()
    disk.shut()


async def test_an_outbox_on_a_full_disk_is_trouble_of_this_host(tmp_path: Path) -> None:
    batches = Batches(threads=1).start()
    publisher = LocalPublisher(batches)
    await publisher.publish(str(tmp_path / "anne"), "1", [b"x"])
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalTrouble, match="writing"):
        await publisher.publish(str(tmp_path / "file" / "bart"), "1", [b"x"])
    batches.stop()
    assert (tmp_path / "anne" / "new" / "1").read_bytes() == b"x"


async def test_everything_is_done_under_the_names_of_the_queues(
    settings: Settings, log: RecordingLog
) -> None:
    disk = prepared(settings)
    parts = wire(settings, disk, log)
    assert [runner.name for runner in parts.runners.values()] == list(parts.runners)
    assert "tasks" in parts.services
    disk.shut()


async def test_p10_a_stop_loses_no_record_of_copies_that_go_out_one_by_one(
    tmp_path: Path, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty of them are on their way to a slow peer: what it has taken by then is not sent again."""
    monkeypatch.setattr(main, "GRACE_S", 1.0)
    monkeypatch.setattr(main, "HANG_UP_S", 0.9)
    envelope = Rendered(
        list_id="", reverse_path="ant-bounces@example.com", arrived_at=time.time(), verp=1, number=1
    )
    fifty = Entry(
        envelope, tuple([f"m{number}@x.example" for number in range(50)]), b"Subject: x\r\n\r\nx\r\n"
    )
    mta = "[mta]\nincoming: null\nlmtp_port: 0\nsmtp_host: 127.0.0.1\nsmtp_port:"
    async with Sink(SinkSettings(delay_s=0.02, keep=True)) as slow, Sink(SinkSettings(keep=True)) as quick:
        async with alive(SiteInDirectory(tmp_path, f"{mta} {slow.port}\n").settings, log) as life:
            assert life.server.parts is not None
            await life.server.parts.spool.accept([NewEntry("out", f"{NAME}.o", fifty)])
            await until(lambda: slow.transactions >= 5)
        assert life.status == 0
        assert log.named("cancelled") == []
        first = [recipient for recipient, _ in slow.received()]
        told = [one["recipient"] for one in log.named("delivered")]
        assert told == first[: len(told)]
        assert 0 < len(told) < 50
        async with alive(SiteInDirectory(tmp_path, f"{mta} {quick.port}\n").settings, log) as life:
            await until(lambda: log.named("finished"))
        again = [recipient for recipient, _ in quick.received()]
    assert [*told, *again] == list(fifty.addresses)  # all but those to whom the peer owed its reply


async def test_a_reload_changes_the_limit_of_messages_a_minute(tmp_path: Path, log: RecordingLog) -> None:
    site = SiteInDirectory(tmp_path, "[mta]\nincoming: null\nlmtp_port: 0\nmessages_per_minute: 5\n")
    async with alive(site.settings, log) as life:
        assert life.server.parts is not None
        transport = life.server.parts.transport
        assert isinstance(transport, SmtpTransport)
        assert transport.rate.per_minute == 5
        site.config.write_text(site.config.read_text().replace(": 5\n", ": 7\n"))
        assert (await life.ask(do="reload"))["changed"] == ["[mta] messages_per_minute"]
        assert transport.rate.per_minute == 7


async def test_p7_a_flood_of_reports_leaves_large_posts_their_turn(
    tmp_path: Path, settings: Settings, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read by the child too, and large posts wait while it has `MOST_HEAVY` to do."""
    gate = asyncio.Event()

    async def slow(self: Child, _asked: object, _octets: bytes) -> tuple[object, bytes]:
        self.waiting += 1
        await gate.wait()
        self.waiting -= 1
        return SimpleNamespace(found=UNKNOWN), b""

    monkeypatch.setattr(Child, "ask", slow)
    with SiteInDirectory(tmp_path, OUTBOX).connection() as connection:
        domains.create(connection, Domain(mail_host="example.com", alias_domain="alias.example"), 1.0)
        lists.create(connection, "ant@example.com", now=1.0)
    report = Report(list_id="ant.example.com", recipient="ant-bounces@example.com", arrived_at=1.0)
    async with alive(settings, log) as life:
        parts = life.server.parts
        assert parts is not None
        entry = Entry(report, (), b"x: y\r\n\r\n")
        await parts.spool.accept([NewEntry("bounces", parts.work.ids.new(), entry) for _ in range(40)])
        await until(lambda: parts.child and parts.child.waiting)
        await asyncio.sleep(0.05)
        assert parts.child is not None
        assert 0 < parts.child.waiting < MOST_HEAVY
        gate.set()
        await until(lambda: not len(parts.spool.queues["bounces"]))
