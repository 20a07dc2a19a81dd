import asyncio
import os
import resource
import socket
import stat
from pathlib import Path

import pytest

from mlcore.base.clock import FakeClock
from mlcore.base.errors import BadInput
from mlcore.base.ids import IdMaker
from mlcore.ingress.limits import LmtpLimits
from mlcore.ingress.server import LmtpServer
from mlcore.mail.reply import Reply
from support.ingress import HOST, FakeAcceptor, FakeDirectory, FakeLog, Scene, serving
from support.lmtp import LmtpClient

POST = b"Subject: x\r\n\r\nHello.\r\n"


async def greeted(scene: Scene) -> LmtpClient:
    client = await LmtpClient.to(scene.address)
    await client.lhlo()
    return client


def unstarted() -> LmtpServer:
    clock = FakeClock()
    return LmtpServer(FakeDirectory(), FakeAcceptor(), IdMaker(clock), clock, LmtpLimits(), HOST, FakeLog())


async def served(address: tuple[str, int] | str) -> list[Reply]:
    async with await LmtpClient.to(address) as client:
        await client.lhlo()
        return await client.send("anne@example.org", ["ant@example.com"], POST)


# -- the crowd -----------------------------------------------------------------------------------------------


async def test_p5_a_thousand_idle_clients_do_not_keep_a_post_out() -> None:
    """Each newcomer is greeted; the one who idles longest goes, with 421; a post then goes through."""
    async with serving() as scene:
        crowd: list[LmtpClient] = []
        for number in range(1000):
            scene.clock.advance(0.001)
            client = await LmtpClient.to(scene.address)
            assert (await client.reply()).code == 220
            crowd.append(client)
            assert len(scene.server.connections) == min(number + 1, 100)
            if number >= 100:
                evicted = crowd[number - 100]
                assert (await evicted.reply()).line().startswith("421 4.3.2 ")
                assert await evicted.at_eof()
                await evicted.close()
        assert [reply.code for reply in await served(scene.address)] == [250]
        for client in crowd[900:]:
            await client.close()


async def test_p5_twenty_dripping_clients_do_not_delay_a_post() -> None:
    """The post has its reply although not one of those who drip has finished anything."""
    async with serving(LmtpLimits(connections=22)) as scene:
        drippers = [await greeted(scene) for _ in range(20)]
        for number, client in enumerate(drippers):
            if number % 2:
                await client.write(b"MAIL FROM:<>\r\nRCPT TO:<bee@example.com>\r\nDATA\r\nSub")
            else:
                await client.write(b"MAI")
        async with await greeted(scene) as poster:
            for letter in b"ject":
                for client in drippers:
                    await client.write(bytes([letter]))
                replies = await poster.send("anne@example.org", ["ant@example.com"], POST)
                assert [reply.code for reply in replies] == [250]
        assert len(scene.acceptor.entries) == 4
        for client in drippers:
            await client.close()


async def test_p5_busy_clients_are_not_shown_out() -> None:
    async with serving(LmtpLimits(connections=2)) as scene:
        async with await greeted(scene) as one, await greeted(scene) as two:
            await one.command("MAIL FROM:<>")
            await two.command("MAIL FROM:<>")
            async with await LmtpClient.to(scene.address) as late:
                assert (await late.reply()).line().startswith("421 4.3.2 ")
                assert await late.at_eof()
            assert scene.log.of("refused")[-1]["peer"] == "127.0.0.1"
            for client in (one, two):
                assert (await client.command("RSET")).code == 250
        assert [reply.code for reply in await served(scene.address)] == [250]


async def test_p3_without_descriptors_accepting_pauses_and_nothing_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """EMFILE: who is connected is served on, who knocks waits and is served when there are descriptors."""
    monkeypatch.setattr(asyncio.constants, "ACCEPT_RETRY_DELAY", 0.01)
    heard: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with serving() as scene, await greeted(scene) as inside:
        assert isinstance(scene.address, tuple)
        knocking = socket.socket()
        knocking.setblocking(False)
        highest = max(int(name) for name in os.listdir("/proc/self/fd"))
        holes: list[int] = []
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, limits[1]))
        try:
            while True:
                try:
                    holes.append(os.dup(0))
                except OSError:
                    break
            with pytest.raises(BlockingIOError):
                knocking.connect(scene.address)
            await scene.until(lambda: heard)
            assert (await inside.command("NOOP")).code == 250
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            for hole in holes:
                os.close(hole)
        late = LmtpClient(*await asyncio.open_connection(sock=knocking))
        await late.lhlo()
        await late.close()


