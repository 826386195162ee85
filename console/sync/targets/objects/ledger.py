"""The ledger of an object store: what stands there, kept in the site's database after it is there.

A crash between an object and its row is healed by sending the same bytes again, to the same path.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from console.errors import StoreError
from console.store.store import Store, utc_text
from console.sync.targets.base import Busy
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

T = TypeVar("T")
_WAIT_S = 10.0
_ROW = "SELECT path, tracking_id, outbox_id, sha256, bytes, about, shard FROM outbox_objects WHERE target = ?"
_LABELS = "SELECT label, number FROM outbox_labels WHERE target = ? ORDER BY number"
_PUT = """
INSERT INTO outbox_objects (target, path, tracking_id, outbox_id, sha256, bytes, about, shard, put_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET tracking_id = excluded.tracking_id, outbox_id = excluded.outbox_id, sha256 = excluded.sha256,
    bytes = excluded.bytes, about = excluded.about, shard = excluded.shard, put_at = excluded.put_at
"""
_ERASED = "erased:"


@dataclass(frozen=True, slots=True)
class Row:
    """An object that stands at the store.

    Attributes:
        path: below the target's address.
        tracking_id: whose it is; empty: a list.
        number: of the message it is of.
        sha256, bytes: of its content.
        about: kind, and of pictures and verdicts what lists are made of.
        shard: which lists name it; empty: none.
    """

    path: str
    tracking_id: str
    number: int
    sha256: str
    bytes: int
    about: Mapping[str, Any] = field(default_factory=dict)
    shard: str = ""

    @property
    def kind(self) -> str:
        """What it is: a message's kind, label or list."""
        return str(self.about.get("kind", ""))


@dataclass(slots=True)
class Changes:
    """What became of objects, to be kept.

    Attributes:
        put: rows that are new or other than they were.
        gone: paths of objects that are no more.
        stale: shards that are behind from here on.
        erased: tracking IDs of which nothing is to come any more.
    """

    put: dict[str, Row] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)

    def add(self, other: Changes) -> None:
        """Take in those of another tracking ID."""
        self.put |= other.put
        self.gone |= other.gone
        self.stale |= other.stale
        self.erased |= other.erased

    def __bool__(self) -> bool:
        return bool(self.put or self.gone or self.stale or self.erased)


