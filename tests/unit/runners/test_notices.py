"""Rows of notices become mail: once, in small batches, and only to whom it still concerns."""

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator
from itertools import chain
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, insert

from mlcore.base.durable import Place
from mlcore.base.errors import LocalTrouble, StoreTrouble
from mlcore.mail.envelope import Notice
from mlcore.mail.fields import split
from mlcore.runners.notices import ABOUT_BOUNCES_PER_HOUR, BATCH, Notices
from mlcore.store import lists, notices
from mlcore.store.notices import Kind
from mlcore.store.schema import notices as table
from mlcore.texts.book import Book
from mlcore.texts.texts import Texts
from support.workshop import LIST_ID, Workshop, failing, until

ANNE = ("anne@example.org", "Anne")
GONE = ("gone@example.org", "")


def service(shop: Workshop, **more: Any) -> Notices:
    return Notices(shop.work, **({"pause_s": 0.001} | more))


def change_site(shop: Workshop, **facts: Any) -> None:
    shop.work.site = msgspec.structs.replace(shop.work.site, **facts)


async def queue(shop: Workshop, kind: Kind, *people: tuple[str, str], list_id: str = LIST_ID) -> None:
    await shop.store.write(notices.queue, kind, list_id, people, shop.clock.time())


async def rows(shop: Workshop) -> int:
    return len(await shop.store.read(notices.take, 100_000))


def sent(shop: Workshop) -> list[tuple[str, tuple[str, ...], str]]:
    """Kind, recipients and subject of each notice in virgin/, in order."""
    found = []
    for name in shop.names("virgin"):
        entry = shop.show("virgin", name).entry
        assert isinstance(entry.envelope, Notice)
        subject = split(entry.octets)[0].text("Subject") or ""
        found.append((entry.envelope.kind, entry.addresses, subject))
    return found


@contextlib.asynccontextmanager
async def running(one: Notices) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        group.create_task(one.run())
        yield
        one.stop()


async def test_a_row_becomes_one_entry(shop: Workshop) -> None:
    await queue(shop, "welcome", ANNE)
    assert not await service(shop).batch()
    assert sent(shop) == [("welcome", ("anne@example.org",), 'Welcome to the "Ant" mailing list')]
    (name,) = shop.names("virgin")
    envelope = shop.show("virgin", name).entry.envelope
    assert isinstance(envelope, Notice)
    assert (envelope.list_id, envelope.reverse_path) == (LIST_ID, "ant-bounces@example.com")
    assert await rows(shop) == 0


async def test_one_row_with_a_defect_does_not_keep_the_others(shop: Workshop) -> None:
    await queue(shop, "new-list", ANNE)
    await queue(shop, "goodbye", ANNE)
    change_site(shop, noreply="no reply")
    await service(shop).batch()
    assert [found[0] for found in sent(shop)] == ["goodbye"]
    assert "BadAddress" in shop.log.named("crashed")[0]["error"]
    assert await rows(shop) == 0


async def test_another_site_owner_counts_at_once(shop: Workshop) -> None:
    one = service(shop)
    change_site(shop, site_owner="new@example.net", noreply="silent")
    await queue(shop, "admin-subscribe", ANNE)
    await queue(shop, "new-list", ANNE)
    await one.batch()
    authors = {split(shop.show("virgin", name).entry.octets)[0].text("From") for name in shop.names("virgin")}
    assert authors == {"new@example.net", "silent@example.com"}


async def test_other_texts_count_at_once(shop: Workshop) -> None:
    one = service(shop)
    own = {"lists/ant.example.com": {("en", "list:user:notice:goodbye.txt"): "Bye from $listname.\n"}}
    shop.work.texts = Texts(Book({}, files=own), {})
    await queue(shop, "goodbye", ANNE)
    await one.batch()
    (name,) = shop.names("virgin")
    assert shop.show("virgin", name).entry.octets.endswith(b"\r\n\r\nBye from ant@example.com.\r\n")


async def test_what_is_not_sent_is_told_in_the_log(shop: Workshop) -> None:
    await queue(shop, "welcome", GONE)
    await queue(shop, "goodbye", ("nobody", ""), ANNE)
    await service(shop).batch()
    assert [found[1] for found in sent(shop)] == [("anne@example.org",)]
    assert [(row["kind"], row["to"], row["reason"]) for row in shop.log.named("dropped")] == [
        ("welcome", "gone@example.org", "no member any more"),
        ("goodbye", "nobody", "an address of this site, or none at all"),
    ]
    assert await rows(shop) == 0


