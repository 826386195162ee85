"""Looks at the outbox, each on a connection of `Store.read`: how it stands with each target, and its messages.

Counts come from rows that are kept in step, the rest through indexes, so that it is quick with a million waiting.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from console.settings.schema import Settings
from console.store.answers import Fetched, fetched
from console.store.outbox import PRIORITY
from console.sync.overview.quota import Quota, oldest_waiting, quota
from console.sync.overview.trace import Step, Trace, trace

__all__ = [
    "MessageRow", "Quota", "Step", "TargetStatus", "Trace", "messages", "nobody_sends", "quota", "status", "trace",
]  # fmt: skip
_ROWS = (
    "SELECT m.id AS number, m.message_id, m.tracking_id, d.kind, m.camera_id, d.target, d.state, d.bytes, "
    "m.written_at, d.attempts, d.tried_at, d.sent_at, d.error "
    "FROM outbox m JOIN outbox_deliveries d ON d.outbox_id = m.id WHERE m.id IN (SELECT value FROM json_each(:numbers))"
)
_OF_ONE = (
    "SELECT m.id AS number FROM outbox m JOIN outbox_deliveries d ON d.outbox_id = m.id "
    "WHERE m.tracking_id = :tracking_id AND m.id < :before"
)
_PART = "SELECT d.outbox_id AS number FROM outbox_deliveries d INDEXED BY {} WHERE d.outbox_id < :before"
_INDEX = {"waiting": "outbox_next", "later": "outbox_aside", "refused": "outbox_aside", "sent": "outbox_sent"}
_ASIDE = "d.state IN ('refused', 'later')"
"""As its index has it, word for word: SQLite does not see by itself that one of the two is among them."""
_ALL = 1 << 62


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """How the outbox stands with a target.

    Attributes:
        name: of the target.
        kind, url: as the settings have them; empty where it is not in them.
        known: it is in the settings.
        enabled, paused: whether anything is sent there at all, and whether somebody paused it.
        state, problem, hint, problem_kind, since, next_try_at: what its uploader said last, of this run or another.
        waiting: how many messages wait, by kind; kinds without any are not in it.
        waiting_bytes: of those.
        later: files that came over the quota, and are not held.
        refused: messages that are set aside until a person decides.
        oldest: when the oldest that waits was written; None: nothing waits.
        sent, sent_bytes, last_sent_at: ever.
        answers: how fetching its answers went last; None: they never were.
    """

    name: str
    kind: str = ""
    url: str = ""
    known: bool = False
    enabled: bool = False
    paused: bool = False
    state: str = ""
    problem: str = ""
    hint: str = ""
    problem_kind: str = ""
    since: datetime | None = None
    next_try_at: datetime | None = None
    waiting: Mapping[str, int] = field(default_factory=dict)
    waiting_bytes: int = 0
    later: int = 0
    refused: int = 0
    oldest: datetime | None = None
    sent: int = 0
    sent_bytes: int = 0
    last_sent_at: datetime | None = None
    answers: Fetched | None = None

    @property
    def queued(self) -> int:
        """Messages that wait, of all kinds."""
        return sum(self.waiting.values())


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message and how far it is with one target.

    Attributes:
        number: later messages have higher ones.
        message_id, tracking_id: what it is called, and what it is about.
        kind: what it is.
        camera_id: empty: of no camera.
        target: whose delivery this is.
        state: waiting, later, sent or refused.
        bytes: of body and file.
        written_at: when it was written.
        attempts: how often it was tried.
        tried_at, sent_at: when last, and when it was taken; None: not yet.
        error: why the last attempt failed, in words; empty: it did not.
    """

    number: int
    message_id: str
    tracking_id: str
    kind: str
    camera_id: str
    target: str
    state: str
    bytes: int
    written_at: datetime
    attempts: int
    tried_at: datetime | None
    sent_at: datetime | None
    error: str


def status(db: sqlite3.Connection, settings: Settings) -> list[TargetStatus]:
    """Every target of the settings, in their order; then those that are gone from them and still have something."""
    counts: dict[str, dict[str, dict[str, tuple[int, int]]]] = {}
    for target, kind, state, number, size in db.execute(
        "SELECT target, kind, state, number, bytes FROM outbox_counts WHERE number > 0 AND state <> 'sent'"
    ):
        counts.setdefault(target, {}).setdefault(state, {})[kind] = (number, size)
    rows = {str(row["name"]): row for row in db.execute("SELECT * FROM outbox_targets")}
    named = {target.name: target for target in settings.sync.targets}
    came = fetched(db)
    found = []
    for name in (*named, *sorted(counts.keys() - named.keys())):
        own, of_it, row = named.get(name), counts.get(name, {}), rows.get(name)
        waiting = of_it.get("waiting", {})
        in_settings: dict[str, Any] = (
            {"kind": own.kind, "url": own.url, "known": True, "enabled": own.enabled} if own is not None else {}
        )
        found.append(
            TargetStatus(
                name,
                **in_settings,
                **(_said(row) if row is not None else {}),
                waiting={kind: waiting[kind][0] for kind in PRIORITY if kind in waiting},
                waiting_bytes=sum(size for _number, size in waiting.values()),
                later=sum(number for number, _size in of_it.get("later", {}).values()),
                refused=sum(number for number, _size in of_it.get("refused", {}).values()),
                oldest=_oldest(db, name) if waiting else None,
                answers=came.get(name),
            )
        )
    return found


