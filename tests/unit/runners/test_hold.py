"""hold/: decisions are carried out once, and one post that cannot be decided keeps no other waiting."""

import asyncio
import errno
from functools import partial
from typing import Any, Literal

import pytest
from sqlalchemy import Connection, delete

from mlcore.base.errors import DiskTrouble, LocalTrouble, SpoolLost, StoreTrouble
from mlcore.mail.envelope import Accepted, Held
from mlcore.runners import hold as module
from mlcore.runners.tasks import look_around
from mlcore.runners.verdicts import held_row
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry
from mlcore.store import held
from mlcore.store.schema import lists
from support.workshop import MEMBERS, POST, Workshop, failing


async def hold(shop: Workshop, *, row: bool = True, list_id: str = "ant.example.com") -> str:
    envelope = Held(
        arrived=shop.arrived(list_id=list_id),
        reasons=("because",),
        rule_hits=("emergency",),
        rule_misses=("loop",),
        sender="anne@example.org",
        subject="tea",
    )
    entry = Entry(envelope, (), POST)
    name = await shop.put("hold", entry, suffix=".h")
    if row:
        await shop.store.write(held.insert_if_absent, held_row(shop.work, name, entry, envelope))
    return name


async def decide(
    shop: Workshop, name: str, decision: Literal["accept", "discard", "reject"], **more: Any
) -> None:
    assert await shop.store.write(partial(held.decide, **more), "here", name, decision, 5.0)


async def forward(shop: Workshop, name: str, *addresses: str) -> None:
    await shop.store.write(held.forward, "here", name, addresses)


async def rows(shop: Workshop) -> list[str]:
    return [row.entry for row in await shop.store.read(held.rows)]


@pytest.mark.row("decision: accept")
@pytest.mark.row("decision: discard")
async def test_p6_an_accepted_post_goes_on_and_a_discarded_one_ends_with_a_log_line(shop: Workshop) -> None:
    accepted, discarded, waiting = [await hold(shop) for _ in range(3)]
    await decide(shop, accepted, "accept")
    await decide(shop, discarded, "discard")
    shop.all_runners()

    assert await shop.hold.carry_out() == 2
    assert await shop.hold.carry_out() == 0

    assert shop.files() == {"hold": [waiting], "pipeline": [f"{accepted}.p"]}
    assert await rows(shop) == [waiting]
    assert sorted(values["decision"] for values in shop.log.named("decided")) == ["accept", "discard"]
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
    row = held_row(shop.work, odd, Entry(envelope, (), POST), envelope)
    await shop.store.write(held.insert_if_absent, row)
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
    assert await shop.hold.carry_out() == 0

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


async def test_a_held_post_that_was_unshunted_is_seen_by_moderators_again(shop: Workshop) -> None:
    name = await hold(shop)
    shop.spool.queues["hold"].forget(name)  # as if a command had just put it there
    await shop.store.write(held.delete, shop.work.spool_id, name)

    assert await look_around(shop.work, shop.hold) == [("hold", name)]

    assert await rows(shop) == [name]


async def test_the_row_of_an_adopted_file_is_the_one_it_had(shop: Workshop) -> None:
    """Moderators were told its token."""
    name = await hold(shop)
    before = await shop.store.read(held.get, "here", name)
    await shop.store.write(held.delete, shop.work.spool_id, name)

    await shop.hold.reconcile()

    after = await shop.store.read(held.get, "here", name)
    assert before is not None
    assert after is not None
    assert (before.token_hash, before.message_id) == (after.token_hash, after.message_id)
    assert (after.sender, after.subject, after.message_id) == ("anne@example.org", "tea", "<1@example.org>")


# -- what a decision becomes -------------------------------------------------------------------------------


@pytest.mark.row("terminal: accept")
async def test_an_accepted_post_takes_along_what_is_known_of_it(shop: Workshop) -> None:
    name = await hold(shop)
    await decide(shop, name, "accept")
    await shop.hold.carry_out()
    envelope = shop.show("pipeline", f"{name}.p").entry.envelope
    assert isinstance(envelope, Accepted)
    assert envelope.moderator_approved
    assert (envelope.approved_at, envelope.rule_hits, envelope.rule_misses) == (
        5.0,
        ("emergency",),
        ("loop",),
    )


async def test_all_that_goes_with_a_decision_is_one_step(shop: Workshop) -> None:
    name = await hold(shop)
    await decide(shop, name, "reject", comment="no", forward_to=["a@example.net"], preserve=True)

    assert await shop.hold.carry_out() == 1

    assert shop.files() == {"virgin": [f"{name}.n1", f"{name}.n2"], "bad": [f"{name}.b"]}
    assert shop.show("bad", f"{name}.b").entry.octets == POST
    (line,) = shop.log.named("decided")
    assert line["made"] == f"virgin/{name}.n1 virgin/{name}.n2 bad/{name}.b"
    assert (line["decision"], line["sender"]) == ("reject", "anne@example.org")
    shop.consistent()


