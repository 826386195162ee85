"""Rows of the table `review_items`: what is written into them, as parts of jobs for `Store.write`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from console.review.items import NewItem, boxes_json
from console.review.leaving import put_item, put_picture
from console.store.holds import REVIEW, hold
from console.store.store import utc_text

if TYPE_CHECKING:
    from sqlite_utils import Database

Dropped = Literal["duplicate", "budget", "crowded"]
"""Why triage let something go: much like another one; over the hour's budget; no room to keep its picture in time."""
_INSERT = """
INSERT INTO review_items (tracking_id, camera_id, camera_name, label, score, track, reason, why, probability,
                          x0, y0, x1, y1, width, height, boxes, model, ran, taken_at, recorded_at, boot_id,
                          picture_id, crop_id, picture_why)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def insert(
    db: Database,
    item: NewItem,
    boot_id: str,
    *,
    picture: int | None,
    crop: int | None,
    why: str = "",
    now: datetime | None = None,
) -> int:
    """Store an item, hold its pictures until it is done, and have it leave to whoever wants it. Returns its id.

    Args:
        db: inside a job.
        item: which.
        boot_id: of this run.
        picture: id of the row of its whole picture; None: there is none, or it is to be linked later.
        crop: the same of what is around its box.
        why: the words why it will have no picture; empty: one is there or to come.
        now: when it is recorded; None: the clock's.

    Raises:
        sqlite3.IntegrityError: its tracking ID is there already, or a value can't be stored.
        ValueError: `taken_at` has no time zone.
    """
    x0, y0, x1, y1 = item.box.xyxy if item.box is not None else (None,) * 4
    ran = json.dumps([dict(one) for one in item.ran], ensure_ascii=False)
    cursor = db.execute(
        _INSERT,
        (
            item.tracking_id, item.camera_id, item.camera_name, item.label,
            item.box.score if item.box is not None else None, item.box.track if item.box is not None else None,
            item.reason, json.dumps(dict(item.why), ensure_ascii=False), item.probability, x0, y0, x1, y1, *item.size,
            boxes_json(item.boxes), item.model, ran, utc_text(item.taken_at),
            utc_text(now or datetime.now(UTC)), boot_id, picture, crop, why,
        ),
    )  # fmt: skip
    hold(db, REVIEW, pictures=[number for number in (picture, crop) if number is not None])
    number = int(cursor.lastrowid or 0)
    put_item(db, number, item.camera_id, boot_id, now)
    note_change(db)
    return number


def link(db: Database, item_id: int, picture_path: str, crop_path: str = "") -> bool:
    """Give an item its pictures, which are recorded under these paths, and hold them while it is not done.

    The whole one leaves to whoever wants it; of an item that is done, to whoever wants those of verdicts too.

    Args:
        db: inside a job.
        item_id: which.
        picture_path: of the whole picture, relative to the home.
        crop_path: of what is around its box; empty: there is none.

    Returns:
        False: the item is gone, so the pictures' rows went too, and their files are to follow.
    """
    row = db.execute("SELECT state, camera_id FROM review_items WHERE id = ?", (item_id,)).fetchone()
    ids: dict[str, int] = {}
    for column, path in (("picture_id", picture_path), ("crop_id", crop_path)):
        found = db.execute("SELECT id FROM pictures WHERE path = ?", (path,)).fetchone() if path else None
        if found is not None:
            ids[column] = int(found[0])
    if row is None:
        for number in ids.values():
            db.execute(
                "DELETE FROM pictures WHERE id = :id AND NOT EXISTS "
                "(SELECT 1 FROM review_items WHERE picture_id = :id OR crop_id = :id)",
                {"id": number},
            )
        return False
    for column, number in ids.items():
        db.execute(f"UPDATE review_items SET {column} = ?, picture_why = '' WHERE id = ?", (number, item_id))  # noqa: S608
    put_picture(db, item_id, "item picture", row[1])
    if row[0] == "done":
        put_picture(db, item_id, "verdict picture", row[1])
    else:
        hold(db, REVIEW, pictures=ids.values())
    note_change(db)
    return True


def say_why(db: Database, item_id: int, why: str) -> None:
    """Say why an item has no picture."""
    db.execute("UPDATE review_items SET picture_why = ? WHERE id = ? AND picture_id IS NULL", (why, item_id))
    note_change(db)


def drop(db: Database, camera_id: str, label: str, why: Dropped, at: datetime) -> None:
    """Count one thing that triage let go, in its hour of UTC.

    Raises:
        ValueError: `at` has no time zone.
    """
    hour = utc_text(at)[:13]
    db.execute(
        "INSERT INTO review_dropped (camera_id, label, hour, why, number) VALUES (?, ?, ?, ?, 1) "
        "ON CONFLICT (camera_id, label, hour, why) DO UPDATE SET number = number + 1",
        (camera_id, label, hour, why),
    )


def note_change(db: Database) -> None:
    """Let everybody who looks know that something about the items or verdicts has changed."""
    db.execute("UPDATE review_changed SET number = number + 1")
