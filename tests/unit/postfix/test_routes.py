"""The cache of routes."""

import asyncio
from collections.abc import Sequence

import pytest

from mlcore.base.clock import FakeClock
from mlcore.base.errors import StoreTrouble
from mlcore.lists.addressing import SiteNames, candidates
from mlcore.postfix.routes import Route, RouteCache, Routes, with_site

ANT = Route("ant", "example.com")
BEE = Route("bee", "example.org", "mail.example.org")


class Database:
    """Routes with a generation; counts how often it was asked, and how often it gave all routes."""

    def __init__(self, *routes: Route) -> None:
        self.routes: list[Route] = list(routes)
        self.generation = 1
        self.asked = 0
        self.read = 0
        self.down = False
        self.gate = asyncio.Event()
        self.gate.set()

    def add(self, route: Route) -> None:
        self.routes.append(route)
        self.generation += 1

    async def load(self, known: int | None) -> tuple[int, Sequence[Route] | None]:
        self.asked += 1
        found = self.generation, list(self.routes)
        await self.gate.wait()
        if self.down:
            raise StoreTrouble("the database is down")
        if known == found[0]:
            return found[0], None
        self.read += 1
        return found


def test_domains_are_where_mail_arrives_and_hosts_are_all() -> None:
    routes = Routes([ANT, BEE])
    assert routes.domains == {"example.com", "mail.example.org"}
    assert routes.hosts == {"example.com", "example.org", "mail.example.org"}
    assert routes.first_of(candidates("bee-owner@mail.example.org")) == BEE
    assert routes.first_of(candidates("bee-owner+x@example.org")) == BEE
    assert routes.first_of(candidates("bee@example.com")) is None
    assert routes.first_of(()) is None


async def test_a_young_answer_costs_nothing_and_an_old_one_a_look() -> None:
    database, clock = Database(ANT), FakeClock()
    cache = RouteCache(database.load, clock)
    for _ in range(3):
        assert (await cache.young()).domains == {"example.com"}
    assert (database.asked, database.read) == (1, 1)
    clock.advance(1.1)
    await cache.young()
    assert (database.asked, database.read) == (2, 1)


async def test_fresh_is_not_older_than_the_call() -> None:
    database, clock = Database(ANT), FakeClock()
    cache = RouteCache(database.load, clock)
    await cache.young()
    database.add(BEE)
    assert BEE.domain not in (await cache.young()).domains
    assert BEE.domain in (await cache.fresh()).domains
    assert BEE.domain in (await cache.young()).domains


async def test_those_who_wait_share_one_look_and_one_failure() -> None:
    database, clock = Database(ANT), FakeClock()
    cache = RouteCache(database.load, clock)
    database.gate.clear()
    waiting = [asyncio.create_task(cache.young()) for _ in range(50)]
    await asyncio.sleep(0)
    database.gate.set()
    await asyncio.gather(*waiting)
    assert database.asked <= 2  # those who came while the first look was under way share the second

    clock.advance(2)
    database.down, database.asked = True, 0
    database.gate.clear()
    waiting = [asyncio.create_task(cache.young()) for _ in range(50)]
    await asyncio.sleep(0)
    database.gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, StoreTrouble) for result in results)
    assert database.asked <= 2
    database.down = False
    assert (await cache.young()).domains


async def test_a_look_begun_before_a_change_does_not_make_memory_young() -> None:
    database, clock = Database(ANT), FakeClock()
    cache = RouteCache(database.load, clock)
    database.gate.clear()
    early = asyncio.create_task(cache.young())
    await asyncio.sleep(0)
    database.add(BEE)
    cache.invalidate()
    database.gate.set()
    await early
    assert BEE.domain in (await cache.young()).domains


async def test_whoever_is_cancelled_keeps_nobody_from_looking() -> None:
    database, clock = Database(ANT), FakeClock()
    cache = RouteCache(database.load, clock)
    database.gate.clear()
    first = asyncio.create_task(cache.young())
    second = asyncio.create_task(cache.young())
    await asyncio.sleep(0)
    first.cancel()
    database.gate.set()
    assert (await second).domains == {"example.com"}
    with pytest.raises(asyncio.CancelledError):
        await first


SITE = SiteNames("mailman", "noreply", "root@example.com")


def test_each_domain_with_lists_has_the_addresses_of_the_site() -> None:
    routes = with_site([ANT, BEE, Route("cat", "example.com")], SITE)
    assert routes[:3] == [ANT, BEE, Route("cat", "example.com")]
    names = ["mailman", "mailman-bounces", "mailman-owner", "mailman-request", "noreply"]
    assert routes[3:] == [
        *(Route(name, "example.com", alone=True) for name in names),
        *(Route(name, "example.org", "mail.example.org", alone=True) for name in names),
    ]
    assert with_site([], SITE) == []
    assert with_site([ANT], SiteNames()) == [ANT]


def test_an_address_of_the_site_is_no_list() -> None:
    routes = Routes(with_site([ANT, BEE], SITE))
    assert routes.first_of(candidates("Mailman-Owner@example.com")) == Route(
        "mailman-owner", "example.com", alone=True
    )
    assert routes.first_of(candidates("noreply@mail.example.org")) is not None
    assert routes.first_of(candidates("mailman-join@example.com")) is None
    assert routes.first_of(candidates("noreply-owner@example.com")) is None


def test_a_list_that_has_the_name_keeps_it() -> None:
    own = Route("mailman", "example.com")
    routes = with_site([own], SITE)
    assert Routes(routes).first_of(candidates("mailman-join@example.com")) == own
    assert routes.count(own) == 1
    assert Route("mailman", "example.com", alone=True) not in routes


@pytest.mark.parametrize("owner", ["mailman@example.org", "mailman@mail.example.org"])
def test_p21_the_address_of_the_site_owner_stays_with_the_mta(owner: str) -> None:
    routes = with_site([ANT, BEE], SITE._replace(owner=owner))
    assert Route("mailman", "example.org", "mail.example.org", alone=True) not in routes
    assert Route("mailman", "example.com", alone=True) in routes


async def test_what_is_configured_anew_is_read_though_the_database_is_the_same() -> None:
    database, clock = Database(ANT), FakeClock()
    cache = RouteCache(database.load, clock)
    await cache.young()
    database.routes.append(BEE)  # not by the database: its generation stays
    cache.invalidate()
    assert BEE.domain not in (await cache.young()).domains
    cache.forget()
    assert BEE.domain in (await cache.young()).domains


async def test_a_look_under_way_does_not_hide_what_was_configured_anew() -> None:
    database, clock = Database(ANT), FakeClock()
    cache = RouteCache(database.load, clock)
    database.gate.clear()
    early = asyncio.create_task(cache.young())
    await asyncio.sleep(0)
    database.routes.append(BEE)
    cache.forget()
    database.gate.set()
    await early
    assert BEE.domain in (await cache.young()).domains
