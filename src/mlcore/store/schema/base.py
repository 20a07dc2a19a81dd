"""What all tables have in common, and the number by which changes are noticed."""

from typing import Any, Final

from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table

REVISION: Final = "0004"
"""The newest migration: what a database must carry in `alembic_version` to be used. Revisions sort as
text."""


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def preferences() -> tuple[Column[Any], ...]:
    """The columns of `lists.model.Preferences`; NULL: what the next one in the chain says."""
    return (
        Column("acknowledge_posts", Boolean),
        Column("hide_address", Boolean),
        Column("preferred_language", String(35)),
        Column("receive_list_copy", Boolean),
        Column("receive_own_postings", Boolean),
        Column("delivery_mode", String(32)),
        Column("delivery_status", String(16)),
    )


generation = Table(
    "generation",
    metadata,
    Column("id", Integer, primary_key=True),  # one row, 1
    Column("number", Integer, nullable=False),
)
