"""The one thread that writes: a job is one transaction, and its future is done only after the commit."""

from __future__ import annotations

import atexit
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from console.errors import StoreError
from console.store.connect import in_turn, in_words, is_of_the_caller, transaction
from models.words import _

if TYPE_CHECKING:
    from filelock import BaseFileLock
    from sqlite_utils import Database

T = TypeVar("T")
LIMIT = 1000


class QueueFull(StoreError):
    """More jobs wait than the disk can take; nothing was accepted."""


class Writer:
    """Runs jobs on one connection, in the order they came, on a thread of its own.

    Args:
        connection: belongs to the writer from now on, which closes it in the end.
        path: the database, for errors.
        turn: held during each transaction; see `console.store.connect.turn`.
        limit: jobs that may wait.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, turn: BaseFileLock, limit: int = LIMIT) -> None:
        self._connection = connection
        self._path = path
        self._turn = turn
        self._limit = limit
        self._jobs: deque[tuple[Callable[[Database], Any], Future[Any]]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        # a program that ends without closing must neither hang on this thread nor lose what was accepted
        self._thread = threading.Thread(target=self._loop, name="store-writer", daemon=True)
        atexit.register(self.close)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Jobs that are accepted and not begun."""
        return len(self._jobs)

    def submit(self, job: Callable[[Database], T], wait_s: float = 0.0) -> Future[T]:
        """Accept a job.

        Args:
            job: gets a database inside a transaction that it neither commits nor rolls back; returns plain values.
            wait_s: how long to wait for a place when `limit` jobs are waiting.

        Returns:
            Done with the job's answer after the commit, or with its exception after the rollback. Its callbacks run on
            the writer's thread, which stands still meanwhile.

        Raises:
            QueueFull: no place came free in time.
            StoreError: the writer is closed.
        """
        future: Future[T] = Future()
        if threading.current_thread() is self._thread:
            wait_s = 0.0  # a job that waits for the thread it runs on would wait for ever
        with self._changed:
            free = self._changed.wait_for(lambda: self._closed or len(self._jobs) < self._limit, wait_s)
            if self._closed:
                raise StoreError(_("The database is closed; this was not stored."))
            if not free:
                raise QueueFull(
                    _("{limit} jobs wait for the database; this one was not accepted.").format(limit=self._limit),
                    _("The disk is too slow or busy: look at its load, or put the home on a faster disk."),
                )
            self._jobs.append((job, future))
            self._changed.notify_all()
        return future

    def close(self) -> None:
        """Finish what was accepted, then end the thread and the connection; harmless when done already."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        atexit.unregister(self.close)

    def _loop(self) -> None:
        from sqlite_utils import Database  # noqa: PLC0415  # 100 ms, off the caller's thread

        database = Database(self._connection, execute_plugins=False)
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._closed or bool(self._jobs))
                    if not self._jobs:
                        return
                    job, future = self._jobs.popleft()
                    self._changed.notify_all()
                if future.set_running_or_notify_cancel():
                    self._run(database, job, future)
                del job, future  # an idle writer keeps nobody's data alive
        finally:
            self._connection.close()

    def _run(self, database: Database, job: Callable[[Database], Any], future: Future[Any]) -> None:
        """The outermost frame of a job: whatever it raises goes to its future alone."""
        try:
            with in_turn(self._turn, self._path), transaction(self._connection):
                answer = job(database)
        except sqlite3.Error as error:
            if is_of_the_caller(error):
                future.set_exception(error)
            else:
                words = in_words(error, self._path)
                words.__cause__ = error
                future.set_exception(words)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(answer)
