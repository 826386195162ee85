"""Rows of the table `events`: what is written into them, as parts of jobs for `Store.write`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from uuid_utils import uuid7

from console.errors import UsageError
from console.events.leaving import put_events, put_picture
from console.store.store import Store, utc_text
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

_AT_ONCE = 500
_INSERT = """
INSERT INTO events (camera_id, camera_name, label, track, rule, sound, score, x0, y0, x1, y1, width, height, seen_at,
                    recorded_at, boot_id, picture_why, tracking_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that is not stored yet.

    Attributes:
        camera_id, camera_name: the camera, and what it is called now.
        label: the class.
        track: the tracker's number.
        rule, sound: of the rule that asked for it.
        score: 0..1.
        box: x0, y0, x1, y1 in a picture of `size`.
        size: (width, height) in pixels.
        seen_at: UTC.
    """

    camera_id: str
    camera_name: str
    label: str
    track: int
    rule: str
    sound: str
    score: float
    box: tuple[float, float, float, float]
    size: tuple[int, int]
    seen_at: datetime


def insert(
    db: Database, events: Iterable[tuple[NewEvent, str]], boot_id: str, now: datetime | None = None
) -> list[int]:
    """Store events, each with the words why it will have no picture (empty: one is to come). Returns their ids.

    Each gets a tracking ID of its own, and leaves to whoever wants it.

    Args:
        db: inside a job.
        events: in their order.
        boot_id: of this run.
        now: when they are recorded; None: the clock's.

    Raises:
        sqlite3.IntegrityError: a value can't be stored.
    """
    ids: list[tuple[int, str]] = []
    recorded_at = utc_text(now or datetime.now(UTC))
    for event, why in events:
        cursor = db.execute(
            _INSERT,
            (
                event.camera_id, event.camera_name, event.label, event.track, event.rule, event.sound, event.score,
                *event.box, *event.size, utc_text(event.seen_at), recorded_at, boot_id, why,
                str(uuid7()),
            ),
        )  # fmt: skip
        ids.append((int(cursor.lastrowid or 0), event.camera_id))
    put_events(db, ids, boot_id, now)
    note_change(db)
    return [number for number, _camera in ids]


def link(db: Database, event_id: int, path: str) -> bool:
    """Give an event its picture, which is recorded under this path, and have that leave to whoever wants it.

    Returns:
        False: the event is gone, so the picture's row went too, and its file is to follow.
    """
    sql = "UPDATE events SET picture_id = (SELECT id FROM pictures WHERE path = ?) WHERE id = ?"
    linked = db.execute(sql, (path, event_id)).rowcount > 0
    if linked:
        put_picture(db, event_id)
    else:
        db.execute("DELETE FROM pictures WHERE path = ?", (path,))
    note_change(db)
    return linked


def say_why(db: Database, event_ids: Iterable[int], why: str) -> None:
    """Say why events have no picture."""
    for event_id in event_ids:
        db.execute("UPDATE events SET picture_why = ? WHERE id = ? AND picture_id IS NULL", (why, event_id))
    note_change(db)


def note_change(db: Database) -> None:
    """Let everybody who looks know that something about the events has changed."""
    db.execute("UPDATE events_changed SET number = number + 1")


def acknowledge(store: Store, event_ids: Sequence[int], who: str) -> Future[int]:
    """Record who has seen events, and when. What was acknowledged before keeps the first name.

    Args:
        store: where they are; the answer, how many are acknowledged now, comes after the commit.
        event_ids: those that are gone meanwhile are passed over.
        who: a person's name.

    Raises:
        UsageError: nobody is named.
        StoreError: too many jobs wait, or the store is closed.
    """
    name = " ".join(who.split())
    if not name:
        raise UsageError(
            _("Nobody is named who acknowledges this."), _("Say who sits here, then acknowledge the event again.")
        )
    return _change(
        store,
        "SET acknowledged_by = ?, acknowledged_at = ?, acknowledged_boot = ? WHERE acknowledged_at IS NULL",
        (name, utc_text(datetime.now(UTC)), store.boot_id),
        event_ids,
    )


def take_back(store: Store, event_ids: Sequence[int], who: str, since: datetime) -> Future[int]:
    """Undo an acknowledgement: events are new again, but only those this person acknowledged in this run since then.

    Args:
        store: where they are; the answer, how many are new again, comes after the commit.
        event_ids: those that are gone meanwhile are passed over.
        who: the name they were acknowledged with.
        since: UTC, taken before `acknowledge` was called; what was acknowledged earlier stays so.

    Raises:
        StoreError: too many jobs wait, or the store is closed.
    """
    return _change(
        store,
        "SET acknowledged_by = NULL, acknowledged_at = NULL, acknowledged_boot = NULL "
        "WHERE acknowledged_by = ? AND acknowledged_at >= ? AND acknowledged_boot = ?",
        (" ".join(who.split()), utc_text(since), store.boot_id),
        event_ids,
    )


def _change(store: Store, how: str, values: tuple[str, ...], event_ids: Sequence[int]) -> Future[int]:
    """Update those of these events that `how` is true of; the answer, how many that were, comes after the commit."""
    ids = list(event_ids)

    def job(db: Database) -> int:
        changed = 0
        for begin in range(0, len(ids), _AT_ONCE):
            part = ids[begin : begin + _AT_ONCE]
            places = ", ".join("?" * len(part))
            changed += db.execute(f"UPDATE events {how} AND id IN ({places})", (*values, *part)).rowcount
        note_change(db)
        return changed

    return store.write(job)
