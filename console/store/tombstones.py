"""Notices of erasure: what is erased leaves the outbox at once, and whoever may have been sent it is told so."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uuid_utils import uuid7

from console.store.holds import SYNC, release
from console.store.outbox import Message, put

if TYPE_CHECKING:
    from sqlite_utils import Database

AT_ONCE = 500
"""Tracking IDs in one notice, at most."""
NOTICES = "notices to "
"""Among the figures of an erasure, how many notices a target is sent stands under this and its name."""
OURS = "kind NOT IN ('erased', 'audit')"
"""SQL: messages about something that was seen."""
_LIST = "IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Taken:
    """What went from the outbox.

    Attributes:
        messages: so many.
        tracking_ids: what they were about.
        targets: who was to get them, or has them.
    """

    messages: int = 0
    tracking_ids: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()


def about(db: Database | sqlite3.Connection, tracking_ids: Iterable[str]) -> set[int]:
    """Numbers of all messages about these, whether they wait or were sent."""
    sql = f"SELECT id FROM outbox WHERE tracking_id {_LIST} AND {OURS}"  # noqa: S608  # our own text
    return {int(row[0]) for row in db.execute(sql, (json.dumps(sorted(tracking_ids)),)).fetchall()}


def carrying(db: Database | sqlite3.Connection, pictures: str, sealed: str) -> set[int]:
    """Numbers of all messages that carry these files; ids of their rows as JSON lists."""
    sql = f"SELECT id FROM outbox WHERE picture_id {_LIST} UNION SELECT id FROM outbox WHERE sealed_id {_LIST}"  # noqa: S608
    return {int(row[0]) for row in db.execute(sql, (pictures, sealed)).fetchall()}


def take_away(db: Database | sqlite3.Connection, numbers: Iterable[int]) -> Taken:
    """Remove messages with their deliveries, in whatever state, and let go of their files; in a transaction."""
    ids = json.dumps(sorted(numbers))
    rows = db.execute(f"SELECT tracking_id, picture_id, sealed_id FROM outbox WHERE id {_LIST}", (ids,)).fetchall()  # noqa: S608
    if not rows:
        return Taken()
    sql = f"SELECT DISTINCT target FROM outbox_deliveries WHERE outbox_id {_LIST}"  # noqa: S608  # our own text
    targets = frozenset(str(row[0]) for row in db.execute(sql, (ids,)).fetchall())
    db.execute(f"DELETE FROM outbox_deliveries WHERE outbox_id {_LIST}", (ids,))  # noqa: S608
    db.execute(f"DELETE FROM outbox WHERE id {_LIST}", (ids,))  # noqa: S608
    files = [{int(row[at]) for row in rows if row[at] is not None} for at in (1, 2)]
    release(db, SYNC, pictures=_free(db, "picture_id", files[0]), sealed=_free(db, "sealed_id", files[1]))
    return Taken(len(rows), frozenset(str(row[0]) for row in rows), targets)


def tell(
    db: Database | sqlite3.Connection, tracking_ids: Iterable[str], targets: Iterable[str], boot_id: str
) -> Mapping[str, int]:
    """Have targets told that things were erased, each that may have them; part of the job that erases them.

    Those are the ones named, those that were ever sent anything, since what they have may be older than what the
    outbox remembers, and those at which objects of these stand. Whether a target is still in use does not matter: it
    is told as soon as it is again.

    Args:
        db: inside the job.
        tracking_ids: of what was erased.
        targets: who was to get messages about it.
        boot_id: of this run.

    Returns:
        So many notices each of them is sent.
    """
    gone = sorted(set(tracking_ids))
    if not gone:
        return {}
    sql = (
        "SELECT name FROM outbox_targets WHERE sent > 0 OR EXISTS "  # noqa: S608  # our own text
        f"(SELECT 1 FROM outbox_objects WHERE target = name AND tracking_id {_LIST})"
    )
    wanted = {*targets, *(str(row[0]) for row in db.execute(sql, (json.dumps(gone),)).fetchall())}
    if not wanted:
        return {}
    starts = range(0, len(gone), AT_ONCE)
    for start in starts:
        body = {"tracking_ids": gone[start : start + AT_ONCE]}
        put(db, Message("erased", str(uuid7()), "", body), boot_id, targets=sorted(wanted))
    return dict.fromkeys(sorted(wanted), len(starts))


def out_of_use(db: Database | sqlite3.Connection, targets: Iterable[str]) -> list[str]:
    """Those of some targets that nothing goes to any more, so that nobody tells them."""
    used = {str(row[0]) for row in db.execute("SELECT DISTINCT target FROM outbox_routes WHERE goes = 1").fetchall()}
    return sorted(set(targets) - used)


def name_no_more(db: Database | sqlite3.Connection, tracking_ids: Iterable[str]) -> None:
    """Take out of a copy of the outbox what names these besides messages about them: the one in use has it all."""
    ids = json.dumps(sorted(tracking_ids))
    db.execute(f"DELETE FROM outbox_objects WHERE tracking_id {_LIST}", (ids,))  # noqa: S608  # our own text
    named = f"SELECT 1 FROM json_each(outbox.body, '$.tracking_ids') WHERE value {_LIST}"  # noqa: S608
    db.execute(f"DELETE FROM outbox WHERE kind = 'erased' AND EXISTS ({named})", (ids,))  # noqa: S608


def without_notices(db: sqlite3.Connection) -> None:
    """Empty the notices that wait, and what stands at targets because of that: for a look at all else there is."""
    waiting = "SELECT value FROM outbox, json_each(outbox.body, '$.tracking_ids') WHERE outbox.kind = 'erased'"
    db.execute(f"DELETE FROM outbox_objects WHERE tracking_id IN ({waiting})")  # noqa: S608  # our own text
    db.execute("UPDATE outbox SET body = '{}' WHERE kind = 'erased'")


def _free(db: Database | sqlite3.Connection, column: str, ids: set[int]) -> list[int]:
    """Those of some files that nothing waits with."""
    sql = (
        f"SELECT 1 FROM outbox m JOIN outbox_deliveries d ON d.outbox_id = m.id WHERE m.{column} = ? "  # noqa: S608
        "AND d.state IN ('waiting', 'refused')"
    )
    return [number for number in sorted(ids) if db.execute(sql, (number,)).fetchone() is None]
