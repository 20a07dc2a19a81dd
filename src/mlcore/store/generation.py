"""A number that grows with each change of what is cached: lists and their settings."""

from sqlalchemy import Connection, select, update

from mlcore.store.schema import generation

_READ = select(generation.c.number).where(generation.c.id == 1)
_RAISE = update(generation).where(generation.c.id == 1).values(number=generation.c.number + 1)


def raise_(conn: Connection) -> None:
    """Part of each transaction that makes, changes or removes a list: caches look again within a second."""
    conn.execute(_RAISE)


def read(conn: Connection) -> int:
    """The present number; caches compare it for equality only, since a restored copy may set it back."""
    number: int = conn.execute(_READ).scalar_one()
    return number
