"""The cache of lists: memory while it is young, the database before a refusal, never staler than a second."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar, TypeVarTuple, cast

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.base.clock import FakeClock
from mlcore.base.errors import StoreTrouble
from mlcore.lists.model import Domain, ListPolicy
from mlcore.store import domains, generation, lists
from mlcore.store.cache import Contents, PolicyCache
from mlcore.store.engine import Store, open_sync

_T = TypeVar("_T")
_Args = TypeVarTuple("_Args")

BEE = ListPolicy(list_id="bee.example.org", list_name="bee", mail_host="example.org", display_name="Bee")


class CountingStore(Store):
    """Counts what is asked of the readers; `broken` makes the database unusable."""

    asked = 0
    broken = False

    def submit_read(self, fn: Callable[[Connection, *_Args], _T], *args: *_Args) -> asyncio.Future[_T]:
        self.asked += 1
        if self.broken:
            return cast("asyncio.Future[_T]", super().submit_read(_fail))
        return super().submit_read(fn, *args)


def _fail(conn: Connection) -> None:
    raise StoreTrouble("database: gone")


@pytest.fixture
async def store(url: str) -> Any:
    store = CountingStore(url)
    await store.start()
    yield store
    await store.stop()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cache(store: CountingStore, clock: FakeClock) -> PolicyCache:
    return PolicyCache(store, clock)


def change(url: str, policy: ListPolicy, **settings: Any) -> ListPolicy:
    """By another connection, as a command does."""
    changed = msgspec.structs.replace(policy, **settings)
    with open_sync(url) as conn:
        lists.change(conn, changed)
    return changed


def create(url: str, policy: ListPolicy) -> None:
    with open_sync(url) as conn:
        if domains.get(conn, policy.mail_host) is None:
            domains.create(conn, Domain(mail_host=policy.mail_host), 1.0)
        lists.create(conn, policy, 1.0)


async def test_finds_by_list_id_and_by_posting_address(cache: PolicyCache, ant: ListPolicy) -> None:
    assert await cache.policy("ant.example.com") == ant
    assert await cache.by_posting("ant", "example.com") == ant
    assert await cache.policy("bee.example.org") is None
    assert await cache.by_posting("bee", "example.org") is None


async def test_a_young_cache_asks_nothing(cache: PolicyCache, store: CountingStore, clock: FakeClock) -> None:
    first = await cache.policy("ant.example.com")
    clock.advance(0.999)
    assert await cache.policy("ant.example.com") is first
    assert await cache.by_posting("ant", "example.com") is first
    assert store.asked == 1


async def test_generation_is_looked_at_once_a_second(
    cache: PolicyCache, store: CountingStore, clock: FakeClock
) -> None:
    for second in range(1, 4):
        answers = await asyncio.gather(*(cache.policy("ant.example.com") for _ in range(20)))
        assert None not in answers
        assert store.asked == second
        clock.advance(1.0)


async def test_an_unchanged_database_is_not_loaded_again(cache: PolicyCache, clock: FakeClock) -> None:
    first = await cache.policy("ant.example.com")
    clock.advance(1.0)
    assert await cache.policy("ant.example.com") is first


async def test_change_by_another_is_seen_within_a_second(
    cache: PolicyCache, clock: FakeClock, url: str, ant: ListPolicy
) -> None:
    await cache.policy("ant.example.com")
    changed = change(url, ant, subject_prefix="[new] ")
    clock.advance(0.999)
    assert await cache.policy("ant.example.com") == ant
    clock.advance(0.001)
    assert await cache.policy("ant.example.com") == changed
    assert await cache.by_posting("ant", "example.com") == changed


async def test_removed_list_is_gone_within_a_second(cache: PolicyCache, clock: FakeClock, url: str) -> None:
    await cache.policy("ant.example.com")
    with open_sync(url) as conn:
        lists.remove(conn, "ant.example.com")
    clock.advance(1.0)
    assert await cache.policy("ant.example.com") is None


async def test_p20_a_new_list_is_known_at_once(cache: PolicyCache, url: str) -> None:
    """P20: what is refused at RCPT is refused after the database was asked, never from memory."""
    assert await cache.by_posting("bee", "example.org") is None
    create(url, BEE)
    assert await cache.by_posting("bee", "example.org") == BEE


async def test_a_new_list_is_known_at_once_by_its_list_id(cache: PolicyCache, url: str) -> None:
    assert await cache.policy("bee.example.org") is None
    create(url, BEE)
    assert await cache.policy("bee.example.org") == BEE


async def test_first_of_takes_what_is_in_memory_before_it_asks(
    cache: PolicyCache, store: CountingStore, ant: ListPolicy
) -> None:
    names = (("ant-owner", "example.com"), ("ant", "example.com"))
    assert await cache.first_of(names) == (1, ant)
    assert await cache.first_of(names) == (1, ant)
    assert store.asked == 1
    assert await cache.first_of(()) is None
    assert store.asked == 1


async def test_a_list_is_known_at_the_alias_domain_of_its_mail_host(
    cache: PolicyCache, clock: FakeClock, url: str, ant: ListPolicy
) -> None:
    assert await cache.by_posting("ant", "alias.example") is None
    with open_sync(url) as conn:
        domains.change(conn, Domain(mail_host="example.com", alias_domain="alias.example"))
    assert await cache.by_posting("ant", "alias.example") == ant
    assert cache.alias_domains == {"example.com": "alias.example"}
    assert await cache.by_posting("ant", "example.com") == ant
    with open_sync(url) as conn:
        domains.change(conn, Domain(mail_host="example.com"))
    clock.advance(1.0)
    assert await cache.by_posting("ant", "alias.example") is None


async def test_invalidate_makes_the_next_caller_look(
    cache: PolicyCache, store: CountingStore, url: str, ant: ListPolicy
) -> None:
    await cache.policy("ant.example.com")
    changed = change(url, ant, description="new")
    cache.invalidate()
    assert await cache.policy("ant.example.com") == changed
    assert store.asked == 2


async def test_invalidate_during_a_look_makes_its_callers_look_again(
    cache: PolicyCache, store: CountingStore
) -> None:
    task = asyncio.create_task(cache.policy("ant.example.com"))
    await asyncio.sleep(0)
    assert store.asked == 1
    cache.invalidate()
    assert await task is not None
    assert store.asked == 2


async def test_a_restored_copy_with_an_older_generation_is_noticed(
    cache: PolicyCache, clock: FakeClock, url: str, ant: ListPolicy
) -> None:
    await cache.policy("ant.example.com")
    changed = change(url, ant, description="restored")
    with open_sync(url) as conn:
        conn.exec_driver_sql("UPDATE generation SET number = 0")
    clock.advance(1.0)
    assert await cache.policy("ant.example.com") == changed


async def test_p3_a_database_that_is_down_is_trouble_and_never_unknown(
    cache: PolicyCache, store: CountingStore, clock: FakeClock, ant: ListPolicy
) -> None:
    """P3: a name that cannot be looked up is temporary trouble; a young name in memory goes on."""
    await cache.policy("ant.example.com")
    store.broken = True
    assert await cache.policy("ant.example.com") == ant
    with pytest.raises(StoreTrouble):
        await cache.by_posting("bee", "example.org")
    clock.advance(1.0)
    for _ in range(2):
        with pytest.raises(StoreTrouble):
            await cache.policy("ant.example.com")
    store.broken = False
    assert await cache.policy("ant.example.com") == ant


async def test_one_cancelled_waiter_does_not_take_the_look_from_the_others(
    cache: PolicyCache, ant: ListPolicy
) -> None:
    tasks = [asyncio.create_task(cache.policy("ant.example.com")) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert await asyncio.gather(*tasks[1:]) == [ant, ant]
    assert tasks[0].cancelled()


async def test_a_caller_does_not_wait_for_a_look_that_is_too_old_for_it(
    cache: PolicyCache, store: CountingStore, clock: FakeClock, ant: ListPolicy
) -> None:
    """One reader hangs; a second later another look is begun, and the late result of the first changes
    nothing."""
    entered, go_on = threading.Event(), threading.Event()

    def hang(conn: Connection) -> None:
        entered.set()
        assert go_on.wait(10)

    hanging = store.submit_read(hang)
    await asyncio.to_thread(entered.wait, 10)
    first = asyncio.create_task(cache.policy("ant.example.com"))  # behind it
    await asyncio.sleep(0.003)
    clock.advance(1.0)
    assert await cache.policy("ant.example.com") == ant
    assert not first.done() or first.result() == ant
    go_on.set()
    await hanging
    assert await first == ant


async def test_result_of_an_overtaken_look_is_dropped(
    store: CountingStore, clock: FakeClock, ant: ListPolicy
) -> None:
    """Readers may answer in another order than they were asked."""
    old = msgspec.structs.replace(ant, description="old")
    answers: list[asyncio.Future[Any]] = []

    class Scripted(CountingStore):
        def submit_read(self, fn: Callable[[Connection, *_Args], _T], *args: *_Args) -> asyncio.Future[_T]:
            answers.append(asyncio.get_running_loop().create_future())
            return answers[-1]

    cache = PolicyCache(Scripted(store.url), clock)
    early = asyncio.create_task(cache.policy(ant.list_id))
    await asyncio.sleep(0)
    clock.advance(1.0)
    late = asyncio.create_task(cache.policy(ant.list_id))
    await asyncio.sleep(0)
    answers[1].set_result((2, Contents([ant], {})))
    assert await late == ant
    answers[0].set_result((1, Contents([old], {})))
    assert await early == ant
    assert await cache.policy(ant.list_id) == ant


async def test_generation_grows_with_each_change_alone(url: str, ant: ListPolicy) -> None:
    with open_sync(url) as conn:
        before = generation.read(conn)
    change(url, ant, description="new")
    with open_sync(url) as conn:
        assert generation.read(conn) == before + 1
