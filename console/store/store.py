"""The store: the database of one home, opened, migrated, written through one thread, read by anybody."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from console.errors import StoreError
from console.settings.drives import network_drive
from console.settings.home import Home
from console.store.connect import connect, in_turn, in_words, reading, transaction, turn
from console.store.migrations import Migration, check_version, create, migrate, shipped
from console.store.writer import LIMIT, Writer
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

T = TypeVar("T")
_DRIFT_S = 1.0
"""By so little clocks differ that nobody has set."""


def utc_text(moment: datetime) -> str:
    """A moment as the database holds it: UTC, microseconds, ``+00:00``; text of this form sorts by time.

    Raises:
        ValueError: it has no time zone, so nobody knows when it was.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone can't be stored")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class Store:
    """An open database. `write` and `read` may be called from any thread.

    Attributes:
        path: the database file.
        boot_id: this run's id, for rows whose times it vouches for.
    """

    def __init__(self, path: Path, writer: Writer, boot_id: str, set_back_s: float) -> None:
        self.path = path
        self.boot_id = boot_id
        self._behind_s = set_back_s
        self._opened = time.time() - time.monotonic()
        self._writer = writer

    @classmethod
    def open(cls, home: Home, *, limit: int = LIMIT, migrations: Sequence[Migration] | None = None) -> Store:
        """Open the home's database; make it where it is missing, migrate it where it is older.

        Without the home's lock (a command beside a running desk) an older database is refused instead of migrated:
        the desk that uses it may be of the older version.

        Args:
            home: its folders are made where they are missing.
            limit: jobs that may wait for the writer.
            migrations: all there are; None: those of this Sightdesk.

        Raises:
            StoreError: on a network drive, damaged, from a newer Sightdesk, or not writable; in words.
            HomeError: the home can't be written.
        """
        steps = shipped() if migrations is None else migrations
        if drive := network_drive(home.database):
            raise StoreError(
                _("{path} is on a network drive ({drive}), where a database is not safe.").format(
                    path=home.path, drive=drive
                ),
                _("Choose a home on a disk of this machine with --home, or set SIGHTDESK_HOME."),
            )
        home.make()
        lock = turn(home.run)
        with in_turn(lock, home.database):
            _prepare(home, steps)
            connection = connect(home.database)
            try:
                boot_id, set_back_s = _boot(connection)
            except sqlite3.Error as error:
                connection.close()
                raise in_words(error, home.database) from error
        return cls(home.database, Writer(connection, home.database, lock, limit), boot_id, set_back_s)

    def write(self, job: Callable[[Database], T], *, wait_s: float = 0.0) -> Future[T]:
        """Have a job run in a transaction on the writer's thread; see `Writer.submit`.

        Raises:
            QueueFull: too many jobs wait and no place came free within `wait_s` seconds.
            StoreError: the store is closed.
        """
        return self._writer.submit(job, wait_s)

    def read(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection for one consistent look, rows by name; see `console.store.connect.reading`."""
        return reading(self.path)

    @property
    def set_back_s(self) -> float:
        """By how many seconds the clock was set back since the start of the last run, also during this one; else 0."""
        behind = self._opened - (time.time() - time.monotonic())
        return self._behind_s + (behind if behind > _DRIFT_S else 0.0)

    @property
    def waiting(self) -> int:
        """Jobs that wait for the writer."""
        return self._writer.waiting

    def close(self) -> None:
        """Store what was accepted, then let go of the database; harmless when done already."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _prepare(home: Home, migrations: Sequence[Migration]) -> None:
    """See that the database is there, sound and of this version."""
    path, newest = home.database, migrations[-1].number
    if not path.exists():
        create(path, migrations)
    elif home.locked:
        migrate(path, home.backups, migrations)
    elif (found := check_version(path, migrations)) < newest:
        raise StoreError(
            _("The database {path} is of an older Sightdesk (schema {found}; this one needs {newest}).").format(
                path=path, found=found, newest=newest
            ),
            _("Start this Sightdesk's desk once with this home: it makes a backup and migrates the database."),
        )


def _boot(connection: sqlite3.Connection) -> tuple[str, float]:
    """Record this run; returns its id and how far the clock is behind the last one's start, in seconds."""
    from uuid_utils import uuid7  # noqa: PLC0415  # not in Python 3.11's uuid

    now = datetime.now(UTC)
    boot_id = str(uuid7())
    with transaction(connection):
        last = connection.execute("SELECT started_at FROM boot ORDER BY id DESC LIMIT 1").fetchone()
        connection.execute(
            "INSERT INTO boot (boot_id, started_at, version, pid, host) VALUES (?, ?, ?, ?, ?)",
            (boot_id, utc_text(now), _version(), os.getpid(), socket.gethostname()),
        )
    behind = (datetime.fromisoformat(last[0]) - now).total_seconds() if last else 0.0
    return boot_id, max(behind, 0.0)


def _version() -> str:
    try:
        return package_version("sightdesk")
    except PackageNotFoundError:  # run from its files, never installed
        return "unknown"
