"""The tables against the migrations, and against PostgreSQL's grammar."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec.structs import fields
from sqlalchemy import Connection, String, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from mlcore.lists.model import ListPolicy
from mlcore.store import schema, upgrade
from mlcore.store.engine import open_sync
from support.database import fresh_url


@pytest.fixture(params=["made", "migrated"])
def made(request: pytest.FixtureRequest, database_url: str) -> Iterator[Connection]:
    """A database that was made at once, and one that went through all migrations."""
    upgrade.state(database_url)  # makes the file
    if request.param == "made":
        upgrade.prepare(database_url)
    else:
        upgrade.migrate(database_url)
    with open_sync(database_url) as connection:
        yield connection


def test_database_and_schema_agree(made: Connection) -> None:
    context = MigrationContext.configure(made, opts={"compare_type": True})
    assert compare_metadata(context, schema.metadata) == []


def test_constraints_of_database_and_schema_agree(made: Connection) -> None:
    """Names of keys, and what a delete does: what alembic does not compare on SQLite."""
    inspector = inspect(made)
    assert set(inspector.get_table_names()) == {*schema.metadata.tables, "alembic_version"}
    for name, table in schema.metadata.tables.items():
        # a key that SQLite never gives twice can have no name there
        has_name = made.dialect.name != "sqlite" or name != "held"
        assert inspector.get_pk_constraint(name)["name"] == (table.primary_key.name if has_name else None)
        found = {
            (key["name"], tuple(key["constrained_columns"]), key["options"].get("ondelete"))
            for key in inspector.get_foreign_keys(name)
        }
        wanted = {(key.name, tuple(key.column_keys), key.ondelete) for key in table.foreign_key_constraints}
        assert found == wanted


def test_database_made_at_once_is_that_of_the_migrations(tmp_path: Path) -> None:
    """Columns, keys, indexes and conditions alike, by their names; only the order of columns may differ."""
    shapes = []
    for directory, make in ((tmp_path / "a", upgrade.prepare), (tmp_path / "b", upgrade.migrate)):
        url = fresh_url(directory)
        upgrade.state(url)
        make(url)
        with open_sync(url) as connection:
            shapes.append(shape(connection))
    assert shapes[0] == shapes[1]


def shape(connection: Connection) -> dict[str, dict[str, list[str]]]:
    inspector = inspect(connection)
    return {
        name: {
            "columns": sorted(
                f"{column['name']} {column['type']} {column['nullable']} {column['default']}"
                for column in inspector.get_columns(name)
            ),
            "primary": [str(inspector.get_pk_constraint(name))],
            "foreign": sorted(str(key) for key in inspector.get_foreign_keys(name)),
            "unique": sorted(str(key) for key in inspector.get_unique_constraints(name)),
            "indexes": sorted(str(index_shape(index)) for index in inspector.get_indexes(name)),
            "checks": sorted(str(check) for check in inspector.get_check_constraints(name)),
        }
        for name in inspector.get_table_names()
    }


def index_shape(index: Any) -> dict[str, object]:
    """Its condition is an object without a text of its own until it is asked for one."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return {**index, "dialect_options": options}


def test_revision_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", upgrade.MIGRATIONS)
    assert ScriptDirectory.from_config(config).get_current_head() == schema.REVISION


def test_every_table_can_be_made_in_postgresql() -> None:
    for table in schema.metadata.sorted_tables:
        statement = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
        assert statement.strip().startswith(f"CREATE TABLE {table.name}")


def test_every_setting_of_a_list_has_a_column() -> None:
    """But those that are tuples: `list_values` has them, or a table of the same name."""
    records = {"header_matches", "topics"}
    assert records <= set(schema.metadata.tables)
    single = {
        setting.name
        for setting in fields(ListPolicy)
        if setting.type != tuple[str, ...] and setting.name not in records
    }
    assert single <= set(schema.lists.columns.keys())
    several = set(ListPolicy.__struct_fields__) - single - records
    kind = schema.list_values.c.attribute.type
    assert isinstance(kind, String)
    assert max(map(len, several)) <= (kind.length or 0)
    assert not several & set(schema.lists.columns.keys())
