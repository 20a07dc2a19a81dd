"""hold/: decisions are carried out once, and one post that cannot be decided keeps no other waiting."""

import asyncio
import errno
from typing import Literal

import pytest
from sqlalchemy import Connection, delete

from mlcore.base.errors import LocalTrouble, SpoolLost, StoreTrouble
from mlcore.mail.envelope import Held
from mlcore.runners.incoming import held_row
from mlcore.runners.tasks import look_around
from mlcore.spool.entry import Entry
from mlcore.store import held
from mlcore.store.schema import lists
from support.workshop import MEMBERS, POST, Workshop, failing


async def hold(shop: Workshop, *, row: bool = True, list_id: str = "ant.example.com") -> str:
    envelope = Held(arrived=shop.arrived(list_id=list_id), reasons=("because",), sender="anne@example.org")
    name = await shop.put("hold", Entry(envelope, (), POST), suffix=".h")
    if row:
        await shop.store.write(held.insert_if_absent, held_row(shop.work, name, envelope))
    return name


async def decide(shop: Workshop, name: str, decision: Literal["accept", "discard", "reject"]) -> None:
    assert await shop.store.write(held.decide, "here", name, decision, 5.0)


async def rows(shop: Workshop) -> list[str]:
    return [row.entry for row in await shop.store.read(held.rows)]


async def test_p6_an_accepted_post_goes_on_and_a_discarded_one_ends_with_a_log_line(shop: Workshop) -> None:
    accepted, discarded, waiting = [await hold(shop) for _ in range(3)]
    await decide(shop, accepted, "accept")
    await decide(shop, discarded, "discard")
    shop.all_runners()

    assert await shop.hold.carry_out() == 2
    assert await shop.hold.carry_out() == 0

    assert shop.files() == {"hold": [waiting], "pipeline": [f"{accepted}.p"]}
    assert await rows(shop) == [waiting]
    assert [values["decision"] for values in shop.log.named("decided")] == ["accept", "discard"]
    await shop.drain("pipeline", "out")
    assert shop.copies() == dict.fromkeys(MEMBERS, 1)


async def test_a_decision_waits_while_another_has_the_post(shop: Workshop) -> None:
    name = await hold(shop)
    await decide(shop, name, "discard")
    shop.spool.queues["hold"].take_this(name)
    assert await shop.hold.carry_out() == 0
    assert shop.names("hold") == [name]


async def test_a_decision_on_a_torn_file_stops_no_other(shop: Workshop) -> None:
    torn, good = await hold(shop), await hold(shop)
    (shop.directory / "hold" / torn).write_bytes(b"mlcore-entry 1 torn")
    for name in (torn, good):
        await decide(shop, name, "discard")

    assert await shop.hold.carry_out() == 1

    assert shop.files() == {"bad": [torn]}


async def test_a_decision_on_an_entry_of_another_stage_stops_no_other(shop: Workshop) -> None:
    """It is shunted; otherwise it would keep all later decisions from being carried out."""
    odd, good = await shop.put("hold", Entry(shop.arrived(), (), POST), suffix=".h"), await hold(shop)
    envelope = Held(arrived=shop.arrived(), reasons=())
    await shop.store.write(held.insert_if_absent, held_row(shop.work, odd, envelope))
    for name in (odd, good):
        await decide(shop, name, "discard")

    assert await shop.hold.carry_out() == 1

    assert shop.files() == {"shunt": [odd]}
    assert len(shop.log.named("shunted")) == 1


async def test_a_decision_on_a_file_that_is_gone_is_passed_over(shop: Workshop) -> None:
    name = await hold(shop)
    await decide(shop, name, "discard")
    (shop.directory / "hold" / name).unlink()
    assert await shop.hold.carry_out() == 0
    assert name not in shop.spool.queues["hold"]


@pytest.mark.parametrize("call", ["read", "unlink"])
async def test_trouble_with_the_disk_leaves_the_decision_for_later(shop: Workshop, call: str) -> None:
    name = await hold(shop)
    await decide(shop, name, "discard")
    broken = OSError(errno.EIO, "bad sector")
    with (
        failing(shop.disk, lambda made, where, _: broken if (made, where) == (call, "hold") else None),
        pytest.raises(LocalTrouble),
    ):
        await shop.hold.carry_out()
    assert await rows(shop) == [name]

    assert await shop.hold.carry_out() == 1
    assert shop.files() == {}
    assert await rows(shop) == []


