"""Taking rows of events, review, pictures and sealed crops out of a database, in one transaction or not at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from console.store.tombstones import Taken, about, carrying, take_away

if TYPE_CHECKING:
    from sqlite_utils import Database

EVENT_PURPOSE = "event {id}: {purpose}"
"""What a thumbnail's row says it was kept for: it leads back to its event, though nothing else may after a crash."""
OF_EVENT = "purpose GLOB 'event [0-9]*: *' AND CAST(substr(purpose, 7) AS INTEGER)"
"""SQL: the number of the event in such a purpose; there is an index on it."""
OF_REVIEW = "purpose GLOB 'review ????????-*: *' AND substr(purpose, 8, 36)"
"""SQL: the tracking ID of the review item in such a purpose; there is an index on it."""
IN_LIST = "IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Removed:
    """What went.

    Attributes:
        events, pictures, sealed: so many rows.
        bytes: of their files, as far as their size is known.
        paths: of their files, relative to the home; the rows are gone when the transaction is, the files are yet to go.
        held: so many of them were held, by what for.
        items, verdicts, gold_members: so many rows of review.
        tracking_ids: of the events and items.
        taken: what went from the outbox with it.
        answers: of clouds about it, so many rows.
    """

    events: int = 0
    pictures: int = 0
    sealed: int = 0
    bytes: int = 0
    paths: tuple[str, ...] = ()
    held: Mapping[str, int] = field(default_factory=dict)
    items: int = 0
    verdicts: int = 0
    gold_members: int = 0
    tracking_ids: tuple[str, ...] = ()
    taken: Taken = field(default_factory=Taken)
    answers: int = 0


_ALL = frozenset({"events", "events_changed", "pictures", "sealed", "holds", "review_items", "outbox", "answers"})


