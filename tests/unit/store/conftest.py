"""A real database per test, with the list `ant@example.com` in it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import Connection

from mlcore.lists.model import Domain, ListPolicy
from mlcore.store import domains, lists
from mlcore.store.engine import Store, open_sync
from mlcore.store.upgrade import prepare

ANT = ListPolicy(
    list_id="ant.example.com",
    list_name="ant",
    mail_host="example.com",
    display_name="Ant",
    subject_prefix="[A] ",
)


@pytest.fixture
def ant() -> ListPolicy:
    return ANT


@pytest.fixture
def url(database_url: str) -> str:
    prepare(database_url)
    with open_sync(database_url) as connection:
        domains.create(connection, Domain(mail_host="example.com"), 1_000.0)
        lists.create(connection, ANT, 1_000.0)
    return database_url


@pytest.fixture
def conn(url: str) -> Iterator[Connection]:
    with open_sync(url) as connection:
        yield connection


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = Store(url, busy_timeout_s=0.02)
    await store.start()
    yield store
    await store.stop()
