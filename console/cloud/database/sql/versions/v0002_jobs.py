"""Jobs and their answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    """See the module."""
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(36), nullable=False),
        sa.Column("site", sa.String(255), nullable=False),
        sa.Column("desk", sa.String(255), nullable=False),
        sa.Column("tracking_id", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("camera_id", sa.String(255), nullable=False),
        sa.Column("task", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("published", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(255), nullable=False),
        sa.Column("not_before", sa.String(32), nullable=False),
        sa.Column("lease_until", sa.String(32), nullable=True),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("queued_at", sa.String(32), nullable=False),
        sa.Column("began_at", sa.String(32), nullable=True),
        sa.Column("ended_at", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("job_id", name="jobs_pk"),
        sa.UniqueConstraint("message_id", "task", name="jobs_each_once"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.message_id"], name="jobs_message", ondelete="CASCADE"),
    )
    op.create_index("jobs_by_tracking_id", "jobs", ["tracking_id", "site"])
    for name, columns, state in (
        ("jobs_queued", ["not_before", "job_id", "task"], "state = 'queued'"),
        ("jobs_leased", ["lease_until"], "state = 'processing'"),
        ("jobs_failed", ["job_id"], "state = 'failed'"),
        ("jobs_untold", ["job_id"], "state = 'queued' AND published = 0"),
    ):
        op.create_index(name, "jobs", columns, sqlite_where=sa.text(state), postgresql_where=sa.text(state))
    op.create_table(
        "answers",
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("task", sa.String(64), nullable=False),
        sa.Column("site", sa.String(255), nullable=False),
        sa.Column("desk", sa.String(255), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("tracking_id", sa.String(64), nullable=False),
        sa.Column("camera_id", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "task", name="answers_pk"),
        sa.UniqueConstraint("number", "site", name="answers_number"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.message_id"], name="answers_message", ondelete="CASCADE"),
    )
    op.create_index("answers_by_desk", "answers", ["desk", "site", "number"])
    op.create_table(
        "numbers",
        sa.Column("site", sa.String(255), nullable=False),
        sa.Column("answer", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("site", name="numbers_pk"),
    )
