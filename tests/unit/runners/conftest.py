"""One workshop per test, on real files and a copy of one database."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.workshop import Workshop, make_database, workshop


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_database(tmp_path_factory.mktemp("database") / "mlcore.db")


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    directory.mkdir(mode=0o700)
    return Path(shutil.copy2(template, directory / "mlcore.db"))


@pytest.fixture
async def shop(tmp_path: Path, database: Path) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path / "queue", database) as shop:
        yield shop
