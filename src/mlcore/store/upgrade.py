"""Which schema a database has, and how it gets the one of this program. alembic is imported only to change
one."""

import os

from sqlalchemy import Connection, inspect, text

from mlcore.base.errors import BadInput
from mlcore.store import schema
from mlcore.store.connect import database_path, make_engine, secure, troubles
from mlcore.store.engine import open_sync

MIGRATIONS = os.path.join(os.path.dirname(__file__), "migrations")
"""The directory of `env.py` and `versions/`, for alembic."""


def prepare(url: str) -> bool:
    """Makes a database of use at `url`: one that is missing or empty is made, True then; a current one is
    left.

    Raises BadInput, with the remedy, when the schema is older or newer than this program, when the file
    holds something else, or when others may write to it (P26); StoreTrouble when it is locked or the disk
    is full."""
    secure(database_path(url))
    revision = _revision(url)
    if revision == schema.REVISION:
        return False
    if revision is not None:
        raise _refusal(revision)
    upgrade(url)
    return True


def upgrade(url: str) -> None:
    """Brings the schema up to this program's, in one transaction: all migrations or, on any error, none.

    Raises BadInput when the database is newer or holds something else, StoreTrouble as `prepare` does."""
    from alembic import command  # noqa: PLC0415  (0.2 s and 10 MiB that a start with a current schema is spared)
    from alembic.config import Config  # noqa: PLC0415

    secure(database_path(url))
    revision = _revision(url)
    if revision is not None and revision not in _known():
        raise _refusal(revision)
    config = Config()
    config.set_main_option("script_location", MIGRATIONS.replace("%", "%%"))
    with open_sync(url) as connection:
        # alembic reads the revision once more, now under the lock: of two that start at once, one does the
        # work
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _known() -> frozenset[str]:
    names = os.listdir(os.path.join(MIGRATIONS, "versions"))
    return frozenset(name[:4] for name in names if name[:4].isdigit())


def _revision(url: str) -> str | None:
    """The revision of the database, None when it is empty."""
    engine = make_engine(url, writes=False)
    with troubles(), engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        if not tables:
            return None
        revision = _stored(connection) if "alembic_version" in tables else None
        if revision is None:
            raise BadInput(
                f"the database {database_path(url)} holds tables of something else",
                "name another file in the database URL",
            )
        return revision


def _stored(connection: Connection) -> str | None:
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _refusal(revision: str) -> BadInput:
    if revision in _known():
        return BadInput(
            f"the database has schema {revision}, this mlcore needs {schema.REVISION}",
            "stop the server, make a copy of the database, run `mlcore db upgrade`",
        )
    return BadInput(
        f"the database has schema {revision}, which this mlcore ({schema.REVISION}) does not know",
        "start the mlcore that made it, or restore the copy made before its `mlcore db upgrade`",
    )
