"""The tables. Portable SQL types only: the same schema serves SQLite and PostgreSQL.

Times are Unix seconds (UTC). Enumerations are the short texts of `lists.model`. Foreign keys are integers
named after what they point to (`list`, `address`, `user`), but for a list's domain, which is its text;
`list_id` is always the List-ID as text. A migration in `migrations/versions` makes each change; a test
compares the two."""

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
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
    event,
)

REVISION: Final = "0003"
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


def _preferences() -> tuple[Column[Any], ...]:
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


domains = Table(
    "domains",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mail_host", Text, nullable=False, unique=True),  # lower case, A-labels
    Column("description", Text, nullable=False),
    Column("alias_domain", Text, unique=True),  # where mail arrives instead; lower case, A-labels
    Column("base_url", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)

lists = Table(
    "lists",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list_id", Text, nullable=False, unique=True),
    Column("list_name", Text, nullable=False),
    Column("mail_host", Text, ForeignKey("domains.mail_host", ondelete="CASCADE"), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("style", Text, nullable=False),  # what it was made with
    Column("post_id", Integer, nullable=False, default=1),  # the number of the next post
    Column("last_post_at", Double),
    Column("digest_last_sent_at", Double),
    Column("volume", Integer, nullable=False, default=1),
    Column("next_digest_number", Integer, nullable=False, default=1),
    Column("usenet_watermark", Integer),
    Column("reminded_at", Double),  # of what waits for the moderators
    Column("roster_version", Integer, nullable=False, default=0),  # raised with every change of a membership
    # from here on: `lists.model.ListPolicy`, in its order
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("info", Text, nullable=False),
    Column("subject_prefix", Text, nullable=False),
    Column("preferred_language", String(35), nullable=False),
    Column("charset", String(32), nullable=False),
    Column("advertised", Boolean, nullable=False),
    Column("member_roster_visibility", String(16), nullable=False),
    Column("subscription_policy", String(32), nullable=False),
    Column("unsubscription_policy", String(32), nullable=False),
    Column("send_welcome_message", Boolean, nullable=False),
    Column("send_goodbye_message", Boolean, nullable=False),
    Column("admin_immed_notify", Boolean, nullable=False),
    Column("admin_notify_mchanges", Boolean, nullable=False),
    Column("allow_list_posts", Boolean, nullable=False),
    Column("anonymous_list", Boolean, nullable=False),
    Column("include_rfc2369_headers", Boolean, nullable=False),
    Column("reply_goes_to_list", String(32), nullable=False),
    Column("reply_to_address", Text, nullable=False),
    Column("first_strip_reply_to", Boolean, nullable=False),
    Column("personalize", String(16), nullable=False),
    Column("posting_chain", Text, nullable=False),
    Column("owner_chain", Text, nullable=False),
    Column("posting_pipeline", Text, nullable=False),
    Column("owner_pipeline", Text, nullable=False),
    Column("moderator_password", Text, nullable=False),  # a hash; empty: none
    Column("emergency", Boolean, nullable=False),
    Column("administrivia", Boolean, nullable=False),
    Column("default_member_action", String(16), nullable=False),
    Column("default_nonmember_action", String(16), nullable=False),
    Column("require_explicit_destination", Boolean, nullable=False),
    Column("max_message_size", Integer, nullable=False),  # KiB
    Column("max_num_recipients", Integer, nullable=False),
    Column("max_posts_per_day", Integer, nullable=False),
    Column("bounce_matching_headers", Text, nullable=False),
    Column("spam_hold_score", Double, nullable=False),
    Column("spam_discard_score", Double, nullable=False),
    Column("max_days_to_hold", Integer, nullable=False),
    Column("respond_to_post_requests", Boolean, nullable=False),
    Column("filter_content", Boolean, nullable=False),
    Column("filter_action", String(16), nullable=False),
    Column("collapse_alternatives", Boolean, nullable=False),
    Column("convert_html_to_plaintext", Boolean, nullable=False),
    Column("topics_enabled", Boolean, nullable=False),
    Column("topics_bodylines_limit", Integer, nullable=False),
    Column("dmarc_mitigate_action", String(32), nullable=False),
    Column("dmarc_mitigate_unconditionally", Boolean, nullable=False),
    Column("dmarc_moderation_notice", Text, nullable=False),
    Column("dmarc_wrapped_message_text", Text, nullable=False),
    Column("autorespond_owner", String(32), nullable=False),
    Column("autorespond_postings", String(32), nullable=False),
    Column("autorespond_requests", String(32), nullable=False),
    Column("autoresponse_owner_text", Text, nullable=False),
    Column("autoresponse_postings_text", Text, nullable=False),
    Column("autoresponse_request_text", Text, nullable=False),
    Column("autoresponse_grace_period", Integer, nullable=False),  # seconds
    Column("process_bounces", Boolean, nullable=False),
    Column("bounce_score_threshold", Integer, nullable=False),
    Column("bounce_info_stale_after", Integer, nullable=False),  # seconds
    Column("bounce_you_are_disabled_warnings", Integer, nullable=False),
    Column("bounce_you_are_disabled_warnings_interval", Integer, nullable=False),  # seconds
    Column("bounce_notify_owner_on_bounce_increment", Boolean, nullable=False),
    Column("bounce_notify_owner_on_disable", Boolean, nullable=False),
    Column("bounce_notify_owner_on_removal", Boolean, nullable=False),
    Column("forward_unrecognized_bounces_to", String(16), nullable=False),
    Column("digests_enabled", Boolean, nullable=False),
    Column("digest_send_periodic", Boolean, nullable=False),
    Column("digest_size_threshold", Double, nullable=False),  # KiB
    Column("digest_volume_frequency", String(16), nullable=False),
    Column("archive_policy", String(16), nullable=False),
    Column("archive_rendering_mode", String(16), nullable=False),
    Column("gateway_to_mail", Boolean, nullable=False),
    Column("gateway_to_news", Boolean, nullable=False),
    Column("linked_newsgroup", Text, nullable=False),
    Column("newsgroup_moderation", String(16), nullable=False),
    Column("nntp_prefix_subject_too", Boolean, nullable=False),
    UniqueConstraint("list_name", "mail_host"),
    Index(None, "mail_host"),
)

list_values = Table(
    "list_values",
    metadata,
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("attribute", String(32), nullable=False),  # those of ListPolicy that are tuples
    Column("position", Integer, nullable=False),  # 0, 1, …
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("list", "attribute", "position"),
)

header_matches = Table(
    "header_matches",
    metadata,
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),  # 0, 1, …
    Column("header", Text, nullable=False),  # lower case
    Column("pattern", Text, nullable=False),
    Column("action", String(16)),  # NULL: what the site says
    Column("tag", Text, nullable=False),
    PrimaryKeyConstraint("list", "position"),
    UniqueConstraint("list", "header", "pattern"),
)

topics = Table(
    "topics",
    metadata,
    Column("list", Integer, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),  # 0, 1, …
    Column("name", Text, nullable=False),
    Column("pattern", Text, nullable=False),  # one expression a line
    Column("description", Text, nullable=False),
    PrimaryKeyConstraint("list", "position"),
    UniqueConstraint("list", "name"),
)

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
    *_preferences(),
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
    *_preferences(),
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
    *_preferences(),
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
