"""What the service manager hears, and what it hands over."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mlcore.base.errors import BadInput
from mlcore.server.sdnotify import is_managed, listen_fds, notify, reloading, watchdog_s


def test_a_manager_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        assert notify("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_an_abstract_socket_is_told(tmp_path: Path) -> None:
    name = f"mlcore-test-{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        assert notify("STOPPING=1", address=f"@{name}")
        assert manager.recv(100) == b"STOPPING=1"


def test_without_a_manager_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
    assert not notify("READY=1", address=str(tmp_path / "nobody"))
    assert not is_managed({})
    assert is_managed({"NOTIFY_SOCKET": "/run/systemd/notify"})


def test_a_reload_tells_its_time() -> None:
    lines = dict(line.split("=") for line in reloading().splitlines())

    assert lines["RELOADING"] == "1"
    assert int(lines["MONOTONIC_USEC"]) > 0


@pytest.mark.parametrize(
    ("environment", "span_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "1500000"}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_of_this_process(environment: dict[str, str], span_s: float | None) -> None:
    assert watchdog_s(environment) == span_s


def test_sockets_for_another_process_are_left_alone() -> None:
    assert listen_fds({}) == []
    assert listen_fds({"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "lmtp"}) == []
    assert listen_fds({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many"}) == []


_TAKE = """
import os, sys
from mlcore.base.errors import BadInput
from mlcore.server.sdnotify import listen_fds
os.environ["LISTEN_PID"] = str(os.getpid())
try:
    for found in listen_fds():
        print(found.family.name, found.getsockname(), found.get_inheritable())
    print(sorted(name for name in os.environ if name.startswith("LISTEN_")))
except BadInput as error:
    print(error)
"""


def take(*sockets: socket.socket, names: str) -> list[str]:
    """What a process says that has `sockets` as its descriptors from 3 on."""
    last = 2 + len(sockets)
    places = [found.fileno() for found in sockets]
    exchange = "; ".join(
        [*(f"os.dup2({old}, {40 + number})" for number, old in enumerate(places))]
        + [f"os.dup2({40 + number}, {3 + number})" for number in range(len(places))]
    )
    program = f"import os; {exchange}; os.execv({sys.executable!r}, [{sys.executable!r}, '-c', {_TAKE!r}])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        pass_fds=places,
        env={**os.environ, "LISTEN_FDS": str(last - 2), "LISTEN_FDNAMES": names},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_sockets_of_the_manager_are_taken_in_their_order(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "lmtp"))
        unix.listen()

        assert take(tcp, unix, names="lmtp:lmtp") == [
            f"AF_INET {tcp.getsockname()} False",
            f"AF_UNIX {tmp_path}/lmtp False",
            "[]",
        ]


def test_a_socket_with_another_name_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        (line,) = take(tcp, names="http")
        assert line == (
            "the service manager hands over a socket named http: "
            "write FileDescriptorName=lmtp into its socket unit"
        )
        assert "named nothing" in take(tcp, names="")[0]


def test_what_nobody_can_connect_to_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams, socket.socket() as deaf:
        datagrams.bind(str(tmp_path / "dgram"))
        deaf.bind(("127.0.0.1", 0))
        for found in (datagrams, deaf):
            (line,) = take(found, names="lmtp")
            assert "is no socket that listens for streams: write ListenStream=" in line


def test_what_is_no_socket_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr("mlcore.server.sdnotify._FIRST", reading)
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "lmtp"}
    with pytest.raises(BadInput, match="is no socket"):
        listen_fds(environment)
    os.close(reading)
    os.close(writing)
