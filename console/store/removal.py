"""Taking rows of events, pictures and sealed crops out of a database, all of it in one transaction or nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

EVENT_PURPOSE = "event {id}: {purpose}"
"""What a thumbnail's row says it was kept for: it leads back to its event, though nothing else may after a crash."""
OF_EVENT = "purpose GLOB 'event [0-9]*: *' AND CAST(substr(purpose, 7) AS INTEGER)"
"""SQL: the number of the event in such a purpose; there is an index on it."""
IN_LIST = "IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Removed:
    """What went.

    Attributes:
        events, pictures, sealed: so many rows.
        bytes: of their files, as far as their size is known.
        paths: of their files, relative to the home; the rows are gone when the transaction is, the files are yet to go.
        held: so many of them were held, by what for.
    """

    events: int = 0
    pictures: int = 0
    sealed: int = 0
    bytes: int = 0
    paths: tuple[str, ...] = ()
    held: Mapping[str, int] = field(default_factory=dict)


def tables(db: Database | sqlite3.Connection) -> frozenset[str]:
    """The tables there are: an older backup lacks some."""
    return frozenset(str(row[0]) for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"))


def remove(
    db: Database | sqlite3.Connection,
    *,
    events: Iterable[int] = (),
    pictures: Iterable[int] = (),
    sealed: Iterable[int] = (),
    why: str = "",
    release: bool = False,
    there: frozenset[str] | None = None,
) -> Removed:
    """Remove rows by their ids; part of a job for `Store.write`.

    Args:
        db: inside a transaction.
        events: ids; those that are not there are passed over, here as below.
        pictures: ids.
        sealed: ids.
        why: what an event that stays says instead of its picture.
        release: also remove what is held.
        there: the tables there are; None: all of them.

    Raises:
        sqlite3.IntegrityError: something is held, and `release` is False; roll back.
    """
    has = there if there is not None else frozenset({"events", "events_changed", "pictures", "sealed", "holds"})
    event_ids, picture_ids, sealed_ids = (json.dumps(sorted(set(ids))) for ids in (events, pictures, sealed))
    held = _release(db, picture_ids, sealed_ids) if release and "holds" in has else {}
    gone = 0
    if "events" in has:
        gone = db.execute(f"DELETE FROM events WHERE id {IN_LIST}", (event_ids,)).rowcount  # noqa: S608  # our own text
        db.execute(f"UPDATE events SET picture_why = ? WHERE picture_id {IN_LIST}", (why, picture_ids))  # noqa: S608
    paths, size, counts = [], 0, {"pictures": 0, "sealed": 0}
    for table, ids in (("pictures", picture_ids), ("sealed", sealed_ids)):
        if table not in has:
            continue
        known = "bytes" if "holds" in has else "0"
        for path, number in db.execute(f"SELECT path, {known} FROM {table} WHERE id {IN_LIST}", (ids,)).fetchall():  # noqa: S608
            paths.append(str(path))
            size += int(number)
        counts[table] = db.execute(f"DELETE FROM {table} WHERE id {IN_LIST}", (ids,)).rowcount  # noqa: S608
    if "events_changed" in has:
        db.execute("UPDATE events_changed SET number = number + 1")
    return Removed(gone, counts["pictures"], counts["sealed"], size, tuple(paths), held)


def of_events(
    db: Database | sqlite3.Connection, events: Iterable[int], there: frozenset[str] | None = None
) -> tuple[set[int], set[int]]:
    """Ids of the pictures and of the sealed crops that were made for events, linked to them or not yet."""
    ids = json.dumps(sorted(set(events)))
    pictures = {
        int(row[0])
        for row in db.execute(
            f"SELECT picture_id FROM events WHERE id {IN_LIST} AND picture_id IS NOT NULL "  # noqa: S608
            f"UNION SELECT id FROM pictures WHERE {OF_EVENT} {IN_LIST}",
            (ids, ids),
        )
    }
    if there is not None and "sealed" not in there:
        return pictures, set()
    return pictures, {int(row[0]) for row in db.execute(f"SELECT id FROM sealed WHERE event_id {IN_LIST}", (ids,))}  # noqa: S608


def _release(db: Database | sqlite3.Connection, pictures: str, sealed: str) -> dict[str, int]:
    where = f"picture_id {IN_LIST} OR sealed_id {IN_LIST}"
    held = {
        str(why): int(count)
        for why, count in db.execute(
            f"SELECT why, count(*) FROM holds WHERE {where} GROUP BY why",  # noqa: S608
            (pictures, sealed),
        ).fetchall()
    }
    if held:
        db.execute(f"DELETE FROM holds WHERE {where}", (pictures, sealed))  # noqa: S608
    return held
