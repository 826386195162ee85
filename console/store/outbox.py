"""Rows of the outbox: what leaves the site, written as part of the job that stores what it carries.

A message is written once and delivered to every target that the routes name; which those are stands in the database,
so that every writer of every process fans out alike. Nobody wants it: nothing is written.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from uuid_utils import uuid7

from console.store.holds import SYNC, hold, release
from console.store.store import utc_text

if TYPE_CHECKING:
    from sqlite_utils import Database

Kind = Literal["erased", "audit", "event", "verdict", "item", "picture", "sealed"]
Route = Literal[
    "erased", "audit", "event", "verdict", "item", "event picture", "verdict picture", "item picture", "sealed"
]
State = Literal["waiting", "later", "sent", "refused"]
PRIORITY: dict[Kind, int] = {"erased": 0, "audit": 1, "event": 1, "verdict": 2, "item": 3, "picture": 4, "sealed": 4}
"""Lower ones are sent first: what must go, what happened, what a person said, and only then pictures."""
FILES: frozenset[Kind] = frozenset({"picture", "sealed"})
"""Kinds that carry a file. Only these wait aside once the quota is reached."""
QUOTA_KEY = "outbox quota bytes"
_GOES = (
    "SELECT r.target FROM outbox_routes r WHERE r.route = :route AND r.goes = 1 AND (r.camera_id = :camera OR "
    "r.camera_id = '' AND NOT EXISTS (SELECT 1 FROM outbox_routes o WHERE o.target = r.target AND o.route = r.route "
    "AND o.camera_id = :camera))"
)
_INSERT = """
INSERT INTO outbox (message_id, tracking_id, kind, camera_id, body, picture_id, sealed_id, bytes, written_at, boot_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_DELIVER = "INSERT INTO outbox_deliveries (outbox_id, target, kind, priority, bytes, state) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Message:
    """Something that is to leave.

    Attributes:
        kind: what it is.
        tracking_id: of the event or review item it is about; of `erased` and `audit` one of its own.
        camera_id: empty: of no camera.
        body: JSON values; no person's name, no path of this machine.
        picture_id, sealed_id: the row of the file it carries; never both.
        file_bytes: of that file.
    """

    kind: Kind
    tracking_id: str
    camera_id: str
    body: Mapping[str, Any] = field(default_factory=dict)
    picture_id: int | None = None
    sealed_id: int | None = None
    file_bytes: int = 0


def targets_of(db: Database | sqlite3.Connection, route: Route, camera_id: str = "") -> list[str]:
    """Names of the targets that want what goes this way; ask before making a body that nobody may want."""
    return sorted(str(row[0]) for row in db.execute(_GOES, {"route": route, "camera": camera_id}).fetchall())


def put(
    db: Database | sqlite3.Connection,
    message: Message,
    boot_id: str,
    *,
    route: Route | None = None,
    targets: Iterable[str] | None = None,
    now: datetime | None = None,
) -> int | None:
    """Write a message for every target that wants it, and hold its file; part of a job for `Store.write`.

    A file that a target was given already, or that waits for it, does not go there twice.

    Args:
        db: inside the job that stores what the message is about.
        message: which.
        boot_id: of this run.
        route: which way it goes; None: that of its kind, which a picture has not.
        targets: their names; None: those the routes name.
        now: when it is written; None: the clock's.

    Returns:
        Its number; None: nobody wants it, so nothing was written.

    Raises:
        sqlite3.IntegrityError: a value can't be stored, or its file has no row.
        ValueError: a picture without a route.
    """
    if targets is None:
        if route is None and message.kind == "picture":
            raise ValueError("a picture goes by the route of what it shows")
        targets = targets_of(db, route or message.kind, message.camera_id)  # type: ignore[arg-type]  # kinds but picture are routes
    wanted = [target for target in targets if not _has(db, target, message)]
    if not wanted:
        return None
    text = json.dumps(dict(message.body), ensure_ascii=False, separators=(",", ":"))
    body = text.encode(
        "utf-8", "replace"
    )  # half a letter, of who wrote an imported file, keeps no verdict from leaving
    size = len(body) + message.file_bytes
    cursor = db.execute(
        _INSERT,
        (
            str(uuid7()), message.tracking_id, message.kind, message.camera_id, body.decode(), message.picture_id,
            message.sealed_id, size, utc_text(now or datetime.now(UTC)), boot_id,
        ),
    )  # fmt: skip
    number = int(cursor.lastrowid or 0)
    state: State = "later" if message.kind in FILES and full(db, size) else "waiting"
    for target in wanted:
        db.execute(_DELIVER, (number, target, message.kind, PRIORITY[message.kind], size, state))
    if state == "waiting":
        _hold(db, number)
    return number


def full(db: Database | sqlite3.Connection, more: int = 0) -> bool:
    """Whether the quota would be passed with so many bytes more; without a quota it never is."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (QUOTA_KEY,)).fetchone()
    return row is not None and waiting_bytes(db) + more > int(row[0])


def waiting_bytes(db: Database | sqlite3.Connection) -> int:
    """Bytes that are not with every target that wants them: a file for two targets counts twice."""
    sql = "SELECT coalesce(sum(bytes), 0) FROM outbox_counts WHERE state IN ('waiting', 'refused')"
    return int(db.execute(sql).fetchone()[0])


def let_go(db: Database | sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Release the files of messages for which nothing waits any more; part of a job, after states were changed."""
    ids = json.dumps(sorted(set(numbers)))
    for column, name in (("picture_id", "pictures"), ("sealed_id", "sealed")):
        sql = (
            f"SELECT DISTINCT m.{column} FROM outbox m WHERE m.id IN (SELECT value FROM json_each(?)) "  # noqa: S608
            f"AND m.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outbox o JOIN outbox_deliveries d "
            f"ON d.outbox_id = o.id WHERE o.{column} = m.{column} AND d.state IN ('waiting', 'refused'))"
        )
        free = [int(row[0]) for row in db.execute(sql, (ids,)).fetchall()]
        if name == "pictures":
            release(db, SYNC, pictures=free)
        else:
            release(db, SYNC, sealed=free)


def change(db: Database, target: str, numbers: Iterable[int], state: State, error: str | None = None) -> int:
    """Give deliveries another state, but none that was sent; part of a job. Files are held or let go accordingly.

    Args:
        db: inside a job.
        target: whose.
        numbers: of the messages; those that are not there are passed over.
        state: not sent; that is `console.sync.uploading.records`' to say.
        error: why, in words; None: as it is.

    Returns:
        How many there are of them.
    """
    changed = []
    for number in numbers:
        cursor = db.execute(
            "UPDATE outbox_deliveries SET state = ?, error = coalesce(?, error) "
            "WHERE target = ? AND outbox_id = ? AND state <> 'sent'",
            (state, error, target, number),
        )
        if cursor.rowcount:
            changed.append(number)
    if state == "later":
        let_go(db, changed)
    else:
        for number in changed:
            _hold(db, number)
    return len(changed)


def withdraw(db: Database | sqlite3.Connection, number: int) -> int:
    """Take a message away from those who wait for it and were never tried, since a newer one says more; part of a job.

    Returns:
        How many deliveries went. Where nobody has it and nobody waits for it any more, the message went too.
    """
    sql = "DELETE FROM outbox_deliveries WHERE outbox_id = ? AND state = 'waiting' AND attempts = 0"
    count = int(db.execute(sql, (number,)).rowcount)
    left = "NOT EXISTS (SELECT 1 FROM outbox_deliveries WHERE outbox_id = outbox.id)"
    db.execute(f"DELETE FROM outbox WHERE id = ? AND {left}", (number,))  # noqa: S608  # our own text
    return count


def forget(db: Database | sqlite3.Connection, numbers: Iterable[int]) -> int:
    """Empty what notices of erasure say, once every target has them; part of the job that says it was sent.

    Until then a notice is the only thing that names what went: by tracking ID, never by what it was. What is emptied
    is overwritten in the database; its write-ahead log loses it later, at the latest when it is closed.

    Args:
        db: inside the job.
        numbers: of messages; those of other kinds, and those that a target has yet to get, stay as they are.

    Returns:
        How many are empty now.
    """
    sql = (
        "UPDATE outbox SET body = '{}' WHERE id IN (SELECT value FROM json_each(?)) AND kind = 'erased' "
        "AND NOT EXISTS (SELECT 1 FROM outbox_deliveries WHERE outbox_id = outbox.id AND state <> 'sent')"
    )
    return int(db.execute(sql, (json.dumps(sorted(set(numbers))),)).rowcount)


def _hold(db: Database | sqlite3.Connection, number: int) -> None:
    row = db.execute("SELECT picture_id, sealed_id FROM outbox WHERE id = ?", (number,)).fetchone()
    if row[0] is not None:
        hold(db, SYNC, pictures=[int(row[0])])
    if row[1] is not None:
        hold(db, SYNC, sealed=[int(row[1])])


def _has(db: Database | sqlite3.Connection, target: str, message: Message) -> bool:
    """Whether a target was given this file already, or will be."""
    column, number = ("picture_id", message.picture_id) if message.picture_id else ("sealed_id", message.sealed_id)
    if number is None:
        return False
    sql = (  # crossed, so that the file leads: a target's deliveries are many
        "SELECT 1 FROM outbox m CROSS JOIN outbox_deliveries d ON d.outbox_id = m.id AND d.target = ? "  # noqa: S608
        f"WHERE m.{column} = ?"
    )
    return db.execute(sql, (target, number)).fetchone() is not None
