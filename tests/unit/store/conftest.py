"""A real SQLite file per test, with the list `ant@example.com` in it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.lists.model import ListPolicy
from mlcore.store import lists
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
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/data/mlcore.db"
    prepare(url)
    with open_sync(url) as connection:
        lists.create(connection, ANT, 1_000.0)
    return url


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
