"""What the outbox keeps: pictures that waited aside come in again, what was sent long ago goes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from console.store.outbox import QUOTA_KEY, change, waiting_bytes
from console.store.store import Store, utc_text
from console.sync.uploading.pace import Clock
from console.sync.uploading.records import remove

if TYPE_CHECKING:
    import sqlite3

    from sqlite_utils import Database

log = logging.getLogger(__name__)

ROOM = 0.9
"""Below this share of the quota, what waits aside comes in again."""
STEADY_S = 900.0
"""Nothing goes for its age before the clock on the wall kept step for so long: it may have been wrong at first."""
_JUMP_S = 60.0
_AT_ONCE = 100
_LOOKED_AT = 1000
_LATER = """
SELECT d.outbox_id, d.bytes, coalesce(p.path, s.path)
FROM outbox_deliveries d INDEXED BY outbox_aside CROSS JOIN outbox m ON m.id = d.outbox_id
LEFT JOIN pictures p ON p.id = m.picture_id LEFT JOIN sealed s ON s.id = m.sealed_id
WHERE d.target = ? AND d.state IN ('refused', 'later') AND d.state = 'later' ORDER BY d.outbox_id LIMIT ?
"""
_AGES = """
SELECT m.id, max(d.sent_at), coalesce(sum(d.state <> 'sent'), 0) FROM outbox m
LEFT JOIN outbox_deliveries d ON d.outbox_id = m.id WHERE m.id > ? GROUP BY m.id ORDER BY m.id LIMIT ?
"""
_PRUNE = (  # as long as a file is here, who has it is known: else a late verdict would send it once more
    "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?)) AND picture_id IS NULL AND sealed_id IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM outbox_deliveries d WHERE d.outbox_id = outbox.id AND d.state <> 'sent')"
)


def promote(store: Store, home: Path, targets: Iterable[str]) -> int:
    """Let in what waits aside, oldest first, as long as there is room; what lost its file goes, and the log says so.

    One small step: call it again while it returns something.

    Args:
        store: the database.
        home: the home's folder.
        targets: whose; those of others wait on.

    Returns:
        How many deliveries came in or went.

    Raises:
        StoreError: the database can't be read or written.
    """
    with store.read() as db:
        waiting = waiting_bytes(db)
        row = db.execute("SELECT value FROM meta WHERE key = ?", (QUOTA_KEY,)).fetchone()
        room = ROOM * int(row[0]) - waiting if row is not None else float("inf")
        if room <= 0 and waiting:
            return 0
        found = list(islice(merge(*(_aside(db, target) for target in targets)), _AT_ONCE))
    come: list[tuple[str, int]] = []
    gone: list[tuple[str, int]] = []
    for number, target, size, path in found:
        if path is None or not (home / path).is_file():
            gone.append((target, number))
        elif size <= room or not (waiting or come):  # one that is larger than the quota must not stay for ever
            come.append((target, number))
            room -= size
        else:
            break
    if not come and not gone:
        return 0

    def job(db: Database) -> None:
        for target, number in come:
            change(db, target, [number], "waiting")
        for target, number in gone:
            remove(db, target, [number])

    store.write(job, wait_s=1.0).result()
    if gone:
        log.warning("Pictures that waited aside are gone, and are not sent", extra={"pictures": len(gone)})
    return len(come) + len(gone)


def _aside(db: sqlite3.Connection, target: str) -> list[tuple[int, str, int, str | None]]:
    rows = db.execute(_LATER, (target, _AT_ONCE)).fetchall()
    return [(int(number), target, int(size), path) for number, size, path in rows]


class Steady:
    """Whether the clock on the wall has kept step with the monotonic one for long enough to go by ages."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset, self._since = self._now(), clock.monotonic()

    def __bool__(self) -> bool:
        offset, now = self._now(), self._clock.monotonic()
        if abs(offset - self._offset) > _JUMP_S:
            self._offset, self._since = offset, now
        return now - self._since >= STEADY_S

    def _now(self) -> float:
        return self._clock.wall().timestamp() - self._clock.monotonic()


@dataclass(slots=True)
class Pruning:
    """One pass over the outbox, in small steps; messages that were sent so long ago to all they were for, go.

    One with a picture stays until the picture is gone here, too.

    Age is believed up to a day ahead of now. One that was sent in the future, by a clock that was wrong, goes together
    with the next younger one that is old.

    Attributes:
        after: the number up to which it has come.
        gone: so many messages went.
    """

    after: int = 0
    gone: int = 0
    _future: list[int] = field(default_factory=list)

    def step(self, store: Store, now: datetime, days: int) -> bool:
        """Look at some more messages. False: that was the last of them.

        Args:
            store: the database.
            now: with its zone.
            days: of their being kept.

        Raises:
            StoreError: the database can't be read or written.
        """
        cutoff, future = utc_text(now - timedelta(days=days)), utc_text(now + timedelta(days=1))
        with store.read() as db:
            rows = db.execute(_AGES, (self.after, _LOOKED_AT)).fetchall()
        old: list[int] = []
        for number, sent_at, open_ones in rows:
            if open_ones:
                continue
            if sent_at is None or sent_at < cutoff:
                old += [*self._future, int(number)]
                self._future = []
            elif sent_at > future and len(self._future) < _LOOKED_AT:
                self._future.append(int(number))
        for at in range(0, len(old), _AT_ONCE):
            self.gone += store.write(_pruning(old[at : at + _AT_ONCE]), wait_s=1.0).result()
        self.after = int(rows[-1][0]) if rows else self.after
        return len(rows) == _LOOKED_AT


def _pruning(numbers: list[int]) -> Callable[[Database], int]:
    return lambda db: int(db.execute(_PRUNE, (json.dumps(numbers),)).rowcount)