def tables(db: Database | sqlite3.Connection) -> frozenset[str]:
    """The tables there are: an older backup lacks some."""
    return frozenset(str(row[0]) for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"))


def remove(
    db: Database | sqlite3.Connection,
    *,
    events: Iterable[int] = (),
    pictures: Iterable[int] = (),
    sealed: Iterable[int] = (),
    items: Iterable[int] = (),
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
        items: ids of review items; their verdicts go too.
        why: what an event or item that stays says instead of its picture.
        release: also remove what is held, the members of gold sets that show it, and what the outbox has about it: it
            is erased.
        there: the tables there are; None: all of them.

    Raises:
        sqlite3.IntegrityError: something is held or in a gold set, and `release` is False; roll back.
    """
    has = there if there is not None else _ALL
    of = (events, pictures, sealed, items)
    event_ids, picture_ids, sealed_ids, item_ids = (json.dumps(sorted(set(ids))) for ids in of)
    held = _release(db, picture_ids, sealed_ids) if release and "holds" in has else {}
    review, names, taken = Removed(), _called(db, event_ids, "events") if "outbox" in has else (), Taken()
    if "outbox" in has and release:
        of_these = {*names, *_called(db, item_ids, "review_items")}
        taken = take_away(db, about(db, of_these) | carrying(db, picture_ids, sealed_ids))
    if "review_items" in has:
        review = _remove_review(db, item_ids, picture_ids, why, gold=release)
    names = (*names, *review.tracking_ids)
    answers = forget_answers(db, {*names, *taken.tracking_ids}) if "answers" in has else 0
    gone = _remove_events(db, event_ids, picture_ids, why) if "events" in has else 0
    size_of = "bytes" if "holds" in has else "0"
    files = {
        table: _remove_files(db, table, ids, size_of)
        for table, ids in (("pictures", picture_ids), ("sealed", sealed_ids))
        if table in has
    }
    if "events_changed" in has:
        db.execute("UPDATE events_changed SET number = number + 1")
    return replace(
        review,
        events=gone,
        pictures=len(files.get("pictures", ())),
        sealed=len(files.get("sealed", ())),
        bytes=sum(size for found in files.values() for _path, size in found),
        paths=tuple(path for found in files.values() for path, _size in found),
        held=held,
        tracking_ids=names,
        taken=taken,
        answers=answers,
    )


def _remove_events(db: Database | sqlite3.Connection, events: str, pictures: str, why: str) -> int:
    """Remove events; those that lose their picture say why. How many rows."""
    gone = db.execute(f"DELETE FROM events WHERE id {IN_LIST}", (events,)).rowcount  # noqa: S608  # our own text
    db.execute(f"UPDATE events SET picture_why = ? WHERE picture_id {IN_LIST}", (why, pictures))  # noqa: S608
    return int(gone)


def forget_answers(db: Database | sqlite3.Connection, tracking_ids: Iterable[str]) -> int:
    """Remove what clouds answered about these; how many rows."""
    ids = json.dumps(sorted(tracking_ids))
    return int(db.execute(f"DELETE FROM answers WHERE tracking_id {IN_LIST}", (ids,)).rowcount)  # noqa: S608


def _remove_files(db: Database | sqlite3.Connection, table: str, ids: str, size_of: str) -> list[tuple[str, int]]:
    """Remove rows of files; path and size of each that was there."""
    found = db.execute(f"SELECT path, {size_of} FROM {table} WHERE id {IN_LIST}", (ids,)).fetchall()  # noqa: S608
    db.execute(f"DELETE FROM {table} WHERE id {IN_LIST}", (ids,))  # noqa: S608
    return [(str(path), int(size)) for path, size in found]


def _called(db: Database | sqlite3.Connection, ids: str, table: str) -> tuple[str, ...]:
    """Tracking IDs of events or items; events that are older than the outbox have none."""
    sql = f"SELECT tracking_id FROM {table} WHERE id {IN_LIST} AND tracking_id IS NOT NULL"  # noqa: S608
    return tuple(str(row[0]) for row in db.execute(sql, (ids,)).fetchall())


def _remove_review(db: Database | sqlite3.Connection, items: str, pictures: str, why: str, *, gold: bool) -> Removed:
    """Remove review items with their verdicts; with `gold` also the members of gold sets that show them."""
    members = 0
    if gold:
        members = db.execute(
            f"DELETE FROM gold_members WHERE item_id {IN_LIST} OR picture_id {IN_LIST}",  # noqa: S608
            (items, pictures),
        ).rowcount
    found = db.execute(f"SELECT tracking_id FROM review_items WHERE id {IN_LIST}", (items,)).fetchall()  # noqa: S608
    verdicts = db.execute(f"DELETE FROM verdicts WHERE item_id {IN_LIST}", (items,)).rowcount  # noqa: S608
    db.execute(f"DELETE FROM review_items WHERE id {IN_LIST}", (items,))  # noqa: S608
    staying = db.execute(
        f"UPDATE review_items SET picture_why = ? WHERE picture_id {IN_LIST}",  # noqa: S608
        (why, pictures),
    ).rowcount
    if found or staying:
        db.execute("UPDATE review_changed SET number = number + 1")
    return Removed(
        items=len(found), verdicts=verdicts, gold_members=members, tracking_ids=tuple(str(row[0]) for row in found)
    )


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


def of_items(db: Database | sqlite3.Connection, items: Iterable[int]) -> set[int]:
    """Ids of the pictures that were made for review items, linked to them or not yet."""
    ids = json.dumps(sorted(set(items)))
    sql = (
        f"SELECT picture_id FROM review_items WHERE id {IN_LIST} AND picture_id IS NOT NULL "  # noqa: S608
        f"UNION SELECT crop_id FROM review_items WHERE id {IN_LIST} AND crop_id IS NOT NULL "
        f"UNION SELECT id FROM pictures WHERE {OF_REVIEW} IN (SELECT tracking_id FROM review_items WHERE id {IN_LIST})"
    )
    return {int(row[0]) for row in db.execute(sql, (ids, ids, ids)).fetchall()}


def crops_of(db: Database | sqlite3.Connection, items: Iterable[int], there: frozenset[str] | None = None) -> set[int]:
    """Ids of the sealed crops that were made for review items."""
    if there is not None and not {"sealed", "answers"} <= there:  # before there were answers, all were of events
        return set()
    sql = f"SELECT id FROM sealed WHERE item_id {IN_LIST}"  # noqa: S608  # our own text
    return {int(row[0]) for row in db.execute(sql, (json.dumps(sorted(set(items))),)).fetchall()}


def items_of(db: Database | sqlite3.Connection, pictures: Iterable[int]) -> set[int]:
    """Ids of the review items whose pictures these are, linked to them or not yet."""
    ids = json.dumps(sorted(set(pictures)))
    sql = (
        f"SELECT id FROM review_items WHERE picture_id {IN_LIST} "  # noqa: S608
        f"UNION SELECT id FROM review_items WHERE crop_id {IN_LIST} "
        f"UNION SELECT id FROM review_items WHERE tracking_id IN (SELECT substr(purpose, 8, 36) FROM pictures "
        f"WHERE purpose GLOB 'review ????????-*: *' AND id {IN_LIST})"
    )
    return {int(row[0]) for row in db.execute(sql, (ids, ids, ids)).fetchall()}


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
