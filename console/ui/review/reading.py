"""Looks at the database on a thread of its own: the page asks, goes on, and is told on the GUI thread."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from console.errors import SightdeskError
from console.store.store import Store

log = logging.getLogger(__name__)

T = TypeVar("T")
Look = Callable[[sqlite3.Connection], T]
Then = Callable[[T], object]


class Reader(QObject):
    """Answers questions in the order they came; one that is asked again before its turn is asked once.

    Args:
        store: where to look.
        name: of its thread.

    Signals:
        failed: a `SightdeskError`: the database can't be read; said once until it can again.
        works: it can be read again.
    """

    failed = Signal(object)
    works = Signal()
    _answered = Signal(object, object)

    def __init__(self, store: Store, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._asked: OrderedDict[str, tuple[Look[object], Then[object]]] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._silent = False
        self._answered.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def ask(self, what: str, look: Look[T], then: Then[T], *, first: bool = False) -> None:
        """Have something looked up.

        Args:
            what: a later question of this name takes the place of an earlier one that has not had its turn.
            look: done on the reader's thread, given a connection of `Store.read`.
            then: told what came of it, on the GUI thread; not told where the database could not be read.
            first: before all others.
        """
        with self._changed:
            self._asked[what] = (look, then)  # type: ignore[assignment]  # one of each kind belong together
            if first:
                self._asked.move_to_end(what, last=False)
            self._changed.notify()

    def forget(self, what: str) -> None:
        """Nobody wants to know any more."""
        with self._changed:
            self._asked.pop(what, None)

    def close(self) -> None:
        """Look no more; harmless when done already."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or bool(self._asked))
                if self._closed:
                    return
                _what, (look, then) = self._asked.popitem(last=False)
            try:
                with self._store.read() as db:
                    answer = look(db)
            except SightdeskError as error:
                if not self._silent:
                    self._emit(self.failed, error)
                self._silent = True
            except Exception:  # the thread's outermost frame: one answer is missing, and the log says why
                log.exception("the review queue can't be shown")
            else:
                if self._silent:
                    self._emit(self.works)
                self._silent = False
                self._emit(self._answered, then, answer)

    def _tell(self, then: Then[object], answer: object) -> None:
        if not self._closed:
            then(answer)

    def _emit(self, signal: object, *values: object) -> None:
        if not self._closed:
            signal.emit(*values)  # type: ignore[attr-defined]
