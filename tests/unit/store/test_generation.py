"""The number that caches compare."""

from sqlalchemy import Connection

from mlcore.store import generation


def test_it_grows_by_one(conn: Connection) -> None:
    before = generation.read(conn)
    generation.raise_(conn)
    generation.raise_(conn)
    assert generation.read(conn) == before + 2
