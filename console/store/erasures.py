"""Rows of the tables `erasures` and `erasure_files`: what is to go, how far that is, and afterwards figures alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from console.store.connect import reading
from console.store.store import Store, utc_text

if TYPE_CHECKING:
    from sqlite_utils import Database

Stage = Literal["rows", "backups", "logs", "clean", "done"]
STAGES: tuple[Stage, ...] = ("rows", "backups", "logs", "clean", "done")
_FORGOTTEN = ("clean", "done")


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """An erasure.

    Attributes:
        id: its number.
        name: of its report.
        asked_at: when it was asked for.
        stage: what it is at.
        scope: what is to go; empty once nothing is left to look for.
        figures: what went so far.
    """

    id: int
    name: str
    asked_at: datetime
    stage: Stage
    scope: Mapping[str, Any]
    figures: Mapping[str, Any]


def ask(store: Store, name: str, scope: Mapping[str, Any]) -> ErasureRow:
    """Record that something is to go; from now on it will, whatever ends this process.

    Args:
        store: where.
        name: of its report; no other has it.
        scope: what is to go.
    """

    def job(db: Database) -> int:
        cursor = db.execute(
            "INSERT INTO erasures (name, asked_at, stage, scope, figures) VALUES (?, ?, 'rows', ?, '{}')",
            (name, utc_text(datetime.now(UTC)), json.dumps(dict(scope), ensure_ascii=False)),
        )
        return int(cursor.lastrowid or 0)

    return get(store, store.write(job, wait_s=5.0).result())


def get(store: Store, number: int) -> ErasureRow:
    """An erasure by its number.

    Raises:
        KeyError: there is none.
    """
    with store.read() as db:
        row = db.execute("SELECT * FROM erasures WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise KeyError(number)
    return _row(row)


def unfinished(database: Path) -> list[ErasureRow]:
    """Erasures that are not done, oldest first; none where there is no database, or one from before erasures.

    Raises:
        StoreError: it can't be read.
    """
    if not database.is_file():
        return []
    with reading(database) as db:
        if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'erasures'").fetchone() is None:
            return []
        return [_row(row) for row in db.execute("SELECT * FROM erasures WHERE stage <> 'done' ORDER BY id")]


def add(db: Database, number: int, figures: Mapping[str, int], paths: Iterable[str] = ()) -> None:
    """Count what went in this transaction, and remember which files are to follow; part of a job."""
    row = db.execute("SELECT figures FROM erasures WHERE id = ?", (number,)).fetchone()
    now: dict[str, Any] = json.loads(row[0])
    for name, count in figures.items():
        now[name] = now.get(name, 0) + count
    db.execute("UPDATE erasures SET figures = ? WHERE id = ?", (json.dumps(now), number))
    for path in paths:
        db.execute("INSERT INTO erasure_files (erasure_id, path) VALUES (?, ?)", (number, path))


def files(store: Store, number: int) -> list[str]:
    """Paths of the files whose rows an erasure has removed, relative to the home."""
    with store.read() as db:
        return [
            str(row[0])
            for row in db.execute("SELECT path FROM erasure_files WHERE erasure_id = ? ORDER BY id", (number,))
        ]


def move_on(store: Store, number: int, stage: Stage) -> None:
    """An erasure has come to its next stage. From `clean` on nothing says any more what was to go."""
    ended = utc_text(datetime.now(UTC)) if stage == "done" else None

    def job(db: Database) -> None:
        if stage in _FORGOTTEN:
            db.execute("DELETE FROM erasure_files WHERE erasure_id = ?", (number,))
            db.execute("UPDATE erasures SET scope = '{}' WHERE id = ?", (number,))
        db.execute("UPDATE erasures SET stage = ?, ended_at = ? WHERE id = ?", (stage, ended, number))

    store.write(job, wait_s=5.0).result()


def _row(row: sqlite3.Row) -> ErasureRow:
    return ErasureRow(
        row["id"],
        row["name"],
        datetime.fromisoformat(row["asked_at"]),
        row["stage"],
        json.loads(row["scope"]),
        json.loads(row["figures"]),
    )
