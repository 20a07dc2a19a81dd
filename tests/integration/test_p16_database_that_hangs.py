"""A database that answers nothing any more (a frozen host, a network that swallows packets) keeps mlcore from
much, but not from stopping."""

import os
import signal
import time
from pathlib import Path

import pytest

from support.exchange import KeepingRelay, codes, message, post
from support.postgresql import PostgresServer
from support.server import RunningServer

pytestmark = pytest.mark.postgresql


def _processes(database: PostgresServer) -> list[int]:
    """The server and those it has made for its clients."""
    assert database.process is not None
    pid = database.process.pid
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def test_p16_it_stops_in_ten_seconds(tmp_path: Path) -> None:
    with PostgresServer() as database, KeepingRelay() as relay:
        database.start()
        config = {"database": {"url": database.create_database("mlcore")}}
        with RunningServer(tmp_path, smtp_port=relay.port, config=config) as server:
            server.make_list("ant@example.com", ["anne@example.com"])
            server.start()
            assert codes(post(server.lmtp_port, message("before"))) == [250]
            relay.wait_copies(1)
            server.wait_drained()
            frozen = _processes(database)
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            try:
                assert server.control("changed") == {}  # so that somebody asks it
                time.sleep(0.2)
                begun = time.monotonic()
                assert server.stop() == 0
                assert time.monotonic() - begun < 10.0
            finally:
                for pid in frozen:
                    os.kill(pid, signal.SIGCONT)
            server.start()
            assert codes(post(server.lmtp_port, message("after"))) == [250]
            assert relay.wait_copies(2) == {"anne@example.com": 2}
