"""The pool: connections kept, replaced, shared; a peer that is down left alone."""

import asyncio
import socket

import pytest

from mlcore.base.clock import FakeClock
from mlcore.base.errors import LocalTrouble
from mlcore.delivery.outcome import Deferred, Delivered, Unknown
from mlcore.delivery.settings import Timeouts
from mlcore.delivery.smtp import SmtpTransport
from mlcore.delivery.transport import PeerDown
from support.delivery import BODY, PATIENT, SHORT, MemoryLog, smtp_transport, transaction
from support.scripted_peer import Await, Drop, Hang, Say, ScriptedPeer, Step, Take, greeted
from support.sink import Sink, SinkSettings

A = "a@x.example"
ONE = transaction(A)
GROUP: list[Step] = [
    Await("MAIL"),
    Await("RCPT"),
    Await("BDAT"),
    Take(len(BODY)),
    Say("250 Ok"),
    Say("250 Ok"),
    Say("250 2.0.0 Sent"),
]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


async def send(transport: SmtpTransport, list_id: str = "ant") -> str:
    """The kind of outcome of one transaction with one recipient."""
    async with transport.slot(list_id) as slot:
        (outcome,) = await slot.send(ONE)
        return type(outcome).__name__


async def settle() -> None:
    await asyncio.sleep(0.01)


async def test_a_connection_is_kept_and_used_again() -> None:
    async with Sink() as sink:
        transport = smtp_transport(sink.port)
        for _ in range(5):
            assert await send(transport) == "Delivered"
        assert (sink.connections, sink.transactions) == (1, 5)
        await transport.close()


async def test_no_more_connections_than_allowed() -> None:
    async with Sink(SinkSettings(delay_s=0.002)) as sink:
        transport = smtp_transport(sink.port, max_connections=3)
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(send(transport, f"list{number % 4}"))
        assert (sink.connections, sink.transactions) == (3, 20)
        assert "0 of 3 connections busy, 3 idle, 0 waiting" in transport.status()
        await transport.close()
        await settle()
        assert not sink.open


async def test_p11_lists_take_turns() -> None:
    """One list with much to send does not hold up another."""
    async with Sink(SinkSettings(keep=True)) as sink:
        transport = smtp_transport(sink.port, max_connections=1)

        async def work(list_id: str) -> None:
            async with transport.slot(list_id) as slot:
                await slot.send(transaction(A, reverse_path=f"{list_id}@example.com"))

        async with asyncio.TaskGroup() as group:
            for list_id in ["big"] * 6 + ["small"] * 2:
                group.create_task(work(list_id))
        order = [taken.reverse_path.partition("@")[0] for taken in sink.taken]
        assert order == ["big", "big", "small", "big", "small", "big", "big", "big"]
        await transport.close()


async def test_a_connection_is_replaced_after_its_number_of_transactions() -> None:
    async with Sink() as sink:
        transport = smtp_transport(sink.port, max_sessions_per_connection=2)
        for _ in range(3):
            assert await send(transport) == "Delivered"
        assert sink.connections == 2
        async with transport.slot("ant") as slot:
            for _ in range(3):
                await slot.send(ONE)
        assert (sink.connections, sink.transactions) == (3, 6)
        await transport.close()


async def test_an_idle_connection_is_closed_in_time() -> None:
    async with Sink() as sink:
        transport = smtp_transport(sink.port, idle_s=0.02)
        await send(transport)
        assert len(sink.open) == 1
        await asyncio.sleep(0.06)
        assert not sink.open
        assert "0 idle" in transport.status()
        assert await send(transport) == "Delivered"
        await transport.close()


async def test_idle_connections_are_closed_each_in_its_time() -> None:
    async with Sink() as sink:
        transport = smtp_transport(sink.port, idle_s=0.03)
        async with transport.slot("ant") as slot:
            await slot.send(ONE)
            await send(transport)
            await asyncio.sleep(0.015)
            await slot.send(ONE)
        assert len(sink.open) == 2
        async with asyncio.timeout(2):
            while sink.open:  # noqa: ASYNC110  (the sink tells nobody; a moment each)
                await asyncio.sleep(0.005)
        await transport.close()


async def test_p12_a_connection_closed_while_idle_costs_nothing() -> None:
    """A restart of the mail server between two transactions leaves no doubt about anybody."""
    async with Sink() as sink:
        transport = smtp_transport(sink.port, max_connections=2)
        for seen in (False, True):
            assert await send(transport) == "Delivered"
            sink.hang_up()
            if seen:
                await settle()  # the loop has noticed; else only the socket knows
            assert await send(transport) == "Delivered"
        assert sink.transactions == 4
        await transport.close()


