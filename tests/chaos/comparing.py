"""What a target has, held against the desk's database and against what was confirmed."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.ledger import lines

MESSAGES = """
SELECT m.id AS number, m.message_id, m.tracking_id, m.kind, m.camera_id, m.written_at, m.body,
       p.path, p.sha256, p.bytes
FROM outbox m JOIN outbox_deliveries d ON d.outbox_id = m.id LEFT JOIN pictures p ON p.id = m.picture_id
WHERE d.target = ? ORDER BY m.id
"""
_NAMED = 5
"""So many of a kind of difference are named; how many there are is said anyway."""


@dataclass
class Differences:
    """What is not as it should be, by kind."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, what: str, which: str) -> None:
        self.found.setdefault(what, []).append(which)

    def words(self) -> list[str]:
        return [f"{what} ({len(which)}): {', '.join(which[:_NAMED])}" for what, which in self.found.items()]


def compare_cloud(home: Path, receiver: Path, target: str, differences: Differences) -> int:
    """Hold the receiver's ledger against the outbox; how many messages were held against each other."""
    with _opened(home / "sightdesk.db") as db, _opened(receiver / "ledger.db") as cloud:
        wanted = {row["message_id"]: row for row in db.execute(MESSAGES, (target,))}
        got = Counter(row[0] for row in cloud.execute("SELECT message_id FROM messages"))
        for name in wanted.keys() - got.keys():
            differences.add(f"{target} lacks messages", f"{wanted[name]['kind']} {name}")
        for name in got.keys() - wanted.keys():
            differences.add(f"{target} has messages that the outbox does not know", name)
        for row in cloud.execute("SELECT message_id, head, file FROM messages"):
            if got[row["message_id"]] != 1:
                differences.add(f"{target} has messages more than once", row["message_id"])
            elif row["message_id"] in wanted:
                _compare_message(home, wanted[row["message_id"]], row, target, differences)
        for (name,) in cloud.execute("SELECT message_id FROM differing"):
            differences.add(f"{target} got messages again with another content", name)
        return len(wanted)


def _compare_message(home: Path, row: sqlite3.Row, there: sqlite3.Row, target: str, differences: Differences) -> None:
    file = None
    if row["path"] is not None:
        file = {"bytes": row["bytes"], "sha256": row["sha256"], "content_type": "image/jpeg"}
        content = (home / row["path"]).read_bytes()
        digests = {_sha256(content), _sha256(there["file"] or b""), row["sha256"]}
        if len(digests) != 1 or len(content) != row["bytes"]:
            differences.add(f"{target} has other bytes", f"{row['message_id']} ({row['path']})")
    head = {
        "v": 1,
        **{name: row[name] for name in ("number", "message_id", "tracking_id", "kind", "camera_id", "written_at")},
        "body": json.loads(row["body"]),
        "file": file,
    }
    if canonical(json.loads(there["head"])) != canonical(head):
        differences.add(f"{target} has another head", f"{row['kind']} {row['message_id']}")


def compare_ledger(home: Path, folder: Path, receiver: Path, differences: Differences) -> int:
    """Hold what was confirmed against the database and the receiver; how many confirmed things there are."""
    with _opened(home / "sightdesk.db") as db, _opened(receiver / "ledger.db") as cloud:
        routes = {row[0] for row in db.execute("SELECT route FROM outbox_routes WHERE target = 'cloud' AND goes = 1")}
        known = {row[0] for row in db.execute("SELECT message_id FROM outbox")}
        had = {row["message_id"]: (row["kind"], row["file"]) for row in cloud.execute("SELECT * FROM messages")}
        about = {(row["tracking_id"], row["kind"]) for row in cloud.execute("SELECT tracking_id, kind FROM messages")}
        keys = {
            json.loads(row["head"])["body"]["verdict"]["key"]
            for row in cloud.execute("SELECT head FROM messages WHERE kind = 'verdict'")
        }
    digests = {name: _sha256(file) for name, (_kind, file) in had.items() if file is not None}
    pictures, confirmed = set(digests.values()), 0
    for one in _confirmed(folder):
        confirmed += 1
        what, tracking_id = str(one["what"]), str(one["tracking_id"])
        for name, kind, digest, targets in one["messages"]:
            if name not in known:
                differences.add("confirmed messages that the outbox does not know", f"{kind} {name}")
            if "cloud" not in targets.split(","):
                continue
            if had.get(name, ("",))[0] != kind or digest != digests.get(name):
                differences.add("confirmed messages that did not arrive", f"{kind} {name}")
        kind = what.rsplit(maxsplit=1)[-1]
        if what in routes and (tracking_id, kind) not in about:
            differences.add("confirmed things that did not arrive", f"{what} {tracking_id}")
        if (
            "sha256" in one
            and (what if kind == "picture" else f"{what} picture") in routes
            and one["sha256"] not in pictures
        ):
            differences.add("confirmed pictures that did not arrive", f"{what} of {tracking_id}")
        if what == "verdict" and what in routes and one["key"] not in keys:
            differences.add("confirmed verdicts that did not arrive", one["key"])
    return confirmed


def compare_database(home: Path, differences: Differences) -> dict[str, Any]:
    """What must be so in a database whose outbox is empty; how many were sent, by target and kind."""
    with _opened(home / "sightdesk.db") as db:
        for target, kind, state, number in db.execute(
            "SELECT target, kind, state, count(*) FROM outbox_deliveries WHERE state <> 'sent' GROUP BY 1, 2, 3"
        ):
            differences.add("not sent", f"{number} {kind} {state} for {target}")
        for target, error in db.execute("SELECT target, error FROM outbox_deliveries WHERE state = 'refused' LIMIT 5"):
            differences.add("refused", f"{target}: {error}")
        for row in db.execute("SELECT picture_id, sealed_id FROM holds WHERE why = 'sync'"):
            differences.add("still held", f"picture {row[0]}, sealed {row[1]}")
        counted = _counts(db, "SELECT target, kind, state, number, bytes FROM outbox_counts WHERE number <> 0")
        there = _counts(
            db, "SELECT target, kind, state, count(*), sum(bytes) FROM outbox_deliveries GROUP BY target, kind, state"
        )
        if counted != there:
            differences.add("miscounted", f"{counted} instead of {there}")
        if (said := db.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            differences.add("damaged", said)
        for row in db.execute("PRAGMA foreign_key_check"):
            differences.add("points to nothing", str(tuple(row)))
        sent: dict[str, Any] = {}
        for target, kind, _state, number, _bytes in there:
            sent.setdefault(target, {})[kind] = number
        return sent


def _counts(db: sqlite3.Connection, sql: str) -> list[tuple[Any, ...]]:
    return sorted(map(tuple, db.execute(sql)))


def _confirmed(folder: Path) -> Iterator[Mapping[str, Any]]:
    for life in sorted(folder.glob("*/kept")):
        yield from lines(life)


def canonical(values: Mapping[str, Any]) -> str:
    """JSON in one form for equal values; written here once more, so that it is not the product's own."""
    return json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _opened(path: Path) -> closing[sqlite3.Connection]:
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    return closing(db)
