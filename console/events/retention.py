"""How long events are kept: so many days and so many rows, their pictures with them; and what a crash cut off."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from console.events.leaving import put_picture
from console.events.rows import note_change, say_why
from console.settings.schema import EventSettings
from console.store.removal import EVENT_PURPOSE, of_events, remove
from console.store.store import Store, utc_text
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Rows removed in one transaction, so that new events never wait long."""
PURPOSE = EVENT_PURPOSE
_FREE = (
    "NOT EXISTS (SELECT 1 FROM holds WHERE holds.picture_id = e.picture_id) AND NOT EXISTS "
    "(SELECT 1 FROM holds JOIN sealed ON sealed.id = holds.sealed_id WHERE sealed.event_id = e.id)"
)


def last_to_go(db: Database, keep: EventSettings, now: datetime) -> int:
    """The id up to which all events go; 0 for none.

    Age is believed only from the oldest row on and only up to the first young one: a clock that once was wrong must not
    make young events go, wherever it put them. A row from the future is passed over.
    """
    cutoff, future = utc_text(now - timedelta(days=keep.keep_days)), utc_text(now + timedelta(days=1))
    young = _one(
        db, "SELECT id FROM events WHERE recorded_at >= ? AND recorded_at <= ? ORDER BY id LIMIT 1", cutoff, future
    )
    if young:
        old = _one(db, "SELECT max(id) FROM events WHERE id < ? AND recorded_at < ?", young, cutoff)
    else:
        old = _one(db, "SELECT max(id) FROM events WHERE recorded_at < ?", cutoff)
    over = _one(db, "SELECT id FROM events ORDER BY id DESC LIMIT 1 OFFSET ?", keep.keep_events)
    return max(old, over)


def remove_some(store: Store, folder: Path, keep: EventSettings, now: datetime | None = None) -> int:
    """Remove up to `AT_ONCE` of the events that are not to be kept, with their pictures; how many went.

    Those whose picture is held stay with it. Rows go first: a file that stays behind by a crash has no row, and is
    swept like any other.

    Args:
        store: where they are.
        folder: the home, which pictures' paths are relative to.
        keep: how long.
        now: with its time zone; None: the clock's.

    Raises:
        StoreError: the database refused.
    """
    moment = now or datetime.now(UTC)

    def job(db: Database) -> tuple[int, list[str]]:
        last = last_to_go(db, keep, moment)
        if not last:
            return 0, []
        rows = db.execute(
            f"SELECT e.id FROM events e WHERE e.id <= ? AND {_FREE} ORDER BY e.id LIMIT ?",  # noqa: S608  # our own text
            (last, AT_ONCE),
        ).fetchall()
        if not rows:
            return 0, []
        events = [int(row[0]) for row in rows]
        pictures, sealed = of_events(db, events)
        gone = remove(db, events=events, pictures=pictures, sealed=sealed)
        return gone.events, list(gone.paths)

    gone, paths = store.write(job, wait_s=5.0).result()
    for path in paths:
        with suppress(OSError):  # swept later
            folder.joinpath(*PurePosixPath(path).parts).unlink(missing_ok=True)
    return gone


def mend(store: Store) -> int:
    """Give events of earlier runs their pictures, or the words why there is none, where a crash came between.

    A crash can come after a picture's row and before the event was told of it: the picture's purpose names its event.
    Where that event was erased meanwhile, the picture follows it; its file is swept as any that no row knows. A picture
    that an event gets now leaves now.

    Returns:
        How many events were mended.

    Raises:
        StoreError: the database refused.
    """

    def job(db: Database) -> int:
        _remove_left_over(db)
        cut_off = db.execute(
            "SELECT id, camera_id FROM events WHERE picture_id IS NULL AND picture_why = '' AND boot_id <> ?",
            (store.boot_id,),
        ).fetchall()
        for event_id, camera_id in cut_off:
            like = PURPOSE.format(id=event_id, purpose="%")
            found = _one(
                db, "SELECT id FROM pictures WHERE camera_id = ? AND purpose LIKE ? ORDER BY id DESC", camera_id, like
            )
            if found:
                db.execute("UPDATE events SET picture_id = ? WHERE id = ?", (found, event_id))
                put_picture(db, event_id, store.boot_id)
            else:
                say_why(db, [event_id], _("Sightdesk ended before the picture was written."))
        if cut_off:
            note_change(db)
        return len(cut_off)

    mended = store.write(job, wait_s=5.0).result()
    if mended:
        log.info("%d events were cut off by a crash and are mended", mended)
    return mended


def _remove_left_over(db: Database) -> None:
    """Pictures whose event is gone, though events and their pictures always go together."""
    number = "CAST(substr(purpose, 7) AS INTEGER)"
    db.execute(
        f"DELETE FROM pictures WHERE purpose GLOB 'event [0-9]*: *' AND {number} NOT IN (SELECT id FROM events) "  # noqa: S608
        f"AND {number} <= (SELECT max(seq) FROM sqlite_sequence WHERE name = 'events') "
        "AND id NOT IN (SELECT picture_id FROM holds WHERE picture_id IS NOT NULL)"
    )


def _one(db: Database, sql: str, *values: object) -> int:
    row = db.execute(sql, values).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
