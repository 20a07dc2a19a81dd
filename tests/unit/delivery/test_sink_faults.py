"""The sink, when one transaction after the other is to go wrong in its own way."""

from mlcore.delivery.outcome import Deferred, Delivered, Failed, Outcome, Unknown
from mlcore.delivery.settings import Timeouts
from support.delivery import SHORT, connection_to, transaction
from support.sink import Fault, Sink, SinkSettings


async def one(fault: Fault) -> tuple[Outcome, Sink]:
    """What becomes of the second of two transactions, which meets the fault."""
    async with Sink(SinkSettings(faults={2: fault}, keep=True)) as sink:
        connection = await connection_to(sink.port, SHORT)
        first = await connection.transact(transaction("a@x"))
        assert isinstance(first[0], Delivered)
        (found,) = await connection.transact(transaction("b@x"))
        connection.abort()
        await connection.gone()
    return found, sink


async def test_each_fault_is_met_by_its_transaction() -> None:
    wanted: dict[Fault, tuple[type[Outcome], str | None]] = {
        "451 at MAIL": (Deferred, None),
        "421 at MAIL": (Deferred, None),
        "drop in content": (Unknown, "dropped_in_data"),
        "hang in content": (Unknown, "dropped_in_data"),
        "451 at end": (Deferred, "put_off"),
        "554 at end": (Failed, "refused"),
        "drop after end": (Unknown, "dropped_after_dot"),
        "hang after end": (Unknown, "dropped_after_dot"),
    }
    for fault, (kind, logged) in wanted.items():
        found, sink = await one(fault)
        assert isinstance(found, kind), fault
        assert [taken.outcome for taken in sink.taken[1:]] == ([logged] if logged else []), fault


async def test_greylisting_is_by_sender_and_recipient() -> None:
    async with Sink(SinkSettings(greylist=True)) as sink:
        connection = await connection_to(sink.port, Timeouts())
        for wanted in ([Deferred, Deferred], [Delivered, Delivered]):
            assert [type(one) for one in await connection.transact(transaction("a@x", "b@x"))] == wanted
        connection.abort()
        await connection.gone()


async def test_what_was_taken_before_a_drop_is_answered() -> None:
    async with Sink(SinkSettings(faults={3: "drop after end"}, keep=True)) as sink:
        connection = await connection_to(sink.port, SHORT)
        outcomes = await connection.transact_each([transaction(f"{who}@x") for who in "abcd"])
        connection.abort()
        await connection.gone()
    assert [type(one) for one in outcomes] == [Delivered, Delivered, Unknown, Unknown]
    assert [recipient for recipient, _ in sink.received()] == ["a@x", "b@x", "c@x"]
