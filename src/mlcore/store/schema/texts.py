"""Texts of site, domains and lists."""

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from mlcore.store.schema.base import metadata

templates = Table(
    "templates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("context", Text, nullable=False),  # List-ID, @mail host, or empty for the site
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE")),
    Column("domain", Integer, ForeignKey("domains.id", ondelete="CASCADE")),
    Column("uri", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("password", Text, nullable=False),
    UniqueConstraint("name", "context"),
)


template_texts = Table(
    "template_texts",
    metadata,
    Column("uri", Text, nullable=False),  # expanded
    Column("username", Text, nullable=False),
    Column("text", Text),  # the last good one; NULL: there was none yet
    Column("fetched_at", Double),
    Column("tried_at", Double, nullable=False),
    Column("trouble", Text, nullable=False),  # of the last attempt, one line; empty: none
    PrimaryKeyConstraint("uri", "username"),
)
