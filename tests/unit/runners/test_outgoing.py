"""Delivery: what each outcome does to a recipient, and how many copies everybody gets."""

import asyncio
import errno
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from mlcore.base.errors import LocalTrouble, MlcoreError, SpoolLost, StoreTrouble
from mlcore.delivery.outcome import Deferred, Failed, Outcome, Unknown
from mlcore.delivery.transport import Transaction
from mlcore.mail.reply import Reply
from mlcore.runners.outgoing import _gravity
from mlcore.store.schema import delivery_failures
from support.workshop import GatedTransport, Workshop, failing, until, workshop

LATER = Deferred(Reply(450, "4.2.0", "greylisted"))
NEVER = Failed(Reply(550, "5.1.1", "no such user"))
LOST = Unknown(Reply(451, "4.4.2", "lost after the final dot"))
HUNDRED = tuple(f"member{number}@example.org" for number in range(100))
MANY: dict[str, Any] = {"max_recipients": 10, "transactions_at_once": 4}


@pytest.fixture
async def gated(tmp_path: Path, database: str) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path / "queue", database, GatedTransport()) as shop:
        yield shop


async def failures_of(shop: Workshop) -> list[tuple[str, int, str]]:
    def read(conn: Connection) -> list[tuple[str, int, str]]:
        columns = (delivery_failures.c.address, delivery_failures.c.code, delivery_failures.c.text)
        return [tuple(row) for row in conn.execute(select(*columns).order_by(delivery_failures.c.number))]

    return await shop.store.read(read)


async def one_round(shop: Workshop) -> None:
    """Runs until everything that is left waits for its time in retry/."""
    async with shop.running():
        await until(
            lambda: not shop.names("out") and sorted(shop.runners["retry"]._timers) == shop.names("retry")
        )


NEXT_TRY_S = 3 * 3600.0
"""Later than any next try."""


async def test_p10_one_transaction_gives_everybody_one_copy_and_needs_no_record(shop: Workshop) -> None:
    await shop.outgoing("anne@example.org", "bart@example.org")
    shop.deliver()
    syncs = shop.spool.file_syncs

    await shop.drain()

    assert shop.copies() == {"anne@example.org": 1, "bart@example.org": 1}
    assert len(shop.memory.transactions) == 1
    assert shop.spool.file_syncs == syncs
    assert shop.files() == {}
    assert [values["recipient"] for values in shop.log.named("delivered")] == [
        "anne@example.org",
        "bart@example.org",
    ]
    assert len(shop.log.named("finished")) == 1


async def test_p10_many_transactions_give_everybody_one_copy(shop: Workshop) -> None:
    await shop.outgoing(*HUNDRED)
    shop.deliver(**MANY)

    await shop.drain()

    assert shop.copies() == dict.fromkeys(HUNDRED, 1)
    assert len(shop.memory.transactions) == 10
    assert shop.files() == {}


async def test_p11_who_is_put_off_is_tried_again_alone(shop: Workshop) -> None:
    name = await shop.outgoing("anne@example.org", "bart@example.org")
    shop.memory.script("bart@example.org", LATER)
    shop.deliver()
    await one_round(shop)

    assert shop.files() == {"retry": [name]}
    progress = shop.show("retry", name).progress
    assert progress.settled == {0}
    assert progress.failures == 1
    assert progress.due == shop.clock.time() + 300.0

    shop.again(after_s=NEXT_TRY_S)
    await shop.drain()

    assert shop.copies() == {"anne@example.org": 1, "bart@example.org": 1}
    assert shop.memory.transactions[-1].recipients == ("bart@example.org",)
    assert shop.files() == {}


async def test_p11_the_time_between_tries_doubles(shop: Workshop) -> None:
    name = await shop.outgoing("anne@example.org")
    shop.memory.script("anne@example.org", *[LATER] * 9)
    shop.deliver(retry_cap_s=1000.0)
    waits = []
    for _ in range(4):
        await one_round(shop)
        waits.append(shop.show("retry", name).progress.due - shop.clock.time())
        shop.again(after_s=NEXT_TRY_S)
    assert waits == [300.0, 600.0, 1000.0, 1000.0]


