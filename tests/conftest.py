"""What every test gets: the umask it began with, hypothesis without a stop-watch, and a database."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from support import database

# A busy machine must not turn a slow example into a failure. `dev` looks at other examples each time, `ci`
# always at the same, so that one commit has one result; `soak` looks longer for what both have missed.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("soak", max_examples=1_000, deadline=None)
settings.load_profile(os.environ.get("MLCORE_TEST_EXAMPLES") or ("ci" if os.environ.get("CI") else "dev"))

# What a command says must not follow the language of whoever runs the tests.
for _name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
    os.environ.pop(_name, None)
os.environ["LANG"] = "C"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests about the one kind of database have nothing to say where the others run on the other."""
    other = "sqlite" if database.ON_POSTGRESQL else "postgresql"
    config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker(other)])
    items[:] = [item for item in items if not item.get_closest_marker(other)]


@pytest.fixture(autouse=True)
def _umask_of_the_caller() -> Iterator[None]:
    """Commands and the server set the umask of their process, which here is that of all tests."""
    mask = os.umask(0o022)
    yield
    os.umask(mask)


@pytest.fixture(scope="session", autouse=True)
def _database_server() -> None:
    database.begin()


@pytest.fixture(autouse=True)
def _databases_of_the_test() -> Iterator[None]:
    with database.forgetting():
        yield


@pytest.fixture
def database_url(tmp_path: Path, _databases_of_the_test: None) -> str:
    """An empty database of this test's own, not yet prepared."""
    return database.fresh_url(tmp_path)
