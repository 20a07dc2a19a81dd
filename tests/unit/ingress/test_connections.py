import asyncio
from dataclasses import dataclass, field

from mlcore.base.clock import FakeClock
from mlcore.ingress import replies
from mlcore.ingress.connections import Connections
from mlcore.ingress.limits import LmtpLimits
from mlcore.mail.reply import Reply


@dataclass(eq=False)
class FakeClient:
    """A client of which everything is known."""

    connections: Connections
    idle_since: float | None = None
    late_at: float = float("inf")
    stubborn: bool = False
    heard: list[Reply] = field(default_factory=list)
    crowded: bool = False

    def overdue(self, now: float, *, crowded: bool) -> bool:
        self.crowded = crowded
        return now >= self.late_at

    def expire(self) -> None:
        self.dismiss(replies.TIME_IS_UP)

    def dismiss(self, reply: Reply) -> None:
        self.heard.append(reply)
        self.connections.leave(self)

    def cancel(self) -> None:
        if not self.stubborn:
            self.dismiss(replies.SHUTTING_DOWN)


def of(size: int) -> tuple[Connections, FakeClock]:
    clock = FakeClock()
    return Connections(LmtpLimits(connections=size), clock), clock


def test_p5_at_the_limit_the_longest_idle_one_goes() -> None:
    connections, _ = of(3)
    busy, longest, shorter, new = (
        FakeClient(connections),
        FakeClient(connections, 1.0),
        FakeClient(connections, 2.0),
        FakeClient(connections, 3.0),
    )
    for client in (busy, shorter, longest, new):
        assert connections.admit(client) is None
    assert longest.heard == [replies.EVICTED]
    assert busy.heard == shorter.heard == new.heard == []
    assert len(connections) == 3


def test_p5_with_nobody_idle_the_new_one_is_put_off() -> None:
    connections, _ = of(1)
    busy, new = FakeClient(connections), FakeClient(connections, 0.0)
    assert connections.admit(busy) is None
    assert connections.admit(new) == replies.CROWDED
    assert busy.heard == []
    connections.leave(busy)
    assert connections.admit(new) is None


def test_sweep_tells_whether_it_is_crowded() -> None:
    connections, clock = of(5)
    clients = [FakeClient(connections, 0.0) for _ in range(5)]
    for client in clients[:4]:
        connections.admit(client)
    connections.sweep()
    assert not clients[0].crowded
    connections.admit(clients[4])
    clients[2].late_at = 10.0
    clock.advance(10.0)
    connections.sweep()
    assert clients[0].crowded
    assert [client.heard for client in clients] == [[], [], [replies.TIME_IS_UP], [], []]


async def test_stop_with_nobody_there() -> None:
    connections, _ = of(1)
    await connections.stop(10.0)
    assert connections.admit(FakeClient(connections)) == replies.SHUTTING_DOWN


async def test_stop_lets_a_transaction_end() -> None:
    connections, _ = of(2)
    idle, busy = FakeClient(connections, 1.0), FakeClient(connections)
    connections.admit(idle)
    connections.admit(busy)
    stopping = asyncio.create_task(connections.stop(10.0))
    await asyncio.sleep(0)
    assert idle.heard == [replies.SHUTTING_DOWN]
    assert not stopping.done()
    connections.leave(busy)
    await stopping
    assert busy.heard == []


async def test_stop_cancels_after_the_grace() -> None:
    connections, _ = of(2)
    busy = FakeClient(connections)
    connections.admit(busy)
    await connections.stop(0.0)
    assert busy.heard == [replies.SHUTTING_DOWN]
    assert len(connections) == 0


async def test_stop_does_not_wait_for_ever() -> None:
    connections, _ = of(2)
    connections.admit(FakeClient(connections, stubborn=True))
    await connections.stop(0.0, cancel_s=0.0)
    assert len(connections) == 1
