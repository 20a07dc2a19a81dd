"""Domains, lists and what belongs to a list alone."""

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
