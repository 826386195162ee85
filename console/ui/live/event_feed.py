"""What the list of events shows, read twice a second on a thread of its own: the screen never waits for the disk."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from console.errors import SightdeskError
from console.events import queries
from console.events.queries import Event, EventFilter
from console.store.store import Store

log = logging.getLogger(__name__)

PULL_S = 0.5
PORTION = 100
_FRESH = 1000
_PICTURES = 2000
"""As many as can be listed: fewer, and every new event would have all that are listed read from the disk again."""
_LARGEST = (128, 96)
"""Thumbnails are held so large, pixels: sharp at twice the size of the list's."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The events as they are now.

    Attributes:
        wanted: which were asked for.
        limit: how many at most.
        events: newest first.
        pictures: their thumbnails by event, where there are any.
        new: how many of those wanted nobody has acknowledged, at most `queries.COUNTED`.
        labels: classes that have events.
        fresh: events of any kind that came since the last snapshot, oldest first; none in the first one.
    """

    wanted: EventFilter
    limit: int
    events: list[Event] = field(default_factory=list)
    pictures: dict[int, QImage] = field(default_factory=dict)
    new: int = 0
    labels: list[str] = field(default_factory=list)
    fresh: list[Event] = field(default_factory=list)


class EventFeed(QObject):
    """Reads while it is open; looks at one number and reads no more while nothing has changed.

    Args:
        store: where events are.
        folder: the home, which pictures' paths are relative to.

    Signals:
        arrived: a `Snapshot`, on the thread of whoever receives it.
        failed: a `SightdeskError`: the database can't be read; said once until it can again.
    """

    arrived = Signal(object)
    failed = Signal(object)

    def __init__(self, store: Store, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._folder = folder
        self._wanted = (EventFilter(), PORTION)
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._pictures: OrderedDict[PurePosixPath, QImage] = OrderedDict()
        self._seen = -1
        self._thread = threading.Thread(target=self._run, name="event feed", daemon=True)

    def start(self) -> None:
        """Begin to read; once, and after its signals are connected: what nobody hears is not said again."""
        self._thread.start()

    def want(self, wanted: EventFilter, limit: int) -> None:
        """From now on read these, so many of them."""
        if (wanted, limit) != self._wanted:
            self._wanted = (wanted, limit)
            self._wake.set()

    def look(self) -> None:
        """Look now, instead of within half a second."""
        self._wake.set()

    def close(self) -> None:
        """Read no more; harmless when done already."""
        self._closed.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        known: tuple[int, EventFilter, int] | None = None
        silent = False
        while not self._closed.is_set():
            try:
                known = self._pull(known)
                silent = False
            except SightdeskError as error:
                if not silent:
                    self._emit(self.failed, error)
                silent = True
            except Exception:  # the thread's outermost frame: the list is older than it should be, and the log says so
                if not silent:
                    log.exception("events can't be shown")
                silent = True
            self._wake.wait(PULL_S)
            self._wake.clear()

    def _pull(self, known: tuple[int, EventFilter, int] | None) -> tuple[int, EventFilter, int]:
        wanted, limit = self._wanted
        with self._store.read() as db:
            now = (queries.change(db), wanted, limit)
            if now == known:
                return now
            newest = queries.newest(db)
            fresh = queries.after(db, self._seen, limit=_FRESH) if 0 <= self._seen < newest else []
            count = queries.count(db, EventFilter(wanted.camera_id, wanted.label, wanted.rule, unacknowledged=True))
            events, labels = queries.page(db, wanted, limit=limit), queries.labels(db)
        self._seen = max(newest, self._seen)
        pictures = {event.id: image for event in events if (image := self._picture(event.picture)) is not None}
        self._emit(self.arrived, Snapshot(wanted, limit, events, pictures, count, labels, fresh))
        return now

    def _picture(self, path: PurePosixPath | None) -> QImage | None:
        if path is None:
            return None
        image = self._pictures.get(path)
        if image is None:
            image = QImage(str(self._folder.joinpath(*path.parts)))
            if image.isNull():
                return None
            image = image.scaled(
                *_LARGEST, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            self._pictures[path] = image
        self._pictures.move_to_end(path)
        while len(self._pictures) > _PICTURES:
            self._pictures.popitem(last=False)
        return image

    def _emit(self, signal: object, value: object) -> None:
        if not self._closed.is_set():
            signal.emit(value)  # type: ignore[attr-defined]
