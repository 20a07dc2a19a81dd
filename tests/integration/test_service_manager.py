"""A server under a service manager: sockets that were opened for it, signs of life, reload (sd_notify(3),
sd_listen_fds(3)). A real systemd has its own tests."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.exchange import codes, message, post
from support.launch import HANG_WHILE
from support.manager import Manager
from support.server import RunningServer, free_port

_FED = "WATCHDOG=1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path) as made:
        made.make_list("ant@example.com", ["anne@example.com"])
        yield made


def test_a_loop_that_hangs_feeds_no_watchdog(server: RunningServer, tmp_path: Path) -> None:
    stop = tmp_path / "hang"
    stop.write_text("")
    with Manager(tmp_path, watchdog_s=0.4) as manager:
        manager.start(server, **{HANG_WHILE: str(stop)})
        assert manager.heard(1.0).count(_FED) >= 3

        assert codes(post(server.lmtp_port, message("before"))) == [250]
        hung = post(server.lmtp_port, message("x", subject="this will hang"))
        assert codes(hung) == [250]
        manager.heard(0.3)
        assert _FED not in manager.heard(1.0)

        stop.unlink()
        manager.wait_for(_FED)
        server.wait_drained()
        assert server.stop() == 0
        assert "STOPPING=1" in manager.heard(0.1)
    assert sum(1 for path in tmp_path.glob("var/outbox/*/new/*") if path.is_file()) == 2


def test_a_server_of_a_manager_says_so(server: RunningServer, tmp_path: Path) -> None:
    with Manager(tmp_path) as manager:
        manager.start(server)
        told = server.control("status")
        assert (told["managed"], told["foreground"]) == (True, True)
        result = server.mlcore("restart")
        assert result.returncode == 2
        assert b"a service manager sees to this mlcore: say `systemctl restart mlcore`" in result.stderr
        assert server.mlcore("reopen", "-q").returncode == 0
        heard = manager.wait_for("READY=1")
        assert "STATUS=running; all queues are empty" in heard
        assert [line.partition("=")[0] for line in heard[-3:]] == ["RELOADING", "MONOTONIC_USEC", "READY"]


def test_nobody_is_refused_while_the_server_is_exchanged(server: RunningServer, tmp_path: Path) -> None:
    """The queue of the socket outlives each process: who knocks is greeted, now or by the next."""
    greetings: list[bytes] = []
    refused: list[OSError] = []
    over = threading.Event()
    with socket.create_server(("127.0.0.1", free_port()), backlog=128) as listening:
        address = listening.getsockname()

        def knock() -> None:
            while not over.is_set():
                try:
                    with socket.create_connection(address, 20) as client:
                        greetings.append(client.recv(4))
                except OSError as error:
                    refused.append(error)
                time.sleep(0.002)

        early = socket.create_connection(address, 20)
        with Manager(tmp_path, sockets=[listening]) as manager:
            manager.start(server)
            assert early.recv(4) == b"220 "
            early.close()
            assert server.control("status")["lmtp"] == [f"{address[0]}:{address[1]}"]
            assert codes(post(address[1], message("by the socket"))) == [250]
            knocking = threading.Thread(target=knock)
            knocking.start()
            try:
                for _ in range(3):
                    time.sleep(0.2)
                    assert server.stop() == 0
                    manager.start(server)
            finally:
                over.set()
                knocking.join()
            assert server.stop() == 0
    assert refused == []
    assert set(greetings) <= {b"220 ", b"421 "}
    assert greetings.count(b"220 ") > 50


def test_a_socket_that_is_not_meant_for_lmtp_stops_the_start(server: RunningServer, tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        Manager(tmp_path, sockets=[listening]) as manager,
    ):
        manager.launch(server, LISTEN_FDNAMES="http")
        assert server.wait_exit() == 2
        assert "write FileDescriptorName=lmtp into its socket unit" in server.tail()
