"""Copies that go out one by one, and those for which the peer makes the senders."""

from collections import Counter
from typing import Any

import pytest

from mlcore.delivery.outcome import Deferred, Failed, Outcome, Unknown
from mlcore.delivery.transport import Transaction
from mlcore.mail import verp
from mlcore.mail.envelope import Rendered
from mlcore.mail.reply import Reply
from mlcore.mail.slots import Slot
from mlcore.spool.entry import Entry
from support.workshop import LIST_ID, POST, Workshop, until

HUNDRED = tuple(f"m{number}@{'abc'[number % 3]}.example" for number in range(100))
LATER = Deferred(Reply(450, "4.2.0", "greylisted"))
NEVER = Failed(Reply(550, "5.1.1", "no such user"))
LOST = Unknown(Reply(451, "4.4.2", "lost"))
NEXT_TRY_S = 3 * 3600.0
"""Later than any next try."""


async def one_round(shop: Workshop) -> None:
    """Runs until everything that is left waits for its time in retry/."""
    async with shop.running():
        await until(
            lambda: not shop.names("out") and sorted(shop.runners["retry"]._timers) == shop.names("retry")
        )


async def sent(shop: Workshop, **more: Any) -> str:
    """A post for the hundred in out/."""
    slots = more.pop("values", {})
    envelope = Rendered(
        list_id=LIST_ID,
        reverse_path="ant-bounces@example.com",
        arrived_at=shop.clock.time(),
        number=7,
        **more,
    )
    return await shop.put("out", Entry(envelope, HUNDRED, POST, slots), suffix=".o")


async def test_with_verp_each_has_a_sender_of_its_own(shop: Workshop) -> None:
    await sent(shop, verp=1)
    shop.deliver(max_unsynced=7)
    await shop.drain()

    assert shop.copies() == Counter(HUNDRED)
    assert {len(one.recipients) for one in shop.memory.transactions} == {1}
    for one in shop.memory.transactions:
        detail = one.reverse_path.partition("+")[2].rpartition("@")[0]
        key, now = shop.work.site_key, shop.clock.time()
        assert verp.verify(detail, "ant", "example.com", key=key, now=now) == one.recipients[0]
    assert shop.files() == {}


async def test_where_the_peer_makes_the_senders_they_share_transactions(shop: Workshop) -> None:
    shop.memory.offers_xverp = True
    await sent(shop, verp=1)
    shop.deliver(max_recipients=40)
    await shop.drain()

    assert shop.copies() == Counter(HUNDRED)
    assert [len(one.recipients) for one in shop.memory.transactions] == [34, 33, 33]
    assert {(one.reverse_path, one.xverp) for one in shop.memory.transactions} == {
        ("ant-bounces@example.com", "+=")
    }


async def test_of_each_tenth_sender_the_others_share_one(shop: Workshop) -> None:
    await sent(shop, verp=10)
    shop.deliver()
    await shop.drain()

    assert shop.copies() == Counter(HUNDRED)
    alone = [one.recipients[0] for one in shop.memory.transactions if "+" in one.reverse_path]
    assert alone == [HUNDRED[number] for number in range(3, 100, 10)]
    shared = [one for one in shop.memory.transactions if "+" not in one.reverse_path]
    assert [len(one.recipients) for one in shared] == [90]


async def test_personal_copies_differ_where_the_slots_are(shop: Workshop) -> None:
    at = POST.index(b"\r\n\r\n") + 4
    slot = Slot(at=at, kind="text", text="for $user_name\n", charset="utf-8", encoding="8bit")
    values = {number: {"name": f"N{number}"} for number in range(100)}
    await sent(shop, slots=(slot,), values=values)
    shop.deliver(max_unsynced=9)
    await shop.drain()

    assert shop.copies() == Counter(HUNDRED)
    for one in shop.memory.transactions:
        assert one.message.octets[:at] == POST[:at]
        assert one.message.octets.endswith(POST[at:])
        assert f"N{one.numbers[0]}\r\n".encode() in one.message.octets[at:]


