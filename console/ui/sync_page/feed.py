"""Looks at the outbox once a second, off the GUI thread, for the page, the strip and the rail."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from console.sync.overview.certificates import Certificate, Unreadable, certificates
from console.ui.review.reading import Reader
from console.ui.sync_page.snapshot import Snapshot, read_snapshot
from console.ui.workplace import Workplace

if TYPE_CHECKING:
    from console.sync.uploader import TargetFigures

LOOK_MS = 1000
KEPT = 60
"""Rates that are kept of each target: those of the last minute."""
_CERTIFICATES_S = 60.0


class SyncFeed(QObject):
    """What is known of the outbox. Belongs to the GUI thread.

    Args:
        workplace: its store and settings.
        figures: what the uploader of this desk is at, by target; empty while there is none.

    Attributes:
        reader: for whoever wants to know more of the outbox; closed with this.
        shown: as it was read last; None: it was not yet.
        rates: messages a second of the last minute by target, the newest last.

    Signals:
        pulled: there is a new `shown`.
    """

    pulled = Signal()

    def __init__(
        self, workplace: Workplace, figures: Callable[[], Mapping[str, TargetFigures]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._workplace = workplace
        self._figures = figures
        self.reader = Reader(workplace.store, "outbox reader", self)
        self.reader.failed.connect(workplace.notices.error)
        self.shown: Snapshot | None = None
        self.rates: dict[str, deque[float]] = {}
        self._certificates: Sequence[Certificate | Unreadable] = ()
        self._read_at = float("-inf")
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._beat)
        workplace.settings_changed.connect(self._again)
        self._timer.start()
        self.look()

    @property
    def figures(self) -> Mapping[str, TargetFigures]:
        """What the uploader is at, by target."""
        return self._figures()

    def look(self) -> None:
        """Look now."""
        settings = self._workplace.settings

        def read(db: sqlite3.Connection) -> Snapshot:
            if time.monotonic() - self._read_at >= _CERTIFICATES_S:  # files; they change seldom
                self._certificates, self._read_at = certificates(settings), time.monotonic()
            return read_snapshot(db, settings, self._certificates, self._workplace.store)

        self.reader.ask("outbox", read, self._take)

    def close(self) -> None:
        """Look no more; harmless when done already."""
        self._timer.stop()
        self.reader.close()

    def _beat(self) -> None:
        now = self._figures()
        for name in self.rates.keys() | now.keys():
            kept = self.rates.setdefault(name, deque([0.0] * KEPT, maxlen=KEPT))
            kept.append(now[name].per_second if name in now else 0.0)
        self.look()

    def _again(self) -> None:
        self._read_at = float("-inf")
        self.look()

    def _take(self, shown: Snapshot) -> None:
        self.shown = shown
        self.pulled.emit()
