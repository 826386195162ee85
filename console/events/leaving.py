"""What leaves of events: bodies made of rows, put into the outbox by the job that stores what they are about.

Nobody's name is in them: who acknowledged an event stays here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.store.named import one_row
from console.store.outbox import Message, put, targets_of

if TYPE_CHECKING:
    from sqlite_utils import Database

_PICTURE = """
SELECT e.tracking_id, e.camera_id, e.label, e.x0, e.y0, e.x1, e.y1, e.width AS source_width, e.height AS source_height,
       p.id, p.sha256, p.bytes, p.width, p.height, p.taken_at, p.policy_json, p.boot_id
FROM events e JOIN pictures p ON p.id = e.picture_id WHERE e.id = ? AND e.tracking_id IS NOT NULL
"""


def event_body(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of an event, from its row in `events`; its box in pixels of a picture of `size`."""
    return {
        "camera": row["camera_name"],
        "label": row["label"],
        "track": row["track"],
        "rule": row["rule"],
        "score": round(row["score"], 4),
        "box": _box(row),
        "size": [row["width"], row["height"]],
        "seen_at": row["seen_at"],
    }


def picture_body(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of an event's picture.

    Args:
        row: of `pictures`; with the event's label, x0 to y1, and size as source_width and source_height.
    """
    return {
        "of": "event",
        "sha256": row["sha256"],
        "bytes": row["bytes"],
        "size": [row["width"], row["height"]],
        "source_size": [row["source_width"], row["source_height"]],
        "taken_at": row["taken_at"],
        "policy": json.loads(row["policy_json"]),
        "label": row["label"],
        "box": _box(row),
    }


def put_events(db: Database, events: Iterable[tuple[int, str]], boot_id: str, now: datetime | None = None) -> None:
    """Have events leave that were just stored; part of a job.

    Args:
        db: inside the job that stores them.
        events: ids with their cameras.
        boot_id: of this run.
        now: when; None: the clock's.
    """
    wanted: dict[str, list[str]] = {}
    for number, camera_id in events:
        if camera_id not in wanted:
            wanted[camera_id] = targets_of(db, "event", camera_id)
        if not wanted[camera_id]:
            continue
        row = one_row(db, "SELECT * FROM events WHERE id = ?", number)
        if row is not None:
            message = Message("event", row["tracking_id"], camera_id, event_body(row))
            put(db, message, boot_id, targets=wanted[camera_id], now=now)


def put_picture(db: Database, event_id: int, boot_id: str = "") -> None:
    """Have an event's picture leave, once it is linked; part of a job. An event older than the outbox has none to send.

    Args:
        db: inside the job that links it.
        event_id: of the event.
        boot_id: of this run; empty: the one that wrote the picture.
    """
    row = one_row(db, _PICTURE, event_id)
    if row is None:
        return
    targets = targets_of(db, "event picture", row["camera_id"])
    if targets:
        body, size = picture_body(row), row["bytes"]
        message = Message("picture", row["tracking_id"], row["camera_id"], body, picture_id=row["id"], file_bytes=size)
        put(db, message, boot_id or row["boot_id"], targets=targets)


def _box(row: Mapping[str, Any]) -> list[float]:
    return [round(row[name], 2) for name in ("x0", "y0", "x1", "y1")]
