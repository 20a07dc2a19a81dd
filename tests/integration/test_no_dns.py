"""A start and the commands ask no DNS and speak to this host alone, whatever it is called."""

import os
import re
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from support.exchange import KeepingRelay, codes, message, post
from support.server import MLCORE, RunningServer, wait_until
from support.wrapped import WrappedServer

_STRACE = ("strace", "-f", "-e", "trace=connect,sendto,sendmsg,sendmmsg")
_NAMED = ("unshare", "--uts", "sh", "-c", 'hostname lists.example.net && exec "$@"', "sh")
_PORT = re.compile(r"sin6?_port=htons\((\d+)\)")
_PLACE = re.compile(r'inet_(?:addr\(|pton\(AF_INET6?, )"([^"]+)"')


def _prefix(trace: Path, *more: str) -> list[str]:
    """With root, on a host whose name looks as if one could ask for it."""
    named = _NAMED if os.geteuid() == 0 else ()
    return [*named, *_STRACE, *more, "-o", str(trace)]


def _strangers(trace: Path) -> list[str]:
    """The calls that are for DNS, or for another host."""
    lines = trace.read_text("utf-8", "replace").splitlines()
    return [
        line
        for line in lines
        if "53" in _PORT.findall(line)
        or not all(ip_address(place).is_loopback for place in _PLACE.findall(line))
    ]


def _run(server: RunningServer, trace: Path, *arguments: str) -> None:
    command = [str(MLCORE), "-C", str(server.config_file), *arguments]
    done = subprocess.run([*_prefix(trace), *command], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert _strangers(trace) == []


def test_what_is_looked_for_is_seen(tmp_path: Path) -> None:
    trace = tmp_path / "calls"
    ask = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 53))"
    subprocess.run([*_prefix(trace), "python3", "-c", ask], check=True, timeout=60)
    assert len(_strangers(trace)) == 1


@pytest.mark.parametrize("socketmap", ["", "127.0.0.1:0"])
def test_a_start_and_commands_ask_no_dns(tmp_path: Path, socketmap: str) -> None:
    trace = tmp_path / "server-calls"
    config = {"mta": {"incoming": "postfix"}, "postfix": {"socketmap": socketmap}}
    with (
        KeepingRelay() as relay,
        WrappedServer(tmp_path, prefix=_prefix(trace, "-D"), smtp_port=relay.port, config=config) as server,
    ):
        server.start()
        assert _strangers(trace) == []
        _run(server, tmp_path / "create", "create", "-n", "-o", "olga@example.org", "ant@example.com")
        _run(server, tmp_path / "lists", "lists")
        _run(server, tmp_path / "status", "status")
        assert codes(post(server.lmtp_port, message("a post"))) == [250]
        relay.wait_copies(1)
        _run(server, tmp_path / "stop", "stop")
        assert server.wait_exit() == 0
        wait_until(lambda: "exited with 0" in trace.read_text("utf-8").splitlines()[-1])
        assert _strangers(trace) == []
        assert "htons" in trace.read_text("utf-8")  # the relay was spoken to
