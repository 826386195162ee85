"""The rows of what is to be erased: removed from the database in use and from copies."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.privacy.erasing.files import TRACKING
from console.privacy.erasing.scope import ANSWERS, OBJECTS, Scope, Where
from console.store.erasures import add
from console.store.removal import (
    IN_LIST,
    Removed,
    crops_of,
    forget_answers,
    items_of,
    of_events,
    of_items,
    remove,
    tables,
)
from console.store.tombstones import NOTICES, Taken, about, name_no_more, take_away, tell

if TYPE_CHECKING:
    from sqlite_utils import Database

AT_ONCE = 500
"""Rows removed in one transaction, so that whoever else writes never waits long."""
LOOKED_AT = 20_000
"""Messages looked at in one, for the same reason: 45 ms [measured]."""


@dataclass(slots=True)
class Place:
    """How far one look through the tables has come: the last id looked at in each.

    Attributes:
        seen: of what was seen nothing is left, only messages and answers.
        over: nothing is left to look at.
    """

    events: int = 0
    pictures: int = 0
    sealed: int = 0
    items: int = 0
    messages: int = 0
    seen: bool = False
    over: bool = False


def erase_some(db: Database, number: int, scope: Scope, place: Place, boot_id: str) -> Removed:
    """Remove the next rows of an erasure, count them in its row and remember their files; a job for `Store.write`.

    What the outbox has of them goes too, and whoever may have been sent it is told, in the same transaction.

    Args:
        db: inside the job.
        number: of the erasure.
        scope: what is meant.
        place: moved on.
        boot_id: of this run.
    """
    gone = _rows(db, number, scope, place) if not place.seen else None
    if gone is None:
        place.seen = True
        gone = _messages(db, number, scope, place) or _answers(db, number, scope)
    if gone is not None:
        _tell(db, number, {*gone.tracking_ids, *gone.taken.tracking_ids}, gone.taken.targets, boot_id)
        return gone
    place.over = True
    _name_no_more(db, scope)
    return Removed()


def _rows(db: Database, number: int, scope: Scope, place: Place) -> Removed | None:
    """The next rows of what was seen, with all that hangs on them; None: nothing is left."""
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
    return None


def _messages(db: Database, number: int, scope: Scope, place: Place) -> Removed | None:
    """The next messages about what was removed by its age before, which may be none yet; None: nothing is left."""
    condition, values = scope.of_messages()
    wide = not (scope.events or scope.pictures or scope.tracking_ids)  # nothing leads to them but a look at each
    if wide:
        condition, values = f"id <= :upto AND ({condition})", values | {"upto": place.messages + LOOKED_AT}
    found = _next(db, "outbox", (condition, values), place.messages)
    if not found:
        place.messages += LOOKED_AT
        there = wide and db.execute("SELECT 1 FROM outbox WHERE id > ?", (place.messages,)).fetchone()
        return Removed() if there else None
    place.messages = found[-1]
    sql = f"SELECT DISTINCT tracking_id FROM outbox WHERE id {IN_LIST}"  # noqa: S608  # our own text
    names = [str(row[0]) for row in db.execute(sql, (json.dumps(found),)).fetchall()]
    taken = take_away(db, about(db, names))
    figures = {"messages": taken.messages, "answers": forget_answers(db, taken.tracking_ids)}
    add(db, number, figures, (f"{TRACKING}/{name}" for name in sorted(taken.tracking_ids)))
    return Removed(taken=taken, answers=figures["answers"])


def _answers(db: Database, number: int, scope: Scope) -> Removed | None:
    """The next answers about what is not there, nor any message about it; None: nothing is left."""
    condition, values = scope.of_answers()
    sql = f"SELECT tracking_id, target FROM ({ANSWERS}) a WHERE {condition} LIMIT {AT_ONCE}"  # noqa: S608  # our own text
    found = db.execute(sql, values).fetchall()
    if not found:
        return None
    names = frozenset(str(row[0]) for row in found)
    figures = {"answers": forget_answers(db, names)}
    add(db, number, figures, (f"{TRACKING}/{name}" for name in sorted(names)))
    taken = Taken(tracking_ids=names, targets=frozenset(str(row[1]) for row in found))
    return Removed(taken=taken, answers=figures["answers"])


def at_targets(db: sqlite3.Connection, scope: Scope) -> list[str]:
    """Tracking IDs of which objects stand at targets, nothing is left here, and nobody was told that they are to go.

    Args:
        db: for a look; there may be a million of them, so it is not part of a job.
        scope: bounded.
    """
    condition, values = scope.of_objects()
    sql = f"SELECT DISTINCT tracking_id FROM ({OBJECTS}) o WHERE {condition}"  # noqa: S608  # our own text
    return [str(row[0]) for row in db.execute(sql, values)]


def tell_of(db: Database, number: int, names: Sequence[str], boot_id: str) -> None:
    """Have targets told to erase what only they have; a job for `Store.write`."""
    add(db, number, {"answers": forget_answers(db, names)}, (f"{TRACKING}/{name}" for name in names))
    _tell(db, number, names, (), boot_id)


def _tell(db: Database, number: int, names: Iterable[str], targets: Iterable[str], boot_id: str) -> None:
    """Have targets told what went, and count for whom so many notices wait."""
    told = tell(db, names, targets, boot_id)
    if told:
        add(db, number, {f"{NOTICES}{target}": count for target, count in told.items()})


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
    crops = {*sealed, *crops_of(db, shown)}
    gone = remove(db, events=events, pictures=pictures, sealed=crops, items=shown, release=True)
    held = {f"held for {why}": count for why, count in gone.held.items()}
    figures = {
        "events": gone.events, "pictures": gone.pictures, "sealed": gone.sealed, "items": gone.items,
        "verdicts": gone.verdicts, "gold members": gone.gold_members, "bytes": gone.bytes,
        "messages": gone.taken.messages, "answers": gone.answers, **held,
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
    names = [path.removeprefix(f"{TRACKING}/") for path in paths if path.startswith(f"{TRACKING}/")]
    went: Where = ("tracking_id IN (SELECT value FROM json_each(:names))", {"names": json.dumps(names)})
    if "review_items" in there:
        items = ids("review_items", whole.of_items()) | ids("review_items", went)
        pictures |= of_items(db, items)
    if "outbox" in there:
        events = ids("events", went)
    if "events" in there:
        named = "outbox" in there or not whole.tracking_ids  # before the outbox, events had no tracking ID
        events |= (ids("events", whole.of_events()) if named else set()) | _events_of(db, sorted(pictures))
        more, crops = of_events(db, events, there)
        pictures, sealed = pictures | more, sealed | crops
    if "review_items" in there:
        items |= items_of(db, pictures)
        pictures |= of_items(db, items)
        sealed |= crops_of(db, items, there)
        db.execute(
            "INSERT INTO erasures (name, asked_at, stage, scope, figures) VALUES ('copy', '', 'rows', '{}', '{}')"
        )
        _name_no_more(db, whole)
    gone_rows = remove(db, events=events, pictures=pictures, sealed=sealed, items=items, release=True, there=there)
    if "outbox" in there:
        take_away(db, about(db, {*names, *whole.tracking_ids}) | ids("outbox", whole.of_messages()))
        name_no_more(db, {*names, *whole.tracking_ids, *gone_rows.tracking_ids})
    if "answers" in there:
        alone, values = whole.of_answers()
        sql = f"SELECT tracking_id FROM ({ANSWERS}) a WHERE {alone}"  # noqa: S608  # our own text
        forget_answers(db, {*names, *whole.tracking_ids, *(str(row[0]) for row in db.execute(sql, values))})
    if "erasures" in there:
        db.execute("DELETE FROM erasure_files")
        db.execute("DELETE FROM erasures WHERE stage <> 'done'")
    return gone_rows
