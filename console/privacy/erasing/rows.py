"""The rows of what is to be erased: removed from the database in use and from copies, and counted beforehand."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from console.privacy.erasing.scope import Scope, Where
from console.store.erasures import add
from console.store.removal import IN_LIST, OF_EVENT, Removed, of_events, remove, tables

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
        return _remove(db, number, set(events), pictures, sealed)
    direct = _next(db, "pictures", scope.of_pictures(), place.pictures)
    if direct:
        place.pictures = direct[-1]
        shown = _events_of(db, direct)
        pictures, sealed = of_events(db, shown)
        return _remove(db, number, shown, pictures | set(direct), sealed)
    crops = _next(db, "sealed", scope.of_sealed(), place.sealed)
    if crops:
        place.sealed = crops[-1]
        return _remove(db, number, set(), set(), set(crops))
    place.over = True
    return Removed()


def _remove(db: Database, number: int, events: set[int], pictures: set[int], sealed: set[int]) -> Removed:
    gone = remove(db, events=events, pictures=pictures, sealed=sealed, release=True)
    held = {f"held for {why}": count for why, count in gone.held.items()}
    figures = {"events": gone.events, "pictures": gone.pictures, "sealed": gone.sealed, "bytes": gone.bytes, **held}
    add(db, number, figures, gone.paths)
    return gone


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
        others: other pictures of the same camera from that time, which may show the same: only where a track or an
            event is meant.
    """

    events: int
    pictures: int
    sealed: int
    bytes: int
    first: str = ""
    last: str = ""
    held: Mapping[str, int] = field(default_factory=dict)
    others: int = 0

    @property
    def nothing(self) -> bool:
        """Whether nothing fits."""
        return not (self.events or self.pictures or self.sealed)


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
        "UNION ALL SELECT taken_at FROM sealed WHERE id IN temp.gone_sealed"
    )
    first, last = one(f"SELECT coalesce(min(at), ''), coalesce(max(at), '') FROM ({times})")  # noqa: S608
    held = db.execute(
        "SELECT why, count(*) FROM holds WHERE picture_id IN temp.gone_pictures OR sealed_id IN temp.gone_sealed "
        "GROUP BY why"
    ).fetchall()
    others = 0
    if scope.track is not None or scope.events or scope.pictures:
        others = one(
            "SELECT count(DISTINCT p.id) FROM pictures p JOIN events e ON e.camera_id = p.camera_id "
            "WHERE e.id IN temp.gone_events AND p.id NOT IN temp.gone_pictures "
            "AND abs(julianday(p.taken_at) - julianday(e.seen_at)) < 30 / 86400.0"
        )[0]
    return Preview(
        int(one("SELECT count(*) FROM temp.gone_events")[0]),
        int(pictures), int(sealed), int(size) + int(crops), first, last,
        {str(why): int(count) for why, count in held}, int(others),
    )  # fmt: skip


def _find(db: sqlite3.Connection, scope: Scope) -> None:
    """Put the ids of all that is meant into temporary tables."""
    db.execute("PRAGMA temp_store = MEMORY")
    for name in ("gone_events", "gone_pictures", "gone_sealed"):
        db.execute(f"CREATE TEMP TABLE {name} (id INTEGER PRIMARY KEY)")
    events, pictures, sealed = scope.of_events(), scope.of_pictures(), scope.of_sealed()
    put = "INSERT OR IGNORE INTO temp.{into} SELECT {what} WHERE {where}"
    steps: list[tuple[str, str, Where]] = [
        ("gone_events", "id FROM events", events),
        ("gone_pictures", "id FROM pictures", pictures),
        ("gone_events", "id FROM events", ("picture_id IN temp.gone_pictures", {})),
        ("gone_events", "id FROM events", (f"id IN ({_NUMBERS})", {})),
        ("gone_pictures", "picture_id FROM events", ("id IN temp.gone_events AND picture_id IS NOT NULL", {})),
        ("gone_pictures", "id FROM pictures", (f"{OF_EVENT} IN temp.gone_events", {})),
        ("gone_sealed", "id FROM sealed", sealed),
        ("gone_sealed", "id FROM sealed", ("event_id IN temp.gone_events", {})),
    ]
    for into, what, (where, values) in steps:
        db.execute(put.format(into=into, what=what, where=where), values)


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
    if "events" in there:
        events = ids("events", whole.of_events()) | _events_of(db, sorted(pictures))
        more, crops = of_events(db, events, there)
        pictures, sealed = pictures | more, sealed | crops
    if "erasures" in there:
        db.execute("DELETE FROM erasure_files")
        db.execute("DELETE FROM erasures WHERE stage <> 'done'")
    return remove(db, events=events, pictures=pictures, sealed=sealed, release=True, there=there)
