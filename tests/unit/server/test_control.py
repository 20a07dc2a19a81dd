"""The control socket: who may speak, and what nobody can do to it."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Self

import pytest

from mlcore.base.errors import BadInput, LocalTrouble, StoreTrouble
from mlcore.server.control import LINE_BYTES, ControlServer, ask
from support.workshop import RecordingLog


async def echo(command: Mapping[str, Any]) -> dict[str, Any]:
    return {"heard": dict(command)}


async def troubled(_command: Mapping[str, Any]) -> dict[str, Any]:
    raise StoreTrouble("the database is down")


async def defective(_command: Mapping[str, Any]) -> dict[str, Any]:
    raise ValueError("odd")


async def hanging(_command: Mapping[str, Any]) -> dict[str, Any]:
    await asyncio.Event().wait()
    return {}


@pytest.fixture
def log() -> RecordingLog:
    return RecordingLog()


@pytest.fixture
async def path(tmp_path: Path, log: RecordingLog) -> AsyncIterator[str]:
    path = str(tmp_path / "control")
    commands = {"echo": echo, "trouble": troubled, "defect": defective, "hang": hanging}
    server = ControlServer(path, commands, log, timeout_s=0.1)
    await server.start()
    yield path
    server.stop()
    server.stop()
    with pytest.raises(FileNotFoundError):
        os.stat(path)


async def say(path: str, octets: bytes) -> bytes:
    """What it answers to these octets, until it closes."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(octets)
    answer = await reader.read()
    writer.close()
    return answer


async def asked(path: str, **command: Any) -> dict[str, Any]:
    return await asyncio.to_thread(ask, path, command)


async def test_a_command_is_answered(path: str) -> None:
    assert await asked(path, do="echo", queue="in") == {"heard": {"do": "echo", "queue": "in"}}


async def test_p26_nobody_else_may_open_the_socket(path: str) -> None:
    assert os.stat(path).st_mode & 0o777 == 0o600


async def test_a_socket_of_a_dead_process_is_replaced(tmp_path: Path, log: RecordingLog) -> None:
    path = str(tmp_path / "dead")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    server = ControlServer(path, {"echo": echo}, log)
    await server.start()
    assert await asked(path, do="echo") == {"heard": {"do": "echo"}}
    server.stop()


async def test_a_path_too_long_for_a_socket_is_said_in_one_line(tmp_path: Path, log: RecordingLog) -> None:
    with pytest.raises(BadInput, match="too long for a socket: choose a shorter"):
        await ControlServer(f"{tmp_path}/{'x' * 120}", {}, log).start()


@pytest.mark.parametrize("garbage", [b"\n", b"status\n", b"[1]\n", b'"do"\n', b"\xff\xfe\n", b"{}{}\n"])
async def test_garbage_is_told_so(path: str, garbage: bytes) -> None:
    assert await say(path, garbage) == b'{"ok":false,"error":"the command is no line of JSON"}\n'


async def test_an_unknown_command_is_told_the_known_ones(path: str) -> None:
    with pytest.raises(BadInput, match="unknown command; known: defect, echo, hang, trouble"):
        await asked(path, do="dance")
    with pytest.raises(BadInput, match="unknown command"):
        await asked(path)


async def test_a_command_that_is_too_long_is_told_so(path: str) -> None:
    assert b"longer than 65536 octets" in await say(path, b"x" * (LINE_BYTES + 2))


async def test_trouble_is_told(path: str) -> None:
    with pytest.raises(BadInput, match="the database is down"):
        await asked(path, do="trouble")


async def test_a_defect_of_a_command_is_logged_and_ends_nothing(path: str, log: RecordingLog) -> None:
    with pytest.raises(BadInput, match="internal error: ValueError"):
        await asked(path, do="defect")
    assert log.named("control failed") == [{"command": "defect", "error": "ValueError('odd')"}]
    assert await asked(path, do="echo")


async def test_slow_clients_are_shown_out_and_disturb_nobody(path: str) -> None:
    slow = [await asyncio.open_unix_connection(path) for _ in range(50)]
    slow[0][1].write(b'{"do":')
    assert await asked(path, do="echo")
    for reader, writer in slow:
        assert await reader.read() == b""
        writer.close()


async def test_a_command_that_hangs_is_cut_off(path: str) -> None:
    assert await say(path, b'{"do":"hang"}\n') == b""


async def test_a_client_that_goes_away_is_no_event(path: str, log: RecordingLog) -> None:
    for _ in range(3):
        _, writer = await asyncio.open_unix_connection(path)
        writer.write(b'{"do":"echo"}\n')
        writer.transport.abort()
    assert await asked(path, do="echo")
    assert log.events == []


# -- the other end ------------------------------------------------------------------------------------------


def test_without_a_server_the_command_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="mlcore is not running"):
        ask(str(tmp_path / "none"), {"do": "status"})


def test_a_socket_nobody_listens_on_is_no_server(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    with pytest.raises(BadInput, match="mlcore is not running"):
        ask(str(tmp_path / "dead"), {"do": "status"})


class Refusing:
    """A socket that may not be opened."""

    def __init__(self, error: OSError) -> None:
        self._error = error

    def __call__(self, *_: object) -> "Refusing":
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def settimeout(self, _seconds: float) -> None:
        pass

    def connect(self, _path: str) -> None:
        raise self._error


def test_a_socket_of_somebody_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", Refusing(PermissionError()))
    with pytest.raises(BadInput, match="run this as the user mlcore runs as"):
        ask("/nowhere", {"do": "status"})


def test_a_path_too_long_is_trouble_not_a_traceback() -> None:
    with pytest.raises(LocalTrouble, match="too long"):
        ask("/" + "x" * 200, {"do": "status"})


async def test_a_server_that_does_not_answer_is_waited_for_only_so_long(path: str) -> None:
    with pytest.raises(LocalTrouble, match=r"did not answer within 0\.02 s"):
        await asyncio.to_thread(ask, path, {"do": "hang"}, timeout_s=0.02)


async def test_a_server_that_closes_without_an_answer_is_said(path: str) -> None:
    with pytest.raises(LocalTrouble, match="without an answer"):
        await asked(path, do="hang")


async def test_a_server_that_dies_is_said(tmp_path: Path) -> None:
    def die(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    path = str(tmp_path / "dying")
    server = await asyncio.start_unix_server(die, path)
    with pytest.raises(LocalTrouble, match="the server went away"):
        await asked(path, do="echo", filler="x" * 4_000_000)
    server.close()
    await server.wait_closed()
