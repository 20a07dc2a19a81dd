"""One workshop per test, on real files and a copy of one database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.database import copy_url
from support.workshop import Workshop, make_database, workshop


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("database")
    make_database(directory)
    return directory


@pytest.fixture
def database(template: Path, tmp_path: Path) -> str:
    """Its URL."""
    return copy_url(tmp_path, template)


@pytest.fixture
async def shop(tmp_path: Path, database: str) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path / "queue", database) as shop:
        yield shop