async def test_p10_database_trouble_after_sending_repeats_nothing(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queue(shop, "goodbye", ANNE)
    one = service(shop)
    with monkeypatch.context() as patch:
        patch.setattr(shop.store, "write", _broken)
        with pytest.raises(StoreTrouble):
            await one.batch()
    assert (len(sent(shop)), await rows(shop)) == (1, 1)
    await one.batch()
    assert (len(sent(shop)), await rows(shop)) == (1, 0)


def _broken(*_: object) -> Any:
    raise StoreTrouble("database: is locked")


async def test_p10_after_a_crash_the_same_message_comes_again(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Message-ID is the same, so that a mailbox can know the copy."""
    await queue(shop, "goodbye", ANNE)
    with monkeypatch.context() as patch:
        patch.setattr(shop.store, "write", _broken)
        with pytest.raises(StoreTrouble):
            await service(shop).batch()
    await service(shop).batch()
    first, second = (shop.show("virgin", name).entry.octets for name in shop.names("virgin"))
    assert split(first)[0].first("Message-ID") == split(second)[0].first("Message-ID")


async def test_p15_a_full_disk_keeps_the_rows(shop: Workshop) -> None:
    await queue(shop, "goodbye", ANNE, GONE)
    one = service(shop)
    full = OSError(errno.ENOSPC, "no space")
    with failing(shop.disk, lambda call, *_: full if call == "rename" else None), pytest.raises(LocalTrouble):
        await one.batch()
    assert (sent(shop), await rows(shop)) == ([], 2)
    await one.batch()
    assert (len(sent(shop)), await rows(shop)) == (2, 0)


async def test_trouble_is_waited_out(shop: Workshop) -> None:
    await queue(shop, "goodbye", ANNE)
    full = OSError(errno.ENOSPC, "no space")
    one = service(shop, look_s=0.005)
    with failing(shop.disk, lambda call, *_: full if call == "rename" else None):
        async with running(one):
            await until(lambda: shop.log.named("waiting"))
    assert shop.log.named("waiting")[0]["queue"] == "notices"
    async with running(service(shop)):
        await until(lambda: shop.names("virgin"))


async def test_the_bell_wakes_it(shop: Workshop) -> None:
    one = service(shop, look_s=3_600.0)
    async with running(one):
        await asyncio.sleep(0.01)
        await queue(shop, "goodbye", ANNE)
        assert shop.names("virgin") == []
        one.changed()
        await until(lambda: shop.names("virgin"))


async def test_without_a_bell_it_looks_from_time_to_time(shop: Workshop) -> None:
    async with running(service(shop, look_s=0.002)):
        await asyncio.sleep(0.005)
        await queue(shop, "goodbye", ANNE)
        await until(lambda: shop.names("virgin"))


def many(conn: Connection, count: int) -> None:
    key = lists.row_key(conn, LIST_ID)
    conn.execute(
        insert(table),
        [
            {
                "kind": "goodbye",
                "list": key,
                "address": f"u{n:05}@example.org",
                "display_name": "",
                "detail": "",
                "created_at": 1.0,
            }
            for n in range(count)
        ],
    )


async def test_p7_many_rows_let_other_entries_go_first(shop: Workshop) -> None:
    """Never more than one batch waits in virgin/ before whatever else comes."""
    count = 3 * BATCH + 5
    await shop.store.write(many, count)
    virgin = shop.spool.queues["virgin"]
    taken: list[str] = []
    async with running(service(shop)):
        await until(lambda: len(virgin) == BATCH)
        await asyncio.sleep(0.02)
        while len(taken) < count:
            assert len(shop.names("virgin")) <= BATCH
            while (name := virgin.take()) is not None:
                taken += shop.show("virgin", name).entry.addresses
                shop.disk.unlink(Place("virgin", name))
                virgin.forget(name)
            await asyncio.sleep(0.002)
    # within a batch whichever is written first
    by_batch = [sorted(taken[start : start + BATCH]) for start in range(0, count, BATCH)]
    assert list(chain(*by_batch)) == [f"u{n:05}@example.org" for n in range(count)]


async def test_a_queue_that_does_not_empty_delays_them_only(shop: Workshop) -> None:
    await shop.store.write(many, BATCH + 1)
    async with running(service(shop, patience_s=0.02)):
        await until(lambda: len(shop.names("virgin")) == BATCH + 1)


async def test_they_reach_mailboxes(shop: Workshop) -> None:
    shop.all_runners()
    await queue(shop, "welcome", ANNE)
    await queue(shop, "admin-subscribe", ANNE)
    await service(shop).batch()
    await shop.drain()
    assert shop.copies() == {"anne@example.org": 1, "olga@example.org": 1}


async def test_p19_owners_get_no_flood_about_bounces(shop: Workshop) -> None:
    """A domain of many members is away: what is beyond the limit is in the log."""
    many = [(f"m{number}@example.net", "") for number in range(ABOUT_BOUNCES_PER_HOUR + 5)]
    await queue(shop, "bounce-disable", *many)
    await queue(shop, "goodbye", ANNE)
    one = service(shop)
    while await one.batch():
        pass
    kinds = [kind for kind, _, _ in sent(shop)]
    assert (kinds.count("bounce-disable"), kinds.count("goodbye")) == (ABOUT_BOUNCES_PER_HOUR, 1)
    lines = shop.log.named("dropped")
    assert [line["to"] for line in lines] == [address for address, _ in many[ABOUT_BOUNCES_PER_HOUR:]]
    assert {line["reason"] for line in lines} == {"the owners have had enough mail about bounces this hour"}
    shop.clock.advance(3_601)
    await queue(shop, "bounce-removal", ANNE)
    await one.batch()
    assert [kind for kind, _, _ in sent(shop)].count("bounce-removal") == 1
    assert await rows(shop) == 0
