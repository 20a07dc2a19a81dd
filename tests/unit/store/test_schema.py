"""The tables against the migrations, and against PostgreSQL's grammar."""

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from mlcore.lists.model import ListPolicy
from mlcore.store import schema, upgrade


def test_migrations_and_schema_agree(conn: Connection) -> None:
    context = MigrationContext.configure(conn, opts={"compare_type": True})
    assert compare_metadata(context, schema.metadata) == []


def test_constraints_of_migrations_and_schema_agree(conn: Connection) -> None:
    """Names of keys, and what a delete does: what alembic does not compare on SQLite."""
    inspector = inspect(conn)
    for name, table in schema.metadata.tables.items():
        assert inspector.get_pk_constraint(name)["name"] == table.primary_key.name
        found = {
            (key["name"], tuple(key["constrained_columns"]), key["options"].get("ondelete"))
            for key in inspector.get_foreign_keys(name)
        }
        wanted = {(key.name, tuple(key.column_keys), key.ondelete) for key in table.foreign_key_constraints}
        assert found == wanted


def test_revision_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", upgrade.MIGRATIONS)
    assert ScriptDirectory.from_config(config).get_current_head() == schema.REVISION


def test_every_table_can_be_made_in_postgresql() -> None:
    for table in schema.metadata.sorted_tables:
        statement = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
        assert statement.strip().startswith(f"CREATE TABLE {table.name}")


def test_every_setting_of_a_list_has_a_column() -> None:
    assert set(ListPolicy.__struct_fields__) <= set(schema.lists.columns.keys())
