"""What waits for somebody to answer, and what mlcore itself has sent or is to send."""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from mlcore.store.schema.base import metadata

requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", String(40), nullable=False, unique=True),  # 160 random bits; a token derives from it
    Column("token_hash", String(64), nullable=False, unique=True),  # of the token that is open now
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),  # subscription, unsubscription
    Column("owner", String(16), nullable=False),  # who has to consent now: subscriber, moderator
    Column("address", Text, nullable=False),
    Column("address_key", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("as_user", Boolean, nullable=False),
    Column("invitation", Boolean, nullable=False),
    Column("pre_approved", Boolean, nullable=False),
    Column("delivery_mode", String(32), nullable=False),
    Column("delivery_status", String(16), nullable=False),
    Column("language", String(35), nullable=False),  # of the person; empty: that of the list
    Column("welcome", Boolean),  # NULL: as the list has it
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    UniqueConstraint("list", "address_key", "kind"),
    Index(None, "expires_at"),
)


notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),  # store.notices.Kind
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("address", Text, nullable=False),  # of the person it is about
    Column("display_name", Text, nullable=False),
    # what a confirmation is about: without it nothing is sent any more
    Column("request", Integer, ForeignKey("requests.id", ondelete="CASCADE")),
    Column("detail", Text, nullable=False),  # a reason that a person wrote, empty where there is none
    Column("created_at", Double, nullable=False),
    Index(None, "request"),
)


automatic_mail = Table(
    "automatic_mail",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address_key", Text, nullable=False),  # who got it
    Column("kind", String(16), nullable=False),  # confirmation, hold, command
    Column("cause", Text, nullable=False),  # spool entry or request that it answers: counted once
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("at", Double, nullable=False),
    UniqueConstraint("address_key", "kind", "cause"),
    Index(None, "at"),
)


command_results = Table(
    "command_results",
    metadata,
    Column("entry", Text, nullable=False),  # spool entry whose commands were carried out
    Column("result", Text, nullable=False),  # what is answered, as JSON of lists.commands
    Column("at", Double, nullable=False),
    PrimaryKeyConstraint("entry"),
    Index(None, "at"),
)


autoresponses = Table(
    "autoresponses",
    metadata,
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("address_key", Text, nullable=False),
    Column("kind", String(16), nullable=False),  # owner, postings, requests
    Column("cause", Text, nullable=False),  # spool entry that the last one answered
    Column("at", Double, nullable=False),
    PrimaryKeyConstraint("list", "address_key", "kind"),
    Index(None, "at"),
)
