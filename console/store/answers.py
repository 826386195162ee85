"""Rows of the tables `answers` and `answer_cursors`: what clouds answered about what was sent to them, and how far."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from sqlite_utils import Database

MOST_BYTES = 256_000
"""Of all bodies of one message: so a server that makes things up can store no more than what was sent to it allows."""
MOST_TASKS = 32
_SENT = (
    "SELECT m.camera_id FROM outbox m WHERE m.message_id = ? AND m.tracking_id = ? AND m.kind IN ('picture', 'sealed') "
    "AND EXISTS (SELECT 1 FROM outbox_deliveries d WHERE d.target = ? AND d.outbox_id = m.id) "
    "AND (EXISTS (SELECT 1 FROM events e WHERE e.tracking_id = m.tracking_id) "
    "OR EXISTS (SELECT 1 FROM review_items i WHERE i.tracking_id = m.tracking_id))"
)
_OTHERS = (
    "SELECT count(*), coalesce(sum(length(CAST(body AS BLOB))), 0) FROM answers "
    "WHERE target = ? AND message_id = ? AND task <> ?"
)
_KEEP = (
    "INSERT INTO answers (target, message_id, task, number, tracking_id, camera_id, state, why, body, answered_at, "
    "received_at, boot_id, epoch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (target, message_id, task) DO UPDATE SET number = excluded.number, camera_id = excluded.camera_id, "
    "state = excluded.state, why = excluded.why, body = excluded.body, answered_at = excluded.answered_at, "
    "received_at = excluded.received_at, boot_id = excluded.boot_id, epoch = excluded.epoch "
    "WHERE excluded.epoch > epoch OR (excluded.epoch = epoch AND excluded.number > number)"
)
_UNANSWERED = (
    "SELECT max(d.sent_at) FROM outbox m JOIN outbox_deliveries d ON d.outbox_id = m.id "
    "JOIN answer_cursors c ON c.target = d.target AND c.store <> '' "
    "WHERE m.tracking_id = ? AND m.kind IN (SELECT value FROM json_each(c.takes)) "
    "AND d.state = 'sent' AND d.target IN (SELECT value FROM json_each(?)) AND d.sent_at > ? AND d.sent_at <= ? "
    "AND NOT EXISTS (SELECT 1 FROM answers a WHERE a.target = d.target AND a.message_id = m.message_id)"
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the answers of a target were fetched.

    Attributes:
        store: the cloud's database that numbers are of; empty: none was fetched yet.
        number: of the last that was fetched.
        epoch: how often numbers began anew.
        takes: kinds of messages whose files it looks at; about others it never says anything.
    """

    store: str = ""
    number: int = 0
    epoch: int = 0
    takes: tuple[str, ...] = ("picture", "sealed")


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer as it came, checked.

    Attributes:
        number: the cloud's; of two about the same, the higher counts.
        message_id, tracking_id: what it is about.
        task: which of the cloud's tasks it is of.
        state: done, or failed: it never will be, until somebody at the cloud has it done again.
        why: in words, where it is not done.
        body: JSON text.
        answered_at: by the cloud's clock, as the database writes times.
    """

    number: int
    message_id: str
    tracking_id: str
    task: str
    state: Literal["done", "failed"]
    why: str
    body: str
    answered_at: str


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An answer that is stored.

    Attributes:
        target: who answered.
        body: what was found and what ran; empty where it failed. Its values were checked when they came.
        received_at: by this desk's clock.
        The others as in `NewAnswer`.
    """

    target: str
    message_id: str
    task: str
    number: int
    tracking_id: str
    state: str
    why: str
    body: dict[str, Any]
    answered_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Fetched:
    """How fetching from a target went last; see the table `answer_cursors`.

    Attributes:
        came: so many answers were stored, ever.
        came_at, fetched_at: when the last was, and when it was asked last and answered; None: never.
        problem, hint, problem_kind: why answers can't be fetched; empty: they can.
        failing_since: since when; None: it does not fail.
    """

    came: int = 0
    came_at: datetime | None = None
    fetched_at: datetime | None = None
    problem: str = ""
    hint: str = ""
    problem_kind: str = ""
    failing_since: datetime | None = None


def cursor(db: sqlite3.Connection, target: str) -> Cursor:
    """How far a target's answers were fetched."""
    row = db.execute("SELECT store, number, epoch, takes FROM answer_cursors WHERE target = ?", (target,)).fetchone()
    if row is None:
        return Cursor()
    return Cursor(str(row[0]), int(row[1]), int(row[2]), tuple(map(str, json.loads(row[3]))))


