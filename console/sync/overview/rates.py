"""How fast a target takes messages, told from what the database has: for whoever looks from another process."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

from console.store.store import utc_text
from console.sync.overview.quota import LOOKED_AT, SENT, oldest_waiting

LATELY_S = 60.0


def rate(db: sqlite3.Connection, target: str, now: datetime | None = None) -> float:
    """Messages per second over the last minute; over less where they came so fast that not all are looked at.

    Those that were sent last are the newest ones, and those right before the oldest that waits.

    Args:
        db: from `Store.read`.
        target: its name.
        now: None: the clock's.
    """
    now = now or datetime.now(UTC)
    newest = int(db.execute("SELECT coalesce(max(id), 0) FROM outbox").fetchone()[0])
    since, until = utc_text(now - timedelta(seconds=LATELY_S)), utc_text(now)
    sent: dict[int, str] = {}
    for end in {newest + 1, *oldest_waiting(db, target)}:
        sent |= {row[0]: row[2] for row in db.execute(SENT, (target, end - LOOKED_AT, end, since, until))}
    if len(sent) < LOOKED_AT:
        return len(sent) / LATELY_S
    first = datetime.fromisoformat(min(sent.values()))
    return len(sent) / max((now - first).total_seconds(), 1.0)
