"""The store as the loop sees it: order, group commit, failures of one and of all, trouble and recovery."""

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from mlcore.base.errors import BadInput, StoreTrouble
from mlcore.store.connect import make_engine
from mlcore.store.engine import Store, open_sync
from mlcore.store.sqlite import database_path

NOTE = text(
    "INSERT INTO delivery_failures SELECT :entry, 0, 'l', 'a', 550, '', '', FALSE, count(*), FALSE"
    " FROM delivery_failures"
)
NOTES = text("SELECT entry FROM delivery_failures ORDER BY at")


def note(conn: Connection, entry: str) -> str:
    conn.execute(NOTE, {"entry": entry})
    return entry


def notes(conn: Connection) -> list[str]:
    return list(conn.execute(NOTES).scalars())


def note_and_fail(conn: Connection, entry: str, error: Exception) -> None:
    note(conn, entry)
    raise error


def hold_thread(conn: Connection, entered: threading.Event, go_on: threading.Event) -> str:
    """Keeps a thread of the store busy until the test lets go."""
    entered.set()
    assert go_on.wait(10)
    return "held"


class Gate:
    """A thread of the store in the test's hand: what is submitted behind it becomes one batch."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go_on = threading.Event()

    async def close(self, store: Store, *, writing: bool = True) -> asyncio.Future[str]:
        submit = store.write if writing else store.submit_read
        future = submit(hold_thread, self.entered, self.go_on)
        await asyncio.to_thread(self.entered.wait, 10)
        return future


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    gate = Gate()
    yield gate
    gate.go_on.set()


async def test_read_gives_what_the_function_returns(store: Store) -> None:
    assert await store.read(notes) == []


async def test_write_resolves_after_its_commit(store: Store) -> None:
    assert await store.write(note, "1") == "1"
    with open_sync(store.url, read_only=True) as other:
        assert notes(other) == ["1"]


async def test_a_read_sees_every_write_that_was_answered_before_it(store: Store) -> None:
    for number in range(20):
        await store.write(note, str(number))
        assert len(await store.read(notes)) == number + 1


async def test_hundred_concurrent_writes_are_few_commits(store: Store, gate: Gate) -> None:
    await gate.close(store)
    writes = [store.write(note, str(number)) for number in range(100)]
    gate.go_on.set()
    assert await asyncio.gather(*writes) == [str(number) for number in range(100)]
    assert store.commits == 2


async def test_a_batch_has_an_upper_bound(store: Store, gate: Gate) -> None:
    await gate.close(store)
    writes = [store.write(note, str(number)) for number in range(300)]
    gate.go_on.set()
    await asyncio.gather(*writes)
    assert store.commits == 3


async def test_order_of_submission_is_order_of_execution(store: Store) -> None:
    async def submit(number: int) -> None:
        await store.write(note, str(number))

    await asyncio.gather(*(submit(number) for number in range(200)))
    assert await store.read(notes) == [str(number) for number in range(200)]


async def test_a_write_sees_those_before_it_in_its_batch(store: Store, gate: Gate) -> None:
    await gate.close(store)
    store.write(note, "1")
    seen = store.write(notes)
    gate.go_on.set()
    assert await seen == ["1"]


async def test_one_that_fails_does_not_spoil_the_others(store: Store, gate: Gate) -> None:
    await gate.close(store)
    writes: list[asyncio.Future[object]] = [
        store.write(note, "1"),
        store.write(note_and_fail, "2", BadInput("no")),
        store.write(note, "1"),  # breaks the primary key
        store.write(note_and_fail, "3", StopIteration()),
        store.write(note, "4"),
    ]
    gate.go_on.set()
    answers = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(answer) for answer in answers] == [str, BadInput, IntegrityError, RuntimeError, str]
    assert await store.read(notes) == ["1", "4"]
    assert store.commits == 2


async def test_one_that_fails_alone_leaves_nothing(store: Store) -> None:
    with pytest.raises(BadInput):
        await store.write(note_and_fail, "1", BadInput("no"))
    assert await store.read(notes) == []
    assert store.commits == 0


async def test_a_read_that_fails_does_not_spoil_the_others(store: Store, gate: Gate) -> None:
    await gate.close(store, writing=False)
    reads: list[asyncio.Future[Any]] = [
        store.submit_read(notes),
        store.submit_read(note_and_fail, "1", BadInput("no")),
        store.submit_read(notes),
    ]
    gate.go_on.set()
    answers = await asyncio.gather(*reads, return_exceptions=True)
    assert answers[0] == answers[2] == []
    assert isinstance(answers[1], StoreTrouble)  # a reader refuses to write


async def test_read_gives_what_the_function_raises(store: Store) -> None:
    def fail(conn: Connection) -> None:
        raise BadInput("no")

    with pytest.raises(BadInput):
        await store.read(fail)
    assert await store.read(notes) == []


async def test_locked_by_another_is_trouble_and_later_works(store: Store) -> None:
    other = make_engine(store.url, writes=True).connect()
    other.begin()
    one, two = store.write(note, "1"), store.write(note, "2")
    answers = await asyncio.gather(one, two, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreTrouble, StoreTrouble]
    assert answers[0] is not answers[1]  # each caller gets a traceback of its own
    assert await store.read(notes) == []  # who reads need not wait
    other.close()
    assert await store.write(note, "3") == "3"
    assert await store.read(notes) == ["3"]


async def test_waits_for_the_lock_of_another(url: str) -> None:
    store = Store(url)
    await store.start()
    other = make_engine(url, writes=True).connect()
    other.begin()
    write = store.write(note, "1")
    await asyncio.sleep(0.005)
    other.close()
    assert await write == "1"
    await store.stop()


def bound_pages(conn: Connection, extra: int) -> None:
    pages: int = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
    conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + extra}")


def fill(conn: Connection, entry: str) -> None:
    note(conn, entry)
    row = {"entry": entry, "much": "x" * 1_000_000}
    conn.execute(text("UPDATE delivery_failures SET text = :much WHERE entry = :entry"), row)


@pytest.mark.sqlite
async def test_full_disk_is_trouble_and_later_works(store: Store, gate: Gate) -> None:
    """SQLite rolls the whole transaction back when it is full: all of the batch hear of it, or none is
    harmed."""
    await store.write(bound_pages, 2)
    await gate.close(store)
    writes: list[asyncio.Future[object]] = [
        store.write(note, "1"),
        store.write(fill, "2"),
        store.write(note, "3"),
    ]
    gate.go_on.set()
    answers = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(answers[1], StoreTrouble)
    kept = [answer for answer in answers if isinstance(answer, str)]
    assert await store.read(notes) == kept
    with pytest.raises(StoreTrouble, match="full"):
        await store.write(fill, "4")
    assert await store.write(note, "5") == "5"
    await store.write(fill, "6")  # on the fresh connection the bound is gone
    assert await store.read(notes) == [*kept, "5", "6"]


async def test_transaction_that_is_gone_fails_the_whole_batch(store: Store, gate: Gate) -> None:
    def lose(conn: Connection) -> None:
        driver = conn.connection.driver_connection
        assert driver is not None
        driver.execute("ROLLBACK")

    await gate.close(store)
    writes: list[asyncio.Future[object]] = [
        store.write(note, "1"),
        store.write(note_and_fail, "2", BadInput("no")),
        store.write(lose),
        store.write(note, "3"),
    ]
    gate.go_on.set()
    answers = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreTrouble] * 4
    assert await store.read(notes) == []
    assert await store.write(note, "4") == "4"


async def test_error_that_a_function_swallowed_is_not_taken_for_a_commit(store: Store, gate: Gate) -> None:
    """PostgreSQL ends such a transaction, and answers its COMMIT with a quiet ROLLBACK."""

    def swallow(conn: Connection, entry: str) -> str:
        with contextlib.suppress(IntegrityError):
            note(conn, entry)
            note(conn, entry)
        return entry

    answers: list[object] = []
    answers += await asyncio.gather(store.write(swallow, "1"), return_exceptions=True)
    await gate.close(store)
    two: list[asyncio.Future[object]] = [store.write(swallow, "2"), store.write(note, "3")]
    gate.go_on.set()
    answers += await asyncio.gather(*two, return_exceptions=True)
    kept = [answer for answer in answers if isinstance(answer, str)]
    assert await store.read(notes) == kept
    assert all(isinstance(answer, str | StoreTrouble) for answer in answers)


@pytest.mark.sqlite
async def test_database_that_is_away_comes_back(tmp_path: Path, url: str) -> None:
    """Down at the start and later: trouble for each caller, and work again without a restart."""
    path = database_path(url)
    os.rename(path, path + ".away")
    store = Store(url)
    await store.start()
    for _ in range(2):
        with pytest.raises(StoreTrouble, match="unable to open"):
            await store.read(notes)
        with pytest.raises(StoreTrouble, match="unable to open"):
            await store.write(note, "1")
    os.link(path + ".away", path)  # fails if an empty database was made in its place
    assert await store.write(note, "2") == "2"
    assert await store.read(notes) == ["2"]
    await store.stop()


async def test_cancelled_caller_loses_the_answer_not_the_write(store: Store, gate: Gate) -> None:
    async def write(entry: str) -> None:
        await store.write(note, entry)

    await gate.close(store)
    tasks = [asyncio.create_task(write(str(number))) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.wait({tasks[1]})
    gate.go_on.set()
    await asyncio.gather(tasks[0], tasks[2])
    assert tasks[1].cancelled()
    assert await store.read(notes) == ["0", "1", "2"]


async def test_readers_do_not_wait_for_the_writer(store: Store, gate: Gate) -> None:
    held = await gate.close(store)
    assert await store.read(notes) == []
    assert not held.done()


async def test_a_long_read_does_not_hold_up_later_ones(store: Store, gate: Gate) -> None:
    held = await gate.close(store, writing=False)
    await asyncio.sleep(0.003)  # until it counts as long
    assert await asyncio.gather(*(store.read(notes) for _ in range(10))) == [[]] * 10
    assert not held.done()


async def test_readers_that_are_all_stuck_still_take_work(store: Store, gate: Gate) -> None:
    both = [await gate.close(store, writing=False)]
    await asyncio.sleep(0.003)
    gate.entered.clear()
    both.append(await gate.close(store, writing=False))
    await asyncio.sleep(0.003)
    read = store.submit_read(notes)
    gate.go_on.set()
    assert await asyncio.gather(*both) == ["held", "held"]
    assert await read == []


async def test_the_loop_goes_on_while_the_writer_waits(store: Store, gate: Gate) -> None:
    held = await gate.close(store)
    for _ in range(100):
        await asyncio.sleep(0)
    assert not held.done()


async def test_stop_finishes_what_was_submitted(url: str) -> None:
    store = Store(url)
    await store.start()
    writes = [store.write(note, str(number)) for number in range(50)]
    read = store.submit_read(notes)
    await store.stop()
    assert read.done()
    assert all(write.done() for write in writes)
    with open_sync(url, read_only=True) as conn:
        assert len(notes(conn)) == 50


async def test_p16_stop_leaves_a_thread_behind_that_waits_for_the_database(url: str) -> None:
    store, over, entered = Store(url), threading.Event(), threading.Event()
    await store.start()
    held = store.write(hold_thread, entered, over)
    await asyncio.to_thread(entered.wait, 10)
    await store.stop(0.02)
    assert not held.done()
    with pytest.raises(StoreTrouble, match="stopped"):
        store.write(note, "1")
    over.set()
    assert await asyncio.wait_for(held, 10) == "held"


async def test_stopped_store_refuses_and_can_start_again(url: str) -> None:
    store = Store(url)
    await store.stop()  # never started: nothing to do
    for _ in range(2):
        with pytest.raises(StoreTrouble, match="stopped"):
            store.write(note, "1")
        with pytest.raises(StoreTrouble, match="stopped"):
            await store.read(notes)
        await store.start()
        assert await store.read(notes) == []
        with pytest.raises(RuntimeError, match="running"):
            await store.start()
        await store.stop()


async def test_store_ends_its_threads(url: str) -> None:
    store = Store(url, readers=3)
    await store.start()
    names = {thread.name for thread in threading.enumerate() if thread.name.startswith("store-")}
    assert names == {"store-read-0", "store-read-1", "store-read-2", "store-write"}
    await store.stop()
    assert not any(thread.name.startswith("store-") for thread in threading.enumerate())


async def test_url_of_no_use_is_refused_at_the_start() -> None:
    with pytest.raises(BadInput):
        await Store("mlcore.db").start()


async def test_begin_works_without_a_loop_and_beside_it(store: Store) -> None:
    with store.begin() as conn:
        note(conn, "1")
    assert await store.read(notes) == ["1"]


def test_open_sync_commits_at_the_end_and_not_on_an_error(url: str) -> None:
    with open_sync(url) as conn:
        note(conn, "1")
    with pytest.raises(BadInput), open_sync(url) as conn:
        note_and_fail(conn, "2", BadInput("no"))
    with open_sync(url, read_only=True) as conn:
        assert notes(conn) == ["1"]