def nobody_sends(found: Iterable[TargetStatus]) -> list[TargetStatus]:
    """How it stands while no process sends: one that was killed could not say that it ended."""
    return [replace(one, state="stopped", next_try_at=None) if one.state else one for one in found]


def messages(
    db: sqlite3.Connection,
    *,
    target: str = "",
    state: str = "",
    kind: str = "",
    tracking_id: str = "",
    before: int | None = None,
    limit: int = 100,
) -> list[MessageRow]:
    """Messages with each target they go to, newest first.

    A message that goes to several targets has a row for each; a page ends with all rows of its last message, so that
    `before` its number goes on without a gap.

    Args:
        db: from `Store.read`.
        target: of this target alone; empty: of all.
        state: that stand so; empty: all.
        kind: of this kind; empty: all.
        tracking_id: about this event or item, all of its ID; empty: about anything.
        before: only messages of a lower number.
        limit: at most so many, but for the rest of the last message.
    """
    values: dict[str, str | int] = {
        "before": before if before is not None else _ALL, "limit": limit, "kind": kind, "target": target,
        "state": state, "tracking_id": tracking_id,
    }  # fmt: skip
    more = _and(target, state, kind)
    if tracking_id:
        pages = [f"{_OF_ONE} {more}"]
    else:
        parts = list(enumerate(_parts(db, target, state, kind)))
        pages = [f"{_PART.format(_INDEX[stands])} AND d.target = :t{n} AND {also}" for n, (_t, stands, also) in parts]
        values |= {f"t{n}": name for n, (name, _stands, _also) in parts}
    ends = [f"SELECT * FROM ({page} ORDER BY d.outbox_id DESC LIMIT :limit)" for page in pages]  # noqa: S608  # our own text
    if not ends:
        return []
    top = f"SELECT number FROM ({' UNION ALL '.join(ends)}) ORDER BY number DESC LIMIT :limit"  # noqa: S608  # our own text
    numbers = sorted({int(row[0]) for row in db.execute(top, values)})
    rows = db.execute(f"{_ROWS} {more} ORDER BY m.id DESC, d.target", values | {"numbers": json.dumps(numbers)})
    return [_message(row) for row in rows]


def _parts(db: sqlite3.Connection, target: str, state: str, kind: str) -> list[tuple[str, str, str]]:
    """What there is of what is asked for, each led by an index: target, state, and what holds of its rows."""
    sql = "SELECT DISTINCT target, state, kind FROM outbox_counts WHERE number > 0 ORDER BY target, state, kind"
    there = [
        (name, stands, of)
        for name, stands, of in db.execute(sql)
        if target in ("", name) and state in ("", stands) and kind in ("", of)
    ]
    of_kind = " AND d.kind = :kind" if kind else ""
    parts: dict[tuple[str, str, str], None] = {}
    for name, stands, of in there:
        if stands == "sent":
            parts[name, stands, f"d.state = 'sent' AND d.kind = '{of}'"] = None
        elif stands == "waiting":
            parts[name, stands, f"d.state = 'waiting' AND d.priority = {PRIORITY[of]}{of_kind}"] = None
        else:
            parts[name, stands, f"d.state = '{stands}' AND {_ASIDE}{of_kind}"] = None
    return list(parts)


def _and(target: str, state: str, kind: str) -> str:
    named = (("target", target), ("state", state), ("kind", kind))
    return " ".join(f"AND d.{column} = :{column}" for column, value in named if value)


def _oldest(db: sqlite3.Connection, target: str) -> datetime | None:
    """When the lowest message that waits was written."""
    there = oldest_waiting(db, target)
    if not there:
        return None
    return _time(db.execute("SELECT written_at FROM outbox WHERE id = ?", (min(there),)).fetchone()[0])


def _said(row: sqlite3.Row) -> dict[str, Any]:
    return {name: row[name] for name in ("state", "problem", "hint", "problem_kind", "sent", "sent_bytes")} | {
        "paused": bool(row["paused"]),
        "since": _time(row["since"]),
        "next_try_at": _time(row["next_try_at"]),
        "last_sent_at": _time(row["last_sent_at"]),
    }


def _message(row: sqlite3.Row) -> MessageRow:
    values = dict(row)
    for name in ("written_at", "tried_at", "sent_at"):
        values[name] = _time(values[name])
    return MessageRow(**values)


def _time(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
