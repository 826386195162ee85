"""What the uploader reads of the outbox and writes into it: parts of jobs for `Store.write`, and looks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.store.outbox import FILES, PRIORITY, Kind, forget, let_go
from console.store.store import utc_text

if TYPE_CHECKING:
    from sqlite_utils import Database

FIRST_FILE = min(PRIORITY[kind] for kind in FILES)
"""Priorities from here on are those of files, and of nothing else."""
EVERYTHING, NOTHING = 1000, -1
"""Bounds of priorities."""
_NEXT = """
SELECT m.id, m.message_id, m.tracking_id, d.kind, m.camera_id, d.priority, d.bytes, m.written_at, m.body,
       coalesce(p.path, s.path) AS path, coalesce(p.sha256, s.sha256) AS sha256, coalesce(p.policy_json, '') AS policy
FROM outbox_deliveries d CROSS JOIN outbox m ON m.id = d.outbox_id
LEFT JOIN pictures p ON p.id = m.picture_id LEFT JOIN sealed s ON s.id = m.sealed_id
WHERE d.target = :target AND d.state = 'waiting' AND {which}
      AND d.outbox_id NOT IN (SELECT value FROM json_each(:busy))
ORDER BY d.priority, d.outbox_id LIMIT :most
"""
_BELOW = "d.priority < :below"  # by itself: then the index ends where nothing more may go
_BELOW_OR_UPTO = "(d.priority < :below OR d.outbox_id <= :upto)"
_SENT = (
    "UPDATE outbox_deliveries SET state = 'sent', sent_at = ?, tried_at = ?, answer = ?, error = '', "
    "attempts = attempts + 1 WHERE target = ? AND outbox_id = ? AND state <> 'sent'"
)
_FAILED = (
    "UPDATE outbox_deliveries SET tried_at = ?, error = ?, attempts = attempts + 1 "
    "WHERE target = ? AND outbox_id = ? AND state <> 'sent'"
)
_ASIDE = (
    "UPDATE outbox_deliveries SET state = 'refused', tried_at = ?, error = ?, attempts = attempts + 1 "
    "WHERE target = ? AND outbox_id = ? AND state = 'waiting'"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for a target, with what its row says of its file.

    Attributes:
        number: of the message.
        message_id, tracking_id, kind, camera_id, written_at: see `console.sync.targets.base.Parcel`.
        priority: lower ones first.
        size: bytes of body and file.
        body: JSON text.
        path, sha256, policy: of its file; path None: it carries none, or that is gone.
    """

    number: int
    message_id: str
    tracking_id: str
    kind: Kind
    camera_id: str
    priority: int
    size: int
    written_at: str
    body: str
    path: str | None
    sha256: str | None
    policy: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a target has taken.

    Attributes:
        number: of the message.
        kind: what it is.
        at: when, as the database writes times.
        answer: what the target said, JSON text.
    """

    number: int
    kind: Kind
    at: str
    answer: str


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt that failed: why, in words, and when, as the database writes times."""

    words: str
    at: str


@dataclass(frozen=True, slots=True)
class Said:
    """How far a target is, as whoever looks from another process is told; see the table `outbox_targets`."""

    state: str = ""
    problem: str = ""
    hint: str = ""
    problem_kind: str = ""
    next_try_at: str | None = None


@dataclass(frozen=True, slots=True)
class May:
    """What may go at this time of the day.

    Attributes:
        below: of priorities below this, everything.
        upto: and everything up to this number, since somebody asked for it; 0: nobody did.
    """

    below: int = EVERYTHING
    upto: int = 0


def next_ones(db: sqlite3.Connection, target: str, busy: Collection[int], may: May, most: int) -> list[Waiting]:
    """What waits for a target, in the order in which it goes.

    Args:
        db: to read from.
        target: whose.
        busy: numbers that are passed over: under way, or not recorded yet.
        may: what may go now.
        most: so many at most.
    """
    sql = _NEXT.format(which=_BELOW_OR_UPTO if may.upto else _BELOW)
    values = {
        "target": target, "below": may.below, "upto": may.upto, "busy": json.dumps(list(busy)), "most": most,
    }  # fmt: skip
    return [Waiting(*row) for row in db.execute(sql, values)]


def last_number(db: sqlite3.Connection) -> int:
    """The highest number in the outbox; 0: it is empty."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM outbox").fetchone()[0])


def keep_sent(db: Database, target: str, sent: Iterable[Sent]) -> None:
    """Record what a target took, and let go of its files; part of a job. One that is recorded already counts once.

    One that was let go of while it was under way counts too: who was sent anything is told of erasures.
    """
    numbers, size, last, gone = [], 0, "", 0
    for one in sent:
        new = db.execute(_SENT, (one.at, one.at, one.answer, target, one.number)).rowcount
        row = db.execute(
            "SELECT bytes FROM outbox_deliveries WHERE target = ? AND outbox_id = ?", (target, one.number)
        ).fetchone()
        gone += row is None
        if row is not None and new:
            numbers.append(one.number)
            size += int(row[0])
        if row is None or new:
            last = max(last, one.at)
    if not last:
        return
    let_go(db, numbers)
    forget(db, numbers)
    db.execute("INSERT INTO outbox_targets (name) VALUES (?) ON CONFLICT DO NOTHING", (target,))
    db.execute(
        "UPDATE outbox_targets SET sent = sent + ?, sent_bytes = sent_bytes + ?, last_sent_at = ? WHERE name = ?",
        (len(numbers) + gone, size, last, target),
    )


def keep_failed(db: Database, target: str, tried: Mapping[int, Tried]) -> None:
    """Record attempts that failed; what was tried goes on waiting. Part of a job."""
    for number, one in tried.items():
        db.execute(_FAILED, (one.at, one.words, target, number))


def set_aside(db: Database, target: str, tried: Mapping[int, Tried]) -> None:
    """Set messages aside that a target will never take; part of a job. Their files stay held."""
    for number, one in tried.items():
        db.execute(_ASIDE, (one.at, one.words, target, number))


def storable(words: str) -> str:
    """Words of somebody else, so that the database takes them: not endless, and of whole characters."""
    return words[:2000].encode("utf-8", "replace").decode()


def say(db: Database, said: Mapping[str, Said], now: datetime) -> None:
    """Tell whoever looks how far targets are; part of a job. `since` stays where the state does."""
    for name, one in said.items():
        db.execute("INSERT INTO outbox_targets (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
        db.execute(
            "UPDATE outbox_targets SET since = CASE WHEN state = :state THEN coalesce(since, :now) ELSE :now END, "
            "state = :state, problem = :problem, hint = :hint, problem_kind = :kind, next_try_at = :next "
            "WHERE name = :name",
            {
                "name": name, "now": utc_text(now), "state": one.state, "problem": storable(one.problem),
                "hint": storable(one.hint), "kind": one.problem_kind, "next": one.next_try_at,
            },
        )  # fmt: skip


def remove(db: Database, target: str, numbers: Collection[int]) -> int:
    """Take deliveries of a target away, with the messages that nobody else is to get; part of a job. How many."""
    ids = json.dumps(list(numbers))
    gone = db.execute(
        "DELETE FROM outbox_deliveries WHERE target = ? AND outbox_id IN (SELECT value FROM json_each(?))",
        (target, ids),
    ).rowcount
    let_go(db, numbers)
    db.execute(
        "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?)) AND NOT EXISTS "
        "(SELECT 1 FROM outbox_deliveries d WHERE d.outbox_id = outbox.id)",
        (ids,),
    )
    return int(gone)