async def test_a_clock_that_jumped_back_does_not_put_a_try_off_for_ever(shop: Workshop) -> None:
    name = await shop.outgoing("anne@example.org")
    shop.memory.script("anne@example.org", LATER)
    step = shop.deliver()
    await one_round(shop)
    shop.clock.jump(-1e9)
    claim = await shop.spool.claim("retry", name)
    assert claim is not None
    assert step.due(claim) == 7200.0 * 1.2


async def test_p11_a_refusal_concerns_one_recipient_and_is_one_bounce_event(shop: Workshop) -> None:
    await shop.outgoing("anne@example.org", "bart@example.org", "cate@example.org")
    shop.memory.script("bart@example.org", NEVER)
    shop.deliver()

    await shop.drain()

    assert shop.copies() == {"anne@example.org": 1, "cate@example.org": 1}
    assert await failures_of(shop) == [("bart@example.org", 550, "no such user")]
    assert shop.files() == {}


async def test_p11_after_the_lifetime_each_one_left_is_one_bounce_event(shop: Workshop) -> None:
    addresses = HUNDRED[:3]
    await shop.outgoing(*addresses)
    for address in addresses[1:]:
        shop.memory.script(address, *[LATER] * 9)
    shop.deliver(retry_period_s=5 * 3600.0)
    for _ in range(2):
        await one_round(shop)
        shop.again(after_s=NEXT_TRY_S)
    await shop.drain()

    assert shop.copies() == {addresses[0]: 1}
    assert [address for address, _, _ in await failures_of(shop)] == list(addresses[1:])
    assert [values["recipient"] for values in shop.log.named("expired")] == list(addresses[1:])
    assert shop.files() == {}


