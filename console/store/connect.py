"""Connections to the database, set up the same way everywhere, and what SQLite says when it refuses, in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import StoreError
from console.settings.disk import in_words as disk_in_words
from models.words import _

if TYPE_CHECKING:
    from filelock import BaseFileLock

APPLICATION_ID = 0x53444553  # "SDES": tells our file from any other SQLite file
BUSY_S = 10.0
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB"}
_OF_THE_CALLER = {
    "SQLITE_ERROR",
    "SQLITE_CONSTRAINT",
    "SQLITE_MISMATCH",
    "SQLITE_RANGE",
    "SQLITE_MISUSE",
    "SQLITE_TOOBIG",
}


def _kind(error: sqlite3.Error) -> str:
    """SQLite's name of an error; SQLITE_IOERR_WRITE and its like mean what SQLITE_IOERR means."""
    return "_".join(getattr(error, "sqlite_errorname", "SQLITE_ERROR").split("_")[:2])


def is_of_the_caller(error: sqlite3.Error) -> bool:
    """Whether the statement is to blame (a constraint, a missing table), not the disk or the file."""
    return _kind(error) in _OF_THE_CALLER


def in_words(error: sqlite3.Error, path: Path) -> StoreError:
    """What an SQLite error means to an operator.

    Args:
        error: as it was raised.
        path: the database.
    """
    kind = _kind(error)
    if kind in _DAMAGED:
        return damaged(path)
    if kind == "SQLITE_FULL":
        return StoreError(
            _("The disk of {path} is full; this was not stored.").format(path=path), _("Make room on it.")
        )
    if kind in ("SQLITE_BUSY", "SQLITE_LOCKED"):
        return busy(path)
    if kind in ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN", "SQLITE_AUTH"):
        return StoreError(
            _("The database {path} can't be opened for this.").format(path=path),
            _("Look whether its folder is there and may be written."),
        )
    if kind == "SQLITE_IOERR":
        return StoreError(
            _("The disk failed while working with the database {path}.").format(path=path),
            _("Check the disk and its free space."),
        )
    return StoreError(_("The database {path} refused: {error}.").format(path=path, error=error), "")


def busy(path: Path) -> StoreError:
    """The error for a database that somebody else doesn't let go of."""
    return StoreError(
        _("The database {path} is held by another program for longer than {busy_s:.0f} s.").format(
            path=path, busy_s=BUSY_S
        ),
        _("Close what else works with it (a copy, a virus scanner, an SQLite tool), then try again."),
    )


def damaged(path: Path) -> StoreError:
    """The error for a file that is no sound database."""
    return StoreError(
        _("The database {path} is damaged. It was left as it is.").format(path=path),
        _(
            "Stop Sightdesk and bring back a copy, from {folder} or your own backup; or move the "
            "file away to begin anew."
        ).format(folder=path.parent / "backups"),
    )


def connect(path: Path) -> sqlite3.Connection:
    """A connection that may write; it starts no transaction by itself.

    A future must not be done before its data is on the disk: hence synchronous=FULL.

    Raises:
        StoreError: it can't be opened; in words.
    """
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        if mode != "wal":
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(
            "PRAGMA secure_delete = ON"
        )  # what is deleted is overwritten, whatever SQLite was built with
    except sqlite3.Error as error:
        connection.close()
        raise in_words(error, path) from error
    if mode != "wal":
        connection.close()
        raise StoreError(
            _("The disk of {path} can't hold a database in WAL mode.").format(path=path),
            _("Choose a home on a local disk."),
        )
    return connection


def turn(folder: Path) -> BaseFileLock:
    """The lock that every transaction and migration of every process holds.

    SQLite up to 3.51.2 can lose a commit or damage the database when one connection commits at the instant another
    begins a checkpoint (https://www.sqlite.org/wal.html#walresetbug), and Python comes with whatever SQLite it was
    built with. Under this lock commits, with the checkpoints they start, never meet. It costs 0.12 ms [measured].

    Args:
        folder: the home's `run`.
    """
    from filelock import FileLock  # noqa: PLC0415  # 40 ms; readers need no lock

    return FileLock(folder / "store.lock", timeout=BUSY_S, thread_local=False, poll_interval=0.005)


@contextmanager
def in_turn(lock: BaseFileLock, path: Path) -> Iterator[None]:
    """Hold the lock of `turn`.

    Raises:
        StoreError: another process holds it for too long, or its file can't be opened.
    """
    try:
        lock.acquire()
    except TimeoutError:
        raise busy(path) from None
    except OSError as error:
        words = disk_in_words(error, Path(lock.lock_file))
        raise StoreError(words.what, words.hint) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything inside is committed at the end of the block, or nothing of it when the block raises.

    Raises:
        RuntimeError: the block ended the transaction itself.
        sqlite3.Error: SQLite refused, at the beginning, inside or at the commit.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        _commit(connection)
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _commit(connection: sqlite3.Connection) -> None:
    if not connection.in_transaction:
        raise RuntimeError("a job for the store must not commit or roll back; executescript commits too")
    connection.execute("COMMIT")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that can't write, for one consistent look at the database; closed at the end of the block.

    Raises:
        StoreError: there is no database, or it can't be read; in words, also for what goes wrong inside the block.
    """
    if not path.is_file():
        raise StoreError(
            _("There is no database {path}.").format(path=path),
            _("It is made when Sightdesk first runs with this home."),
        )
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA query_only = ON")
            db.execute("BEGIN")  # all queries of the block see the same moment
            yield db
            db.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise in_words(error, path) from error
