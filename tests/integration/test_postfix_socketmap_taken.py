"""The port of the socketmap belongs to somebody else: the start says so, and what to change."""

import socket
from pathlib import Path

from support.server import RunningServer


def test_a_taken_port_is_named_with_its_key(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        place = f"127.0.0.1:{other.getsockname()[1]}"
        with RunningServer(tmp_path, config={"postfix": {"socketmap": place}}) as server:
            server.make_list("ant@example.com", [])
            server.launch()
            assert server.wait_exit() != 0
            assert f"cannot listen on {place}" in server.tail()
            assert "change [postfix] socketmap, or empty it" in server.tail()
