"""The clock discards what nobody wants, and reminds moderators of what waits."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.mail.envelope import Held
from mlcore.runners.moderation import Moderation
from mlcore.runners.tasks import Tasks
from mlcore.runners.verdicts import held_row
from mlcore.spool.entry import Entry
from mlcore.store import held, lists, notices
from support.workshop import LIST_ID, POST, Workshop, until

DAY_S = 86_400.0


class Bell:
    def __init__(self) -> None:
        self.rung = 0

    def __call__(self) -> None:
        self.rung += 1


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def moderation(shop: Workshop, bell: Bell) -> Moderation:
    return Moderation(shop.work, shop.hold, remind_s=DAY_S, queued=bell)


async def hold(shop: Workshop) -> str:
    envelope = Held(arrived=shop.arrived(), reasons=(), sender="eve@example.net", subject="offer")
    entry = Entry(envelope, (), POST)
    name = await shop.put("hold", entry, suffix=".h")
    await shop.store.write(held.insert_if_absent, held_row(shop.work, name, entry, envelope))
    return name


async def set_days(shop: Workshop, days: int) -> None:
    def change(conn: Connection) -> None:
        policy = lists.get(conn, LIST_ID)
        assert policy is not None
        lists.change(conn, msgspec.structs.replace(policy, max_days_to_hold=days))

    await shop.store.write(change)


@pytest.mark.row("decision: none in time")
@pytest.mark.row("attribute: max_days_to_hold")
async def test_p6_what_was_held_for_too_long_is_discarded_with_a_log_line(
    shop: Workshop, moderation: Moderation
) -> None:
    await set_days(shop, 2)
    old = await hold(shop)
    shop.clock.advance(DAY_S)
    young = await hold(shop)
    assert await moderation.expire() == 0
    shop.clock.advance(DAY_S + 1)

    assert await moderation.expire() == 1

    assert shop.files() == {"hold": [young]}
    (line,) = shop.log.named("expired")
    assert (line["entry"], line["list_id"], line["sender"]) == (old, LIST_ID, "eve@example.net")
    assert [line["decision"] for line in shop.log.named("decided")] == ["discard"]


async def test_nothing_expires_where_the_list_wants_to_keep_it(
    shop: Workshop, moderation: Moderation
) -> None:
    name = await hold(shop)
    shop.clock.advance(1_000 * DAY_S)
    assert await moderation.expire() == 0
    assert shop.files() == {"hold": [name]}


async def test_moderators_are_reminded_once_in_a_while(
    shop: Workshop, moderation: Moderation, bell: Bell
) -> None:
    assert await moderation.remind() == 0
    await hold(shop)
    assert await moderation.remind() == 1
    assert await moderation.remind() == 0
    assert bell.rung == 1
    (row,) = await shop.store.read(notices.take, 9)
    assert (row.kind, row.list_id) == ("pending", LIST_ID)
    assert [line["list_id"] for line in shop.log.named("reminded")] == [LIST_ID]

    await shop.store.write(notices.delete_these, [row])
    shop.clock.advance(DAY_S)
    assert await moderation.remind() == 1
    assert bell.rung == 2


async def test_a_site_that_wants_no_reminders_gets_none(shop: Workshop, moderation: Moderation) -> None:
    await hold(shop)
    moderation.remind_s = 0.0
    assert await moderation.remind() == 0


async def test_what_two_moderators_decide_at_once_reminds_nobody(
    shop: Workshop, moderation: Moderation, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody decides between the look and the write."""
    name = await hold(shop)
    read = shop.store.read

    async def then_decided(*arguments: Any) -> Any:
        found: Any = await read(*arguments)
        await shop.store.write(held.decide, "here", name, "discard", 5.0)
        return found

    monkeypatch.setattr(shop.store, "read", then_decided)
    assert await moderation.remind() == 0
    assert bell.rung == 0


async def test_the_jobs_run_by_the_clock(shop: Workshop, moderation: Moderation) -> None:
    await set_days(shop, 2)
    await hold(shop)
    shop.clock.advance(3 * DAY_S)
    names = [job.name for job in moderation.jobs()]
    assert names == ["expire held posts", "remind moderators"]
    tasks = Tasks(shop.work, moderation.jobs())
    shop.runners["tasks"] = tasks  # type: ignore[assignment]
    async with shop.running("tasks"):
        await until(lambda: not shop.names("hold"))