@pytest.mark.parametrize("more", [{"verp": 1}, {"slots": (Slot(at=0, kind="copy", text=""),)}])
async def test_p10_p11_p12_copies_one_by_one_add_up_whatever_the_peer_says(
    shop: Workshop, more: dict[str, Any]
) -> None:
    outcomes: list[Outcome] = [LATER, LOST, NEVER, LATER]
    await sent(shop, **more)
    for number, address in enumerate(HUNDRED):
        if number % 3:
            shop.memory.script(address, outcomes[number % 4], outcomes[(number // 4) % 4])
    shop.deliver(max_unsynced=10)
    for _ in range(4):
        await one_round(shop)
        shop.again(after_s=NEXT_TRY_S)
    await shop.drain()

    refused = {address for address in HUNDRED if address not in shop.copies()}
    assert 0 < len(refused) < 100
    assert shop.copies() == Counter(address for address in HUNDRED if address not in refused)
    assert shop.files() == {}


async def test_large_personal_copies_are_not_all_made_at_once(shop: Workshop) -> None:
    """Fifty copies of a post of megabytes would be in memory otherwise."""
    large = POST + b"x" * 70 + b"\r\n"
    large += (b"y" * 70 + b"\r\n") * (2 * 1024 * 1024 // 72)
    envelope = Rendered(
        list_id=LIST_ID,
        reverse_path="ant-bounces@example.com",
        arrived_at=shop.clock.time(),
        slots=(Slot(at=0, kind="copy", text=HUNDRED[0]),),
    )
    await shop.put("out", Entry(envelope, HUNDRED[:5], large), suffix=".o")
    shop.deliver(max_unsynced=50)
    await shop.drain()
    assert shop.copies() == Counter(HUNDRED[:5])


@pytest.mark.parametrize("delimiter", ["#", "_", "~"])
async def test_p11_xverp_is_not_said_with_signs_that_postfix_refuses(shop: Workshop, delimiter: str) -> None:
    """It answers MAIL with 501 then, and nobody would get anything."""
    shop.memory.offers_xverp = True
    await sent(shop, verp=1)
    shop.deliver(delimiter=delimiter)
    await shop.drain()

    assert shop.copies() == Counter(HUNDRED)
    assert {one.xverp for one in shop.memory.transactions} == {""}
    for one in shop.memory.transactions:
        detail = one.reverse_path.partition(delimiter)[2].rpartition("@")[0]
        key, now = shop.work.site_key, shop.clock.time()
        assert verp.verify(detail, "ant", "example.com", key=key, now=now) == one.recipients[0]


async def test_p16_who_was_not_reached_because_of_a_stop_is_neither_put_off_nor_given_up(
    shop: Workshop,
) -> None:
    name = await sent(shop, verp=1)
    for address in HUNDRED[50:]:
        shop.memory.script(address, LOST)
    stopping: list[bool] = []
    shop.deliver(max_unsynced=1000, retry_period_s=1.0, stopping=lambda: bool(stopping))
    shop.clock.advance(10.0)
    carry = shop.memory.carry

    def carry_and_stop(transaction: Transaction) -> tuple[Outcome, ...]:
        stopping.append(True)
        return carry(transaction)

    shop.memory.carry = carry_and_stop  # type: ignore[method-assign]
    async with shop.running():
        await until(lambda: shop.log.named("delivered") and not shop.runners["out"].active)
    assert shop.files() == {"out": [name]}
    progress = shop.show("out", name).progress
    assert (progress.settled, progress.due) == (set(range(50)), 0)


async def test_a_list_of_many_thousands_is_planned_beside_the_loop(shop: Workshop) -> None:
    many = tuple(f"m{number}@{number % 7}.example" for number in range(10_001))
    await shop.outgoing(*many)
    shop.deliver(max_recipients=2_000)
    await shop.drain()
    assert shop.copies() == Counter(many)
    assert shop.files() == {}
