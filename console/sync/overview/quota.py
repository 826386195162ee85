"""How much waits, how much may, and when it will be as much: from ids and gaps between times."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from console.settings.schema import Settings
from console.store.outbox import PRIORITY, waiting_bytes
from console.store.store import utc_text
from console.sync.routes import GIGABYTE

_HOUR_S = 3600.0
_WINDOW_S = 6 * _HOUR_S
"""Growth is that of so long."""
_SHORTEST_S = 60.0
"""A burst says nothing of an hour: it is taken to have come in so long at least."""
LOOKED_AT = 500
"""Messages that are looked at, at most, however many came in that time."""
_LAST = "SELECT id, written_at FROM outbox ORDER BY id DESC LIMIT ?"
_GREW = (
    "SELECT coalesce(sum(d.bytes), 0) FROM outbox_deliveries d INDEXED BY outbox_deliveries_of "
    "WHERE d.outbox_id >= ? AND d.state IN ('waiting', 'refused')"
)
_OLDEST = (
    "SELECT min(outbox_id) FROM outbox_deliveries INDEXED BY outbox_next "
    "WHERE target = ? AND priority = ? AND state = 'waiting'"
)
SENT = (
    "SELECT outbox_id, bytes, sent_at FROM outbox_deliveries WHERE target = ? AND outbox_id >= ? AND outbox_id < ? "
    "AND state = 'sent' AND sent_at BETWEEN ? AND ?"
)


@dataclass(frozen=True, slots=True)
class Quota:
    """How much waits, and how much may.

    Attributes:
        bytes: that wait or are set aside; what is for two targets counts twice.
        limit: from here on files come in as `later`.
        later: deliveries that did.
        bytes_per_hour: by how much `bytes` grows; below 0: it shrinks.
        full_in_s: seconds until the limit is reached if it goes on so; 0: it is; None: it is not getting there.
    """

    bytes: int
    limit: int
    later: int
    bytes_per_hour: float
    full_in_s: float | None

    @property
    def share(self) -> float:
        """Of the limit; 1: all of it."""
        return self.bytes / self.limit


def quota(db: sqlite3.Connection, settings: Settings, now: datetime | None = None) -> Quota:
    """How much waits, and how it grows: what came in the last hours and still waits, less what older was sent in them.

    Args:
        db: from `Store.read`.
        settings: for the limit.
        now: None: the clock's.
    """
    limit, used = round(settings.sync.quota_gigabytes * GIGABYTE), waiting_bytes(db)
    later = int(db.execute("SELECT coalesce(sum(number), 0) FROM outbox_counts WHERE state = 'later'").fetchone()[0])
    growth = _growth(db, now or datetime.now(UTC))
    if used >= limit:
        return Quota(used, limit, later, growth, 0.0)
    return Quota(used, limit, later, growth, (limit - used) / growth * _HOUR_S if growth > 0 else None)


def _growth(db: sqlite3.Connection, now: datetime) -> float:
    """Bytes per hour."""
    last = [(int(row[0]), datetime.fromisoformat(row[1])) for row in db.execute(_LAST, (LOOKED_AT,))]
    if not last:
        return 0.0
    first, span = last[0][0], max((now - last[0][1]).total_seconds(), 0.0)
    for (_id, later), (number, earlier) in pairwise(last):
        gap = max((later - earlier).total_seconds(), 0.0)  # below 0: the clock was set back between the two
        if span + gap > _WINDOW_S:
            break
        first, span = number, span + gap
    if span > _WINDOW_S:  # nothing has come for so long
        return -_drained(db, last[0][0] + 1, now)
    grew = int(db.execute(_GREW, (first,)).fetchone()[0])
    return grew / max(span, _SHORTEST_S) * _HOUR_S - _drained(db, first, now)


def oldest_waiting(db: sqlite3.Connection, target: str) -> list[int]:
    """Number of the oldest message that waits for a target, of each priority that has any."""
    first = [db.execute(_OLDEST, (target, priority)).fetchone()[0] for priority in sorted(set(PRIORITY.values()))]
    return [int(number) for number in first if number is not None]


def _drained(db: sqlite3.Connection, below: int, now: datetime) -> float:
    """Bytes per hour of older messages that were sent: of those right below the oldest that waits, with each target."""
    rate, since, until = 0.0, utc_text(now - timedelta(seconds=_WINDOW_S)), utc_text(now)
    for (target,) in db.execute("SELECT DISTINCT target FROM outbox_counts WHERE state = 'waiting' AND number > 0"):
        sent: dict[int, tuple[int, str]] = {}
        for number in oldest_waiting(db, target):
            end = min(number, below)
            rows = db.execute(SENT, (target, end - LOOKED_AT, end, since, until))
            sent |= {row["outbox_id"]: (row["bytes"], row["sent_at"]) for row in rows}
        if sent:
            begin = datetime.fromisoformat(min(at for _size, at in sent.values()))
            size = sum(size for size, _at in sent.values())
            rate += size / max((now - begin).total_seconds(), _SHORTEST_S) * _HOUR_S
    return rate
