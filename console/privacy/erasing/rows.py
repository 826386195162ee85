"""The rows of what is to be erased: removed from the database in use and from copies, and counted beforehand."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from console.privacy.erasing.files import TRACKING
from console.privacy.erasing.scope import Scope, Where
from console.store.erasures import add
from console.store.removal import IN_LIST, OF_EVENT, OF_REVIEW, Removed, items_of, of_events, of_items, remove, tables

if TYPE_CHECKING:
    from sqlite_utils import Database

AT_ONCE = 500
"""Rows removed in one transaction, so that whoever else writes never waits long."""


@dataclass(slots=True)
class Place:
    """How far one look through the tables has come: the last id looked at in each.

    Attributes:
        over: nothing is left to look at.
    """

    events: int = 0
    pictures: int = 0
    sealed: int = 0
    items: int = 0
    over: bool = False


def erase_some(db: Database, number: int, scope: Scope, place: Place) -> Removed:
    """Remove the next rows of an erasure, count them in its row and remember their files; a job for `Store.write`.

    Args:
        db: inside the job.
        number: of the erasure.
        scope: what is meant.
        place: moved on.
    """
    events = _next(db, "events", scope.of_events(), place.events)
    if events:
        pictures, sealed = of_events(db, events)
        place.events = events[-1]
        return _remove(db, number, set(events), pictures, sealed=sealed)
    asked = _next(db, "review_items", scope.of_items(), place.items)
    if asked:
        place.items = asked[-1]
        linked = of_items(db, asked)
        shown = _events_of(db, sorted(linked))
        pictures, sealed = of_events(db, shown)
        return _remove(db, number, shown, pictures | linked, sealed=sealed, items=asked)
    direct = _next(db, "pictures", scope.of_pictures(), place.pictures)
    if direct:
        place.pictures = direct[-1]
        shown = _events_of(db, direct)
        pictures, sealed = of_events(db, shown)
        return _remove(db, number, shown, pictures | set(direct), sealed=sealed)
    crops = _next(db, "sealed", scope.of_sealed(), place.sealed)
    if crops:
        place.sealed = crops[-1]
        return _remove(db, number, set(), set(), sealed=crops)
    place.over = True
    _name_no_more(db, scope)
    return Removed()


def _remove(
    db: Database,
    number: int,
    events: set[int],
    pictures: set[int],
    *,
    sealed: Iterable[int] = (),
    items: Iterable[int] = (),
) -> Removed:
    shown = items_of(db, pictures) | set(items)  # one picture may show what several items ask about
    pictures |= of_items(db, shown)
    gone = remove(db, events=events, pictures=pictures, sealed=sealed, items=shown, release=True)
    held = {f"held for {why}": count for why, count in gone.held.items()}
    figures = {
        "events": gone.events, "pictures": gone.pictures, "sealed": gone.sealed, "items": gone.items,
        "verdicts": gone.verdicts, "gold members": gone.gold_members, "bytes": gone.bytes, **held,
    }  # fmt: skip
    add(db, number, figures, (*gone.paths, *(f"{TRACKING}/{name}" for name in gone.tracking_ids)))
    return gone


def _name_no_more(db: Database | sqlite3.Connection, scope: Scope) -> None:
    """Take a camera that is erased whole out of what counts and describes."""
    if scope.whole_camera:
        db.execute("DELETE FROM review_dropped WHERE camera_id = ?", (scope.camera_id,))
        db.execute(
            "UPDATE gold_sets SET spec = json_set(spec, '$.camera', '') WHERE json_extract(spec, '$.camera') = ?",
            (scope.camera_id,),
        )


def _next(db: Database, table: str, where: Where, after: int) -> list[int]:
    condition, values = where
    sql = f"SELECT id FROM {table} WHERE id > :after AND ({condition}) ORDER BY id LIMIT {AT_ONCE}"  # noqa: S608
    return [int(row[0]) for row in db.execute(sql, {"after": after, **values}).fetchall()]


def _events_of(db: Database | sqlite3.Connection, pictures: list[int]) -> set[int]:
    """The events of pictures, linked to them or not yet."""
    ids = json.dumps(pictures)
    sql = (
        f"SELECT id FROM events WHERE picture_id {IN_LIST} "  # noqa: S608
        f"UNION SELECT id FROM events WHERE id IN (SELECT CAST(substr(purpose, 7) AS INTEGER) FROM pictures "
        f"WHERE purpose GLOB 'event [0-9]*: *' AND id {IN_LIST})"
    )
    return {int(row[0]) for row in db.execute(sql, (ids, ids)).fetchall()}


@dataclass(frozen=True, slots=True)
class Preview:
    """What would go, were it erased now.

    Attributes:
        events, pictures, sealed: so many rows.
        bytes: of their files, as far as it is known.
        first, last: when the first and the last of it was seen, as the database writes times; empty where nothing is.
        held: so many of the pictures are held, by what for.
        others: other pictures of the same camera from that time, which may show the same: only where a track, an event
            or an item is meant.
        items, verdicts, gold_members: so many rows of review.
    """

    events: int
    pictures: int
    sealed: int
    bytes: int
    first: str = ""
    last: str = ""
    held: Mapping[str, int] = field(default_factory=dict)
    others: int = 0
    items: int = 0
    verdicts: int = 0
    gold_members: int = 0

    @property
    def nothing(self) -> bool:
        """Whether nothing fits."""
        return not (self.events or self.pictures or self.sealed or self.items)


def preview(db: sqlite3.Connection, scope: Scope) -> Preview:
    """Count what would go; nothing is changed.

    Args:
        db: a connection of its own, in whose temporary tables what was found is put together.
        scope: bounded.
    """
    _find(db, scope)

    def one(sql: str) -> tuple[Any, ...]:
        return tuple(db.execute(sql).fetchone())

    pictures, size = one("SELECT count(*), coalesce(sum(bytes), 0) FROM pictures WHERE id IN temp.gone_pictures")
    sealed, crops = one("SELECT count(*), coalesce(sum(bytes), 0) FROM sealed WHERE id IN temp.gone_sealed")
    times = (
        "SELECT seen_at AS at FROM events WHERE id IN temp.gone_events "
        "UNION ALL SELECT taken_at FROM pictures WHERE id IN temp.gone_pictures "
        "UNION ALL SELECT taken_at FROM review_items WHERE id IN temp.gone_items "
        "UNION ALL SELECT taken_at FROM sealed WHERE id IN temp.gone_sealed"
    )
    first, last = one(f"SELECT coalesce(min(at), ''), coalesce(max(at), '') FROM ({times})")  # noqa: S608
    held = db.execute(
        "SELECT why, count(*) FROM holds WHERE picture_id IN temp.gone_pictures OR sealed_id IN temp.gone_sealed "
        "GROUP BY why"
    ).fetchall()
    others = 0
    if scope.track is not None or scope.events or scope.pictures or scope.tracking_ids:
        others = one(
            "SELECT count(DISTINCT p.id) FROM pictures p JOIN ("
            "SELECT camera_id, seen_at AS at FROM events WHERE id IN temp.gone_events "
            "UNION ALL SELECT camera_id, taken_at FROM review_items WHERE id IN temp.gone_items"
            ") e ON e.camera_id = p.camera_id WHERE p.id NOT IN temp.gone_pictures "
            "AND abs(julianday(p.taken_at) - julianday(e.at)) < 30 / 86400.0"
        )[0]
    items, verdicts, members = one(
        "SELECT (SELECT count(*) FROM temp.gone_items), "
        "(SELECT count(*) FROM verdicts WHERE item_id IN temp.gone_items), (SELECT count(*) FROM gold_members "
        "WHERE item_id IN temp.gone_items OR picture_id IN temp.gone_pictures)"
    )
    return Preview(
        int(one("SELECT count(*) FROM temp.gone_events")[0]),
        int(pictures), int(sealed), int(size) + int(crops), first, last,
        {str(why): int(count) for why, count in held}, int(others), int(items), int(verdicts), int(members),
    )  # fmt: skip


def _find(db: sqlite3.Connection, scope: Scope) -> None:
    """Put the ids of all that is meant into temporary tables."""
    db.execute("PRAGMA temp_store = MEMORY")
    for name in ("gone_events", "gone_pictures", "gone_sealed", "gone_items"):
        db.execute(f"CREATE TEMP TABLE {name} (id INTEGER PRIMARY KEY)")
    events, pictures, sealed, items = scope.of_events(), scope.of_pictures(), scope.of_sealed(), scope.of_items()
    put = "INSERT OR IGNORE INTO temp.{into} SELECT {what} WHERE {where}"
    steps: list[tuple[str, str, Where]] = [
        ("gone_events", "id FROM events", events),
        ("gone_items", "id FROM review_items", items),
        ("gone_pictures", "id FROM pictures", pictures),
        *_ITEMS_PICTURES,
        ("gone_events", "id FROM events", ("picture_id IN temp.gone_pictures", {})),
        ("gone_events", "id FROM events", (f"id IN ({_NUMBERS})", {})),
        ("gone_pictures", "picture_id FROM events", ("id IN temp.gone_events AND picture_id IS NOT NULL", {})),
        ("gone_pictures", "id FROM pictures", (f"{OF_EVENT} IN temp.gone_events", {})),
        *_PICTURES_ITEMS,
        *_ITEMS_PICTURES,
        ("gone_sealed", "id FROM sealed", sealed),
        ("gone_sealed", "id FROM sealed", ("event_id IN temp.gone_events", {})),
    ]
    for into, what, (where, values) in steps:
        db.execute(put.format(into=into, what=what, where=where), values)


_ITEMS_PICTURES: list[tuple[str, str, Where]] = [
    ("gone_pictures", "picture_id FROM review_items", ("id IN temp.gone_items AND picture_id IS NOT NULL", {})),
    ("gone_pictures", "crop_id FROM review_items", ("id IN temp.gone_items AND crop_id IS NOT NULL", {})),
    (
        "gone_pictures",
        "id FROM pictures",
        (f"{OF_REVIEW} IN (SELECT tracking_id FROM review_items WHERE id IN temp.gone_items)", {}),  # noqa: S608
    ),
]
_PICTURES_ITEMS: list[tuple[str, str, Where]] = [
    ("gone_items", "id FROM review_items", ("picture_id IN temp.gone_pictures", {})),
    ("gone_items", "id FROM review_items", ("crop_id IN temp.gone_pictures", {})),
    (
        "gone_items",
        "i.id FROM pictures p JOIN review_items i ON i.tracking_id = substr(p.purpose, 8, 36)",
        ("p.purpose GLOB 'review ????????-*: *' AND p.id IN temp.gone_pictures", {}),
    ),
]
_NUMBERS = (
    "SELECT CAST(substr(purpose, 7) AS INTEGER) FROM pictures "
    "WHERE purpose GLOB 'event [0-9]*: *' AND id IN temp.gone_pictures"
)


def erase_from_copy(db: sqlite3.Connection, scope: Scope, paths: list[str]) -> Removed:
    """Remove from a copy of the database what is meant, and what is recorded under these paths; in a transaction.

    Args:
        db: an older copy may lack tables.
        scope: what is meant.
        paths: of picture files that went already.
    """
    there, whole = tables(db), scope.for_copy()

    def ids(table: str, where: Where) -> set[int]:
        return {int(row[0]) for row in db.execute(f"SELECT id FROM {table} WHERE {where[0]}", where[1])}  # noqa: S608

    gone: Where = ("path IN (SELECT value FROM json_each(:gone))", {"gone": json.dumps(paths)})
    pictures = ids("pictures", whole.of_pictures()) | ids("pictures", gone)
    sealed = ids("sealed", whole.of_sealed()) | ids("sealed", gone) if "sealed" in there else set()
    events: set[int] = set()
    items: set[int] = set()
    if "review_items" in there:
        names = json.dumps([path.removeprefix(f"{TRACKING}/") for path in paths if path.startswith(f"{TRACKING}/")])
        went: Where = ("tracking_id IN (SELECT value FROM json_each(:names))", {"names": names})
        items = ids("review_items", whole.of_items()) | ids("review_items", went)
        pictures |= of_items(db, items)
    if "events" in there:
        events = ids("events", whole.of_events()) | _events_of(db, sorted(pictures))
        more, crops = of_events(db, events, there)
        pictures, sealed = pictures | more, sealed | crops
    if "review_items" in there:
        items |= items_of(db, pictures)
        pictures |= of_items(db, items)
        db.execute(
            "INSERT INTO erasures (name, asked_at, stage, scope, figures) VALUES ('copy', '', 'rows', '{}', '{}')"
        )
        _name_no_more(db, whole)
    gone_rows = remove(db, events=events, pictures=pictures, sealed=sealed, items=items, release=True, there=there)
    if "erasures" in there:
        db.execute("DELETE FROM erasure_files")
        db.execute("DELETE FROM erasures WHERE stage <> 'done'")
    return gone_rows
