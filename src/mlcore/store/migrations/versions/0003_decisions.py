"""Everything a list decides: requests, tokens of held posts, header matches, topics, texts, what was sent
automatically, and the settings that go with them.

Values are written out here: what the program means by a default may change later, what happened to a database
of this age may not."""

import hashlib
import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """From 0002 to 0003."""
    _lists()
    _more_columns(
        "members", [("restricted", sa.Boolean(), False), ("nonmatching_topics", sa.Boolean(), False)]
    )
    _records_of_lists()
    _requests()
    _notices()
    _automatic()
    _templates()
    _numbers()
    _held()


def _more_columns(table: str, described: list[tuple[str, Any, object]]) -> None:
    """Columns that are never NULL: the values given are for the rows that are there."""
    with op.batch_alter_table(table) as batch:
        for name, kind, value in described:
            batch.add_column(sa.Column(name, kind, nullable=False, server_default=_written(value)))
    # Whoever makes a row from now on says all he wants.
    with op.batch_alter_table(table) as batch:
        for name, _, _ in described:
            batch.alter_column(name, server_default=None)


def _written(value: object) -> Any:
    """The value as a default in SQL."""
    if isinstance(value, bool):
        return sa.true() if value else sa.false()
    return sa.text(str(value)) if isinstance(value, int | float) else value


def _lists() -> None:
    text, number = sa.Text(), sa.Integer()
    real: Any = sa.Double()
    with op.batch_alter_table("lists") as batch:
        batch.add_column(sa.Column("usenet_watermark", sa.Integer))
        batch.add_column(sa.Column("reminded_at", sa.Double))
    _more_columns(
        "lists",
        [
            ("charset", sa.String(32), ""),
            ("posting_chain", text, "default-posting-chain"),
            ("owner_chain", text, "default-owner-chain"),
            ("owner_pipeline", text, "default-owner-pipeline"),
            ("moderator_password", text, ""),
            ("max_posts_per_day", number, 0),
            ("bounce_matching_headers", text, ""),
            ("spam_hold_score", real, 0),
            ("spam_discard_score", real, 0),
            ("topics_enabled", sa.Boolean(), False),
            ("topics_bodylines_limit", number, 5),
        ],
    )


def _of_list(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["list"], ["lists.id"], name=f"fk_{table}_list", ondelete="CASCADE")


def _records_of_lists() -> None:
    op.create_table(
        "header_matches",
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("header", sa.Text, nullable=False),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("action", sa.String(16)),
        sa.Column("tag", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("list", "position", name="pk_header_matches"),
        sa.UniqueConstraint("list", "header", "pattern", name="uq_header_matches_list_header_pattern"),
        _of_list("header_matches"),
    )
    op.create_table(
        "topics",
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("list", "position", name="pk_topics"),
        sa.UniqueConstraint("list", "name", name="uq_topics_list_name"),
        _of_list("topics"),
    )
    op.create_table(
        "member_topics",
        sa.Column("member", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("member", "name", name="pk_member_topics"),
        sa.ForeignKeyConstraint(
            ["member"], ["members.id"], name="fk_member_topics_member", ondelete="CASCADE"
        ),
    )


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("identity", sa.String(40), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(16), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("as_user", sa.Boolean, nullable=False),
        sa.Column("invitation", sa.Boolean, nullable=False),
        sa.Column("pre_approved", sa.Boolean, nullable=False),
        sa.Column("delivery_mode", sa.String(32), nullable=False),
        sa.Column("delivery_status", sa.String(16), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("welcome", sa.Boolean),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sa.UniqueConstraint("identity", name="uq_requests_identity"),
        sa.UniqueConstraint("token_hash", name="uq_requests_token_hash"),
        sa.UniqueConstraint("list", "address_key", "kind", name="uq_requests_list_address_key_kind"),
        _of_list("requests"),
    )
    op.create_index("ix_requests_expires_at", "requests", ["expires_at"])


def _notices() -> None:
    with op.batch_alter_table("notices") as batch:
        batch.add_column(sa.Column("request", sa.Integer))
        batch.create_foreign_key("fk_notices_request", "requests", ["request"], ["id"], ondelete="CASCADE")
        batch.create_index("ix_notices_request", ["request"])
    _more_columns("notices", [("detail", sa.Text(), "")])


def _automatic() -> None:
    op.create_table(
        "automatic_mail",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_automatic_mail"),
        sa.UniqueConstraint("address_key", "kind", "cause", name="uq_automatic_mail_address_key_kind_cause"),
        _of_list("automatic_mail"),
    )
    op.create_index("ix_automatic_mail_at", "automatic_mail", ["at"])
    op.create_table(
        "command_results",
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("entry", name="pk_command_results"),
    )
    op.create_index("ix_command_results_at", "command_results", ["at"])


def _templates() -> None:
    op.create_table(
        "templates",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("list", sa.Integer),
        sa.Column("domain", sa.Integer),
        sa.Column("uri", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("password", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_templates"),
        sa.UniqueConstraint("name", "context", name="uq_templates_name_context"),
        _of_list("templates"),
        sa.ForeignKeyConstraint(["domain"], ["domains.id"], name="fk_templates_domain", ondelete="CASCADE"),
    )
    op.create_table(
        "template_texts",
        sa.Column("uri", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("fetched_at", sa.Double),
        sa.Column("tried_at", sa.Double, nullable=False),
        sa.Column("trouble", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("uri", "username", name="pk_template_texts"),
    )


def _numbers() -> None:
    _more_columns(
        "post_numbers",
        [
            ("sender_key", sa.Text(), ""),
            ("message_key", sa.String(32), ""),
            ("content_key", sa.String(32), ""),
        ],
    )
    op.create_index("ix_post_numbers_message_key", "post_numbers", ["message_key"])


def _held() -> None:
    """Every post that is held already gets an identity of its own. Its moderators were told without a token,
    so nobody has to know which."""
    with op.batch_alter_table("held") as batch:
        batch.add_column(sa.Column("identity", sa.String(40)))
        batch.add_column(sa.Column("token_hash", sa.String(64)))
    connection = op.get_bind()
    for (number,) in connection.execute(sa.text("SELECT id FROM held")).all():
        identity = secrets.token_hex(20)
        unused = hashlib.blake2b(identity.encode(), digest_size=32).hexdigest()
        connection.execute(
            sa.text("UPDATE held SET identity = :identity, token_hash = :unused WHERE id = :id"),
            {"identity": identity, "unused": unused, "id": number},
        )
    _more_columns(
        "held",
        [
            ("message_id", sa.Text(), ""),
            ("comment", sa.Text(), ""),
            ("forward_to", sa.Text(), ""),
            ("preserve", sa.Boolean(), False),
        ],
    )
    # The last one: SQLite makes the table anew, and gives no number twice from then on (see schema.held).
    with op.batch_alter_table("held", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.alter_column("identity", nullable=False)
        batch.alter_column("token_hash", nullable=False)
        batch.create_unique_constraint("uq_held_identity", ["identity"])
        batch.create_unique_constraint("uq_held_token_hash", ["token_hash"])
