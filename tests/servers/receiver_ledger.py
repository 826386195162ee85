"""What the receiver has taken: in SQLite, committed before it is confirmed, readable from any process meanwhile."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.sync.wire import Received, Said, canonical

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    arrived INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE, tracking_id TEXT NOT NULL,
    kind TEXT NOT NULL, number INTEGER NOT NULL, camera_id TEXT NOT NULL, head TEXT NOT NULL, head_sha256 TEXT NOT NULL,
    file_sha256 TEXT, bytes INTEGER NOT NULL, file BLOB);
CREATE INDEX IF NOT EXISTS messages_by_tracking_id ON messages (tracking_id);
CREATE TABLE IF NOT EXISTS repeats (message_id TEXT PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS differing (message_id TEXT NOT NULL, head_sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS erased (tracking_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS late (message_id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_KEPT_KINDS = ("erased", "audit")


@dataclass(frozen=True, slots=True)
class Row:
    """A message that was taken.

    Attributes:
        head_sha256: of the head's canonical JSON.
        file_sha256: of the bytes that came, computed here; None: there was no file.
        bytes: of the file.
    """

    message_id: str
    tracking_id: str
    kind: str
    number: int
    head_sha256: str
    file_sha256: str | None
    bytes: int


class Ledger:
    """Each message once by its message_id; any thread may take.

    Args:
        folder: where ledger.db is, or is made.
        files: keep files too; off: only what identifies them, which is all a bench needs.
    """

    def __init__(self, folder: Path, *, files: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._files, self._lock = files, threading.Lock()
        self._db = sqlite3.connect(folder / "ledger.db", check_same_thread=False, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + _SCHEMA)

    def take(self, messages: Sequence[Received]) -> list[Said]:
        """Store what is new of a body in one transaction, and say what became of each."""
        digests = [hashlib.sha256(canonical(one.head)).hexdigest() for one in messages]
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            return [self._take(one, digest) for one, digest in zip(messages, digests, strict=True)]

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _take(self, one: Received, digest: str) -> Said:
        head, name = one.head, str(one.head["message_id"])
        found = self._db.execute("SELECT head_sha256 FROM messages WHERE message_id = ?", (name,)).fetchone()
        if found is not None:
            self._again(name)
            if found[0] != digest:
                self._db.execute("INSERT INTO differing VALUES (?, ?)", (name, digest))
            return Said(name, "known")
        if head["kind"] not in _KEPT_KINDS and self._is_erased(str(head["tracking_id"])):
            self._again(name)
            self._db.execute("INSERT OR IGNORE INTO late VALUES (?)", (name,))
            return Said(name, "known", "erased")
        self._db.execute(
            "INSERT INTO messages (message_id, tracking_id, kind, number, camera_id, head, head_sha256, file_sha256, "
            "bytes, file) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                name, head["tracking_id"], head["kind"], head["number"], head["camera_id"],
                canonical(head).decode(), digest, None if one.file is None else hashlib.sha256(one.file).hexdigest(),
                len(one.file or b""), one.file if self._files else None,
            ),
        )  # fmt: skip
        if head["kind"] == "erased":
            for tracking_id in head["body"].get("tracking_ids", ()):
                self._erase(str(tracking_id))
        return Said(name, "received")

    def _again(self, name: str) -> None:
        self._db.execute(
            "INSERT INTO repeats VALUES (?, 1) ON CONFLICT (message_id) DO UPDATE SET times = times + 1", (name,)
        )

    def _is_erased(self, tracking_id: str) -> bool:
        return self._db.execute("SELECT 1 FROM erased WHERE tracking_id = ?", (tracking_id,)).fetchone() is not None

    def _erase(self, tracking_id: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO erased VALUES (?)", (tracking_id,))
        self._db.execute(
            "DELETE FROM messages WHERE tracking_id = ? AND kind NOT IN ('erased', 'audit')", (tracking_id,)
        )


class Looking:
    """A look at a receiver's ledger from anywhere, while it runs or after."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ledger.db"

    def rows(self) -> list[Row]:
        """What was taken and not erased, as it arrived."""
        columns = "message_id, tracking_id, kind, number, head_sha256, file_sha256, bytes"
        return [Row(*row) for row in self._all(f"SELECT {columns} FROM messages ORDER BY arrived")]

    def file(self, message_id: str) -> bytes | None:
        """A file that was kept."""
        found = self._all("SELECT file FROM messages WHERE message_id = ?", message_id)
        return found[0][0] if found else None

    def head(self, message_id: str) -> str | None:
        """A head's canonical JSON."""
        found = self._all("SELECT head FROM messages WHERE message_id = ?", message_id)
        return str(found[0][0]) if found else None

    def repeats(self) -> dict[str, int]:
        """How many times a message came again."""
        return {str(name): int(times) for name, times in self._all("SELECT message_id, times FROM repeats")}

    def differing(self) -> list[str]:
        """Messages that came again with another content; must be empty."""
        return [str(row[0]) for row in self._all("SELECT message_id FROM differing")]

    def erased(self) -> set[str]:
        """Tracking IDs that are erased."""
        return {str(row[0]) for row in self._all("SELECT tracking_id FROM erased")}

    def late(self) -> set[str]:
        """Messages that came after what they are about was erased; they were not stored."""
        return {str(row[0]) for row in self._all("SELECT message_id FROM late")}

    def figures(self) -> dict[str, int]:
        """How many of everything."""
        sql = (
            "SELECT (SELECT count(*) FROM messages), (SELECT coalesce(sum(bytes), 0) FROM messages), "
            "(SELECT coalesce(sum(times), 0) FROM repeats), (SELECT count(*) FROM differing), "
            "(SELECT count(*) FROM erased), (SELECT count(*) FROM late)"
        )
        names = ("messages", "bytes", "repeats", "differing", "erased", "late")
        return dict(zip(names, map(int, self._all(sql)[0]), strict=True))

    def _all(self, sql: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self._path, timeout=10)) as db:
            return db.execute(sql, values).fetchall()