async def test_a_row_that_cannot_be_deleted_now_goes_at_the_next_start(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await hold(shop)
    await decide(shop, name, "discard")
    with monkeypatch.context() as patch:

        def down(*_: object) -> None:
            raise StoreTrouble("down")

        patch.setattr(shop.store, "write", down)
        assert await shop.hold.carry_out() == 1
    assert await rows(shop) == [name]

    await shop.hold.reconcile()

    assert await rows(shop) == []


async def test_a_lost_spool_is_raised(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    name = await hold(shop)
    await decide(shop, name, "discard")

    async def lost(*_: object, **__: object) -> None:
        raise SpoolLost("hold/ may come back")

    monkeypatch.setattr(shop.spool, "advance", lost)
    with pytest.raises(SpoolLost):
        await shop.hold.carry_out()


async def test_being_cancelled_leaves_the_decision_for_later(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await hold(shop)
    await decide(shop, name, "discard")

    async def cut_off(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(shop.spool, "advance", cut_off)
    with pytest.raises(asyncio.CancelledError):
        await shop.hold.carry_out()
    assert shop.spool.queues["hold"].take_this(name)


# -- after a start -----------------------------------------------------------------------------------------


async def test_a_file_without_a_row_gets_one(shop: Workshop) -> None:
    name = await hold(shop, row=False)

    await shop.hold.reconcile()
    await shop.hold.reconcile()

    assert await rows(shop) == [name]
    await decide(shop, name, "discard")
    assert await shop.hold.carry_out() == 1


async def test_one_file_that_cannot_be_read_now_keeps_no_server_from_starting(shop: Workshop) -> None:
    sick, good = await hold(shop, row=False), await hold(shop, row=False)
    broken = OSError(errno.EIO, "bad sector")
    with failing(shop.disk, lambda call, _, name: broken if (call, name) == ("read", sick) else None):
        await shop.hold.reconcile()
    assert await rows(shop) == [good]

    await shop.hold.reconcile()

    assert sorted(await rows(shop)) == [sick, good]


async def test_torn_and_odd_files_keep_no_server_from_starting(shop: Workshop) -> None:
    torn = await hold(shop, row=False)
    (shop.directory / "hold" / torn).write_bytes(b"mlcore-entry 1 torn")
    odd = await shop.put("hold", Entry(shop.arrived(), (), POST), suffix=".h")

    await shop.hold.reconcile()

    assert shop.files() == {"bad": [torn], "shunt": [odd]}


async def test_a_held_post_of_a_removed_list_is_shunted_at_the_start(shop: Workshop) -> None:
    """Nobody can decide on it, nobody may throw it away, and the server has to start."""
    name = await hold(shop)

    def remove(conn: Connection) -> None:
        conn.execute(delete(lists))

    await shop.store.write(remove)

    await shop.hold.reconcile()

    assert shop.files() == {"shunt": [name]}
    assert "ant.example.com does not exist" in shop.show("shunt", name).progress.why


async def test_a_file_that_a_decision_has_in_hand_is_left_to_it(shop: Workshop) -> None:
    name = await hold(shop, row=False)
    shop.spool.queues["hold"].take_this(name)

    await shop.hold.reconcile()

    assert await rows(shop) == []


async def test_a_database_that_is_down_is_said(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    await hold(shop, row=False)

    def down(*_: object) -> None:
        raise StoreTrouble("down")

    monkeypatch.setattr(shop.store, "write", down)
    with pytest.raises(StoreTrouble):
        await shop.hold.reconcile()


async def test_a_refusal_without_a_text_drops_nothing(shop: Workshop) -> None:
    name = await hold(shop)
    await decide(shop, name, "reject")
    assert await shop.hold.carry_out() == 0
    assert shop.files() == {"hold": [name]}
    assert await rows(shop) == [name]


async def test_a_held_post_that_was_unshunted_is_seen_by_moderators_again(shop: Workshop) -> None:
    name = await hold(shop)
    shop.spool.queues["hold"].forget(name)  # as if a command had just put it there
    await shop.store.write(held.delete, shop.work.spool_id, name)

    assert await look_around(shop.work, shop.hold) == [("hold", name)]

    assert await rows(shop) == [name]
