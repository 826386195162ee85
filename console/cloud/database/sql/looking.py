"""Looking at what is kept, each site at its own alone."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, text

from console.cloud.database.base import DONE_COUNT, ERASED_COUNT, FILES_COUNT
from console.cloud.database.sql.engines import POSTGRESQL
from console.cloud.database.sql.tables import ABOUT, COUNTS, ERASED, FILES, MESSAGES
from console.cloud.jobs.times import this_machine
from console.cloud.keeping.arrivals import mark
from console.cloud.keeping.said import Figures, FileSaid, Message, Trace, Traced

# the moment of the statement, not of the transaction's beginning: who waited for a lock is not behind
_CLOCK = text("""SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00'""")


def now(db: Connection) -> str:
    """The server's clock, which is one for all who work with it; SQLite has none but this machine's."""
    return str(db.execute(_CLOCK).scalar_one()) if db.dialect.name == POSTGRESQL else this_machine()


def trace(db: Connection, site: str, tracking_id: str) -> Trace | None:
    """Where a tracking ID is; None: this site never sent anything of it."""
    found = [_traced(row) for row in db.execute(_messages(site).where(MESSAGES.c.tracking_id == tracking_id))]
    if found:
        return Trace(tracking_id=tracking_id, state="received", messages=found)
    gone = select(ERASED.c.at).where(ERASED.c.site == site, ERASED.c.tracking_id == mark(site, tracking_id))
    if db.execute(gone).first() is not None:
        return Trace(tracking_id=tracking_id, state="erased", messages=[])
    return None


def message(db: Connection, site: str, message_id: str) -> Message | None:
    """A message of a site; None: it has none such, or it was erased."""
    row = db.execute(_messages(site).where(MESSAGES.c.message_id == message_id)).first()
    if row is None:
        return None
    return Message(**_traced(row), tracking_id=row.tracking_id, body=json.loads(row.head)["body"])


def file_name(db: Connection, site: str, sha256: str) -> str | None:
    """The name in the store of a file of a site."""
    query = select(FILES.c.path).where(FILES.c.site == site, FILES.c.sha256 == sha256)
    return db.execute(query).scalar_one_or_none()


def figures(db: Connection) -> Figures:
    """How much is kept, of all sites; costs the same however much that is."""
    query = select(COUNTS.c.what, func.sum(COUNTS.c.number), func.sum(COUNTS.c.bytes)).group_by(COUNTS.c.what)
    found = {what: (int(number), int(size)) for what, number, size in db.execute(query)}
    files, size = found.pop(FILES_COUNT, (0, 0))
    erased, _none = found.pop(ERASED_COUNT, (0, 0))
    found.pop(DONE_COUNT, None)
    return Figures(
        messages={what: number for what, (number, _size) in sorted(found.items())},
        files=files,
        bytes=size,
        erased=erased,
        oldest=db.execute(select(func.min(MESSAGES.c.received_at))).scalar_one_or_none(),
    )


def about(db: Connection, key: str) -> str | None:
    """What is to be known of this database."""
    return db.execute(select(ABOUT.c.value).where(ABOUT.c.key == key)).scalar_one_or_none()


def _messages(site: str) -> Select[Any]:
    return (
        select(MESSAGES)
        .where(MESSAGES.c.site == site)
        .order_by(MESSAGES.c.number, MESSAGES.c.received_at, MESSAGES.c.message_id)
    )  # fmt: skip


def _traced(row: Row[Any]) -> Traced:
    file = None
    if row.file_sha256 is not None:
        file = FileSaid(sha256=row.file_sha256, bytes=row.file_bytes, content_type=row.content_type)
    return Traced(
        message_id=row.message_id, kind=row.kind, number=row.number, camera_id=row.camera_id, desk=row.desk,
        written_at=row.written_at, received_at=row.received_at, file=file,
    )  # fmt: skip
