"""`mlcore start` without a service manager: one command, and it serves; what keeps it from that is said."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.exchange import codes, message, post
from support.server import RunningServer, wait_until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path) as made:
        made.make_list("ant@example.com", ["anne@example.com"])
        config = made.config_file.read_text()
        yield made
        made.config_file.write_text(config)
        made.mlcore("stop", "-q")


def told(server: RunningServer, *arguments: str) -> str:
    done = server.mlcore(*arguments)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def pid(server: RunningServer) -> int:
    return int(json.loads(told(server, "status", "--json"))["pid"])


def test_a_life_in_the_background(server: RunningServer, tmp_path: Path) -> None:
    log = tmp_path / "var/logs/mlcore.log"

    assert told(server, "start") == f"Starting mlcore's master runner\nLogging to {log}\n"
    first = pid(server)
    assert os.getsid(first) == first
    assert {os.readlink(f"/proc/{first}/fd/{number}") for number in (1, 2)} == {str(log)}
    assert os.readlink(f"/proc/{first}/fd/0") == "/dev/null"
    assert codes(post(server.lmtp_port, message("one"))) == [250]
    server.wait_drained()
    assert f"mlcore is running (master pid: {first})" in told(server, "status")

    again = server.mlcore("start")
    assert (again.returncode, again.stderr) == (2, b"Error: mlcore is already running\n")

    assert told(server, "restart") == "Restarting the mlcore runners\n"
    second = pid(server)
    assert second != first
    assert codes(post(server.lmtp_port, message("two"))) == [250]
    server.wait_drained()

    assert told(server, "stop") == "Shutting down mlcore's master runner\n"
    assert server.mlcore("status").returncode == 3
    assert server.mlcore("stop").stderr == b"mlcore is not running\n"
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert events.count("started") == events.count("stopped") == 2


def test_log_and_configuration_change_while_it_runs(server: RunningServer, tmp_path: Path) -> None:
    log = tmp_path / "var/logs/mlcore.log"
    told(server, "start", "-q")
    config = server.config_file.read_text()

    log.rename(log.with_suffix(".1"))
    server.config_file.write_text(config.replace("format: json", "format: text\nlevel: debug"))
    assert told(server, "reopen").splitlines() == [
        "Reopening the mlcore runners",
        "Changed: [logging.root] level, [logging.root] format",
    ]
    assert codes(post(server.lmtp_port, message("one"))) == [250]
    wait_until(lambda: " debug connected peer=127.0.0.1" in log.read_text())

    process = pid(server)
    server.config_file.write_text(config + "\n[mta]\n")
    log.rename(log.with_suffix(".2"))
    refused = server.mlcore("reopen")
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"Error: {server.config_file} [mta]: stands twice".encode())
    assert refused.stderr.endswith(b" (the old configuration stays in force)\n")
    assert log.read_text().count("reload failed") == 1  # in the new file
    os.kill(process, signal.SIGHUP)
    wait_until(lambda: log.read_text().count("reload failed") == 2)
    assert codes(post(server.lmtp_port, message("two"))) == [250]
    server.config_file.write_text(config)


def test_what_keeps_it_from_serving_is_said_in_one_line(server: RunningServer) -> None:
    with socket.create_server(("127.0.0.1", server.lmtp_port)):
        begun = time.monotonic()
        done = server.mlcore("start", "-q")
        assert time.monotonic() - begun < 10
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: cannot listen on 127.0.0.1:{server.lmtp_port}: ".encode())
    assert done.stderr.count(b"\n") == 1
    assert server.mlcore("status").returncode == 3
