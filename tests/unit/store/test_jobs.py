"""One thread's work, called without the thread."""

import asyncio
from contextlib import closing

import pytest
from sqlalchemy import Connection, Engine, text

from mlcore.base.errors import BadInput, StoreTrouble
from mlcore.store import generation
from mlcore.store.connect import make_engine
from mlcore.store.jobs import Job, Session, read_batch, write_batch


@pytest.fixture
def engine(url: str) -> Engine:
    return make_engine(url, writes=True)


def job(fn: object) -> Job:
    loop = asyncio.new_event_loop()
    with closing(loop):
        return Job(loop.create_future(), fn, ())  # type: ignore[arg-type]


def raise_number(conn: Connection) -> int:
    number: int = conn.execute(
        text("UPDATE generation SET number = number + 1 RETURNING number")
    ).scalar_one()
    return number


def refuse(conn: Connection) -> None:
    raise BadInput("no")


def break_off(conn: Connection) -> None:
    raise StoreTrouble("database: gone")


def test_jobs_of_a_batch_share_a_commit(engine: Engine) -> None:
    session = Session(engine)
    jobs = [job(raise_number) for _ in range(3)]
    assert write_batch(jobs, session)
    first: int = jobs[0].value
    assert [one.value for one in jobs] == [first, first + 1, first + 2]
    session.drop()


def test_commit_that_fails_fails_all(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(engine)
    first = generation.read(session.begin())
    session.roll_back()

    def no_commit(connection: object) -> None:
        raise OSError("disk I/O error")

    jobs = [job(raise_number), job(refuse)]
    with monkeypatch.context() as patch:
        patch.setattr(engine.dialect, "do_commit", no_commit)
        assert not write_batch(jobs, session)
    assert all(isinstance(one.error, StoreTrouble) for one in jobs)
    again = [job(raise_number)]
    assert write_batch(again, session)
    assert again[0].value == first + 1  # nothing of the lost batch is there
    session.drop()


def test_connection_is_kept_after_errors_of_callers_alone(engine: Engine) -> None:
    session = Session(engine)
    for run in (read_batch, write_batch):
        connection = session.connection()
        run([job(refuse)], session)
        assert session.connection() is connection
        run([job(break_off)], session)
        assert session.connection() is not connection
    session.drop()


def test_broken_rollback_means_a_new_connection(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(engine)

    def no_rollback(connection: object) -> None:
        raise OSError("disk I/O error")

    session.connection()
    one = job(raise_number)
    with monkeypatch.context() as patch:
        patch.setattr(engine.dialect, "do_rollback", no_rollback)
        read_batch([one], session)
    assert one.error is None
    again = job(raise_number)
    read_batch([again], session)
    assert again.value == one.value
    session.drop()


def test_readers_of_a_database_that_is_away(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each caller hears of it, and only one attempt is made: it may take seconds."""
    engine = make_engine(f"sqlite:///{tmp_path}/nowhere/a.db", writes=False)
    attempts = []

    def connect() -> Connection:
        attempts.append(1)
        return Connection(engine)

    monkeypatch.setattr(engine, "connect", connect)
    jobs = [job(raise_number) for _ in range(3)]
    read_batch(jobs, Session(engine))
    assert all(isinstance(one.error, StoreTrouble) for one in jobs)
    assert len({id(one.error) for one in jobs}) == 3
    assert attempts == [1]