class Ledger:
    """The rows of one target. Any thread may call it.

    Every method raises `Busy` where the desk's own database can't be read or written.
    """

    def __init__(self, store: Store, target: str) -> None:
        self._store, self._target = store, target
        self._numbers: dict[str, int] = {}
        self.still = threading.RLock()
        """Held while rows are written, and by whoever makes a list of them until the list is there."""

    def of(self, ids: Iterable[str]) -> dict[str, dict[str, Row]]:
        """What stands there of tracking IDs, each by path."""
        wanted = sorted(set(ids))
        found: dict[str, dict[str, Row]] = {one: {} for one in wanted}
        with self._read() as db:
            sql = f"{_ROW} AND tracking_id IN (SELECT value FROM json_each(?))"  # noqa: S608  # two constants
            for row in map(_row, db.execute(sql, (self._target, json.dumps(wanted)))):
                found[row.tracking_id][row.path] = row
        return found

    def erased(self, ids: Iterable[str]) -> set[str]:
        """Which of these tracking IDs are to be known no more."""
        marks = {_mark(one): one for one in ids}
        with self._read() as db:
            rows = db.execute(
                "SELECT path FROM outbox_objects WHERE target = ? AND path IN (SELECT value FROM json_each(?))",
                (self._target, json.dumps(list(marks))),
            ).fetchall()
        return {marks[row[0]] for row in rows}

    def of_shard(self, shard: str) -> list[Row]:
        """What stands in a shard's lists, in the order of the messages."""
        with self._read() as db:
            sql = f"{_ROW} AND shard = ? ORDER BY outbox_id, path"
            return list(map(_row, db.execute(sql, (self._target, shard))))

    def lists(self, root: str) -> dict[str, Row]:
        """The lists that stand in a site's folder, by path."""
        with self._read() as db:
            found = map(_row, db.execute(f"{_ROW} AND tracking_id = '' AND shard = ''", (self._target,)))
            return {row.path: row for row in found if row.path.startswith(root)}

    def stale(self) -> list[str]:
        """Shards that are behind."""
        with self._read() as db:
            sql = "SELECT shard FROM outbox_stale_shards WHERE target = ? ORDER BY shard"
            return [str(row[0]) for row in db.execute(sql, (self._target,))]

    def labels(self) -> dict[str, int]:
        """The numbers of the classes, in their order."""
        with self._read() as db:
            return {str(row[0]): int(row[1]) for row in db.execute(_LABELS, (self._target,))}

    def numbers(self, labels: Iterable[str]) -> tuple[dict[str, int], bool]:
        """The numbers of these classes among others, and whether one was new. A number stays with its class."""
        unknown = sorted(set(labels) - self._numbers.keys())
        if not unknown:
            return self._numbers, False

        def job(db: Database) -> int:
            there = {str(row[0]) for row in db.execute(_LABELS, (self._target,))}
            for number, label in enumerate((one for one in unknown if one not in there), len(there)):
                db.execute("INSERT INTO outbox_labels VALUES (?, ?, ?)", (self._target, number, label))
            return len(there)

        before = self._write(job)
        self._numbers = self.labels()
        return self._numbers, len(self._numbers) > before

    def keep(self, changes: Changes) -> None:
        """Write what became of objects; kept when this returns."""
        if not changes:
            return
        now = utc_text(datetime.now(UTC))

        def job(db: Database) -> None:
            for path in changes.gone - changes.put.keys():
                db.execute("DELETE FROM outbox_objects WHERE target = ? AND path = ?", (self._target, path))
            for one in changes.put.values():
                about = json.dumps(dict(one.about), ensure_ascii=False, separators=(",", ":"))
                values = (one.path, one.tracking_id, one.number, one.sha256, one.bytes, about, one.shard, now)
                db.execute(_PUT, (self._target, *values))
            for own in changes.erased:
                db.execute(_PUT, (self._target, _mark(own), "", 0, "0" * 64, 0, "{}", _ERASED, now))
            for shard in changes.stale:
                db.execute(
                    "INSERT INTO outbox_stale_shards VALUES (?, ?) ON CONFLICT DO NOTHING", (self._target, shard)
                )

        with self.still:
            self._write(job)

    def fresh(self, shard: str) -> None:
        """A shard's lists are there; whoever calls this holds `still` since it read the rows.

        What sums up the lists of its folder is behind from here on: it is a shard of its own, named ``FOLDER/``.
        """

        def job(db: Database) -> None:
            db.execute("DELETE FROM outbox_stale_shards WHERE target = ? AND shard = ?", (self._target, shard))
            root, _slash, day = shard.rpartition("/")
            if day:
                db.execute(
                    "INSERT INTO outbox_stale_shards VALUES (?, ?) ON CONFLICT DO NOTHING", (self._target, f"{root}/")
                )

        self._write(job)

    def _write(self, job: Callable[[Database], T]) -> T:
        try:
            return self._store.write(job, wait_s=_WAIT_S).result(_WAIT_S)
        except StoreError as error:
            raise Busy(error.what, error.hint) from error
        except FutureTimeout:
            raise Busy(_("The disk of this desk is slow."), _("What was put is put again.")) from None

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._store.read() as db:
                yield db
        except StoreError as error:
            raise Busy(error.what, error.hint) from error


def _mark(tracking_id: str) -> str:
    """What stays of an erased ID, which can't be told from it."""
    return _ERASED + hashlib.sha256(tracking_id.encode()).hexdigest()


def _row(row: sqlite3.Row) -> Row:
    return Row(row[0], row[1], row[2], row[3], row[4], json.loads(row[5]), row[6])
