"""The database as the event loop sees it: two threads that read, one that writes.

Each piece of work is a function `fn(connection, *args)` of synchronous SQLAlchemy Core. The writer takes
whatever waits, runs it in order of submission in one transaction and commits once: group commit, so that
100 waiting posts cost one disk sync. Nothing here polls; the loop is woken once per batch of results."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import Connection

from mlcore.base.errors import StoreTrouble
from mlcore.store.connect import BUSY_TIMEOUT_S, make_engine, troubles
from mlcore.store.jobs import Job, Session, Worker, read_batch, write_batch

STUCK_S = 0.002
"""A reader without a result for so long has a long query in hand; what is submitted now goes to another
one."""

_T = TypeVar("_T")
_Args = TypeVarTuple("_Args")


@contextmanager
def open_sync(url: str, *, read_only: bool = False) -> Iterator[Connection]:
    """One transaction, for commands without a loop: committed at the end, rolled back on an exception.

    read_only: takes no write lock and refuses to write, so that it never waits for the server. Raises
    StoreTrouble when the database is locked for 5 s, full or down."""
    engine = make_engine(url, writes=not read_only)
    with troubles(), engine.connect() as connection, connection.begin():
        yield connection


class Store:
    """The database of one process, used from the loop that started it.

    A function given to `read` or `write` is called at most once, in a thread: it touches nothing but its
    connection, neither commits nor rolls back, and lets the errors of SQLAlchemy pass. What it returns is
    plain: no rows, no cursors."""

    def __init__(self, url: str, *, readers: int = 2, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.url = url
        self.commits = 0
        """Transactions that the writer has committed."""
        self._reader_count = readers
        self._busy_timeout_s = busy_timeout_s
        self._readers: list[Worker] = []
        self._writer: Worker | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Starts the threads. The database is not touched: one that is down is trouble for each caller until
        it is back, not for the start. Raises BadInput for a URL of no use."""
        if self._loop is not None:
            raise RuntimeError("the store is running")
        reading = make_engine(self.url, writes=False, busy_timeout_s=self._busy_timeout_s)
        writing = make_engine(self.url, writes=True, busy_timeout_s=self._busy_timeout_s)
        loop = self._loop = asyncio.get_running_loop()
        self._readers = [
            Worker(f"store-read-{number}", loop, reading, read_batch) for number in range(self._reader_count)
        ]
        self._writer = Worker("store-write", loop, writing, self._write_batch)

    async def stop(self, timeout_s: float | None = None) -> None:
        """Ends the threads once all that was submitted is done and its futures are resolved; later work is
        refused.

        timeout_s: then a thread that still waits for the database is left behind, and its futures are never
        resolved. It ends with the process, and what it had not committed is undone."""
        if self._writer is None:
            return
        workers = [*self._readers, self._writer]
        self._loop, self._writer, self._readers = None, None, []
        for worker in workers:
            worker.end()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                for worker in workers:
                    await worker.ended.wait()
                    worker.join()

    def write(self, fn: Callable[[Connection, *_Args], _T], *args: *_Args) -> asyncio.Future[_T]:
        """Submits `fn(connection, *args)`: calls run in their order, each sees what those before it did.

        The future resolves after the commit that holds the effects. It fails with what `fn` raised (then
        nothing of `fn` is kept, and nobody else is affected) or with StoreTrouble (then nothing is known to
        be kept; the step is tried again). A caller that is cancelled loses the answer, not the write.
        Raises StoreTrouble before `start` and after `stop`."""
        if self._writer is None:
            raise StoreTrouble("the store is stopped")
        return self._submit(self._writer, fn, args)

    def submit_read(self, fn: Callable[[Connection, *_Args], _T], *args: *_Args) -> asyncio.Future[_T]:
        """What `read` does, as a future that several may wait for."""
        if not self._readers:
            raise StoreTrouble("the store is stopped")
        return self._submit(self._reader(), fn, args)

    async def read(self, fn: Callable[[Connection, *_Args], _T], *args: *_Args) -> _T:
        """What `fn(connection, *args)` gives on a snapshot that is not older than this call.

        Raises what `fn` raised, or StoreTrouble."""
        return await self.submit_read(fn, *args)

    def begin(self) -> AbstractContextManager[Connection]:
        """One transaction in the calling thread, apart from the store's own threads: see `open_sync`."""
        return open_sync(self.url)

    def _submit(self, worker: Worker, fn: Callable[..., _T], args: tuple[Any, ...]) -> asyncio.Future[_T]:
        assert self._loop is not None
        future: asyncio.Future[_T] = self._loop.create_future()
        worker.submit(Job(future, fn, args))
        return future

    def _reader(self) -> Worker:
        """The first one that is not stuck, or the least stuck. One busy reader is cheaper than two that
        fight for the interpreter's lock: it takes all that waits in one go (measured: half the processor
        time of spreading the work)."""
        for worker in self._readers:
            if worker.stuck_for() < STUCK_S:
                return worker
        return min(self._readers, key=Worker.stuck_for)

    def _write_batch(self, batch: list[Job], session: Session) -> None:
        if write_batch(batch, session):
            self.commits += 1
