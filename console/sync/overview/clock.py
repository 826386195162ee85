"""Whether this machine's clock was set back, as far as a look into the database from outside can tell."""

from __future__ import annotations

import sqlite3
from datetime import datetime


def set_back_s(db: sqlite3.Connection, now: datetime) -> float:
    """Seconds by which the clock is behind the newest message or the last start, whichever came later; 0: it is not.

    Args:
        db: to read from.
        now: with its zone.
    """
    sql = (
        "SELECT max(at) FROM (SELECT (SELECT written_at FROM outbox ORDER BY id DESC LIMIT 1) AS at "
        "UNION ALL SELECT (SELECT started_at FROM boot ORDER BY id DESC LIMIT 1))"
    )
    last = db.execute(sql).fetchone()[0]
    return max((datetime.fromisoformat(last) - now).total_seconds(), 0.0) if last else 0.0
