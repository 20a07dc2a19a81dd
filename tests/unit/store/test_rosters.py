"""Rosters of small lists: in memory for a second, and never wrong about who may have just joined."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.base.clock import FakeClock
from mlcore.base.errors import StoreTrouble
from mlcore.lists.model import DeliveryMode, DeliveryStatus, ListPolicy, Member, Recipient, Role
from mlcore.store import lists, members
from mlcore.store.engine import Store
from mlcore.store.rosters import LISTS, RosterCache, _Kept
from support.standing import roles_in, roles_of

ANT = "ant.example.com"
ANNE, BART = Member(address="Anne@example.net"), Member(address="bart@example.net")


def add(conn: Connection, *several: Member) -> None:
    members.add_many(conn, ANT, several, 1.0)


class CountingStore(Store):
    """Counts what is asked."""

    looks = 0
    broken: Exception | None = None

    def submit_read(self, *arguments: object, **named: object) -> "asyncio.Future[object]":  # type: ignore[override]
        self.looks += 1
        if self.broken is not None:
            failed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(failed.set_exception, self.broken)
            return failed
        return super().submit_read(*arguments, **named)  # type: ignore[arg-type]


@pytest.fixture
async def counting(url: str) -> AsyncIterator[CountingStore]:
    store = CountingStore(url)
    await store.start()
    yield store
    await store.stop()


async def test_who_gets_posts_and_who_is_what(store: Store) -> None:
    people = (
        ANNE,
        Member(address="bart@example.net", delivery_mode=DeliveryMode.MIME_DIGESTS),
        Member(address="cris@example.net", delivery_status=DeliveryStatus.BY_BOUNCES),
        Member(address="anne@example.net", role=Role.OWNER),
        Member(address="dora@example.net", role=Role.NONMEMBER),
        Member(address="elle@example.net", receive_own_postings=False, receive_list_copy=False),
    )
    await store.write(add, *people)

    roster = await RosterCache(store, FakeClock()).of(ANT)

    assert roster is not None
    assert roster.recipients == (Recipient("Anne@example.net"), Recipient("elle@example.net", False, False))
    assert roster.recipients == await store.read(members.recipients, ANT)
    for keys in (
        ("anne@example.net",),
        ("nobody@example.net",),
        ("cris@example.net",),
        (),
    ):
        assert roles_in(roster, keys) == await store.read(roles_of, ANT, keys)


async def test_a_change_is_seen_within_a_second_and_no_row_is_read_without_one(
    counting: CountingStore,
) -> None:
    clock = FakeClock()
    cache = RosterCache(counting, clock)
    await counting.write(add, ANNE)
    first = await cache.of(ANT)
    assert first is not None
    assert counting.looks == 1

    await counting.write(add, BART)
    clock.advance(0.9)
    assert await cache.of(ANT) is first
    assert counting.looks == 1
    clock.advance(0.1)
    second = await cache.of(ANT)
    assert second is not None
    assert [recipient.address for recipient in second.recipients] == ["Anne@example.net", "bart@example.net"]

    clock.advance(1.0)
    assert await cache.of(ANT) is second
    await counting.write(members.remove_many, ANT, ["anne@EXAMPLE.net"])
    clock.advance(1.0)
    third = await cache.of(ANT)
    assert third is not None
    assert third.recipients == (Recipient("bart@example.net"),)


async def test_who_is_told_of_a_change_sees_it_at_once(store: Store) -> None:
    cache = RosterCache(store, FakeClock())
    assert await cache.of(ANT) is not None
    await store.write(add, ANNE)
    cache.invalidate()
    roster = await cache.of(ANT)
    assert roster is not None
    assert roster.recipients == (Recipient("Anne@example.net"),)


async def test_what_changes_nothing_raises_no_version(conn: Connection) -> None:
    def changes() -> int:
        version = members.roster_version(conn, ANT)
        assert version is not None
        return version[2]

    assert changes() == 0
    add(conn, ANNE)
    assert changes() == 1
    add(conn, ANNE)
    members.remove_many(conn, ANT, ["bart@example.net"])
    assert changes() == 1
    members.remove_many(conn, ANT, ["anne@example.net"])
    assert changes() == 2
    assert members.roster_version(conn, "nosuch.example.com") is None


async def test_a_list_made_anew_under_the_same_name_is_another_one(store: Store, ant: ListPolicy) -> None:
    """Its row and its number of changes may be those of the old one: nobody of that may get a post."""
    clock = FakeClock()
    cache = RosterCache(store, clock)
    await store.write(add, ANNE)
    old = await cache.of(ANT)
    assert old is not None
    assert old.recipients == (Recipient("Anne@example.net"),)

    await store.write(lists.remove, ANT)
    await store.write(lists.create, ant, 2_000.0)
    await store.write(add, BART)
    clock.advance(1.0)

    new = await cache.of(ANT)
    assert new is not None
    assert new.recipients == (Recipient("bart@example.net"),)


async def test_a_large_list_is_not_kept(store: Store) -> None:
    await store.write(add, ANNE, BART)
    clock = FakeClock()
    cache = RosterCache(store, clock, small=1)
    assert await cache.of(ANT) is None
    clock.advance(1.0)
    await store.write(members.remove_many, ANT, ["bart@example.net"])
    assert await cache.of(ANT) is not None


async def test_callers_that_come_together_share_one_look(counting: CountingStore) -> None:
    cache = RosterCache(counting, FakeClock())
    rosters = await asyncio.gather(*(cache.of(ANT) for _ in range(20)))
    assert counting.looks == 1
    assert all(roster is rosters[0] for roster in rosters)


async def test_a_caller_that_goes_away_takes_the_look_from_nobody(store: Store) -> None:
    cache = RosterCache(store, FakeClock())
    leaving, staying = asyncio.ensure_future(cache.of(ANT)), asyncio.ensure_future(cache.of(ANT))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying is not None


async def test_a_database_that_is_down_is_said_and_asked_again(counting: CountingStore) -> None:
    cache = RosterCache(counting, FakeClock())
    counting.broken = StoreTrouble("down")
    for _ in range(2):
        with pytest.raises(StoreTrouble):
            await cache.of(ANT)
    counting.broken = None
    assert await cache.of(ANT) is not None
    assert counting.looks == 3


async def test_a_look_that_was_cancelled_is_begun_anew(counting: CountingStore) -> None:
    cache = RosterCache(counting, FakeClock())
    caller = asyncio.ensure_future(cache.of(ANT))
    await asyncio.sleep(0)
    kept = cache._lists[ANT]
    assert kept.look is not None
    kept.look.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await cache.of(ANT) is not None


async def test_no_such_list_has_no_roster_and_memory_is_bounded(store: Store) -> None:
    cache = RosterCache(store, FakeClock())
    for number in range(LISTS + 5):
        cache._lists[f"list-{number}"] = _Kept()
    assert await cache.of("nosuch.example.com") is None
    assert len(cache._lists) == LISTS
    assert "nosuch.example.com" in cache._lists


async def test_memory_is_bounded_by_memberships_too(store: Store, ant: ListPolicy) -> None:
    def fill(conn: Connection) -> None:
        for name in ("a", "b", "c"):
            made = msgspec.structs.replace(ant, list_id=f"{name}.example.com", list_name=name)
            lists.create(conn, made, 1.0)
            members.add_many(conn, made.list_id, [ANNE, BART], 1.0)

    await store.write(fill)
    cache = RosterCache(store, FakeClock(), small=2, most=4)
    for name in ("a", "b", "c"):
        assert await cache.of(f"{name}.example.com") is not None
    assert list(cache._lists) == ["b.example.com", "c.example.com"]
    cache.invalidate()
    for name in ("a", "b"):
        assert await cache.of(f"{name}.example.com") is not None
    assert len(cache._lists) == 2


async def test_a_list_that_had_to_go_while_it_was_read_does_not_count(store: Store) -> None:
    await store.write(add, ANNE, BART)
    cache = RosterCache(store, FakeClock(), small=2, most=2)
    caller = asyncio.ensure_future(cache.of(ANT))
    await asyncio.sleep(0)
    cache.invalidate()
    assert await caller is not None
    assert await cache.of(ANT) is not None
    assert list(cache._lists) == [ANT]


async def test_the_list_that_is_asked_for_is_kept_whatever_the_bound(store: Store) -> None:
    cache = RosterCache(store, FakeClock(), small=2, most=0)
    roster = await cache.of(ANT)
    assert roster is not None
    assert await cache.of(ANT) is roster
