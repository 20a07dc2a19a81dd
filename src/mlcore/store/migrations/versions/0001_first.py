"""The first schema: lists, addresses, members, numbers, held posts, delivery failures."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From nothing to 0001."""
    _lists()
    _addresses()
    _members()
    _post_numbers()
    _held()
    _delivery_failures()
    _generation()


def _lists() -> None:
    op.create_table(
        "lists",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("list_id", sa.Text, nullable=False),
        sa.Column("list_name", sa.Text, nullable=False),
        sa.Column("mail_host", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("subject_prefix", sa.Text, nullable=False),
        sa.Column("preferred_language", sa.String(35), nullable=False),
        sa.Column("allow_list_posts", sa.Boolean, nullable=False),
        sa.Column("include_rfc2369_headers", sa.Boolean, nullable=False),
        sa.Column("reply_goes_to_list", sa.String(32), nullable=False),
        sa.Column("reply_to_address", sa.Text, nullable=False),
        sa.Column("first_strip_reply_to", sa.Boolean, nullable=False),
        sa.Column("advertised", sa.Boolean, nullable=False),
        sa.Column("post_id", sa.Integer, nullable=False),
        sa.Column("last_post_at", sa.Double),
        sa.Column("roster_version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lists"),
        sa.UniqueConstraint("list_id", name="uq_lists_list_id"),
        sa.UniqueConstraint("list_name", "mail_host", name="uq_lists_list_name_mail_host"),
    )


def _addresses() -> None:
    op.create_table(
        "addresses",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("verified_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_addresses"),
        sa.UniqueConstraint("address_key", name="uq_addresses_address_key"),
    )


def _members() -> None:
    op.create_table(
        "members",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("member_uuid", sa.String(36), nullable=False),
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("address", sa.Integer, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("delivery_mode", sa.String(32), nullable=False),
        sa.Column("delivery_status", sa.String(16), nullable=False),
        sa.Column("own_postings", sa.Boolean, nullable=False),
        sa.Column("list_copy", sa.Boolean, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("subscribed_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
        sa.UniqueConstraint("member_uuid", name="uq_members_member_uuid"),
        sa.UniqueConstraint("list", "address", "role", name="uq_members_list_address_role"),
        sa.ForeignKeyConstraint(["list"], ["lists.id"], name="fk_members_list", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["address"], ["addresses.id"], name="fk_members_address"),
    )
    op.create_index("ix_members_list_role_id", "members", ["list", "role", "id"])
    op.create_index("ix_members_address", "members", ["address"])


def _post_numbers() -> None:
    op.create_table(
        "post_numbers",
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("taken_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("entry", name="pk_post_numbers"),
        sa.ForeignKeyConstraint(["list"], ["lists.id"], name="fk_post_numbers_list", ondelete="CASCADE"),
    )
    op.create_index("ix_post_numbers_taken_at", "post_numbers", ["taken_at"])


def _held() -> None:
    op.create_table(
        "held",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("spool", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("arrived_at", sa.Double, nullable=False),
        sa.Column("held_at", sa.Double, nullable=False),
        sa.Column("decision", sa.String(16)),
        sa.Column("decided_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_held"),
        sa.UniqueConstraint("spool", "entry", name="uq_held_spool_entry"),
        sa.ForeignKeyConstraint(["list"], ["lists.id"], name="fk_held_list", ondelete="CASCADE"),
    )
    op.create_index("ix_held_list", "held", ["list"])


def _delivery_failures() -> None:
    op.create_table(
        "delivery_failures",
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("list_id", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("enhanced", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("policy", sa.Boolean, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("entry", "number", name="pk_delivery_failures"),
    )
    op.create_index("ix_delivery_failures_list_id_address", "delivery_failures", ["list_id", "address"])
    op.create_index("ix_delivery_failures_at", "delivery_failures", ["at"])


def _generation() -> None:
    generation = op.create_table(
        "generation",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_generation"),
    )
    op.execute(sa.insert(generation).values(id=1, number=1))