# -- where it listens ----------------------------------------------------------------------------------------


async def test_listens_on_several_addresses(tmp_path: Path) -> None:
    path = str(tmp_path / "lmtp.sock")
    server = unstarted()
    await server.start_tcp("127.0.0.1", 0)
    await server.start_unix(path)
    try:
        first, second = server.addresses()
        assert (first[0], second) == ("127.0.0.1", path)
        assert int(first[1]) > 0
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
        for address in server.addresses():
            assert [reply.code for reply in await served(address)] == [250]
    finally:
        await server.stop(0.0)
    assert os.listdir(tmp_path) == []
    assert server.addresses() == []


async def test_listens_on_sockets_that_others_made(tmp_path: Path) -> None:
    """As a service manager hands them over: its copies, and the file, outlive the server."""
    path = str(tmp_path / "lmtp.sock")
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(path)
        unix.listen()
        for _ in range(2):
            server = unstarted()
            await server.start_sockets([tcp.dup(), unix.dup()])
            assert server.addresses() == [tcp.getsockname(), path]
            for address in server.addresses():
                assert [reply.code for reply in await served(address)] == [250]
            await server.stop(0.0)
            with socket.create_connection(tcp.getsockname()):
                pass  # waits for the next server
        assert os.listdir(tmp_path) == ["lmtp.sock"]


async def test_a_socket_without_a_file_has_a_name_too() -> None:
    name = f"\0mlcore-test-{os.getpid()}"
    server = unstarted()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(name)
    await server.start_sockets([listening])
    try:
        assert server.addresses() == [f"@{name[1:]}"]
        assert [reply.code for reply in await served(name)] == [250]
    finally:
        await server.stop(0.0)


async def test_p16_whoever_was_accepted_hears_a_greeting_even_in_the_moment_of_the_stop() -> None:
    """With a socket that others made nobody is refused: who was not accepted waits for the next server."""
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        server = unstarted()
        await server.start_sockets([tcp.dup()])
        clients = [socket.create_connection(tcp.getsockname(), 5) for _ in range(5)]
        await asyncio.sleep(0)  # the loop sees that they knock
        stopping = asyncio.create_task(server.stop(0.0))
        await stopping
        successor = unstarted()
        await successor.start_sockets([tcp.dup()])
        for client in clients:
            greeting = await asyncio.to_thread(client.recv, 4)
            assert greeting in {b"220 ", b"421 "}
            client.close()
        await successor.stop(0.0)


async def test_slow_reader_hears_every_reply_to_what_it_sent(tmp_path: Path) -> None:
    """More than the socket holds is still on its way when the conversation ends."""
    path = str(tmp_path / "lmtp.sock")
    server = unstarted()
    await server.start_unix(path)
    try:
        async with await LmtpClient.unix(path) as client:
            await client.write(b"HELP\r\n" * 10_000 + b"QUIT\r\n")
            for _ in range(20):
                await asyncio.sleep(0)
            codes = [(await client.reply()).code for _ in range(10_002)]
            assert codes == [220, *[214] * 10_000, 221]
            assert await client.at_eof()
    finally:
        await server.stop(0.0)


async def test_socket_file_of_a_dead_process_is_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "lmtp.sock")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    server = unstarted()
    await server.start_unix(path, mode=0o600)
    try:
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert [reply.code for reply in await served(path)] == [250]
    finally:
        await server.stop(0.0)


async def test_socket_of_a_live_server_is_left_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "lmtp.sock")
    first, second = unstarted(), unstarted()
    await first.start_unix(path)
    try:
        with pytest.raises(BadInput, match="another server listens"):
            await second.start_unix(path)
        await second.stop(0.0)
        assert [reply.code for reply in await served(path)] == [250]
    finally:
        await first.stop(0.0)


