"""The socketmap service on real sockets."""

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mlcore.base.errors import BadInput, StoreTrouble
from mlcore.postfix.answers import UnknownMap
from mlcore.postfix.netstrings import encode, read
from mlcore.postfix.socketmap import SocketMap, SocketMapLimits

LIMITS = SocketMapLimits(request_bytes=100, connections=3, idle_s=0.2, work_s=0.1)


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def debug(self, event: str, /, **values: object) -> None:
        self.lines.append((event, values))

    info = warning = error = debug


async def answer(name: str, key: str) -> str | None:
    match key:
        case "known":
            return f"value in {name}"
        case "down":
            raise StoreTrouble("the database\nis down")
        case "slow":
            await asyncio.sleep(60)
        case "defect":
            raise ZeroDivisionError
        case "map":
            raise UnknownMap("no such map")
    return None


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
async def service(log: Log) -> AsyncIterator[SocketMap]:
    service = SocketMap(answer, log, LIMITS)
    await service.start_tcp("127.0.0.1", 0)
    yield service
    await service.stop()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, service: SocketMap) -> "Client":
        (place,) = service.addresses()
        if isinstance(place, str):
            return cls(*await asyncio.open_unix_connection(place))
        return cls(*await asyncio.open_connection(*place))

    async def ask(self, request: bytes) -> bytes | None:
        self.writer.write(encode(request))
        return await self.hear()

    async def hear(self) -> bytes | None:
        return await read(self.reader, 1000)

    async def gone(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(1), 5) == b""
        except ConnectionError:
            return True
        finally:
            self.writer.close()


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (b"transport known", b"OK value in transport"),
        (b"transport unknown", b"NOTFOUND "),
        (b"transport ", b"NOTFOUND "),
        (b"transport down", b"TEMP the database is down"),
        (b"transport slow", b"TEMP no answer in time"),
        (b"transport defect", b"TEMP internal error"),
        (b"transport map", b"PERM no such map"),
        (b"transport", b"PERM the question has no key"),
        (b"transport \xff\xfe", b"NOTFOUND "),
        (b"transport a\nb", b"NOTFOUND "),
    ],
)
async def test_replies(service: SocketMap, request_: bytes, reply: bytes) -> None:
    client = await Client.to(service)
    assert await client.ask(request_) == reply
    assert await client.ask(b"x known") == b"OK value in x"
    client.writer.close()


async def test_questions_sent_together_are_answered_in_order(service: SocketMap) -> None:
    client = await Client.to(service)
    client.writer.write(encode(b"a known") + encode(b"b x") + encode(b"c known"))
    assert [await client.hear() for _ in range(3)] == [b"OK value in a", b"NOTFOUND ", b"OK value in c"]
    client.writer.close()


async def test_an_octet_at_a_time_is_a_question_too(service: SocketMap) -> None:
    client = await Client.to(service)
    for octet in encode(b"a known"):
        client.writer.write(bytes([octet]))
        await asyncio.sleep(0)
    assert await client.hear() == b"OK value in a"
    client.writer.close()


@pytest.mark.parametrize("octets", [b"101:", b"GET / HTTP/1.0\r\n\r\n" * 20, b"3:abcd", b"x:"])
async def test_what_is_no_netstring_ends_the_connection(service: SocketMap, octets: bytes) -> None:
    client = await Client.to(service)
    client.writer.write(octets)
    said = await client.hear()
    assert said is not None
    assert said.startswith(b"PERM ")
    assert await client.gone()


async def test_a_client_that_says_nothing_is_shown_out(service: SocketMap) -> None:
    client = await Client.to(service)
    client.writer.write(b"5:ab")
    assert await client.gone()
    assert len(service) == 0


async def test_at_the_limit_the_longest_idle_makes_room(service: SocketMap) -> None:
    clients = [await Client.to(service) for _ in range(LIMITS.connections)]
    for client in clients:
        assert await client.ask(b"a known") == b"OK value in a"
    assert await clients[0].ask(b"a known") == b"OK value in a"
    another = await Client.to(service)
    assert await another.ask(b"a known") == b"OK value in a"
    assert await clients[1].gone()
    assert await clients[0].ask(b"a known") == b"OK value in a"
    assert len(service) == LIMITS.connections
    for client in (*clients, another):
        client.writer.close()


async def test_trouble_is_logged_once_a_minute(service: SocketMap, log: Log) -> None:
    client = await Client.to(service)
    for _ in range(5):
        await client.ask(b"transport down")
    assert [event for event, _ in log.lines] == ["socketmap"]
    client.writer.close()


async def test_a_stop_closes_every_connection(service: SocketMap) -> None:
    client = await Client.to(service)
    assert await client.ask(b"a known")
    await service.stop()
    assert await client.gone()
    assert service.addresses() == []
    client.writer.close()


async def test_a_unix_socket_has_its_mode_replaces_a_dead_one_and_goes_with_the_service(
    tmp_path: Path, log: Log
) -> None:
    path = str(tmp_path / "map")
    dead = await asyncio.start_unix_server(lambda *_: None, path)
    dead.close()
    await dead.wait_closed()
    service = SocketMap(answer, log, LIMITS)
    await service.start_unix(path, 0o600)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    client = await Client.to(service)
    assert await client.ask(b"a known") == b"OK value in a"
    client.writer.close()
    with pytest.raises(BadInput, match="another server listens"):
        await SocketMap(answer, log).start_unix(path)
    await service.stop()
    assert os.listdir(tmp_path) == []
    await service.stop()


async def test_a_file_in_the_place_of_the_socket_is_left_alone(tmp_path: Path, log: Log) -> None:
    path = tmp_path / "map"
    path.write_text("keep")
    with pytest.raises(BadInput, match="in the way"):
        await SocketMap(answer, log).start_unix(str(path))
    assert path.read_text() == "keep"


async def test_a_socket_of_somebody_busy_is_not_taken_away(tmp_path: Path, log: Log) -> None:
    """Whose queue is full is alive, and a start must not wait until there is room in it."""
    path = str(tmp_path / "map")
    with socket.socket(socket.AF_UNIX) as other, contextlib.ExitStack() as stack:
        other.bind(path)
        other.listen(0)
        for _ in range(3):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(path)
        with pytest.raises(BadInput, match="another server listens"):
            await SocketMap(answer, log, LIMITS).start_unix(path)
        assert "map" in os.listdir(tmp_path)