async def test_the_end_of_a_lifetime_waits_for_the_database(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.outgoing("anne@example.org")
    shop.memory.script("anne@example.org", *[LATER] * 2)
    shop.deliver(retry_period_s=0.0)
    with monkeypatch.context() as patch:
        patch.setattr(shop.store, "write", _down)
        await one_round(shop)
    assert await failures_of(shop) == []

    shop.again(after_s=NEXT_TRY_S)
    await shop.drain()

    assert len(await failures_of(shop)) == 1
    assert shop.copies() == {}


async def test_p12_a_lost_reply_is_one_more_try(shop: Workshop) -> None:
    """Whether the peer had it is unknown; it is asked once more and not again."""
    name = await shop.outgoing("anne@example.org")
    shop.memory.script("anne@example.org", LOST)
    shop.deliver()
    await one_round(shop)
    assert shop.show("retry", name).progress.settled == set()

    shop.again(after_s=NEXT_TRY_S)
    await shop.drain()

    assert len(shop.memory.transactions) == 2
    assert shop.copies() == {"anne@example.org": 1}
    assert len(shop.log.named("unknown")) == 1


async def test_p10_p11_p12_copies_add_up_whatever_the_peer_says(shop: Workshop) -> None:
    """A hundred recipients whose peer is as bad as it can be: one copy each but for who is refused."""
    outcomes: list[Outcome] = [LATER, LOST, NEVER, LATER]
    await shop.outgoing(*HUNDRED)
    for number, address in enumerate(HUNDRED):
        if number % 3:
            shop.memory.script(address, outcomes[number % 4], outcomes[(number // 4) % 4])
    shop.deliver(**MANY)
    for _ in range(4):
        await one_round(shop)
        shop.again(after_s=NEXT_TRY_S)
    await shop.drain()

    refused = {address for address, _, _ in await failures_of(shop)}
    assert 0 < len(refused) < 100
    assert shop.copies() == Counter(address for address in HUNDRED if address not in refused)
    assert shop.files() == {}


async def test_a_refusal_counts_only_once_it_is_in_the_database(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While that is down, who got a copy is settled all the same."""
    name = await shop.outgoing("anne@example.org", "bart@example.org")
    shop.memory.script("bart@example.org", NEVER, NEVER)
    shop.deliver()
    with monkeypatch.context() as patch:
        patch.setattr(shop.store, "write", _down)
        await one_round(shop)
    assert shop.show("retry", name).progress.settled == {0}

    shop.again(after_s=NEXT_TRY_S)
    await shop.drain()

    assert shop.copies() == {"anne@example.org": 1}
    assert len(await failures_of(shop)) == 1


async def test_a_defect_in_writing_refusals_repeats_no_copy(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await shop.outgoing("anne@example.org", "bart@example.org")
    shop.memory.script("bart@example.org", *[NEVER] * 5)
    shop.deliver()

    def faulty(*_: object) -> None:
        raise TypeError("a defect")

    monkeypatch.setattr(shop.store, "write", faulty)
    await shop.drain()

    assert shop.files() == {"shunt": [name]}
    assert shop.copies() == {"anne@example.org": 1}
    assert shop.show("shunt", name).progress.settled == {0}


def _down(*_: object) -> None:
    raise StoreTrouble("the database is down")


# -- trouble ---------------------------------------------------------------------------------------------


async def test_a_peer_that_is_down_is_waited_for(shop: Workshop) -> None:
    await shop.outgoing("anne@example.org")
    shop.memory.down_for_s = 0.003
    shop.deliver()
    async with shop.running():
        await until(lambda: shop.log.named("waiting"))
        assert shop.names("out")
        shop.memory.down_for_s = None
        await until(lambda: not shop.names("out"))
    assert shop.copies() == {"anne@example.org": 1}


async def test_p10_a_failing_unlink_does_not_repeat_the_last_transaction(shop: Workshop) -> None:
    """The end of an entry is the record of its last transaction; where that fails, a line has to be it."""
    await shop.outgoing("anne@example.org")
    shop.deliver()
    left = [3]

    def fault(call: str, directory: str, _name: str) -> OSError | None:
        if (call, directory) == ("unlink", "out") and left[0]:
            left[0] -= 1
            return OSError(errno.EROFS, "read-only")
        return None

    with failing(shop.disk, fault):
        await shop.drain()
    assert left == [0]
    assert shop.copies() == {"anne@example.org": 1}
    assert shop.files() == {}


async def test_a_deferral_that_fails_does_not_hammer_the_peer(shop: Workshop) -> None:
    """No room for the link into retry/: the entry waits its time in out/."""
    name = await shop.outgoing("anne@example.org")
    shop.memory.script("anne@example.org", *[LATER] * 50)
    shop.deliver()
    full = OSError(errno.ENOSPC, "no space")
    with failing(shop.disk, lambda call, where, _: full if (call, where) == ("link", "retry") else None):
        async with shop.running():
            await until(lambda: shop.log.named("waiting"))
            await asyncio.sleep(0.03)
    assert len(shop.memory.transactions) == 1
    assert shop.names("out") == [name]
    assert shop.show("out", name).progress.due == shop.clock.time() + 300.0


async def test_an_entry_whose_recipients_are_all_settled_just_ends(shop: Workshop) -> None:
    name = await shop.outgoing("anne@example.org")
    claim = await shop.spool.claim("out", name)
    assert claim is not None
    await claim.settle({250: [0]}, await claim.reserve([0]))
    shop.deliver()

    await shop.drain()

    assert shop.memory.transactions == []
    assert shop.files() == {}


async def test_an_entry_of_another_stage_is_shunted(shop: Workshop) -> None:
    name = await shop.notice("out")
    shop.deliver()

    await shop.drain()

    assert shop.files() == {"shunt": [name]}
    assert "Notice does not belong into out/" in shop.show("shunt", name).progress.why


async def test_p4_octets_that_must_not_be_sent_are_shunted(shop: Workshop) -> None:
    name = await shop.outgoing("anne@example.org", octets=b"Subject: x\n\nbare\n")
    shop.deliver()

    await shop.drain()

    assert shop.files() == {"shunt": [name]}
    assert shop.copies() == {}


async def test_transactions_that_end_together_leave_one_end(gated: Workshop) -> None:
    transport = gated.transport
    assert isinstance(transport, GatedTransport)
    await gated.outgoing(*HUNDRED[:20])
    gated.deliver(max_recipients=10, transactions_at_once=4)
    async with gated.running():
        await until(lambda: transport.sending == 2)
        transport.gate.set()
        await until(lambda: not gated.names("out"))
    assert gated.copies() == dict.fromkeys(HUNDRED[:20], 1)
    assert gated.files() == {}
    assert len(gated.log.named("finished")) == 1


async def test_a_defect_in_one_transaction_cuts_off_no_other(
    gated: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lanes that are cancelled between reply and record would repeat all their copies."""
    transport = gated.transport
    assert isinstance(transport, GatedTransport)
    carry, count = transport.memory.carry, [0]

    def faulty(transaction: Transaction) -> tuple[Outcome, ...]:
        count[0] += 1
        if count[0] == 1:
            raise TypeError("a defect in the transport")
        return carry(transaction)

    monkeypatch.setattr(transport.memory, "carry", faulty)
    await gated.outgoing(*HUNDRED)
    gated.deliver(**MANY)
    async with gated.running():
        await until(lambda: transport.sending == 4)
        transport.gate.set()
        await until(lambda: not gated.names("out"))
    assert gated.copies() == dict.fromkeys(HUNDRED, 1)
    assert gated.files() == {}


async def test_a_spool_lost_in_one_of_many_transactions_ends_the_run(shop: Workshop) -> None:
    """It must not be taken for a fault of the entry and delivered once more."""
    await shop.outgoing(*HUNDRED[:20])
    shop.deliver(max_recipients=10)

    def fault(call: str, directory: str, _name: str) -> OSError | None:
        return OSError(errno.EIO, "bad") if (call, directory) == ("sync", "out") else None

    with failing(shop.disk, fault), pytest.raises(BaseExceptionGroup) as caught:
        await shop.runners["out"].run()
    assert caught.group_contains(SpoolLost, depth=1)
    assert shop.copies() == dict.fromkeys(HUNDRED[:20], 1)
    assert shop.log.named("raised") == []


def test_what_ends_the_process_outweighs_a_defect_and_that_what_passes() -> None:
    troubles = [LocalTrouble("full"), MlcoreError("odd"), SpoolLost("gone"), ValueError()]
    assert max(troubles, key=_gravity) is troubles[2]
    assert max([troubles[0], troubles[3]], key=_gravity) is troubles[3]


# -- stopping --------------------------------------------------------------------------------------------


async def test_p10_p16_a_stop_in_the_middle_of_a_large_list_repeats_nobody(gated: Workshop) -> None:
    transport = gated.transport
    assert isinstance(transport, GatedTransport)
    name = await gated.outgoing(*HUNDRED)
    gated.deliver(stopping=lambda: gated.runners["out"].stopping, **MANY)
    async with gated.running():
        await until(lambda: transport.sending == 4)
        for runner in gated.runners.values():
            runner.stop()
        transport.gate.set()
    assert transport.sending == 4
    assert len(gated.show("out", name).progress.settled) == 40
    assert not gated.show("out", name).progress.suspect

    gated.deliver(**MANY)
    gated.again()
    await gated.drain()

    assert gated.copies() == dict.fromkeys(HUNDRED, 1)


async def test_p10_p16_what_waits_for_a_slot_at_the_stop_is_not_begun(tmp_path: Path, database: str) -> None:
    """A slot that becomes free during the grace time starts no transaction that would then be cut off."""
    transport = GatedTransport(max_slots=1)
    async with workshop(tmp_path / "queue", database, transport) as shop:
        names = [await shop.outgoing("anne@example.org") for _ in range(3)]
        shop.deliver(stopping=lambda: shop.runners["out"].stopping)
        async with shop.running():
            await until(lambda: shop.runners["out"].active == 3 and transport.sending == 1)
            for runner in shop.runners.values():
                runner.stop()
            transport.gate.set()
        assert transport.sending == 1
        left = shop.names("out")
        assert len(left) == 2
        assert set(left) < set(names)
        shop.consistent()


async def test_p10_p16_being_cut_off_before_the_reply_repeats_only_what_was_sent(gated: Workshop) -> None:
    transport = gated.transport
    assert isinstance(transport, GatedTransport)
    name = await gated.outgoing("anne@example.org", "bart@example.org")
    gated.deliver()
    task = asyncio.create_task(gated.runners["out"].run())
    await until(lambda: transport.sending == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    shown = gated.show("out", name)
    assert shown.progress.settled == set()
    assert not shown.progress.suspect
    assert gated.files() == {"out": [name]}


async def test_p10_p16_being_cut_off_after_the_reply_keeps_its_record(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database is asked about those that failed, who got a copy is already known."""
    name = await shop.outgoing("anne@example.org", "bart@example.org")
    shop.memory.script("bart@example.org", NEVER)
    shop.deliver()
    asked = asyncio.Event()

    def write(*_: object) -> "asyncio.Future[None]":
        asked.set()
        return asyncio.get_running_loop().create_future()

    monkeypatch.setattr(shop.store, "write", write)
    task = asyncio.create_task(shop.runners["out"].run())
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert shop.show("out", name).progress.settled == {0}
    shop.consistent()