async def test_p12_a_connection_closed_within_a_slot_costs_nothing() -> None:
    async with Sink() as sink:
        transport = smtp_transport(sink.port)
        async with transport.slot("ant") as slot:
            for _ in range(3):
                (outcome,) = await slot.send(ONE)
                assert isinstance(outcome, Delivered)
                sink.hang_up()
        assert (sink.connections, sink.transactions) == (3, 3)
        await transport.close()


async def test_p12_a_connection_that_was_silent_long_gets_the_envelope_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So a peer that is gone without a trace cannot have the content, and it may be sent elsewhere."""
    monkeypatch.setattr("mlcore.delivery.connection.TRUSTED_S", 0.0)
    careful: list[Step] = [Await("MAIL"), Await("RCPT"), Say("250 Ok"), Say("250 Ok"), *GROUP[2:4], GROUP[-1]]
    first: list[Step] = [*greeted(), *careful, Await("MAIL"), Await("RCPT"), Drop()]
    async with ScriptedPeer([first, [*greeted(), *careful, Hang()]]) as peer:
        transport = smtp_transport(peer.port)
        assert [await send(transport), await send(transport)] == ["Delivered", "Delivered"]
        assert peer.connections == 2
        await transport.close()


async def test_421_at_mail_on_a_kept_connection_is_tried_on_a_fresh_one() -> None:
    first: list[Step] = [*greeted(), *GROUP, *GROUP[:4], Say("421 4.7.0 Enough of you"), Drop()]
    async with ScriptedPeer([first, [*greeted(), *GROUP, Hang()]]) as peer:
        transport = smtp_transport(peer.port)
        assert [await send(transport), await send(transport)] == ["Delivered", "Delivered"]
        await transport.close()


async def test_p12_with_the_content_sent_a_loss_is_not_repeated_here() -> None:
    """Whether to send it again is for the caller to decide: somebody may have it."""
    first: list[Step] = [*greeted(), *GROUP, *GROUP[:4], Drop()]
    async with ScriptedPeer([first, [*greeted(), Hang()]]) as peer:
        transport = smtp_transport(peer.port)
        assert [await send(transport), await send(transport)] == ["Delivered", "Unknown"]
        assert peer.connections == 1
        await transport.close()


async def test_a_second_loss_at_once_is_deferred() -> None:
    first: list[Step] = [*greeted(), *GROUP, *GROUP[:4], Say("421 4.7.0 Enough"), Drop()]
    second: list[Step] = [*greeted(), *GROUP[:4], Say("421 4.7.0 Enough"), Drop()]
    async with ScriptedPeer([first, second]) as peer:
        log = MemoryLog()
        transport = smtp_transport(peer.port, log=log)
        assert [await send(transport), await send(transport)] == ["Delivered", "Deferred"]
        assert [event for event, _ in log.events] == ["peer_down"]
        await transport.close()


async def test_the_mail_server_does_not_come_back() -> None:
    """Nothing was taken by anybody: PeerDown, the entry waits untouched."""
    async with Sink() as sink:
        transport = smtp_transport(sink.port)
        async with transport.slot("ant") as slot:
            await slot.send(ONE)
            await sink.stop()
            with pytest.raises(PeerDown):
                await slot.send(ONE)
            with pytest.raises(PeerDown):
                await slot.send(ONE)
        assert "0 of 8 connections busy, 0 idle" in transport.status()
        await transport.close()


async def test_p11_a_dead_peer_is_left_alone_and_probed() -> None:
    """Fault matrix: peer refuses, 421: breaker with back-off."""
    port = closed_port()
    clock, log = FakeClock(), MemoryLog()
    transport = smtp_transport(port, clock=clock, log=log)
    waits = []
    for _ in range(5):
        with pytest.raises(PeerDown) as caught:
            await send(transport)
        assert isinstance(caught.value, LocalTrouble)
        waits.append(caught.value.retry_after_s)
    assert waits == [1.0] * 5
    assert len(log.events) == 3  # the fourth and fifth made no attempt
    assert log.events[-1][1]["breaker"] == "open"
    assert "breaker open" in transport.status()
    clock.advance(1.0)
    with pytest.raises(PeerDown) as caught:
        await send(transport)
    assert caught.value.retry_after_s == 2.0
    clock.advance(2.0)
    sink = Sink()
    await sink.start(port)
    assert await send(transport) == "Delivered"
    assert log.events[-1] == ("peer_up", {"peer": f"127.0.0.1:{port}"})
    assert "breaker closed" in transport.status()
    await transport.close()
    await sink.stop()


async def test_p11_a_peer_that_is_too_busy_to_greet_opens_the_breaker() -> None:
    busy: list[Step] = [Say("421 4.3.2 Too busy"), Drop()]
    async with ScriptedPeer([busy] * 5) as peer:
        transport = smtp_transport(peer.port)
        for _ in range(5):
            with pytest.raises(PeerDown):
                await send(transport)
        assert peer.connections == 3
        await transport.close()


async def test_p11_while_one_probes_the_others_wait() -> None:
    clock = FakeClock()
    refusals: list[list[Step]] = [[Say("421 Too busy"), Drop()]] * 3
    async with ScriptedPeer([*refusals, [*greeted(), *GROUP, Hang()]]) as peer:
        transport = smtp_transport(peer.port, clock=clock)
        for _ in range(3):
            with pytest.raises(PeerDown):
                await send(transport)
        clock.advance(1.0)
        probe = asyncio.create_task(send(transport))
        await asyncio.sleep(0)
        with pytest.raises(PeerDown) as caught:
            await send(transport)
        assert caught.value.retry_after_s > 0
        assert await probe == "Delivered"
        assert peer.connections == 4
        await transport.close()


async def test_p16_a_cancelled_attempt_leaves_place_and_breaker_free() -> None:
    async with ScriptedPeer([[Hang()], [*greeted(), *GROUP, Hang()]]) as peer:
        transport = smtp_transport(peer.port, max_connections=1)
        task = asyncio.create_task(send(transport))
        await settle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await send(transport) == "Delivered"
        await transport.close()


async def test_p16_a_cancelled_transaction_closes_its_connection() -> None:
    async with ScriptedPeer([[*greeted(), *GROUP[:4], Hang()], [*greeted(), *GROUP, Hang()]]) as peer:
        transport = smtp_transport(peer.port, max_connections=1)
        task = asyncio.create_task(send(transport))
        await settle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert "0 of 1 connections busy, 0 idle" in transport.status()
        assert await send(transport) == "Delivered"
        await transport.close()


async def test_p11_a_hanging_connection_holds_up_no_other() -> None:
    """Fault matrix: hang: other connections unaffected."""
    async with ScriptedPeer([[*greeted(), *GROUP[:4], Hang()], [*greeted(), *GROUP, *GROUP, Hang()]]) as peer:
        transport = smtp_transport(peer.port, SHORT, max_connections=2)
        hanging = asyncio.create_task(send(transport, "slow"))
        await settle()
        assert [await send(transport), await send(transport)] == ["Delivered", "Delivered"]
        assert not hanging.done()
        assert await hanging == "Unknown"
        await transport.close()


async def test_close_says_quit_and_waits_for_no_one() -> None:
    async with ScriptedPeer([[*greeted(), *GROUP, Await("QUIT"), Hang()]]) as peer:
        transport = smtp_transport(peer.port, Timeouts(quit_s=0.02))
        await send(transport)
        async with asyncio.timeout(2):
            await transport.close()
        assert peer.heard[-1] == b"QUIT\r\n"
        with pytest.raises(PeerDown):
            await send(transport)
        await transport.close()


async def test_a_slot_that_outlives_close_ends_its_connection() -> None:
    async with Sink() as sink:
        transport = smtp_transport(sink.port)
        async with transport.slot("ant") as slot:
            await slot.send(ONE)
            await transport.close()
        await settle()
        assert not sink.open


@pytest.mark.parametrize("chunking", [True, False])
async def test_p11_p12_a_peer_that_drops_and_refuses_at_random(chunking: bool) -> None:
    """At least once for everybody, and at most one repeat per lost reply."""
    settings = SinkSettings(
        temp_fail_rate=0.1,
        drop_in_data_rate=0.1,
        drop_after_dot_rate=0.1,
        chunking=chunking,
        seed=7,
        keep=True,
    )
    async with Sink(settings) as sink:
        transport = smtp_transport(sink.port, PATIENT)
        left = {f"member{number}@x.example" for number in range(200)}
        doubts: dict[str, int] = {}
        for _ in range(60):
            for start in range(0, len(batch := sorted(left)), 10):
                some = batch[start : start + 10]
                async with transport.slot("ant") as slot:
                    outcomes = await slot.send(transaction(*some))
                for address, outcome in zip(some, outcomes, strict=True):
                    assert isinstance(outcome, Delivered | Deferred | Unknown)
                    if isinstance(outcome, Delivered):
                        left.discard(address)
                    elif isinstance(outcome, Unknown):
                        doubts[address] = doubts.get(address, 0) + 1
        await transport.close()
    assert not left
    copies: dict[str, int] = {}
    for address, _ in sink.received():
        copies[address] = copies.get(address, 0) + 1
    assert len(copies) == 200
    assert all(count <= 1 + doubts.get(address, 0) for address, count in copies.items())