async def test_many_decisions_are_carried_out(shop: Workshop) -> None:
    names = [await hold(shop) for _ in range(module.AT_ONCE * 2 + 1)]
    for name in names:
        await decide(shop, name, "discard")
    first, second = await asyncio.gather(shop.hold.carry_out(), shop.hold.carry_out())
    assert (first, second) == (len(names), 0)
    assert shop.files() == {}
    assert await rows(shop) == []


async def test_rows_are_read_in_portions_and_what_cannot_be_done_now_stops_none(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as a flood has left are not in memory at once."""
    monkeypatch.setattr(module, "PORTION", 2)
    names = [await hold(shop) for _ in range(5)]
    for name in names:
        await decide(shop, name, "discard")
    shop.spool.queues["hold"].take_this(names[1])
    assert await shop.hold.carry_out() == 4
    assert await rows(shop) == [names[1]]


async def test_one_that_has_trouble_keeps_not_those_beside_it(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [await hold(shop) for _ in range(3)]
    for name in names:
        await decide(shop, name, "discard")
    advance = shop.spool.advance

    async def first_fails(claim: Claim, *arguments: Any, **more: Any) -> None:
        if claim.name == names[0]:
            raise DiskTrouble("bad sector")
        await advance(claim, *arguments, **more)

    monkeypatch.setattr(shop.spool, "advance", first_fails)
    with pytest.raises(DiskTrouble):
        await shop.hold.carry_out()
    assert shop.files() == {"hold": [names[0]]}
    monkeypatch.undo()
    assert await shop.hold.carry_out() == 1


async def test_a_list_that_goes_meanwhile_sets_its_posts_aside(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await hold(shop)
    await decide(shop, name, "accept")

    async def gone(_list_id: str) -> None:
        return None

    monkeypatch.setattr(shop.work.cache, "policy", gone)
    assert await shop.hold.carry_out() == 0
    assert shop.files() == {"shunt": [name]}


# -- copies of posts that go on waiting ----------------------------------------------------------------------


@pytest.mark.row("decision: forward")
@pytest.mark.row("terminal: forward")
async def test_a_post_is_forwarded_and_goes_on_waiting(shop: Workshop) -> None:
    name = await hold(shop)
    await forward(shop, name, "a@example.net", "b@example.net")

    assert await shop.hold.carry_out() == 1
    assert await shop.hold.carry_out() == 0

    assert shop.files()["hold"] == [name]
    (letter,) = shop.names("virgin")
    entry = shop.show("virgin", letter).entry
    assert entry.addresses == ("a@example.net", "b@example.net")
    assert POST in entry.octets
    assert shop.log.named("forwarded")[0]["recipients"] == 2
    await decide(shop, name, "discard")
    assert await shop.hold.carry_out() == 1
    assert shop.names("virgin") == [letter]


async def test_trouble_with_the_database_forwards_nothing_twice(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await hold(shop)
    await forward(shop, name, "a@example.net")
    with monkeypatch.context() as patch:

        def down(*_: object) -> None:
            raise StoreTrouble("down")

        patch.setattr(shop.store, "write", down)
        for _ in range(2):
            with pytest.raises(StoreTrouble):
                await shop.hold.carry_out()
    assert len(shop.names("virgin")) == 1

    await forward(shop, name, "b@example.net")
    assert await shop.hold.carry_out() == 1

    letters = [shop.show("virgin", letter).entry.addresses for letter in shop.names("virgin")]
    assert letters == [("a@example.net",), ("b@example.net",)]
    assert await shop.hold.carry_out() == 0


async def test_a_decision_repeats_no_copy_that_was_sent(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await hold(shop)
    await forward(shop, name, "a@example.net")
    with monkeypatch.context() as patch:

        def down(*_: object) -> None:
            raise StoreTrouble("down")

        patch.setattr(shop.store, "write", down)
        with pytest.raises(StoreTrouble):
            await shop.hold.carry_out()
    await decide(shop, name, "discard", forward_to=["b@example.net"])

    assert await shop.hold.carry_out() == 1

    letters = [shop.show("virgin", letter).entry.addresses for letter in shop.names("virgin")]
    assert sorted(letters) == [("a@example.net",), ("b@example.net",)]


async def test_a_full_disk_leaves_the_copy_for_later(shop: Workshop) -> None:
    name = await hold(shop)
    await forward(shop, name, "a@example.net")
    full = OSError(errno.ENOSPC, "no space left")
    with (
        failing(shop.disk, lambda call, where, _: full if (call, where) == ("rename", "virgin") else None),
        pytest.raises(LocalTrouble),
    ):
        await shop.hold.carry_out()
    assert shop.files() == {"hold": [name]}
    assert await shop.hold.carry_out() == 1
    assert len(shop.names("virgin")) == 1
