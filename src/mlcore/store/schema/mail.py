"""Posts: their numbers, what is held, what could not be delivered, what waits for a digest."""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
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
    event,
)

from mlcore.store.schema.base import metadata

post_numbers = Table(
    "post_numbers",
    metadata,
    Column("entry", Text, nullable=False),  # name of the spool entry that took the number
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("taken_at", Double, nullable=False),
    Column("sender_key", Text, nullable=False),  # empty: nobody
    Column("message_key", String(32), nullable=False),  # of the Message-ID alone
    Column("content_key", String(32), nullable=False),  # of Message-ID, author and body
    PrimaryKeyConstraint("entry"),
    Index(None, "taken_at"),
    Index(None, "message_key"),
)


held = Table(
    "held",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("spool", Text, nullable=False),  # whose hold/ the file is in
    Column("entry", Text, nullable=False),
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("sender", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reasons", Text, nullable=False),  # one a line, as lists.reasons packs them
    Column("message_id", Text, nullable=False),
    Column("arrived_at", Double, nullable=False),
    Column("held_at", Double, nullable=False),
    Column("identity", String(40), nullable=False, unique=True),  # as in requests
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("decision", String(16)),
    Column("decided_at", Double),
    Column("comment", Text, nullable=False),  # what the moderator writes to the author of a refused post
    Column("forward_to", Text, nullable=False),  # addresses, one a line
    Column("preserve", Boolean, nullable=False),  # a copy goes to bad/
    UniqueConstraint("spool", "entry"),
    Index(None, "list"),
)


@event.listens_for(held, "before_create")
def _numbers_are_given_once(_held: Table, connection: Connection, **_more: Any) -> None:
    """A number that a moderator has seen must not come to mean another post. PostgreSQL never gives one
    again, SQLite does unless it is told not to."""
    if connection.dialect.name == "sqlite":
        held.dialect_options["sqlite"]["autoincrement"] = True


delivery_failures = Table(
    "delivery_failures",
    metadata,
    Column("entry", Text, nullable=False),
    Column("number", Integer, nullable=False),  # of the recipient in its entry
    Column("list_id", Text, nullable=False),  # no foreign key: an event outlives its list
    Column("address", Text, nullable=False),
    Column("code", Integer, nullable=False),
    Column("enhanced", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("policy", Boolean, nullable=False),
    Column("at", Double, nullable=False),
    Column("judged", Boolean, nullable=False, default=False),  # whether a score took it into account
    PrimaryKeyConstraint("entry", "number"),
    Index(None, "list_id", "address"),
    Index(None, "at"),
    Index(None, "judged", "at"),
)


digest_items = Table(
    "digest_items",
    metadata,
    Column("entry", Text, nullable=False),  # of digest/: the same post is taken once
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer),  # of the post
    Column("octets", LargeBinary),  # NULL: sent, and only known so that it is not taken again
    Column("size", Integer, nullable=False),
    Column("arrived_at", Double, nullable=False),
    Column("issue", Integer, ForeignKey("digest_issues.id", ondelete="SET NULL")),  # NULL: not sent yet
    Column("sent_at", Double),
    PrimaryKeyConstraint("entry"),
    Index(None, "list"),
    Index(None, "issue", "list", "arrived_at", "size"),  # how much waits is known without a look at the posts
    Index(None, "sent_at"),
)


digest_issues = Table(
    "digest_issues",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("volume", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("made_at", Double, nullable=False),
    Column("entry", Text, nullable=False, unique=True),  # root id under which it goes out
    Column("handed_over", Boolean, nullable=False),  # durable in the spool, and the octets can go
    UniqueConstraint("list", "volume", "number"),
)


last_digests = Table(
    "last_digests",
    metadata,
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("address", Text, nullable=False),
    Column("address_key", Text, nullable=False),  # who gets what has gathered, though no digests any more
    Column("mode", String(32), nullable=False),  # the delivery mode until then
    PrimaryKeyConstraint("list", "address_key"),
)
