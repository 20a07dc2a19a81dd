"""Reports of failed deliveries, and what followed from them."""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from mlcore.store.schema.base import metadata

bounce_events = Table(
    "bounce_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("cause", Text, nullable=False),  # spool entry of the report, or of the delivery that failed
    Column("number", Integer, nullable=False),  # 0, 1, …: which recipient of it
    Column("list_id", Text, nullable=False),  # no foreign key: what was decided can be read afterwards
    Column("address", Text, nullable=False),
    Column("address_key", Text, nullable=False),
    Column("source", String(16), nullable=False),  # smtp, report, probe, complaint
    Column("format", Text, nullable=False),  # what recognised it: rfc3464, a pattern's name, …
    Column("proof", Boolean, nullable=False),  # whether it is certain that this list's mail came back
    Column("code", String(16), nullable=False),  # enhanced status, else the SMTP code, else empty
    Column("diagnostic", Text, nullable=False),  # one line, without control characters
    Column("message_id", Text, nullable=False),  # of the report
    Column("effect", String(32), nullable=False),  # lists.bounces: what became of it
    Column("score", Integer, nullable=False),  # of the member after it
    Column("at", Double, nullable=False),
    UniqueConstraint("cause", "number"),
    Index(None, "address_key"),
    Index(None, "list_id"),
    Index(None, "at"),
)


bounce_reports = Table(
    "bounce_reports",
    metadata,
    Column("cause", Text, nullable=False),  # spool entry
    Column("octets", LargeBinary, nullable=False),  # its beginning, to be shown
    Column("at", Double, nullable=False),
    PrimaryKeyConstraint("cause"),
    Index(None, "at"),
)


probes = Table(
    "probes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("address_key", Text, nullable=False),
    Column("event", Integer, nullable=False),  # bounce_events.id that it follows
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index(None, "list", "address_key"),
    Index(None, "expires_at"),
)
