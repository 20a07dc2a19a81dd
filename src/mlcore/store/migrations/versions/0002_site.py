"""Domains, users, preferences in three places, every attribute of a list, bans, notices.

Values are written out here: what the program means by a default may change later, what happened to a database
of this age may not."""

import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_CHUNK = 1_000
_DAY_S = 86_400


def upgrade() -> None:
    """From 0001 to 0002."""
    _new_tables()
    _domains_of_lists()
    _lists()
    _addresses()
    _users_of_members()
    _members()


def _preferences() -> list[sa.Column[Any]]:
    return [
        sa.Column("acknowledge_posts", sa.Boolean),
        sa.Column("hide_address", sa.Boolean),
        sa.Column("preferred_language", sa.String(35)),
        sa.Column("receive_list_copy", sa.Boolean),
        sa.Column("receive_own_postings", sa.Boolean),
        sa.Column("delivery_mode", sa.String(32)),
        sa.Column("delivery_status", sa.String(16)),
    ]


def _new_tables() -> None:
    op.create_table(
        "domains",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("mail_host", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("alias_domain", sa.Text),
        sa.Column("base_url", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_domains"),
        sa.UniqueConstraint("mail_host", name="uq_domains_mail_host"),
        sa.UniqueConstraint("alias_domain", name="uq_domains_alias_domain"),
    )
    op.create_table(
        "list_values",
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("attribute", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("list", "attribute", "position", name="pk_list_values"),
        sa.ForeignKeyConstraint(["list"], ["lists.id"], name="fk_list_values_list", ondelete="CASCADE"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("user_uuid", sa.String(36), nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("is_server_owner", sa.Boolean, nullable=False),
        sa.Column("preferred_address", sa.Integer),
        *_preferences(),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("user_uuid", name="uq_users_user_uuid"),
        sa.ForeignKeyConstraint(
            ["preferred_address"], ["addresses.id"], name="fk_users_preferred_address", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_users_preferred_address", "users", ["preferred_address"])
    op.create_table(
        "domain_owners",
        sa.Column("domain", sa.Integer, nullable=False),
        sa.Column("user", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("domain", "user", name="pk_domain_owners"),
        sa.ForeignKeyConstraint(
            ["domain"], ["domains.id"], name="fk_domain_owners_domain", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_domain_owners_user", ondelete="CASCADE"),
    )
    op.create_index("ix_domain_owners_user", "domain_owners", ["user"])
    _bans()
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.ForeignKeyConstraint(["list"], ["lists.id"], name="fk_notices_list", ondelete="CASCADE"),
    )


def _bans() -> None:
    op.create_table(
        "bans",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("list", sa.Integer),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bans"),
        sa.ForeignKeyConstraint(["list"], ["lists.id"], name="fk_bans_list", ondelete="CASCADE"),
    )
    op.create_index("uq_bans_list_pattern", "bans", ["list", "pattern"], unique=True)
    of_site = sa.text("list IS NULL")
    op.create_index(
        "uq_bans_site_pattern",
        "bans",
        ["pattern"],
        unique=True,
        sqlite_where=of_site,
        postgresql_where=of_site,
    )


def _domains_of_lists() -> None:
    op.execute(
        "INSERT INTO domains (mail_host, description, alias_domain, base_url, created_at)"
        " SELECT mail_host, '', NULL, '', min(created_at) FROM lists GROUP BY mail_host ORDER BY min(id)"
    )


def _lists() -> None:
    columns = _list_columns()
    with op.batch_alter_table("lists") as batch:
        for column, value in columns:
            batch.add_column(
                sa.Column(column.name, column.type, nullable=False, server_default=_written(value))
            )
        batch.add_column(sa.Column("digest_last_sent_at", sa.Double))
    # The defaults were for the rows that were there: whoever makes a list says all he wants.
    with op.batch_alter_table("lists") as batch:
        for column, _ in columns:
            batch.alter_column(column.name, server_default=None)
        batch.create_foreign_key(
            "fk_lists_mail_host", "domains", ["mail_host"], ["mail_host"], ondelete="CASCADE"
        )
        batch.create_index("ix_lists_mail_host", ["mail_host"])


def _written(value: object) -> Any:
    """The value as a default in SQL."""
    if isinstance(value, bool):
        return sa.true() if value else sa.false()
    return sa.text(str(value)) if isinstance(value, int | float) else value


def _list_columns() -> list[tuple[sa.Column[Any], object]]:
    """The new columns of lists that are never NULL, and their value for the lists there are."""
    text, short, middle = sa.Text(), sa.String(16), sa.String(32)
    flag, number = sa.Boolean(), sa.Integer()
    described: list[tuple[str, Any, object]] = [
        ("style", text, "legacy-default"),
        ("volume", number, 1),
        ("next_digest_number", number, 1),
        ("info", text, ""),
        ("member_roster_visibility", short, "moderators"),
        ("subscription_policy", middle, "confirm"),
        ("unsubscription_policy", middle, "confirm"),
        ("send_welcome_message", flag, True),
        ("send_goodbye_message", flag, True),
        ("admin_immed_notify", flag, True),
        ("admin_notify_mchanges", flag, False),
        ("anonymous_list", flag, False),
        ("personalize", short, "none"),
        ("posting_pipeline", text, "default-posting-pipeline"),
        ("emergency", flag, False),
        ("administrivia", flag, True),
        ("default_member_action", short, "defer"),
        ("default_nonmember_action", short, "hold"),
        ("require_explicit_destination", flag, True),
        ("max_message_size", number, 40),
        ("max_num_recipients", number, 10),
        ("max_days_to_hold", number, 0),
        ("respond_to_post_requests", flag, True),
        ("filter_content", flag, False),
        ("filter_action", short, "discard"),
        ("collapse_alternatives", flag, True),
        ("convert_html_to_plaintext", flag, False),
        ("dmarc_mitigate_action", middle, "no_mitigation"),
        ("dmarc_mitigate_unconditionally", flag, False),
        ("dmarc_moderation_notice", text, ""),
        ("dmarc_wrapped_message_text", text, ""),
        ("autorespond_owner", middle, "none"),
        ("autorespond_postings", middle, "none"),
        ("autorespond_requests", middle, "none"),
        ("autoresponse_owner_text", text, ""),
        ("autoresponse_postings_text", text, ""),
        ("autoresponse_request_text", text, ""),
        ("autoresponse_grace_period", number, 90 * _DAY_S),
        ("process_bounces", flag, True),
        ("bounce_score_threshold", number, 5),
        ("bounce_info_stale_after", number, 7 * _DAY_S),
        ("bounce_you_are_disabled_warnings", number, 3),
        ("bounce_you_are_disabled_warnings_interval", number, 7 * _DAY_S),
        ("bounce_notify_owner_on_bounce_increment", flag, False),
        ("bounce_notify_owner_on_disable", flag, True),
        ("bounce_notify_owner_on_removal", flag, True),
        ("forward_unrecognized_bounces_to", short, "administrators"),
        ("digests_enabled", flag, True),
        ("digest_send_periodic", flag, True),
        ("digest_size_threshold", sa.Double(), 30.0),
        ("digest_volume_frequency", short, "monthly"),
        ("archive_policy", short, "public"),
        ("archive_rendering_mode", short, "text"),
        ("gateway_to_mail", flag, False),
        ("gateway_to_news", flag, False),
        ("linked_newsgroup", text, ""),
        ("newsgroup_moderation", short, "none"),
        ("nntp_prefix_subject_too", flag, True),
    ]
    return [(sa.Column(name, kind), value) for name, kind, value in described]


def _addresses() -> None:
    with op.batch_alter_table("addresses") as batch:
        batch.add_column(sa.Column("user", sa.Integer))
        for column in _preferences():
            batch.add_column(column)
        batch.create_foreign_key("fk_addresses_user", "users", ["user"], ["id"], ondelete="SET NULL")
        batch.create_index("ix_addresses_user", ["user"])


def _users_of_members() -> None:
    """Whoever takes part in a list is a user from now on; who only wrote to one is not. Until now operators
    alone could subscribe anybody, and whom they subscribe is held to be verified."""
    bind = op.get_bind()
    rows = bind.execute(
        sa.text(
            "SELECT id, display_name, created_at FROM addresses WHERE id IN"
            " (SELECT address FROM members WHERE role IN ('member', 'owner', 'moderator')) ORDER BY id"
        )
    ).all()
    make = sa.text(
        "INSERT INTO users (user_uuid, display_name, created_at, is_server_owner)"
        " VALUES (:uuid, :display_name, :created_at, :owner)"
    )
    give = sa.text(
        'UPDATE addresses SET "user" = (SELECT id FROM users WHERE user_uuid = :uuid) WHERE id = :address'
    )
    for start in range(0, len(rows), _CHUNK):
        people = [
            {
                "uuid": str(uuid.uuid4()),
                "display_name": row.display_name,
                "created_at": row.created_at,
                "owner": False,
                "address": row.id,
            }
            for row in rows[start : start + _CHUNK]
        ]
        bind.execute(make, people)
        bind.execute(give, people)
    op.execute(
        'UPDATE addresses SET verified_at = created_at WHERE verified_at IS NULL AND "user" IS NOT NULL'
    )


def _members() -> None:
    with op.batch_alter_table("members") as batch:
        batch.alter_column("address", existing_type=sa.Integer, nullable=True)
        batch.alter_column("delivery_mode", existing_type=sa.String(32), nullable=True)
        batch.alter_column("delivery_status", existing_type=sa.String(16), nullable=True)
        batch.alter_column(
            "own_postings", new_column_name="receive_own_postings", existing_type=sa.Boolean, nullable=True
        )
        batch.alter_column(
            "list_copy", new_column_name="receive_list_copy", existing_type=sa.Boolean, nullable=True
        )
        batch.add_column(sa.Column("user", sa.Integer))
        batch.add_column(sa.Column("moderation_action", sa.String(16)))
        batch.add_column(sa.Column("bounce_score", sa.Integer, nullable=False, server_default="0"))
        batch.add_column(sa.Column("last_bounce_at", sa.Double))
        batch.add_column(sa.Column("last_warning_at", sa.Double))
        batch.add_column(sa.Column("warnings_sent", sa.Integer, nullable=False, server_default="0"))
        batch.add_column(sa.Column("acknowledge_posts", sa.Boolean))
        batch.add_column(sa.Column("hide_address", sa.Boolean))
        batch.add_column(sa.Column("preferred_language", sa.String(35)))
    # What was the default says nothing about what the member wanted: the next one in the chain decides.
    op.execute(
        "UPDATE members SET"
        " delivery_mode = nullif(delivery_mode, 'regular'),"
        " delivery_status = nullif(delivery_status, 'enabled'),"
        " receive_own_postings = nullif(receive_own_postings, TRUE),"
        " receive_list_copy = nullif(receive_list_copy, TRUE),"
        " moderation_action = CASE WHEN role IN ('owner', 'moderator') THEN 'accept' END"
    )
    with op.batch_alter_table("members") as batch:
        batch.alter_column("bounce_score", server_default=None)
        batch.alter_column("warnings_sent", server_default=None)
        batch.drop_constraint("fk_members_address", type_="foreignkey")
        batch.create_foreign_key("fk_members_address", "addresses", ["address"], ["id"], ondelete="CASCADE")
        batch.create_foreign_key("fk_members_user", "users", ["user"], ["id"], ondelete="CASCADE")
        batch.create_unique_constraint("uq_members_list_user_role", ["list", "user", "role"])
        batch.create_check_constraint(
            op.f("ck_members_subscriber"), sa.text('("address" IS NULL) <> ("user" IS NULL)')
        )
        batch.create_index("ix_members_user", ["user"])
