"""What a verdict does to the database: who may give it, what becomes of its item, and how it is taken back.

All of it is part of a job for `Store.write`: everything of one verdict is stored, or nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.errors import UsageError
from console.review.items import State, boxes_json
from console.review.leaving import put_picture, put_verdict
from console.review.verdict_rules import Decision, Given, Outcome, said, step
from console.store.holds import REVIEW, hold, release
from console.store.store import utc_text
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

_ITEM = """
SELECT i.id, i.tracking_id, i.camera_id, i.label, i.x0, i.state, i.verdict_id, v.kind, v.label AS said, v.boxes, v.who,
       v.role
FROM review_items i LEFT JOIN verdicts v ON v.id = i.verdict_id WHERE i.id = ?
"""
_INSERT = """
INSERT INTO verdicts (key, item_id, kind, label, boxes, who, role, decided_at, seconds, boot_id, replaces, before, bulk)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_LONGEST_S = 86400.0


def decide(db: Database, item_id: int, decision: Decision, given: Given) -> Outcome:
    """Store a verdict, and everything that follows from it for its item; and have it leave to whoever wants it.

    A key that was stored before changes nothing, and nothing leaves twice.

    Raises:
        UsageError: there is no such item, or this person may not judge it so; nothing is changed.
        sqlite3.Error: the database refused.
    """
    there = db.execute(
        "SELECT v.id, v.item_id, i.state FROM verdicts v JOIN review_items i ON i.id = v.item_id WHERE v.key = ?",
        (decision.key,),
    ).fetchone()
    if there is not None:
        return Outcome(int(there[1]), int(there[0]), there[2], decision.key)
    item = _item(db, item_id)
    kind, label = said(decision, item)
    follows = step(item, kind, label, decision.boxes, given)
    boxes = boxes_json(decision.boxes) if decision.boxes is not None else None
    cursor = db.execute(
        _INSERT,
        (
            decision.key, item_id, kind, label, boxes, given.who, follows.role, utc_text(given.at),
            _seconds(given.seconds), given.boot_id, item["verdict_id"], item["state"], given.bulk or None,
        ),
    )  # fmt: skip
    number = int(cursor.lastrowid or 0)
    if follows.in_force:
        _stands(db, item_id, (item["state"], follows.state), number, given.who)
    if kind != "skip":
        put_verdict(db, number, item["camera_id"], given.boot_id)
        if follows.state == "done":
            put_picture(db, item_id, "verdict picture", item["camera_id"], given.boot_id)
    return Outcome(item_id, number, follows.state, decision.key)


def take_back(db: Database, number: int, who: str, at: datetime, boot_id: str) -> bool:
    """Undo a verdict: its item stands as before it, and whoever wanted the verdict is told so.

    Args:
        db: inside a job.
        number: of the verdict.
        who: who undoes it; his own alone.
        at: when.
        boot_id: of this run.

    Returns:
        False: it is not there, is undone already, is somebody else's, or a later one rests upon it.
    """
    row = db.execute(
        "SELECT v.item_id, v.who, v.before, v.replaces, i.state, i.verdict_id, i.camera_id FROM verdicts v "
        "JOIN review_items i ON i.id = v.item_id WHERE v.id = ? AND v.taken_back_at IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM verdicts l WHERE l.item_id = v.item_id AND l.id > v.id "
        "AND l.taken_back_at IS NULL AND (l.kind <> 'skip' OR l.before IN ('open', 'skipped')))",
        (number,),
    ).fetchone()
    if row is None or row[1].casefold() != who.casefold():
        return False
    item_id, _who, before, replaced, state, in_force, camera_id = row
    db.execute("UPDATE verdicts SET taken_back_at = ? WHERE id = ?", (utc_text(at), number))
    if in_force == number:
        name = db.execute("SELECT who FROM verdicts WHERE id = ?", (replaced,)).fetchone() if replaced else None
        _stands(db, item_id, (state, before), replaced, name[0] if name else "")
    put_verdict(db, number, camera_id, boot_id)
    return True


def _item(db: Database, item_id: int) -> dict[str, Any]:
    cursor = db.execute(_ITEM, (item_id,))
    row = cursor.fetchone()
    if row is None:
        raise UsageError(
            _("The item {id} is not there any more.").format(id=item_id),
            _("It was erased, or let go with its picture; go on with the next one."),
        )
    return dict(zip((column[0] for column in cursor.description), row, strict=True))


def _stands(db: Database, item_id: int, states: tuple[State, State], verdict: int | None, who: str) -> None:
    """Let an item that stood so stand so, and hold its pictures or let go of them."""
    before, state = states
    db.execute(
        "UPDATE review_items SET state = ?, verdict_id = ?, judged_by = ? WHERE id = ?", (state, verdict, who, item_id)
    )
    if (before == "done") == (state == "done"):
        return
    ids = db.execute("SELECT picture_id, crop_id FROM review_items WHERE id = ?", (item_id,)).fetchone()
    pictures = [int(number) for number in ids if number is not None]
    crops = [int(row[0]) for row in db.execute("SELECT id FROM sealed WHERE item_id = ?", (item_id,)).fetchall()]
    if state != "done":
        hold(db, REVIEW, pictures=pictures, sealed=crops)
        return
    waits = "SELECT 1 FROM review_items WHERE {column} = ? AND state <> 'done'"
    release(
        db,
        REVIEW,
        pictures=[
            number
            for number in pictures  # one picture may belong to several items
            if not any(
                db.execute(waits.format(column=column), (number,)).fetchone() for column in ("picture_id", "crop_id")
            )
        ],
        sealed=crops,
    )


def _seconds(said: float) -> float:
    return min(max(said, 0.0), _LONGEST_S) if said == said else 0.0  # noqa: PLR0124  # NaN is nothing
