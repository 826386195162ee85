"""What the database holds. Every time is text: UTC, microseconds, ``+00:00``; so it sorts, and is the same in both.

Every index begins with what tells most rows apart: PostgreSQL walks one that begins with the site whole.
A row of `files` names a file that was on the disk, synced, before the row was. Nothing here holds the tracking ID of
what was erased.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA = MetaData()


def _where(name: str, *columns: str, of: str) -> Index:
    """An index of some of a table's rows."""
    return Index(name, *columns, sqlite_where=text(of), postgresql_where=text(of))


ABOUT = Table(
    "about", METADATA,
    Column("key", String(64), nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("key", name="about_pk"),
)  # fmt: skip
"""What is to be known of this database."""

FILES = Table(
    "files", METADATA,
    Column("site", String(255), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("path", String(512), nullable=False),
    PrimaryKeyConstraint("sha256", "site", name="files_pk"),
    UniqueConstraint("path", name="files_path"),
)  # fmt: skip
"""The files that are kept: each once in a site. `path` is relative to the store's folder, and never used again."""

MESSAGES = Table(
    "messages", METADATA,
    Column("message_id", String(64), nullable=False),
    Column("tracking_id", String(64), nullable=False),
    Column("site", String(255), nullable=False),
    Column("desk", String(255), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("camera_id", String(255), nullable=False),
    Column("written_at", String(64), nullable=False),
    Column("received_at", String(32), nullable=False),
    Column("head", Text, nullable=False),
    Column("head_sha256", String(64), nullable=False),
    Column("file_sha256", String(64), nullable=True),
    Column("file_bytes", BigInteger, nullable=False),
    Column("content_type", String(255), nullable=True),
    PrimaryKeyConstraint("message_id", name="messages_pk"),
    ForeignKeyConstraint(["file_sha256", "site"], ["files.sha256", "files.site"], name="messages_file"),
    Index("messages_by_tracking_id", "tracking_id", "site"),
    Index("messages_by_file", "file_sha256", "site"),
    Index("messages_by_received_at", "received_at"),
)  # fmt: skip
"""The messages that are kept. `head` is canonical JSON, without the body where the kind is `erased`; `head_sha256` is
of the head as it came."""

ERASED = Table(
    "erased", METADATA,
    Column("site", String(255), nullable=False),
    Column("tracking_id", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    PrimaryKeyConstraint("tracking_id", "site", name="erased_pk"),
)  # fmt: skip
"""What was erased, so that it is not taken again: SHA-256 of site and tracking ID, not the ID."""

COUNTS = Table(
    "counts", METADATA,
    Column("site", String(255), nullable=False),
    Column("what", String(32), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    PrimaryKeyConstraint("site", "what", name="counts_pk"),
)  # fmt: skip
"""How many there are, kept in step within each transaction: of each kind of message, and of files and erased IDs."""

JOBS = Table(
    "jobs", METADATA,
    Column("job_id", String(36), nullable=False),
    Column("site", String(255), nullable=False),
    Column("desk", String(255), nullable=False),
    Column("tracking_id", String(64), nullable=False),
    Column("message_id", String(64), nullable=False),
    Column("camera_id", String(255), nullable=False),
    Column("task", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("published", Integer, nullable=False),
    Column("worker", String(255), nullable=False),
    Column("not_before", String(32), nullable=False),
    Column("lease_until", String(32), nullable=True),
    Column("why", Text, nullable=False),
    Column("queued_at", String(32), nullable=False),
    Column("began_at", String(32), nullable=True),
    Column("ended_at", String(32), nullable=True),
    PrimaryKeyConstraint("job_id", name="jobs_pk"),
    UniqueConstraint("message_id", "task", name="jobs_each_once"),
    ForeignKeyConstraint(["message_id"], ["messages.message_id"], name="jobs_message", ondelete="CASCADE"),
    Index("jobs_by_tracking_id", "tracking_id", "site"),
    _where("jobs_queued", "not_before", "job_id", "task", of="state = 'queued'"),
    _where("jobs_leased", "lease_until", of="state = 'processing'"),
    _where("jobs_failed", "job_id", of="state = 'failed'"),
    _where("jobs_untold", "job_id", of="state = 'queued' AND published = 0"),
)  # fmt: skip
"""What is to be done, is being done, or was: the one place that says so. `published`: 1 once a broker was told.
`lease_until` is set while the state is processing, and then alone. The order of `jobs_queued` is the one in which jobs
are claimed; `task` is in it so that jobs of a task that nobody works on are passed over within the index."""

ANSWERS = Table(
    "answers", METADATA,
    Column("message_id", String(64), nullable=False),
    Column("task", String(64), nullable=False),
    Column("site", String(255), nullable=False),
    Column("desk", String(255), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("tracking_id", String(64), nullable=False),
    Column("camera_id", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", String(32), nullable=False),
    PrimaryKeyConstraint("message_id", "task", name="answers_pk"),
    UniqueConstraint("number", "site", name="answers_number"),
    ForeignKeyConstraint(["message_id"], ["messages.message_id"], name="answers_message", ondelete="CASCADE"),
    Index("answers_by_desk", "desk", "site", "number"),
)  # fmt: skip
"""What came of a job, for the desk that sent its file. Numbers of a site rise in the order of commits, since they are
given in its turn; one that is replaced gets a new one."""

NUMBERS = Table(
    "numbers", METADATA,
    Column("site", String(255), nullable=False),
    Column("answer", BigInteger, nullable=False),
    PrimaryKeyConstraint("site", name="numbers_pk"),
)  # fmt: skip
"""The last number an answer of a site was given; never goes back."""
