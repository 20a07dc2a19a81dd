"""The transport that tests use."""

from mlcore.delivery.memory import MemoryTransport
from mlcore.delivery.outcome import Deferred, Delivered, Unknown
from mlcore.mail.reply import LOCAL_TROUBLE
from support.delivery import transaction

BOTH = transaction("a@x", "b@x")


async def test_outcomes_as_scripted_and_then_delivered() -> None:
    transport = MemoryTransport()
    later, doubt = Deferred(LOCAL_TROUBLE), Unknown(LOCAL_TROUBLE)
    transport.script("a@x", later, doubt)
    async with transport.slot("ant") as slot:
        seen = [await slot.send(BOTH) for _ in range(3)]
    assert [first for first, _ in seen][:2] == [later, doubt]
    assert isinstance(seen[2][0], Delivered)
    assert [address for _, address in transport.delivered] == ["b@x", "b@x", "a@x", "b@x"]
    assert transport.transactions == [BOTH] * 3


async def test_close_is_remembered() -> None:
    transport = MemoryTransport()
    assert not transport.closed
    await transport.close()
    assert transport.closed
