"""What the threads of the store do: take the functions that wait, run them in one transaction, tell the
loop."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import Connection, Engine

from mlcore.base.errors import StoreTrouble
from mlcore.store.connect import is_stale, is_trouble, trouble_of

MAX_BATCH = 256
"""Functions in one transaction at most: bounds what one failed commit sends back to its callers."""


@dataclass(slots=True, eq=False)
class Job:
    """One submitted function and, later, what became of it."""

    future: asyncio.Future[Any]
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    value: Any = None
    error: Exception | None = None

    def run(self, connection: Connection) -> bool:
        """Whether the function returned; what it raised is kept for its caller."""
        try:
            self.value = self.fn(connection, *self.args)
        except Exception as error:  # noqa: BLE001  (whatever it is belongs to the caller, who waits for it)
            self.fail(error)
            return False
        return True

    def fail(self, error: Exception) -> None:
        """The function raised `error`: trouble with the database becomes StoreTrouble."""
        if is_trouble(error):
            error = trouble_of(error)
        elif isinstance(error, StopIteration):
            # a future refuses this one, and the others of the batch would wait for ever
            error = RuntimeError("the function raised StopIteration")
        self.error = error

    def resolve(self) -> None:
        """In the loop: tells the caller, if it still waits."""
        if self.future.done():  # the caller was cancelled; the work is done all the same
            return
        if self.error is None:
            self.future.set_result(self.value)
        else:
            self.future.set_exception(self.error)


class Session:
    """The connection of one thread: opened when needed, dropped after trouble, opened anew at the next
    use."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        """The one there is, or a new one. Raises what SQLAlchemy raises when it cannot connect."""
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def begin(self) -> Connection:
        """`connection` for the start of a transaction: one that broke while nobody used it (the database was
        restarted) is replaced, so that no caller hears of it."""
        if self._connection is not None and is_stale(self._connection):
            self.drop()
        return self.connection()

    def roll_back(self, error: Exception | None = None) -> None:
        """Ends the transaction; after trouble the connection is not trusted any more, and dropped."""
        if self._connection is None:
            return
        try:
            self._connection.rollback()
        except Exception:  # noqa: BLE001  (nothing was to be kept; the next use tries a new connection)
            self.drop()
        if isinstance(error, StoreTrouble):
            self.drop()

    def drop(self) -> None:
        """Closes the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # broken already, perhaps; all that counts is that it is not used again
                connection.close()


class Worker:
    """One thread with a queue. `submit` and the results belong to the loop, all else to the thread."""

    def __init__(
        self,
        name: str,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        run_batch: Callable[[list[Job], Session], None],
    ) -> None:
        self._loop = loop
        self._session = Session(engine)
        self._run_batch = run_batch
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._done: deque[list[Job]] = deque()
        self._moved_at = 0.0
        self.pending = 0
        """Submitted and not resolved yet."""
        self.ended = asyncio.Event()
        """Set once the thread has done everything, after `end`."""
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Puts the job at the end of the queue."""
        if not self.pending:
            self._moved_at = self._loop.time()
        self.pending += 1
        self._queue.put(job)

    def stuck_for(self) -> float:
        """Seconds since the thread has shown a result while jobs wait for one; 0.0 when it is idle."""
        return self._loop.time() - self._moved_at if self.pending else 0.0

    def end(self) -> None:
        """The thread ends once everything submitted so far is done; `ended` tells when."""
        self._queue.put(None)

    def join(self) -> None:
        """Blocks until the thread is gone: for a moment, once it has `ended`."""
        self._thread.join()

    def _work(self) -> None:
        ended = False
        while not ended:
            batch, ended = _waiting(self._queue)
            if batch:
                self._run_batch(batch, self._session)
                self._done.append(batch)
                self._tell(self._resolve)
        self._session.drop()
        self._tell(self.ended.set)

    def _tell(self, what: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody has waited so long
            self._loop.call_soon_threadsafe(what)

    def _resolve(self) -> None:
        batch = self._done.popleft()
        self.pending -= len(batch)
        self._moved_at = self._loop.time()
        for job in batch:
            job.resolve()


def _waiting(queue: SimpleQueue[Job | None]) -> tuple[list[Job], bool]:
    """Waits for a job and takes those behind it; True when the end was reached."""
    batch: list[Job] = []
    job = queue.get()
    with suppress(Empty):
        while job is not None:
            batch.append(job)
            if len(batch) == MAX_BATCH:
                return batch, False
            job = queue.get_nowait()
        return batch, True
    return batch, False


def read_batch(batch: list[Job], session: Session) -> None:
    """Runs the jobs on one snapshot: it begins after all of them were submitted, so it is not too old for
    any."""
    connect = session.begin
    for number, job in enumerate(batch):
        try:
            connection = connect()
        except Exception as error:  # noqa: BLE001  (belongs to the callers)
            for one in batch[number:]:  # all of them: each attempt may take seconds
                one.fail(error)
            return
        if not job.run(connection):
            session.roll_back(job.error)
        connect = session.connection
    session.roll_back()


def write_batch(batch: list[Job], session: Session) -> bool:
    """Runs the jobs in one transaction, in order; whether it was committed."""
    try:
        connection = session.begin()
        transaction = connection.begin()
        if len(batch) > 1:
            for job in batch:
                _run_in_savepoint(job, connection)
        elif not batch[0].run(connection):
            session.roll_back(batch[0].error)  # no savepoint is needed when nobody shares the transaction
            return False
        transaction.commit()
    except Exception as error:  # noqa: BLE001  (the transaction is lost, whatever the reason: all hear of it)
        session.drop()
        for job in batch:
            # also where a job failed by itself: perhaps only because of what another did and that is undone
            # now
            job.error = trouble_of(error)
        return False
    return True


def _run_in_savepoint(job: Job, connection: Connection) -> None:
    """A job that fails leaves no trace.

    Raises when the transaction itself is gone: on a full disk SQLite may roll back all of it; then the
    savepoint is unknown, and no job of the batch has happened."""
    # The driver's own call: SQLAlchemy's nested transaction costs 50 microseconds, this 1; psycopg has it
    # too.
    driver: Any = connection.connection.driver_connection
    driver.execute("SAVEPOINT job")
    if not job.run(connection):
        driver.execute("ROLLBACK TO SAVEPOINT job")
    driver.execute("RELEASE SAVEPOINT job")
