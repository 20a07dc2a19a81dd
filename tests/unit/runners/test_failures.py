"""Failures that delivery saw are judged once, at once, and whatever one of them is like."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Connection, update

from mlcore.actions import bounces as actions
from mlcore.actions.bounces import Office
from mlcore.base.errors import StoreTrouble
from mlcore.delivery.outcome import Failed
from mlcore.lists.model import DeliveryStatus
from mlcore.mail.reply import Reply
from mlcore.runners.failures import Judging
from mlcore.store import bounces as store
from mlcore.store import failures
from mlcore.store.failures import DeliveryFailure
from mlcore.store.schema import members
from support.workshop import LIST_ID, MEMBERS, Workshop, until

ANNE, BART, CATE = MEMBERS


class Service:
    """The service, and how often it rang for the notices."""

    def __init__(self, shop: Workshop, **more: Any) -> None:
        self.queued = 0
        self.judging = Judging(shop.work, Office(shop.work.site_key), queued=self._queued, **more)

    def _queued(self) -> None:
        self.queued += 1

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.judging.run())
            yield
            self.judging.stop()


async def record(shop: Workshop, *addresses: str, entry: str = "e1.o") -> None:
    rows = [
        DeliveryFailure(
            entry=entry,
            number=number,
            list_id=LIST_ID,
            address=address,
            code=550,
            enhanced="5.1.1",
            text="no such user",
            policy=False,
            at=shop.clock.time() + number,
        )
        for number, address in enumerate(addresses)
    ]
    await shop.store.write(failures.record, rows)


async def score(shop: Workshop, address: str) -> int:
    found = await shop.store.read(store.member, LIST_ID, address, shop.clock.time())
    assert found is not None
    return found.state.score


async def left(shop: Workshop) -> int:
    return len(await shop.store.read(store.unjudged, 1_000))


def effects(shop: Workshop) -> list[tuple[str, str]]:
    return [(line["recipient"], line["effect"]) for line in shop.log.named("bounce")]


async def test_failures_are_judged_some_at_a_time(shop: Workshop) -> None:
    service = Service(shop, at_once=2)
    await record(shop, *MEMBERS)
    assert await service.judging.batch()
    assert not await service.judging.batch()
    assert effects(shop) == [(one, "counted") for one in MEMBERS]
    assert service.queued == 2
    assert not await service.judging.batch()
    assert service.queued == 2


async def test_who_rings_is_heard_at_once(shop: Workshop) -> None:
    service = Service(shop)
    async with service.running():
        await record(shop, ANNE)
        service.judging.changed()
        await until(lambda: effects(shop))
    assert effects(shop) == [(ANNE, "counted")]
    assert shop.log.named("bounce")[0]["source"] == "smtp"


async def test_a_stop_comes_after_the_batch_under_way(shop: Workshop) -> None:
    def stop() -> None:
        judging.stop()

    judging = Judging(shop.work, Office(shop.work.site_key), queued=stop, look_s=60.0, at_once=2)
    await record(shop, *MEMBERS)
    await judging.run()
    assert len(effects(shop)) == 2
    assert await left(shop) == 1


async def test_without_a_bell_they_are_found_later(shop: Workshop) -> None:
    async with Service(shop, look_s=0.001).running():
        await record(shop, ANNE)
        await until(lambda: effects(shop))


async def test_p11_a_refusal_on_its_way_out_becomes_a_score(shop: Workshop) -> None:
    """From the reply of the next hop to the end of delivery, day by day."""
    service = Service(shop)
    shop.deliver()
    refusal = Failed(Reply(550, "5.1.1", "no such user"))
    for _ in range(5):
        shop.again()
        shop.memory.script(ANNE, refusal)
        await shop.outgoing(ANNE, BART)
        await shop.drain()
        await service.judging.batch()
        shop.clock.advance(86_400)
    assert effects(shop) == [(ANNE, "counted")] * 4 + [(ANNE, "disabled")]
    found = await shop.store.read(store.member, LIST_ID, ANNE, shop.clock.time())
    assert found is not None
    assert found.state.status is DeliveryStatus.BY_BOUNCES


async def test_while_the_database_is_away_they_wait(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    real, troubles = shop.store.write, [StoreTrouble("down")]

    def write(*arguments: Any) -> Any:
        if troubles:
            raise troubles.pop()
        return real(*arguments)

    await record(shop, ANNE)
    monkeypatch.setattr(shop.work.store, "write", write)
    async with Service(shop, look_s=0.001).running():
        await until(lambda: effects(shop))
    assert [line["reason"] for line in shop.log.named("waiting")] == ["down"]


async def test_one_with_a_defect_does_not_keep_the_others(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = actions.judge_failures

    def judge(conn: Connection, *more: Any) -> Any:
        if any(one.address == BART for one in store.unjudged(conn, more[1])):
            conn.execute(update(members).values(bounce_score=77))
            raise ValueError("a defect")
        return real(conn, *more)

    monkeypatch.setattr(actions, "judge_failures", judge)
    await record(shop, *MEMBERS)
    async with Service(shop).running():
        await until(lambda: len(effects(shop)) == 2)
    assert effects(shop) == [(ANNE, "counted"), (CATE, "counted")]
    assert await left(shop) == 0
    assert await score(shop, BART) == 0
    (line,) = shop.log.named("crashed")
    assert (line["recipient"], line["error"]) == (BART, "ValueError('a defect')")
