"""Where the head of the record is kept besides the record: in the home's database, and in a file off the box.

The database tells a careless change from an honest record. Only a place that whoever changes the record can't write to
tells a careful one: a file on another machine, to which every new head is added.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from uuid_utils import uuid7

from console.errors import StoreError
from console.privacy.audit.chain import Head
from console.settings.disk import in_words
from console.store.connect import connect, in_turn, reading, transaction, turn
from console.store.outbox import Message, put, targets_of, withdraw
from models.words import _

KEY, SENT_KEY = "audit head", "audit message"
RETRY_S = 30.0
"""A file off the box that can't be written is tried again after so long."""
_MOST = 10_000_000  # bytes of an anchor file that are read, from its end: some 40,000 heads
_KEEP = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_log = logging.getLogger(__name__)


def in_database(database: Path) -> Head | None:
    """The head that a home's database knows; None where it knows none.

    Raises:
        StoreError: there is no database, or it can't be read.
    """
    with reading(database) as db:
        row = db.execute("SELECT value FROM meta WHERE key = ?", (KEY,)).fetchone()
    return _head(row[0]) if row is not None else None


def to_database(database: Path, run: Path, head: Head) -> None:
    """Have the database know a head, and have it leave to whoever wants the record's seals.

    Only the newest head counts: older ones that wait and were never tried don't leave any more. Not to be called from a
    job of the store's writer: it would wait for itself.

    Raises:
        StoreError: it can't be written.
        sqlite3.Error: it is no database of this program.
    """
    value = json.dumps({"record": head.record, "n": head.n, "hash": head.hash})
    with in_turn(turn(run), database), closing(connect(database)) as db, transaction(db):
        db.execute(_KEEP, (KEY, value))
        _leave(db, head)


def _leave(db: sqlite3.Connection, head: Head) -> None:
    """Put a head into the outbox; part of the transaction that keeps it. An older database has none."""
    if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'outbox_routes'").fetchone() is None:
        return
    targets = targets_of(db, "audit")
    if targets:
        before = db.execute("SELECT value FROM meta WHERE key = ?", (SENT_KEY,)).fetchone()
        if before is not None:
            withdraw(db, int(before[0]))
        boot = db.execute("SELECT boot_id FROM boot ORDER BY id DESC LIMIT 1").fetchone()
        body = {"record": head.record, "n": head.n, "hash": head.hash}
        number = put(db, Message("audit", str(uuid7()), "", body), boot[0] if boot else "", targets=targets)
        db.execute(_KEEP, (SENT_KEY, str(number)))


def in_file(path: Path, head: Head, home: Path) -> tuple[list[Head], bool]:
    """The heads that an anchor file knows of a record, and whether it knows another record of the same home.

    Raises:
        OSError: it can't be read.
    """
    found, other = [], False
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _MOST))
        for line in file:
            said = _said(line)
            known = _head(line)
            if known is None or said is None:
                continue
            if known.record == head.record:
                found.append(known)
            elif said.get("host") == socket.gethostname() and said.get("home") == str(home):
                other = True
    return found, other


def _said(text: str | bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(text)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _head(text: str | bytes) -> Head | None:
    said = _said(text) or {}
    n, digest, record = said.get("n"), said.get("hash"), said.get("record")
    if isinstance(n, int) and isinstance(digest, str) and isinstance(record, str):
        return Head(n, digest, record)
    return None


class Anchor:
    """Adds heads to a file off the box, on a thread of its own: a share that hangs holds nobody up.

    Only the newest head counts, since it vouches for all before it; while the file can't be written it waits, and is
    tried again. The thread lives only while there is something to write.

    Args:
        path: the file.
        home: whose record it is; its name goes into the file.
    """

    def __init__(self, path: Path, home: Path) -> None:
        self.path = path
        self._home = home
        self._changed = threading.Condition()
        self._waiting: Head | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._problem = ""

    @property
    def problem(self) -> str:
        """Why the newest head is not in the file, in words; empty when it is, or is just being written."""
        return self._problem

    def put(self, head: Head) -> None:
        """Have this head added; returns at once."""
        with self._changed:
            self._waiting = head
            self._changed.notify_all()
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="audit anchor", daemon=True)
                self._thread.start()

    def close(self, patience_s: float = 1.0) -> bool:
        """Stop trying; what waits may still be written for so long. Whether nothing was left unwritten."""
        with self._changed:
            written = self._changed.wait_for(lambda: self._thread is None or self._problem, patience_s)
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(patience_s)
        return bool(written) and self._waiting is None and not self._problem

    def _run(self) -> None:
        while True:
            with self._changed:
                head = self._waiting
                if head is None or (self._closed and self._problem):
                    self._thread = None
                    self._changed.notify_all()
                    return
            problem = self._add(head)
            with self._changed:
                if problem and not self._problem:
                    _log.warning("The audit's anchor can't be written and is tried again: %s", problem)
                elif self._problem and not problem:
                    _log.info("The audit's anchor is written again.")
                self._problem = problem
                if not problem and self._waiting is head:
                    self._waiting = None
                self._changed.notify_all()
                if problem:
                    self._changed.wait_for(lambda: self._closed, RETRY_S)

    def _add(self, head: Head) -> str:
        """Add one head; why it could not be, in words."""
        said = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"), "host": socket.gethostname(),
            "home": str(self._home), "record": head.record, "n": head.n, "hash": head.hash,
        }  # fmt: skip
        line = json.dumps(said, ensure_ascii=True).encode() + b"\n"
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                if os.write(handle, _after(handle) + line) < len(line):
                    return _("The disk of {path} is full.").format(path=self.path)
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            return in_words(error, self.path).what
        return ""


def _after(handle: int) -> bytes:
    """What has to stand before a new line: an end to one that was cut off."""
    size = os.lseek(handle, 0, os.SEEK_END)
    if size == 0:
        return b""
    os.lseek(handle, size - 1, os.SEEK_SET)
    return b"" if os.read(handle, 1) == b"\n" else b"\n"


def known_to_database(database: Path) -> tuple[Head | None, str]:
    """As `in_database`, for a home that may have none yet: the head, and why it can't be told."""
    if not database.is_file():
        return None, ""
    try:
        return in_database(database), ""
    except (StoreError, sqlite3.Error) as error:
        return None, str(error)
