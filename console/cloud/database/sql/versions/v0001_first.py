"""The first tables: messages, their files, what was erased, counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    """See the module."""
    op.create_table(
        "about",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="about_pk"),
    )
    op.create_table(
        "files",
        sa.Column("site", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("path", sa.String(512), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "site", name="files_pk"),
        sa.UniqueConstraint("path", name="files_path"),
    )
    op.create_table(
        "messages",
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("tracking_id", sa.String(64), nullable=False),
        sa.Column("site", sa.String(255), nullable=False),
        sa.Column("desk", sa.String(255), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("camera_id", sa.String(255), nullable=False),
        sa.Column("written_at", sa.String(64), nullable=False),
        sa.Column("received_at", sa.String(32), nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("head_sha256", sa.String(64), nullable=False),
        sa.Column("file_sha256", sa.String(64), nullable=True),
        sa.Column("file_bytes", sa.BigInteger, nullable=False),
        sa.Column("content_type", sa.String(255), nullable=True),
        sa.PrimaryKeyConstraint("message_id", name="messages_pk"),
        sa.ForeignKeyConstraint(["file_sha256", "site"], ["files.sha256", "files.site"], name="messages_file"),
    )
    op.create_index("messages_by_tracking_id", "messages", ["tracking_id", "site"])
    op.create_index("messages_by_file", "messages", ["file_sha256", "site"])
    op.create_index("messages_by_received_at", "messages", ["received_at"])
    op.create_table(
        "erased",
        sa.Column("site", sa.String(255), nullable=False),
        sa.Column("tracking_id", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("tracking_id", "site", name="erased_pk"),
    )
    op.create_table(
        "counts",
        sa.Column("site", sa.String(255), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("site", "what", name="counts_pk"),
    )
