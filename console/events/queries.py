"""Looks at the events, each on a connection of `Store.read`; fast at any number of rows, since indexes lead them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

COUNTED = 10_000
"""Counting ends here: nobody acts on the difference between ten thousand and more."""


@dataclass(frozen=True, slots=True)
class Event:
    """A stored event.

    Attributes:
        id: later events have higher ones.
        camera_id, camera_name: the camera, and what it was called then.
        label: the class.
        track: the tracker's number.
        rule, sound: of the rule that asked for it.
        score: 0..1.
        box: x0, y0, x1, y1 in a picture of `size` (width, height).
        seen_at: UTC.
        boot_id: the run that saw it.
        picture: path of its thumbnail relative to the home, or None.
        picture_why: why it has none; empty while it is being made.
        acknowledged_by, acknowledged_at: who and when, or empty and None.
        tracking_id: what it is called towards the outside; empty: it is older than the outbox.
    """

    id: int
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
    boot_id: str
    picture: PurePosixPath | None
    picture_why: str
    acknowledged_by: str
    acknowledged_at: datetime | None
    tracking_id: str


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are meant; empty: all.

    Attributes:
        camera_id: of this camera.
        label: of this class.
        rule: that this rule asked for.
        unacknowledged: that nobody has acknowledged.
    """

    camera_id: str = ""
    label: str = ""
    rule: str = ""
    unacknowledged: bool = False

    def _where(self) -> tuple[list[str], list[str | int]]:
        """SQL conditions and their values; every text in them is our own."""
        named = {"camera_id": self.camera_id, "label": self.label, "rule": self.rule}
        conditions = [f"e.{column} = ?" for column, value in named.items() if value]
        if self.unacknowledged:
            conditions.append("e.acknowledged_at IS NULL")
        return conditions, [value for value in named.values() if value]


EVERYTHING = EventFilter()


def change(db: sqlite3.Connection) -> int:
    """A number that is another one after every change of the events."""
    return int(db.execute("SELECT number FROM events_changed").fetchone()[0])


def page(
    db: sqlite3.Connection, wanted: EventFilter = EVERYTHING, *, before: int | None = None, limit: int = 100
) -> list[Event]:
    """Events, newest first.

    Args:
        db: from `Store.read`.
        wanted: which.
        before: only older ones than the event of this id.
        limit: at most so many.
    """
    conditions, values = wanted._where()  # noqa: SLF001  # one file
    if before is not None:
        conditions.append("e.id < ?")
        values.append(before)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    sql = (
        "SELECT e.*, p.path FROM events e LEFT JOIN pictures p ON p.id = e.picture_id "  # noqa: S608
        f"{where} ORDER BY e.id DESC LIMIT ?"
    )
    return [_event(row) for row in db.execute(sql, (*values, limit))]


def after(db: sqlite3.Connection, event_id: int, *, limit: int = 100) -> list[Event]:
    """Events newer than the one of this id, oldest first."""
    sql = (
        "SELECT e.*, p.path FROM events e LEFT JOIN pictures p ON p.id = e.picture_id "
        "WHERE e.id > ? ORDER BY e.id LIMIT ?"
    )
    return [_event(row) for row in db.execute(sql, (event_id, limit))]


def newest(db: sqlite3.Connection) -> int:
    """The id of the newest event; 0 when there is none."""
    return int(db.execute("SELECT max(id) FROM events").fetchone()[0] or 0)


def count(db: sqlite3.Connection, wanted: EventFilter = EVERYTHING) -> int:
    """How many there are, at most `COUNTED`."""
    conditions, values = wanted._where()  # noqa: SLF001  # one file
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM events e {where} LIMIT {COUNTED})"  # noqa: S608
    return int(db.execute(sql, values).fetchone()[0])


def labels(db: sqlite3.Connection) -> list[str]:
    """Classes that have events, in alphabetical order; hops through the index from one to the next."""
    sql = """
        WITH RECURSIVE hop(label) AS (
            SELECT min(label) FROM events
            UNION ALL
            SELECT (SELECT min(label) FROM events WHERE label > hop.label) FROM hop WHERE hop.label IS NOT NULL
        )
        SELECT label FROM hop WHERE label IS NOT NULL
    """
    return [str(row[0]) for row in db.execute(sql)]


def _event(row: sqlite3.Row) -> Event:
    acknowledged = row["acknowledged_at"]
    return Event(
        id=row["id"],
        camera_id=row["camera_id"],
        camera_name=row["camera_name"],
        label=row["label"],
        track=row["track"],
        rule=row["rule"],
        sound=row["sound"],
        score=row["score"],
        box=(row["x0"], row["y0"], row["x1"], row["y1"]),
        size=(row["width"], row["height"]),
        seen_at=datetime.fromisoformat(row["seen_at"]),
        boot_id=row["boot_id"],
        picture=PurePosixPath(row["path"]) if row["path"] else None,
        picture_why=row["picture_why"],
        acknowledged_by=row["acknowledged_by"] or "",
        acknowledged_at=datetime.fromisoformat(acknowledged) if acknowledged else None,
        tracking_id=row["tracking_id"] or "",
    )
