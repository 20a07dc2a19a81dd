"""What delivery, bounces, digests and automatic answers need.

Values are written out here: what the program means by a default may change later, what happened to a database
of this age may not."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """From 0003 to 0004."""
    with op.batch_alter_table("members") as batch:
        batch.add_column(sa.Column("last_bounce_post", sa.Integer))
    # Failures of before tell nothing of a member as he is now.
    with op.batch_alter_table("delivery_failures") as batch:
        batch.add_column(sa.Column("judged", sa.Boolean, nullable=False, server_default=sa.true()))
    with op.batch_alter_table("delivery_failures") as batch:
        batch.alter_column("judged", server_default=None)
    _index("delivery_failures", "judged", "at")
    _bounces()
    _digests()
    _autoresponses()


def _of_list(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["list"], ["lists.id"], name=f"fk_{table}_list", ondelete="CASCADE")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _bounces() -> None:
    op.create_table(
        "bounce_events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("list_id", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("proof", sa.Boolean, nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("diagnostic", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("effect", sa.String(32), nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bounce_events"),
        sa.UniqueConstraint("cause", "number", name="uq_bounce_events_cause_number"),
    )
    for column in ("address_key", "list_id", "at"):
        _index("bounce_events", column)
    op.create_table(
        "bounce_reports",
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("octets", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("cause", name="pk_bounce_reports"),
    )
    _index("bounce_reports", "at")
    op.create_table(
        "probes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("event", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_probes"),
        sa.UniqueConstraint("token_hash", name="uq_probes_token_hash"),
        _of_list("probes"),
    )
    _index("probes", "list", "address_key")
    _index("probes", "expires_at")


def _digests() -> None:
    op.create_table(
        "digest_issues",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("volume", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("handed_over", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_digest_issues"),
        sa.UniqueConstraint("entry", name="uq_digest_issues_entry"),
        sa.UniqueConstraint("list", "volume", "number", name="uq_digest_issues_list_volume_number"),
        _of_list("digest_issues"),
    )
    op.create_table(
        "digest_items",
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("octets", sa.LargeBinary),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("arrived_at", sa.Double, nullable=False),
        sa.Column("issue", sa.Integer),
        sa.Column("sent_at", sa.Double),
        sa.PrimaryKeyConstraint("entry", name="pk_digest_items"),
        _of_list("digest_items"),
        sa.ForeignKeyConstraint(
            ["issue"], ["digest_issues.id"], name="fk_digest_items_issue", ondelete="SET NULL"
        ),
    )
    _index("digest_items", "list")
    _index("digest_items", "issue", "list", "arrived_at", "size")
    _index("digest_items", "sent_at")
    op.create_table(
        "last_digests",
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("mode", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("list", "address_key", name="pk_last_digests"),
        _of_list("last_digests"),
    )


def _autoresponses() -> None:
    op.create_table(
        "autoresponses",
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("list", "address_key", "kind", name="pk_autoresponses"),
        _of_list("autoresponses"),
    )
    _index("autoresponses", "at")
