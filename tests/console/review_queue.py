"""A review queue made by hand, over a real store: for tests of its rows, queries, verdicts and figures."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from uuid_utils import uuid7

from console.review.items import Box, NewItem, Reason
from console.review.rows import insert
from console.store import pictures
from console.store.store import Store

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
_DECIDED = {"second", "done"}
_MAY_FOLLOW = {
    "open": _DECIDED, "skipped": _DECIDED, "second": set(), "second's": {"done", "disputed"}, "disputed": {"done"},
    "done": {"done"},
}  # fmt: skip


def new_item(
    camera: str = "gate",
    label: str = "person",
    score: float | None = 0.4,
    *,
    reason: Reason = "doubt",
    track: int | None = 7,
    at: datetime = NOON,
    probability: float | None = None,
    boxes: Iterable[Box] = (),
) -> NewItem:
    """An item; without a score it asks about the whole picture."""
    box = Box((10.0, 20.0, 110.0, 220.0), label, score, track) if score is not None else None
    return NewItem(
        str(uuid7()), camera, f"Name of {camera}", label if box else "", box, reason,
        tuple(boxes) or ((box,) if box else ()), (640, 480), "yolox", ({"runtime": "openvino"},), at,
        {"low": 0.3}, probability,
    )  # fmt: skip


def picture_row(store: Store, name: str, camera: str = "gate", purpose: str = "review") -> pictures.PictureRow:
    """A picture's row; there is no file."""
    path = PurePosixPath(f"pictures/2026-03-04/{name}.jpg")
    return pictures.PictureRow(path, "0" * 64, 640, 480, camera, NOON, store.boot_id, "cover", "{}", purpose, 10)


def fill(store: Store, items: Iterable[NewItem]) -> list[int]:
    """Store items without pictures; their ids."""
    return store.write(
        lambda db: [insert(db, item, store.boot_id, picture=None, crop=None, why="none") for item in items]
    ).result(10)


def with_pictures(store: Store, item: NewItem, *, shared: int | None = None) -> tuple[int, int, int]:
    """Store an item with a picture, or with one that another item has already, and a crop: ids of all three."""

    def job(db: Any) -> tuple[int, int, int]:
        whole = shared or pictures.insert(db, picture_row(store, str(uuid7()), item.camera_id))
        crop = pictures.insert(db, picture_row(store, str(uuid7()), item.camera_id))
        return insert(db, item, store.boot_id, picture=whole, crop=crop), whole, crop

    return store.write(job).result(10)


def holds(store: Store) -> list[tuple[int, str]]:
    """Which pictures are held, and what for."""
    with store.read() as db:
        return [(row[0], row[1]) for row in db.execute("SELECT picture_id, why FROM holds ORDER BY picture_id, why")]


def states(store: Store) -> dict[int, str]:
    """How each item stands."""
    with store.read() as db:
        return dict(tuple(row) for row in db.execute("SELECT id, state FROM review_items"))


def contradictions(db: sqlite3.Connection) -> list[str]:
    """What can't be: an item that does not stand as its verdicts say, a verdict that rests upon what is not there."""
    found = []
    items = db.execute("SELECT id, state, verdict_id, judged_by FROM review_items ORDER BY id").fetchall()
    for number, state, in_force, judge in items:
        verdicts = db.execute(
            "SELECT id, kind, who, role, before, replaces FROM verdicts WHERE item_id = ? AND taken_back_at IS NULL "
            "ORDER BY id",
            (number,),
        ).fetchall()
        now, by, name = "open", None, ""
        for verdict, kind, who, role, before, replaces in verdicts:
            if before != now or replaces != by:
                found.append(
                    f"verdict {verdict} of item {number} was given on {before}, {replaces}: it was {now}, {by}"
                )
            if kind == "skip" and now not in ("open", "skipped"):
                continue
            after = [row[4] for row in verdicts if row[0] > verdict]
            now = "skipped" if kind == "skip" else after[0] if after else state
            if now not in _MAY_FOLLOW[before if role != "second" else "second's"] and kind != "skip":
                found.append(f"verdict {verdict} of item {number} led from {before} to {now}")
            by, name = verdict, who
        if (state, in_force, judge) != (now, by, name):
            found.append(
                f"item {number} stands as {state}, {in_force}, {judge!r}; its verdicts say {now}, {by}, {name!r}"
            )
    return found


def later(minutes: float) -> datetime:
    """So long after noon."""
    return NOON + timedelta(minutes=minutes)
