"""Long work in parts, one transaction each, so that a server never waits long for the write lock."""

import contextlib
import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from mlcore.base.errors import MlcoreError
from mlcore.cli.site import Site

if TYPE_CHECKING:
    from sqlalchemy import Connection

CACHE_KIB = 65_536
"""What SQLite may keep of the file in memory: every part writes all over the indexes of random keys."""


@contextlib.contextmanager
def parts(site: Site) -> "Iterator[Callable[[], AbstractContextManager[Connection]]]":
    """What begins a transaction, as `Site.connection` is one, again and again on one connection.

    A part that ended well is committed, whatever becomes of those after it. The server is told at the end.
    Raises as `Site.connection` does."""
    from mlcore.store.connect import make_engine, troubles

    with site.connection(read_only=True):
        pass  # there is a database of use
    engine = make_engine(site.settings.database.url, writes=True)

    @contextlib.contextmanager
    def part() -> "Iterator[Connection]":
        with connection.begin():
            yield connection

    with _no_search_for_cycles(), troubles(), engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            with connection.begin():
                connection.exec_driver_sql(f"PRAGMA cache_size=-{CACHE_KIB}")
        try:
            yield part
        finally:
            with contextlib.suppress(MlcoreError):  # it looks by itself, once a second
                site.ask_running({"do": "changed"}, timeout_s=2.0)


@contextlib.contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """100,000 rows make some hundred cycles; to look for them all the time takes a seventh of the work."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