async def test_live_server_with_a_full_queue_is_still_live(tmp_path: Path) -> None:
    path = str(tmp_path / "lmtp.sock")
    knocking = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(0)
        for client in knocking:
            client.setblocking(False)
            client.connect_ex(path)
        with pytest.raises(BadInput, match="another server listens"):
            await unstarted().start_unix(path)
    for client in knocking:
        client.close()


async def test_other_files_are_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    path.write_text("precious")
    with pytest.raises(BadInput, match="in the way"):
        await unstarted().start_unix(str(path))
    assert path.read_text() == "precious"


async def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await unstarted().start_unix(str(tmp_path / "nowhere" / "lmtp.sock"))


async def test_stop_leaves_the_socket_of_a_successor(tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    server = unstarted()
    await server.start_unix(str(path))
    path.rename(tmp_path / "old.sock")
    path.write_text("the successor's")
    await server.stop(0.0)
    assert path.exists()


# -- how it ends ---------------------------------------------------------------------------------------------


async def test_p16_stop_tells_idle_clients_and_lets_a_transaction_end() -> None:
    async with serving() as scene, await greeted(scene) as idle, await greeted(scene) as busy:
        assert isinstance(scene.address, tuple)
        scene.acceptor.gate = asyncio.Event()
        sending = asyncio.create_task(busy.send("", ["ant@example.com", "bee@example.com"], POST))
        await scene.acceptor.waiting.wait()
        stopping = asyncio.create_task(scene.server.stop(10.0))
        assert (await idle.reply()).line().startswith("421 4.3.2 ")
        assert await idle.at_eof()
        with pytest.raises(ConnectionRefusedError):
            await LmtpClient.tcp(*scene.address)
        assert not stopping.done()
        scene.acceptor.gate.set()
        assert [reply.code for reply in await sending] == [250, 250]
        assert (await busy.reply()).line().startswith("421 4.3.2 ")
        assert await busy.at_eof()
        await stopping
        assert len(scene.server.connections) == 0


async def test_p16_stop_opens_no_new_transaction_behind_the_last_one() -> None:
    async with serving() as scene, await greeted(scene) as client:
        scene.acceptor.gate = asyncio.Event()
        await client.write(b"MAIL FROM:<>\r\nRCPT TO:<ant@example.com>\r\nDATA\r\n.\r\nMAIL FROM:<>\r\n")
        await scene.acceptor.waiting.wait()
        stopping = asyncio.create_task(scene.server.stop(10.0))
        await scene.settle()
        scene.acceptor.gate.set()
        assert [(await client.reply()).code for _ in range(5)] == [250, 250, 354, 250, 421]
        await stopping


async def test_p16_stop_cancels_what_outlives_the_grace() -> None:
    async with serving() as scene, await greeted(scene) as working, await greeted(scene) as reading:
        scene.acceptor.gate = asyncio.Event()
        data = b"MAIL FROM:<>\r\nRCPT TO:<ant@example.com>\r\nDATA\r\n"
        await working.write(data + b".\r\n")
        await reading.write(data + b"Subject: ha")
        await scene.acceptor.waiting.wait()
        await scene.settle()
        await scene.server.stop(0.0)
        for client in (working, reading):
            assert [(await client.reply()).code for _ in range(4)] == [250, 250, 354, 421]
            assert await client.at_eof()
        assert scene.acceptor.cancelled
        assert scene.acceptor.entries == []


async def test_another_limit_of_size_is_for_those_who_come_after_it() -> None:
    async with serving() as scene, await greeted(scene) as before:
        scene.server.limit_size(1000)
        async with await greeted(scene) as after:
            for client, code in ((before, 250), (after, 552)):
                assert (await client.command("MAIL FROM:<> SIZE=1001")).code == code


async def test_sweep_runs_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.ingress.server._SWEEP_S", 0.001)
    async with serving() as scene, await greeted(scene) as client:
        await scene.settle()
        scene.clock.advance(300.0)
        assert (await client.reply()).line().startswith("421 4.4.2 ")


async def test_connected_is_logged_for_whoever_looks() -> None:
    async with serving() as scene, await greeted(scene):
        assert scene.log.events[0] == ("connected", {"peer": "127.0.0.1"})
