"""What the runner may rely on, whatever carries the mail away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from mlcore.delivery.memory import MemoryTransport
from mlcore.delivery.outbox import OutboxTransport
from mlcore.delivery.outcome import Delivered
from mlcore.delivery.transport import PeerDown, Transport
from support.delivery import BODY, MemoryPublisher, smtp_transport, transaction
from support.sink import Sink, SinkSettings


@dataclass
class Case:
    transport: Transport
    received: Callable[[], list[tuple[str, bytes]]]
    limit: int = 2


@pytest.fixture(params=["memory", "outbox", "smtp", "smtp-plain"])
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    kind: str = request.param
    if kind == "memory":
        memory = MemoryTransport(max_slots=2)
        yield Case(memory, lambda: [(address, one.message.octets) for one, address in memory.delivered])
        await memory.close()
    elif kind == "outbox":
        publisher = MemoryPublisher()
        outbox = OutboxTransport("/out", publisher, max_slots=2)
        yield Case(
            outbox,
            lambda: [
                (directory.removeprefix("/out/"), octets.partition(b"\r\n")[2])
                for (directory, _), octets in publisher.files.items()
            ],
        )
        await outbox.close()
    else:
        plain = kind == "smtp-plain"
        settings = SinkSettings(keep=True, pipelining=not plain, chunking=not plain)
        async with Sink(settings) as sink:
            smtp = smtp_transport(sink.port, max_connections=2)
            yield Case(smtp, sink.received)
            await smtp.close()


async def settle() -> None:
    await asyncio.sleep(0.01)


async def test_one_outcome_per_recipient_and_one_copy_each(case: Case) -> None:
    async with case.transport.slot("ant") as slot:
        outcomes = await slot.send(transaction("a@x.example", "b@x.example"))
        again = await slot.send(transaction("c@x.example", entry="other.o"))
    assert [type(outcome) for outcome in (*outcomes, *again)] == [Delivered] * 3
    assert sorted(case.received()) == [(f"{letter}@x.example", BODY) for letter in "abc"]


async def test_p9_no_address_does_harm(case: Case) -> None:
    addresses = ("a@x.example", "../../etc/cron.d/x", "<>")
    async with case.transport.slot("ant") as slot:
        outcomes = await slot.send(transaction(*addresses))
    assert len(outcomes) == 3
    assert isinstance(outcomes[0], Delivered)


async def test_slots_are_bounded_and_given_in_turn(case: Case) -> None:
    order: list[str] = []
    free = asyncio.Event()

    async def work(list_id: str) -> None:
        async with case.transport.slot(list_id) as slot:
            order.append(list_id)
            await slot.send(transaction("a@x.example", entry=f"{len(order)}.o"))
            await free.wait()

    async with asyncio.TaskGroup() as group:
        for list_id in ["big"] * 5 + ["small"]:
            group.create_task(work(list_id))
            await settle()
        assert order == ["big"] * case.limit
        free.set()
    assert sorted(order[case.limit : case.limit + 2]) == ["big", "small"]
    assert len(order) == 6


async def test_p16_a_cancelled_wait_gives_its_place_on(case: Case) -> None:
    async def hold() -> None:
        async with case.transport.slot("ant"):
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(hold()) for _ in range(case.limit + 2)]
    await settle()
    for task in tasks:
        task.cancel()
    results: list[Any] = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    async with asyncio.timeout(2), case.transport.slot("ant") as slot:
        assert await slot.send(transaction("a@x.example"))


async def test_an_error_in_the_callers_block_frees_the_slot(case: Case) -> None:
    for _ in range(case.limit + 1):
        with pytest.raises(ZeroDivisionError):
            async with case.transport.slot("ant"):
                raise ZeroDivisionError
    async with asyncio.timeout(2), case.transport.slot("ant"):
        pass


async def test_status_is_one_line(case: Case) -> None:
    async with case.transport.slot("ant"):
        status = case.transport.status()
    assert status.isprintable()
    assert status


async def test_close_may_be_said_twice(case: Case) -> None:
    async with case.transport.slot("ant") as slot:
        await slot.send(transaction("a@x.example"))
    await case.transport.close()
    await case.transport.close()


@pytest.mark.parametrize("kind", ["memory", "smtp"])
async def test_p11_no_peer_is_told_on_entering(kind: str) -> None:
    transport: Transport
    if kind == "memory":
        transport = memory = MemoryTransport(max_slots=1)
        memory.down_for_s = 3.0
    else:
        async with Sink() as sink:
            port = sink.port
        transport = smtp_transport(port, max_connections=1)
    for _ in range(2):
        with pytest.raises(PeerDown) as caught:
            async with transport.slot("ant"):
                raise AssertionError
        assert caught.value.retry_after_s > 0
    await transport.close()