def move(db: Database | sqlite3.Connection, target: str, to: Cursor) -> None:
    """Fetch on from there; part of the job that keeps what was fetched."""
    db.execute(
        "INSERT INTO answer_cursors (target, store, number, epoch, takes) VALUES (?, ?, ?, ?, ?) ON CONFLICT (target) "
        "DO UPDATE SET store = excluded.store, number = excluded.number, epoch = excluded.epoch, "
        "takes = excluded.takes",
        (target, to.store, to.number, to.epoch, json.dumps(to.takes)),
    )


def keep(
    db: Database | sqlite3.Connection, target: str, answers: Sequence[NewAnswer], at: Cursor, *, now: str, boot_id: str
) -> int:
    """Store a page of answers, and that it was fetched; part of one job for `Store.write`.

    Nothing is stored of what this desk did not send there, or what it is about has gone since: erased, or for its age.

    Args:
        db: inside the job.
        target: who answered.
        answers: in the order of their numbers.
        at: where the page was asked from.
        now: as the database writes times.
        boot_id: of this run.

    Returns:
        How many were stored.
    """
    kept = sum(_keep(db, target, one, (now, boot_id, at.epoch)) for one in answers)
    move(db, target, replace(at, number=answers[-1].number) if answers else at)
    if kept:
        db.execute("UPDATE answer_cursors SET came = came + ?, came_at = ? WHERE target = ?", (kept, now, target))
    return kept


def tell(db: Database | sqlite3.Connection, target: str, said: Fetched, now: str, *, fetched: bool) -> None:
    """Say how fetching goes, for whoever looks from another process; part of a job.

    Args:
        db: inside the job.
        target: of which.
        said: its problem counts, or that it has none.
        now: as the database writes times.
        fetched: it was asked just now, and answered.
    """
    db.execute("INSERT INTO answer_cursors (target) VALUES (?) ON CONFLICT DO NOTHING", (target,))
    db.execute(
        "UPDATE answer_cursors SET problem = :problem, hint = :hint, problem_kind = :kind, "
        "failing_since = CASE WHEN :problem = '' THEN NULL ELSE coalesce(failing_since, :now) END, "
        "fetched_at = CASE WHEN :fetched THEN :now ELSE fetched_at END WHERE target = :target",
        {
            "target": target, "problem": said.problem, "hint": said.hint, "kind": said.problem_kind, "now": now,
            "fetched": int(fetched),
        },
    )  # fmt: skip


def fetched(db: sqlite3.Connection) -> dict[str, Fetched]:
    """How fetching went last, by target."""
    return {
        str(row["target"]): Fetched(
            int(row["came"]), _time(row["came_at"]), _time(row["fetched_at"]), row["problem"], row["hint"],
            row["problem_kind"], _time(row["failing_since"]),
        )
        for row in db.execute("SELECT * FROM answer_cursors")
    }  # fmt: skip


def about(db: sqlite3.Connection, tracking_id: str) -> list[AnswerRow]:
    """What was answered about an event or review item, in the order in which it came."""
    sql = (
        "SELECT target, message_id, task, number, tracking_id, state, why, body, answered_at, received_at "
        "FROM answers WHERE tracking_id = ? ORDER BY received_at, target, number"
    )
    return [
        AnswerRow(
            row["target"], row["message_id"], row["task"], row["number"], row["tracking_id"], row["state"], row["why"],
            json.loads(row["body"]), datetime.fromisoformat(row["answered_at"]),
            datetime.fromisoformat(row["received_at"]),
        )
        for row in db.execute(sql, (tracking_id,))
    ]  # fmt: skip


def unanswered_since(
    db: sqlite3.Connection, tracking_id: str, targets: Iterable[str], since: str, now: str
) -> datetime | None:
    """When a target that answers took the last file about this which it has not answered yet; None: there is none.

    Args:
        db: from `Store.read`.
        tracking_id: of an event or review item.
        targets: names of those that may answer.
        since: what was taken before is waited for no more; as the database writes times.
        now: what was taken later was so by a clock that was set back since.
    """
    row = db.execute(_UNANSWERED, (tracking_id, json.dumps(sorted(targets)), since, now)).fetchone()
    return _time(row[0])


def _keep(db: Database | sqlite3.Connection, target: str, one: NewAnswer, came: tuple[str, str, int]) -> int:
    sent = db.execute(_SENT, (one.message_id, one.tracking_id, target)).fetchone()
    if sent is None:
        return 0
    tasks, size = db.execute(_OTHERS, (target, one.message_id, one.task)).fetchone()
    if tasks >= MOST_TASKS or size + len(one.body.encode()) > MOST_BYTES:
        return 0
    values = (
        target, one.message_id, one.task, one.number, one.tracking_id, str(sent[0]), one.state, one.why, one.body,
        one.answered_at, *came,
    )  # fmt: skip
    return int(db.execute(_KEEP, values).rowcount)


def _time(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
