"""Users, their addresses, memberships and bans."""

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)

from mlcore.store.schema.base import metadata, preferences

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_uuid", String(36), nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("password", Text),  # a hash
    Column("created_at", Double, nullable=False),
    Column("is_server_owner", Boolean, nullable=False),
    # one of this user's addresses, verified; the store sees to that
    Column("preferred_address", Integer, ForeignKey("addresses.id", ondelete="SET NULL", use_alter=True)),
    *preferences(),
    Index(None, "preferred_address"),
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
    Column("user", Integer, ForeignKey("users.id", ondelete="SET NULL")),
    *preferences(),
    Index(None, "user"),
)


domain_owners = Table(
    "domain_owners",
    metadata,
    Column("domain", Integer, ForeignKey("domains.id", ondelete="CASCADE"), nullable=False),
    Column("user", Integer, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    PrimaryKeyConstraint("domain", "user"),
    Index(None, "user"),
)


members = Table(
    "members",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("member_uuid", String(36), nullable=False, unique=True),
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    # one of the two: by address, or by user (then mail goes to the user's preferred address)
    Column("address", Integer, ForeignKey("addresses.id", ondelete="CASCADE")),
    Column("user", Integer, ForeignKey("users.id", ondelete="CASCADE")),
    Column("role", String(16), nullable=False),
    Column("display_name", Text, nullable=False),  # on this list; empty: that of address or user
    Column("moderation_action", String(16)),  # NULL: what the list says
    Column("restricted", Boolean, nullable=False),
    Column("nonmatching_topics", Boolean, nullable=False),
    Column("subscribed_at", Double, nullable=False),
    Column("bounce_score", Integer, nullable=False, default=0),
    Column("last_bounce_at", Double),
    Column("last_warning_at", Double),
    Column("warnings_sent", Integer, nullable=False, default=0),
    Column("last_bounce_post", Integer),  # lists.post_id when the last one counted: what was sent since
    *preferences(),
    UniqueConstraint("list", "address", "role"),
    UniqueConstraint("list", "user", "role"),
    CheckConstraint('("address" IS NULL) <> ("user" IS NULL)', name="subscriber"),
    # recipients of a post, in member order without a sort
    Index(None, "list", "role", "id"),
    # every membership of one address, of one user
    Index(None, "address"),
    Index(None, "user"),
)


member_topics = Table(
    "member_topics",
    metadata,
    Column("member", Integer, ForeignKey("members.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),  # of a topic of the list
    PrimaryKeyConstraint("member", "name"),
)


bans = Table(
    "bans",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE")),  # NULL: all lists of the site
    Column("pattern", Text, nullable=False),  # the key of an address, or ^regex as it was given
    Column("created_at", Double, nullable=False),
)


Index("uq_bans_list_pattern", bans.c.list, bans.c.pattern, unique=True)


_site_pattern = Index("uq_bans_site_pattern", bans.c.pattern, unique=True)


@event.listens_for(bans, "before_create")
def _of_the_site(_bans: Table, connection: Connection, **_more: Any) -> None:
    """WHERE list IS NULL. Only said when the table is made: to name a dialect above would import it, and
    every command would wait for that."""
    _site_pattern.dialect_options[connection.dialect.name]["where"] = bans.c.list.is_(None)
