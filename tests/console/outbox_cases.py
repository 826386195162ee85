"""Routes and messages of an outbox, made by hand, and what can't be true of one: for tests of the outbox."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from console.store.migrations import shipped, statements
from console.store.outbox import forget, let_go
from console.store.store import Store

WAYS = (
    "erased", "audit", "event", "verdict", "item", "event picture", "verdict picture", "item picture", "sealed",
)  # fmt: skip


def wanted(store: Store, *targets: str, ways: Iterable[str] = WAYS, camera: str = "") -> None:
    """From now on these targets want what goes these ways."""

    def job(db: Any) -> None:
        for target in targets:
            db.execute("INSERT INTO outbox_targets (name) VALUES (?) ON CONFLICT DO NOTHING", (target,))
            for way in ways:
                db.execute("INSERT INTO outbox_routes VALUES (?, ?, ?, 1)", (target, way, camera))

    store.write(job).result(10)


def execute(store: Store, sql: str, *values: object) -> int:
    """Change rows by hand; how many."""
    return int(store.write(lambda db: db.execute(sql, values).rowcount).result(10))


def messages(store: Store, kind: str = "") -> list[dict[str, Any]]:
    """Messages in their order, each with its body as values and its deliveries as a dictionary of states."""
    with store.read() as db:
        rows = [dict(row) for row in db.execute("SELECT * FROM outbox WHERE ? IN ('', kind) ORDER BY id", (kind,))]
        for row in rows:
            row["body"] = json.loads(row["body"])
            sql = "SELECT target, state FROM outbox_deliveries WHERE outbox_id = ?"
            row["to"] = {one["target"]: one["state"] for one in db.execute(sql, (row["id"],))}
    return rows


def deliver(store: Store, *targets: str, kind: str = "") -> list[int]:
    """What an uploader does with a message that a target has taken; the numbers of those it was."""

    def job(db: Any) -> list[int]:
        numbers: set[int] = set()
        for target in targets:
            sql = (
                "SELECT outbox_id, bytes FROM outbox_deliveries "
                "WHERE target = ? AND state = 'waiting' AND ? IN ('', kind)"
            )
            for number, size in db.execute(sql, (target, kind)).fetchall():
                db.execute(
                    "UPDATE outbox_deliveries SET state = 'sent', sent_at = 'now' WHERE target = ? AND outbox_id = ?",
                    (target, number),
                )
                db.execute(
                    "UPDATE outbox_targets SET sent = sent + 1, sent_bytes = sent_bytes + ? WHERE name = ?",
                    (size, target),
                )
                numbers.add(number)
        let_go(db, numbers)
        forget(db, numbers)
        return sorted(numbers)

    return store.write(job).result(10)


def in_memory() -> sqlite3.Connection:
    """A database of the newest schema, as the writer has it."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    for migration in shipped():
        for statement in statements(migration.sql):
            db.execute(statement)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("INSERT INTO boot (boot_id, started_at, version, pid, host) VALUES ('boot', '', '', 1, '')")
    return db


def contradictions(db: sqlite3.Connection) -> list[str]:
    """What can't be: counts that are not what is there, files held that nothing waits with, or let go that something
    does, messages nobody is to get, deliveries of nothing."""
    found = []
    there = db.execute(
        "SELECT target, kind, state, count(*), sum(bytes) FROM outbox_deliveries GROUP BY target, kind, state"
    ).fetchall()
    counted = db.execute("SELECT * FROM outbox_counts WHERE number <> 0 OR bytes <> 0").fetchall()
    if sorted(map(tuple, there)) != sorted(map(tuple, counted)):
        found.append(f"counts say {counted}, there is {there}")
    for column in ("picture_id", "sealed_id"):
        waits = {
            row[0]
            for row in db.execute(
                f"SELECT m.{column} FROM outbox m JOIN outbox_deliveries d ON d.outbox_id = m.id "
                f"WHERE m.{column} IS NOT NULL AND d.state IN ('waiting', 'refused')"
            )
        }
        sql = f"SELECT {column} FROM holds WHERE why = 'sync' AND {column} IS NOT NULL"
        held = {row[0] for row in db.execute(sql)}
        if waits != held:
            found.append(f"{column}: {sorted(waits)} wait, {sorted(held)} are held")
    lonely = "SELECT id FROM outbox WHERE NOT EXISTS (SELECT 1 FROM outbox_deliveries WHERE outbox_id = outbox.id)"
    found += [f"message {row[0]} goes to nobody" for row in db.execute(lonely)]
    if broken := db.execute("PRAGMA foreign_key_check").fetchall():
        found.append(f"{len(broken)} rows refer to what is not there")
    return found
