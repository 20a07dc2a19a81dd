"""The notice about a shunted entry: one an hour, whatever happens."""

import asyncio
import errno

import pytest

from mlcore.runners.notify import ShuntNotice
from support.workshop import Workshop, failing


def notice(shop: Workshop, site_owner: str = "root@example.com") -> ShuntNotice:
    return ShuntNotice(
        shop.spool,
        shop.ids,
        shop.clock,
        shop.log,
        site_owner=site_owner,
        noreply="noreply",
        host="lists.example.com",
    )


@pytest.mark.row("mail: shunted")
async def test_the_site_owner_is_told_once_an_hour(shop: Workshop) -> None:
    tell = notice(shop)
    name = shop.ids.new()
    for _ in range(3):
        await tell("in", name, "ValueError: odd")
    (written,) = shop.names("virgin")
    entry = shop.show("virgin", written).entry
    assert entry.addresses == ("root@example.com",)
    assert b"ValueError: odd" in entry.octets
    assert b"Auto-Submitted: auto-generated" in entry.octets

    shop.clock.advance(3600.0)
    await tell("in", name, "again")
    assert len(shop.names("virgin")) == 2


async def test_entries_shunted_together_are_one_notice(shop: Workshop) -> None:
    tell = notice(shop)
    await asyncio.gather(*(tell("in", shop.ids.new(), "odd") for _ in range(5)))
    assert len(shop.names("virgin")) == 1


async def test_nobody_is_told_where_nobody_is_named(shop: Workshop) -> None:
    await notice(shop, "")("in", shop.ids.new(), "odd")
    assert shop.files() == {}


async def test_a_notice_that_cannot_be_written_is_not_counted(shop: Workshop) -> None:
    tell = notice(shop)
    full = OSError(errno.ENOSPC, "no space")
    with failing(shop.disk, lambda call, *_: full if call == "rename" else None):
        await tell("in", shop.ids.new(), "odd")
    assert shop.files() == {}
    assert len(shop.log.named("waiting")) == 1

    await tell("in", shop.ids.new(), "odd")
    assert len(shop.names("virgin")) == 1


async def test_another_owner_is_told_from_then_on(shop: Workshop) -> None:
    tell = notice(shop, "")
    tell.change(site_owner="zed@example.org", noreply="nobody", host="example.org")
    await tell("in", shop.ids.new(), "odd")
    (written,) = shop.names("virgin")
    assert shop.show("virgin", written).entry.addresses == ("zed@example.org",)
    assert b"nobody@example.org" in shop.show("virgin", written).entry.octets
