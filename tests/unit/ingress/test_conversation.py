"""Time: who hears 421, and when."""

import asyncio

import pytest

from mlcore.ingress.limits import LmtpLimits
from support.ingress import Scene, serving
from support.lmtp import LmtpClient

DATA = b"MAIL FROM:<>\r\nRCPT TO:<ant@example.com>\r\nDATA\r\n"


async def greeted(scene: Scene) -> LmtpClient:
    client = await LmtpClient.to(scene.address)
    await client.lhlo()
    await scene.settle()
    return client


async def after(scene: Scene, seconds: float) -> None:
    await scene.settle()
    scene.clock.advance(seconds)
    scene.server.sweep()
    await scene.settle()


async def timed_out(client: LmtpClient) -> bool:
    reply = await client.reply()
    return (reply.code, reply.enhanced) == (421, "4.4.2") and await client.at_eof()


async def test_p5_idle_client_hears_421() -> None:
    async with serving() as scene, await greeted(scene) as client:
        await after(scene, 299.0)
        assert (await client.command("NOOP")).code == 250
        await after(scene, 299.0)
        assert len(scene.server.connections) == 1
        await after(scene, 1.0)
        assert await timed_out(client)


async def test_p5_idle_client_has_less_time_in_a_crowd() -> None:
    async with serving(LmtpLimits(connections=5)) as scene:
        clients = [await greeted(scene) for _ in range(4)]
        await after(scene, 40.0)
        assert len(scene.server.connections) == 4
        clients.append(await greeted(scene))
        await after(scene, 29.0)
        for client in clients[:4]:
            assert await timed_out(client)
        assert (await clients[4].command("NOOP")).code == 250
        for client in clients:
            await client.close()


async def test_p5_open_transaction_keeps_its_time_in_a_crowd() -> None:
    async with serving(LmtpLimits(connections=1)) as scene, await greeted(scene) as client:
        await client.command("MAIL FROM:<>")
        await after(scene, 299.0)
        assert len(scene.server.connections) == 1
        await after(scene, 1.0)
        assert await timed_out(client)


async def test_p5_dripping_a_command_wins_no_time() -> None:
    async with serving(LmtpLimits(command_s=100.0)) as scene, await greeted(scene) as client:
        await after(scene, 250.0)  # idle so far, which is allowed; the command has its own time
        for letter in b"NOOP x":
            await client.write(bytes([letter]))
            await after(scene, 16.0)
        assert len(scene.server.connections) == 1
        await client.write(b"y")
        await after(scene, 16.0)
        assert await timed_out(client)


async def test_dripping_many_commands_restarts_for_each() -> None:
    async with serving(LmtpLimits(command_s=100.0)) as scene, await greeted(scene) as client:
        await client.write(b"NO")
        for _ in range(5):
            await after(scene, 90.0)
            await client.write(b"OP\r\nNO")
            assert (await client.reply()).code == 250
        await after(scene, 100.0)
        assert await timed_out(client)


async def test_p5_dripping_content_wins_no_time() -> None:
    async with serving() as scene, await greeted(scene) as client:
        await client.write(DATA)
        for _ in range(3):
            assert (await client.reply()).code in {250, 354}
        for _ in range(59):
            await client.write(b"x")
            await after(scene, 10.0)
        assert len(scene.server.connections) == 1
        await after(scene, 10.0)
        assert await timed_out(client)
        assert scene.acceptor.entries == []


async def test_p5_a_line_without_end_is_not_kept() -> None:
    async with serving() as scene, await greeted(scene) as client:
        for _ in range(100):
            await client.write(b"x" * 10_000)
        await client.write(b"\r\n")
        assert (await client.reply()).line() == "500 5.5.2 Command line too long"


async def test_a_peer_that_never_reads_is_cut() -> None:
    async with serving() as scene:
        client = await greeted(scene)
        flood = asyncio.create_task(client.write(b"HELP\r\n" * 2_000_000))
        while not scene.log.of("dismissed"):
            await asyncio.sleep(0.001)
            scene.clock.advance(60.0)
            scene.server.sweep()
        await scene.settle()
        assert len(scene.server.connections) == 0
        flood.cancel()
        with pytest.raises((asyncio.CancelledError, OSError)):
            await flood
        client.reset()
