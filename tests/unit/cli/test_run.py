"""`mlcore start`, `stop`, `status` as seen without a server, and with something that answers like one."""

import contextlib
import threading
import time
from pathlib import Path

import pytest

from mlcore.base.errors import BadInput
from mlcore.cli import run
from mlcore.server.control import ask
from support.site import SiteInDirectory, answering


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("lists")
    return site


def test_start_without_foreground_says_what_to_do(site: SiteInDirectory) -> None:
    result = site.run("start")

    assert result.exit_code == 2
    assert result.stderr == (
        "Error: mlcore does not put itself into the background: say `systemctl start mlcore`, "
        "or `mlcore start --foreground` under another service manager\n"
    )


def test_start_serves_until_it_is_stopped(tmp_path: Path) -> None:
    """The real server in this process; another command stops it."""
    site = SiteInDirectory(tmp_path, "[mta]\noutgoing: outbox\nlmtp_port: 0\n")
    socket_path = site.settings.paths.control_socket
    seen: list[dict[str, object]] = []

    def stop_it() -> None:
        while not seen:
            with contextlib.suppress(BadInput):  # not there yet
                seen.append(ask(socket_path, {"do": "status"}))
            time.sleep(0.005)
        ask(socket_path, {"do": "stop"})

    other = threading.Thread(target=stop_it)
    other.start()
    result = site.run("start", "--foreground")
    other.join()

    assert result.exit_code == 0
    assert seen[0]["state"] == "running"
    assert site.run("status").exit_code == run.NOT_RUNNING


def test_p26_start_refuses_directories_that_everybody_may_write_to(site: SiteInDirectory) -> None:
    Path(site.settings.paths.data_dir).chmod(0o777)

    result = site.run("start", "--foreground")

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: everybody may write to ")


def test_status_without_a_server(site: SiteInDirectory) -> None:
    result = site.run("status")

    assert (result.exit_code, result.output) == (3, "mlcore is not running\n")
    assert site.json("status") == {"running": False}


def test_status_of_a_server(site: SiteInDirectory) -> None:
    told = {
        "ok": True,
        "state": "running",
        "outgoing": "smtp localhost:25",
        "pid": 4711,
        "version": "1.0",
        "uptime_s": 3_700,
        "lmtp": ["127.0.0.1:8024"],
        "queues": {"in": {"entries": 0, "oldest": None}, "out": {"entries": 2, "oldest": time.time() - 125}},
        "runners": {"in": {"last_error": ""}, "out": {"last_error": "no space"}},
    }
    with answering(site.settings.paths.control_socket, {"status": told}):
        result = site.run("status")
        shown = site.json("status")

    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[:4] == [
        "mlcore is running (pid: 4711)",
        "state: running, version 1.0, up 1h1m",
        "lmtp: 127.0.0.1:8024",
        "outgoing: smtp localhost:25",
    ]
    assert lines[4].startswith("queue out: 2, oldest 2m")
    assert lines[5:] == ["runner out: no space"]
    assert shown["running"] is True
    assert shown["pid"] == 4711


def test_reopen(site: SiteInDirectory) -> None:
    with answering(site.settings.paths.control_socket, {"reopen": {"ok": True}}) as heard:
        assert site.run("reopen").output == "Reopening the log of mlcore\n"
    assert heard == [{"do": "reopen"}]

    result = site.run("reopen")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: mlcore is not running: start it: mlcore start --foreground\n",
    )


def test_status_says_first_that_an_outbox_mails_nobody(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, "[mta]\noutgoing: outbox\n")

    assert site.run("status").output.splitlines() == [
        "NOTE: outgoing is outbox, mail is given to nobody",
        "mlcore is not running",
    ]


def test_stop_without_a_server_has_nothing_to_do(site: SiteInDirectory) -> None:
    result = site.run("stop")

    assert (result.exit_code, result.stderr) == (0, "mlcore is not running\n")


def test_stop_waits_until_the_spool_is_free(site: SiteInDirectory) -> None:
    with answering(site.settings.paths.control_socket, {"stop": {"ok": True}}, until="stop") as heard:
        result = site.run("stop")

    assert (result.exit_code, result.output) == (0, "Shutting down mlcore\n")
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
