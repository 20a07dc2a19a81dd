"""`mlcore start`, `stop`, `status` as seen without a server, and with something that answers like one."""

import contextlib
import grp
import os
import pwd
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlcore.base.errors import MlcoreError
from mlcore.cli import run
from mlcore.cli.background import Started
from mlcore.server.control import ask
from support.site import SiteInDirectory, answering

OWNED = "[mailman]\nsite_owner: root@example.com\n"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("lists")
    return site


def test_start_serves_until_it_is_stopped(tmp_path: Path) -> None:
    """The real server in this process; another command stops it."""
    site = SiteInDirectory(tmp_path, f"{OWNED}[mta]\noutgoing: outbox\nlmtp_port: 0\n")
    socket_path = site.settings.paths.control_socket
    seen: list[dict[str, object]] = []
    over = threading.Event()

    def stop_it() -> None:
        while not seen and not over.is_set():
            with contextlib.suppress(MlcoreError):  # not there yet
                told = ask(socket_path, {"do": "status"})
                seen.extend([told] if told["state"] == "running" else [])
            time.sleep(0.005)
        if seen:
            ask(socket_path, {"do": "stop"})

    other = threading.Thread(target=stop_it)
    other.start()
    result = site.run("start", "--foreground")
    over.set()
    other.join()

    assert result.exit_code == 0, result.output
    assert (seen[0]["foreground"], seen[0]["managed"]) == (True, False)
    assert site.run("status").exit_code == run.NOT_RUNNING


@pytest.mark.parametrize("options", [[], ["--foreground"]])
@pytest.mark.parametrize(
    ("owner", "text"),
    [
        ("", "nobody reads mail about this site"),
        ("changeme@example.com", "changeme@example.com was never changed"),
        ("ant@example.com", "ant@example.com is an address of a list here"),
        ("ant-owner@example.com", "ant-owner@example.com is an address of a list here"),
    ],
)
def test_a_site_without_an_owner_is_not_started(
    tmp_path: Path, options: list[str], owner: str, text: str
) -> None:
    """Mail about the site that goes to a list of the site may never end."""
    site = SiteInDirectory(tmp_path)
    site.run("create", "ant@example.com")
    site = SiteInDirectory(tmp_path, f"[mailman]\nsite_owner: {owner}\n")

    result = site.run("start", *options)

    assert (result.exit_code, result.stdout) == (2, "")
    assert f"[mailman] site_owner: {text}: write the address of a person" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_second_start_is_refused(site: SiteInDirectory) -> None:
    with answering(site.settings.paths.control_socket, {"status": {"ok": True, "state": "running"}}):
        result = site.run("start", "--force", "-g", "-u", "-q")

    assert (result.exit_code, result.stderr) == (2, "Error: mlcore is already running\n")


class FakeStart:
    """Instead of a process in the background. done: how it goes."""

    def __init__(self, done: Started) -> None:
        self.done = done
        self.asked: tuple[list[str], str] | None = None

    def __call__(self, arguments: list[str], log: str, is_ready: Callable[[int], bool]) -> Started:
        self.asked = arguments, log
        assert not is_ready(4711)
        return self.done


@pytest.fixture
def owned(tmp_path: Path) -> SiteInDirectory:
    return SiteInDirectory(tmp_path, OWNED)


def started(monkeypatch: pytest.MonkeyPatch, done: Started) -> FakeStart:
    fake = FakeStart(done)
    monkeypatch.setattr("mlcore.cli.background.start_background", fake)
    return fake


