"""The tables. Portable SQL types only: the same schema serves SQLite and PostgreSQL.

Times are Unix seconds (UTC). Enumerations are the short texts of `lists.model`. Foreign keys are integers
named after what they point to (`list`, `address`); `list_id` is always the List-ID as text. A migration in
`migrations/versions` makes each change; a test compares the two."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

REVISION: Final = "0001"
"""The newest migration: what a database must carry in `alembic_version` to be used. Revisions sort as
text."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

lists = Table(
    "lists",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list_id", Text, nullable=False, unique=True),
    Column("list_name", Text, nullable=False),
    Column("mail_host", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("subject_prefix", Text, nullable=False),
    Column("preferred_language", String(35), nullable=False),
    Column("allow_list_posts", Boolean, nullable=False),
    Column("include_rfc2369_headers", Boolean, nullable=False),
    Column("reply_goes_to_list", String(32), nullable=False),
    Column("reply_to_address", Text, nullable=False),
    Column("first_strip_reply_to", Boolean, nullable=False),
    Column("advertised", Boolean, nullable=False),
    Column("post_id", Integer, nullable=False, default=1),  # the number of the next post
    Column("last_post_at", Double),
    Column("roster_version", Integer, nullable=False, default=0),  # raised with every change of a membership
    Column("created_at", Double, nullable=False),
    UniqueConstraint("list_name", "mail_host"),
)

addresses = Table(
    "addresses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", Text, nullable=False),  # spelling kept
    Column("address_key", Text, nullable=False, unique=True),  # mail.address.key_of: one row per mailbox
    Column("display_name", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("verified_at", Double),
)

members = Table(
    "members",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("member_uuid", String(36), nullable=False, unique=True),
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("address", Integer, ForeignKey("addresses.id"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("delivery_mode", String(32), nullable=False),
    Column("delivery_status", String(16), nullable=False),
    Column("own_postings", Boolean, nullable=False),
    Column("list_copy", Boolean, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("subscribed_at", Double, nullable=False),
    UniqueConstraint("list", "address", "role"),
    # recipients of a post, in member order without a sort
    Index(None, "list", "role", "id"),
    # every membership of one address
    Index(None, "address"),
)

post_numbers = Table(
    "post_numbers",
    metadata,
    Column("entry", Text, nullable=False),  # name of the spool entry that took the number
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("taken_at", Double, nullable=False),
    PrimaryKeyConstraint("entry"),
    Index(None, "taken_at"),
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
    Column("reasons", Text, nullable=False),  # one a line
    Column("arrived_at", Double, nullable=False),
    Column("held_at", Double, nullable=False),
    Column("decision", String(16)),
    Column("decided_at", Double),
    UniqueConstraint("spool", "entry"),
    Index(None, "list"),
)

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
    PrimaryKeyConstraint("entry", "number"),
    Index(None, "list_id", "address"),
    Index(None, "at"),
)

generation = Table(
    "generation",
    metadata,
    Column("id", Integer, primary_key=True),  # one row, 1
    Column("number", Integer, nullable=False),
)
