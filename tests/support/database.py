"""Databases for tests: SQLite files, or databases on a PostgreSQL server of this test run, as the environment
variable MLCORE_TEST_DATABASE says (`sqlite`, which is the default, or `postgresql`)."""

import atexit
import contextlib
import functools
import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from support.postgresql import PostgresServer

KIND = os.environ.get("MLCORE_TEST_DATABASE") or "sqlite"
ON_POSTGRESQL = KIND == "postgresql"
assert KIND in {"sqlite", "postgresql"}, f"MLCORE_TEST_DATABASE={KIND}: write sqlite or postgresql"


class Databases:
    """The databases of one run of PostgreSQL by the directory of who uses them, so that who comes back to
    his directory finds his data there, as with a file."""

    def __init__(self) -> None:
        self._server = PostgresServer().start()
        self._numbers = itertools.count(1)
        self._names: dict[Path, str] = {}

    def url(self, directory: Path, template: Path | None = None) -> str:
        """Of the database of `directory`; where there is none yet it is made, empty or as that of `template`
        is now."""
        if directory not in self._names:
            name = f"test_{next(self._numbers)}"
            self._server.create_database(name, self._names[template] if template else "template0")
            self._names[directory] = name
        return self._server.url(self._names[directory])

    def known(self) -> frozenset[Path]:
        """Who has a database."""
        return frozenset(self._names)

    def forget(self, directory: Path) -> None:
        """Removes the database of `directory`."""
        self._server.drop_database(self._names.pop(directory))

    def shut(self) -> None:
        """Ends the server."""
        self._server.shut()


@functools.cache
def _databases() -> Databases:
    databases = Databases()
    atexit.register(databases.shut)
    return databases


def begin() -> None:
    """Before the first test, in the main thread: the server of this run, if one is needed."""
    if ON_POSTGRESQL:
        _databases()


@contextlib.contextmanager
def forgetting() -> Iterator[None]:
    """At the end the databases are gone that were made in between."""
    before = _databases().known() if ON_POSTGRESQL else frozenset()
    yield
    if ON_POSTGRESQL:
        for directory in _databases().known() - before:
            _databases().forget(directory)


def fresh_url(directory: Path) -> str:
    """The URL of an empty database for the test that works in `directory`; the same one for the same
    directory until the test ends."""
    if ON_POSTGRESQL:
        return _databases().url(directory)
    return f"sqlite:///{directory}/data/mlcore.db"


def copy_url(directory: Path, template: Path) -> str:
    """As `fresh_url`, but the database is a copy of the one of `template`, which nobody uses now."""
    if ON_POSTGRESQL:
        return _databases().url(directory, template)
    source, target = template / "data", directory / "data"
    target.mkdir(mode=0o700)
    shutil.copy2(source / "mlcore.db", target / "mlcore.db")
    return fresh_url(directory)


def section(directory: Path) -> dict[str, str]:
    """The `[database]` section of a site in `directory`; empty where the default serves: a file in its
    data_dir."""
    return {"url": fresh_url(directory)} if ON_POSTGRESQL else {}
