"""What LMTP asks for each recipient, against a real database."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from mlcore.base.clock import FakeClock
from mlcore.base.errors import StoreTrouble
from mlcore.lists.addressing import SiteNames
from mlcore.lists.directory import Destination, Directory
from mlcore.lists.model import Domain, ListPolicy
from mlcore.store import domains, lists
from mlcore.store.cache import PolicyCache
from mlcore.store.directory import StoreDirectory
from mlcore.store.engine import Store, open_sync
from mlcore.store.sqlite import database_path

ANT = "ant.example.com"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def directory(store: Store, clock: FakeClock) -> Directory:
    return StoreDirectory(PolicyCache(store, clock))


@pytest.mark.parametrize(
    ("address", "destination"),
    [
        ("ant@example.com", Destination(ANT, "post")),
        ("Ant@EXAMPLE.com", Destination(ANT, "post")),
        ("ant+x@example.com", Destination(ANT, "post")),
        ("ant-owner@example.com", Destination(ANT, "owner")),
        ("ANT-Bounces+Bob=Example.net@example.com", Destination(ANT, "bounces", "Bob=Example.net")),
        ("ant-confirm+ToKeN@example.com", Destination(ANT, "confirm", "ToKeN")),
        ("ant-subscribe@example.com", Destination(ANT, "join")),
        ("ant-unsubscribe@example.com", Destination(ANT, "leave")),
    ],
)
async def test_addresses_of_a_list(directory: Directory, address: str, destination: Destination) -> None:
    assert await directory.find(address) == destination


@pytest.mark.parametrize(
    "address",
    [
        "bee@example.com",
        "ant@example.org",
        "ant-admin@example.com",
        "ant-owner-join@example.com",
        "ant",
        "",
        "@",
        "<>",
    ],
)
async def test_p20_what_is_no_address_of_a_list_is_refused(directory: Directory, address: str) -> None:
    """P20: unknown lists and sub-addresses are refused at RCPT."""
    assert await directory.find(address) is None


async def test_a_list_of_its_own_comes_before_a_sub_address(
    directory: Directory, clock: FakeClock, url: str
) -> None:
    assert await directory.find("ant-owner@example.com") == Destination(ANT, "owner")
    own = ListPolicy(
        list_id="ant-owner.example.com", list_name="ant-owner", mail_host="example.com", display_name="x"
    )
    with open_sync(url) as conn:
        lists.create(conn, own, 1.0)
    clock.advance(1.0)
    assert await directory.find("ant-owner@example.com") == Destination(own.list_id, "post")
    assert await directory.find("ant-owner-join@example.com") == Destination(own.list_id, "join")


async def test_addresses_at_an_alias_domain(directory: Directory, url: str) -> None:
    """Mail for a list arrives at its mail host and at the alias domain of that."""
    with open_sync(url) as conn:
        domains.change(conn, Domain(mail_host="example.com", alias_domain="alias.example"))
    assert await directory.find("ant@alias.example") == Destination(ANT, "post")
    assert await directory.find("Ant-Bounces+x=y@Alias.Example") == Destination(ANT, "bounces", "x=y")
    assert await directory.find("ant-owner@example.com") == Destination(ANT, "owner")
    assert await directory.find("bee@alias.example") is None


async def test_another_delimiter(store: Store, clock: FakeClock) -> None:
    directory = StoreDirectory(PolicyCache(store, clock), delimiter="=")
    assert await directory.find("ant-confirm=T@example.com") == Destination(ANT, "confirm", "T")
    assert await directory.find("ant+x@example.com") is None


async def test_a_list_in_memory_asks_neither_database_nor_thread(directory: Directory, store: Store) -> None:
    await directory.find("ant@example.com")
    await store.stop()
    assert await directory.find("ant-bounces+x=y@example.com") == Destination(ANT, "bounces", "x=y")
    with pytest.raises(StoreTrouble):
        await directory.find("bee@example.com")


@pytest.fixture
async def away(url: str) -> AsyncIterator[None]:
    path = database_path(url)
    os.rename(path, path + ".away")
    yield
    os.rename(path + ".away", path)


@pytest.mark.sqlite
async def test_p3_database_that_is_down_is_trouble_not_a_refusal(away: None, directory: Directory) -> None:
    """P3: LMTP answers 451 then, never 550."""
    for address in ("ant@example.com", "bee@example.com"):
        with pytest.raises(StoreTrouble):
            await directory.find(address)
    assert await directory.find("no address") is None  # no database could tell otherwise


async def test_many_at_once(directory: Directory) -> None:
    answers = await asyncio.gather(*(directory.find("ant@example.com") for _ in range(100)))
    assert set(answers) == {Destination(ANT, "post")}


@pytest.fixture
def with_site(store: Store, clock: FakeClock) -> Directory:
    names = SiteNames("mailman", "noreply", "root@example.com")
    return StoreDirectory(PolicyCache(store, clock), store=store, site=lambda: names)


@pytest.mark.parametrize(
    ("address", "purpose"),
    [
        ("mailman@example.com", "owner"),
        ("Mailman-Request+x@EXAMPLE.com", "request"),
        ("noreply@example.com", "discard"),
    ],
)
async def test_addresses_of_the_site(with_site: Directory, address: str, purpose: str) -> None:
    found = await with_site.find(address)
    assert found is not None
    assert (found.list_id, found.purpose, found.mail_host) == ("", purpose, "example.com")


async def test_p20_the_site_has_no_address_in_a_foreign_domain(
    with_site: Directory, directory: Directory, url: str
) -> None:
    assert await with_site.find("mailman@example.org") is None
    assert await with_site.find("mailman-join@example.com") is None
    assert await directory.find("mailman@example.com") is None
    with open_sync(url) as conn:
        domains.change(conn, Domain(mail_host="example.com", alias_domain="alias.example"))
    assert await with_site.find("mailman@alias.example") == Destination("", "owner", mail_host="example.com")


async def test_a_list_comes_before_the_site(with_site: Directory, clock: FakeClock, url: str) -> None:
    """One that was called so before the site took the name keeps its mail."""
    own = ListPolicy(
        list_id="mailman.example.com", list_name="mailman", mail_host="example.com", display_name="x"
    )
    with open_sync(url) as conn:
        lists.create(conn, own, 1.0)
    clock.advance(1.0)
    assert await with_site.find("mailman@example.com") == Destination(own.list_id, "post")
    assert await with_site.find("mailman-request@example.com") == Destination(own.list_id, "request")
    assert await with_site.find("noreply@example.com") == Destination("", "discard", mail_host="example.com")