def test_a_start_in_the_background_says_where_the_log_is(
    owned: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = started(monkeypatch, Started(ready=True, status=None, said=""))
    log = f"{owned.settings.paths.log_dir}/mlcore.log"

    assert owned.run("start").output.splitlines() == [
        "Starting mlcore's master runner",
        "Generating MTA alias maps",
        f"Logging to {log}",
    ]
    assert fake.asked == (["-C", str(owned.config), "start", "--foreground", "--log", log], log)
    assert owned.run("start", "-q").output == ""


def test_a_start_in_the_background_keeps_to_the_configured_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = SiteInDirectory(tmp_path, f"{OWNED}[logging.root]\npath: mine.log\n")
    started(monkeypatch, Started(ready=True, status=None, said=""))

    assert f"Logging to {tmp_path}/var/logs/mine.log\n" in site.run("start").output


def test_a_start_in_the_background_tells_why_it_failed(
    owned: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(monkeypatch, Started(ready=False, status=75, said="Error: database: locked"))
    result = owned.run("start", "-q")
    assert (result.exit_code, result.stderr) == (75, "Error: database: locked\n")

    started(monkeypatch, Started(ready=False, status=-9, said=""))
    result = owned.run("start", "-q")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: mlcore ended with status -9 and said nothing; its log: ")

    started(monkeypatch, Started(ready=False, status=None, said="recovering"))
    result = owned.run("start", "-q")
    assert result.exit_code == 75
    assert result.stderr.startswith("recovering\nError: mlcore does not serve yet; ")


def test_p26_start_refuses_directories_that_everybody_may_write_to(site: SiteInDirectory) -> None:
    Path(site.settings.paths.data_dir).chmod(0o777)

    result = site.run("start", "--foreground", "--demo")

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: everybody may write to ")


def test_status_without_a_server(site: SiteInDirectory) -> None:
    result = site.run("status")

    assert (result.exit_code, result.output) == (3, "mlcore is not running\n")
    assert site.json("status") == {"running": False}


def _standing(state: str, **more: object) -> dict[str, object]:
    return {"state": state, "active": 0, "crashes": 0, "last_error": "", "last_error_at": None, **more}


def test_status_of_a_server(site: SiteInDirectory) -> None:
    now = time.time()
    told = {
        "ok": True,
        "state": "running",
        "outgoing": "smtp localhost:25",
        "pid": 4711,
        "version": "1.0",
        "uptime_s": 3_700,
        "lmtp": ["127.0.0.1:8024"],
        "log": "",
        "queues": {"in": {"entries": 0, "oldest": None}, "out": {"entries": 2, "oldest": now - 125}},
        "runners": {
            "in": _standing("working", active=3),
            "out": _standing("backing off", crashes=2, last_error="no space", last_error_at=now - 61),
        },
        "services": {"tasks": _standing("running")},
    }
    with answering(site.settings.paths.control_socket, {"status": told}):
        result = site.run("status")
        shown = site.json("status")

    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "mlcore is running (master pid: 4711)",
        "state: running, version 1.0, up 1h1m",
        "lmtp: 127.0.0.1:8024",
        "outgoing: smtp localhost:25",
        "log: standard error",
        "queue in: 0",
        "queue out: 2, oldest 2m5s",
        "runner in: working on 3",
        "runner out: backing off, crashed 2 times; 1m1s ago: no space",
        "service tasks: running",
    ]
    assert shown["running"] is True
    assert shown["pid"] == 4711


def test_status_of_a_server_that_starts(site: SiteInDirectory) -> None:
    told = {"ok": True, "state": "starting", "pid": 4711, "maps": "written"}
    with answering(site.settings.paths.control_socket, {"status": told}):
        result = site.run("status")

    assert (result.exit_code, result.output) == (
        0,
        "mlcore is running (master pid: 4711)\nstate: starting\n",
    )


def test_reopen(site: SiteInDirectory) -> None:
    told = {"ok": True, "changed": ["[mta] retry_base"], "restart": ["[mta] lmtp_port", "[mta] smtp_host"]}
    with answering(site.settings.paths.control_socket, {"reopen": told}) as heard:
        assert site.run("reopen").output.splitlines() == [
            "Reopening the mlcore runners",
            "Changed: [mta] retry_base",
            "After a restart: [mta] lmtp_port, [mta] smtp_host",
        ]
        assert site.run("reopen", "-q").output == ""
    assert heard == [{"do": "reopen"}] * 2

    result = site.run("reopen")
    assert (result.exit_code, result.stderr) == (2, "Error: mlcore is not running: start it: mlcore start\n")


def test_a_mistake_in_the_configuration_is_told_to_whoever_reopens(site: SiteInDirectory) -> None:
    told = {"ok": False, "error": "mlcore.cfg [mta] retry_base: this is no span"}
    with answering(site.settings.paths.control_socket, {"reopen": told}):
        result = site.run("reopen")

    assert (result.exit_code, result.stderr) == (
        2,
        "Error: mlcore.cfg [mta] retry_base: this is no span (the old configuration stays in force)\n",
    )


WRONG = [
    pytest.param("[mta]\nretry_base: soon\n", " [mta] retry_base: ", id="a wrong value"),
    pytest.param("[mta]\noops\n", " [mta]: line 4 cannot be read: ", id="a line that is none"),
    pytest.param("[mta]\nretry_base: 1m\n[mta]\n", " [mta]: stands twice", id="a section twice"),
    pytest.param("[mta]\nretry_bse: 1m\n", " [mta] retry_bse: there is no such key", id="an unknown key"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG)
def test_a_server_can_be_reached_while_its_configuration_is_broken(
    tmp_path: Path, wrong: str, told: str
) -> None:
    """`logrotate` calls `status` and `reopen`: the log has to be opened anew, whatever the file says."""
    site = SiteInDirectory(tmp_path)
    site.run("lists")
    path = site.settings.paths.control_socket
    site.config.write_text(f"[paths.here]\nvar_dir: {tmp_path}/var\n{wrong}")
    answers: dict[str, dict[str, object]] = {
        "status": {"ok": True, "state": "starting", "pid": 4711},
        "reopen": {"ok": False, "error": "of no use"},
        "stop": {"ok": True},
    }
    with answering(path, answers, until="stop") as heard:
        status, reopened, stopped = site.run("status"), site.run("reopen", "-q"), site.run("stop")

    assert (status.exit_code, status.stdout) == (
        0,
        "mlcore is running (master pid: 4711)\nstate: starting\n",
    )
    assert status.stderr.startswith(f"Warning: {site.config}{told}")
    assert (reopened.exit_code, reopened.stderr) == (
        2,
        "Error: of no use (the old configuration stays in force)\n",
    )
    assert (stopped.exit_code, stopped.stderr) == (0, "")
    assert [command["do"] for command in heard] == ["status", "reopen", "stop"]
    assert site.run("lists").exit_code == 2


@pytest.mark.parametrize(
    "wrong", ["[paths.here]\nlog_dir: /tmp\n", "[pahts.here]\n", "[mailman]\nlayuot: fhs\n"]
)
def test_no_server_is_asked_where_the_paths_are_in_doubt(site: SiteInDirectory, wrong: str) -> None:
    """Another one could hear it."""
    with answering(site.settings.paths.control_socket, {"stop": {"ok": True}}, until="stop") as heard:
        site.config.write_text(site.config.read_text() + wrong)
        result = site.run("stop")
        assert heard == []

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {site.config} [")


@pytest.mark.parametrize("command", ["start", "restart"])
def test_a_configuration_that_the_owner_may_not_read_stops_no_server(
    owned: SiteInDirectory, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Root has read it; the server in the background could not, and the old one would be gone by then."""
    owned.run("lists")
    fake = started(monkeypatch, Started(ready=True, status=None, said=""))
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != str(owned.config) and access(path, mode))
    with contextlib.ExitStack() as stack:
        if command == "restart":
            status = {"status": {"ok": True, "pid": 1}}
            heard = stack.enter_context(answering(owned.settings.paths.control_socket, status))
        result = owned.run(command)

    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    remedy = f"run chown root:{group} {owned.config}; chmod 640 {owned.config}"
    assert (result.exit_code, result.output) == (2, f"Error: {user} may not read {owned.config}: {remedy}\n")
    assert fake.asked is None
    assert command == "start" or heard == [{"do": "status"}]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"managed": True}, "a service manager sees to this mlcore: say `systemctl restart mlcore`"),
        ({"foreground": True}, "this mlcore runs in the foreground of another process: stop it"),
    ],
)
def test_restart_leaves_a_server_to_who_started_it(
    owned: SiteInDirectory, told: dict[str, object], text: str
) -> None:
    owned.run("lists")
    with answering(owned.settings.paths.control_socket, {"status": {"ok": True, **told}}) as heard:
        result = owned.run("restart")

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {text}")
    assert heard == [{"do": "status"}]


def test_restart_stops_and_starts(owned: SiteInDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    owned.run("lists")
    fake = started(monkeypatch, Started(ready=True, status=None, said=""))
    answers: dict[str, dict[str, object]] = {"status": {"ok": True, "pid": 1}, "stop": {"ok": True}}
    with answering(owned.settings.paths.control_socket, answers, until="stop") as heard:
        result = owned.run("restart")

    assert (result.exit_code, result.output) == (0, "Restarting the mlcore runners\n")
    assert heard == [{"do": "status"}, {"do": "stop"}]
    assert fake.asked is not None


def test_restart_without_a_server(site: SiteInDirectory) -> None:
    result = site.run("restart")

    assert (result.exit_code, result.stderr) == (2, "Error: mlcore is not running: start it: mlcore start\n")


def test_status_says_first_that_an_outbox_mails_nobody(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, "[mta]\noutgoing: outbox\n")

    assert site.run("status").output.splitlines() == [
        "NOTE: outgoing is outbox, mail is given to nobody",
        "mlcore is not running",
    ]


def test_stop_without_a_server_has_nothing_to_do(site: SiteInDirectory) -> None:
    result = site.run("stop")

    assert (result.exit_code, result.stderr) == (0, "mlcore is not running\n")
    assert site.run("stop", "-q").output == ""


def test_stop_waits_until_the_spool_is_free(site: SiteInDirectory) -> None:
    with answering(site.settings.paths.control_socket, {"stop": {"ok": True}}, until="stop") as heard:
        result = site.run("stop")

    assert (result.exit_code, result.output) == (0, "Shutting down mlcore's master runner\n")
    assert heard == [{"do": "stop"}]


def test_stop_does_not_wait_for_ever(site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlcore.spool.operator import spool_lock

    monkeypatch.setattr(run, "STOP_S", 0.05)
    lock = spool_lock(site.settings.paths.queue_dir)
    assert lock.take()
    with answering(site.settings.paths.control_socket, {"stop": {"ok": True}}, until="stop"):
        result = site.run("stop", "-q")
    lock.release()

    assert result.exit_code == 75
    assert "still runs after" in result.stderr


def test_a_server_that_refuses_is_not_called_absent(site: SiteInDirectory) -> None:
    with answering(site.settings.paths.control_socket, {"status": {"ok": False, "error": "busy"}}):
        result = site.run("status")

    assert (result.exit_code, result.stderr) == (2, "Error: busy\n")
