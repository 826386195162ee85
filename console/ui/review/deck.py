"""Pictures decoded before they are wanted: the item in front, the next three, the one before, and the strip's.

One thread decodes, the most wanted first, to the size they are shown at: a verdict then costs one drawing and no more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader

from console.review.items import Item
from models.words import _
from widgets.canvas.view import fitted

log = logging.getLogger(__name__)

AHEAD, BEHIND = 3, 1
THUMB = (148, 100)
"""Small pictures are held so large, pixels: sharp at twice the size of the strip's."""
_CONTEXT = 1.8


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture ready to be drawn.

    Attributes:
        image: as large as it is shown; None: there is none.
        why: why there is none, in words; else empty.
    """

    image: QImage | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Key:
    item_id: int
    room: tuple[int, int]


class Deck(QObject):
    """Decodes ahead. Its methods belong to the GUI thread.

    Args:
        folder: the home, which pictures' paths are relative to.

    Signals:
        ready: the picture of the item of this id is there.
        small_ready: id and small picture of an item; a null one: it has none.
        whole_ready: id and picture of an item as it is stored, for a closer look.
    """

    ready = Signal(int)
    small_ready = Signal(int, QImage)
    whole_ready = Signal(int, QImage)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._room = (0, 0)
        self._wanted: list[Item] = []
        self._small: list[Item] = []
        self._whole: Item | None = None
        self._held: dict[_Key, Decoded] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="review decoder", daemon=True)
        self._thread.start()

    def fit(self, room: tuple[int, int]) -> None:
        """Pictures are to be shown in so much room, (width, height) in physical pixels of the screen."""
        with self._changed:
            if room != self._room:
                self._room = room
                self._changed.notify()

    def want(self, items: Sequence[Item]) -> None:
        """Have these ready, the most wanted first; all others are let go of."""
        with self._changed:
            self._wanted = list(items)
            kept = {item.id for item in items}
            for key in [key for key in self._held if key.item_id not in kept]:
                del self._held[key]
            self._changed.notify()

    def want_small(self, items: Sequence[Item]) -> None:
        """Have small pictures of these made, in this order; what was wanted before and is not made yet is not."""
        with self._changed:
            self._small = list(items)
            self._changed.notify()

    def want_whole(self, item: Item) -> None:
        """Have the picture of an item as it is stored, once."""
        with self._changed:
            self._whole = item
            self._changed.notify()

    def picture(self, item_id: int) -> Decoded | None:
        """The picture of an item, of the size that was wanted last or of one before; None: it is not there yet."""
        with self._changed:
            found = self._held.get(_Key(item_id, self._room))
            return found or next((held for key, held in self._held.items() if key.item_id == item_id), None)

    def forget(self, item_id: int) -> None:
        """Decode an item's picture anew: it was made meanwhile, or is gone."""
        with self._changed:
            for key in [key for key in self._held if key.item_id == item_id]:
                del self._held[key]
            self._changed.notify()

    def close(self) -> None:
        """Decode no more; harmless when done already."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._busy())
                if self._closed:
                    return
                item, room = self._next(), self._room
                whole = small = None
                if item is None:
                    whole, self._whole = self._whole, None
                    small = self._small.pop(0) if whole is None else None
            try:
                if item is not None:
                    self._keep(item, room, decode(self._folder, item, room))
                elif whole is not None:
                    self._emit(self.whole_ready, whole.id, decode(self._folder, whole, None).image or QImage())
                elif small is not None:
                    self._emit(self.small_ready, small.id, _small(self._folder, small))
            except Exception:  # the thread's outermost frame: one picture is missing, and the log says why
                log.exception("a picture for review can't be shown")
                if item is not None:
                    self._keep(item, room, Decoded(None, _("The picture can't be shown.")))

    def _next(self) -> Item | None:
        """The most wanted that is not there; the lock is held."""
        if min(self._room) <= 0:
            return None
        return next((item for item in self._wanted if _Key(item.id, self._room) not in self._held), None)

    def _busy(self) -> bool:
        return self._next() is not None or self._whole is not None or bool(self._small)

    def _keep(self, item: Item, room: tuple[int, int], decoded: Decoded) -> None:
        with self._changed:
            if all(item.id != wanted.id for wanted in self._wanted):
                return
            for key in [key for key in self._held if key.item_id == item.id]:
                del self._held[key]
            self._held[_Key(item.id, room)] = decoded
        self._emit(self.ready, item.id)

    def _emit(self, signal: object, *values: object) -> None:
        if not self._closed:
            signal.emit(*values)  # type: ignore[attr-defined]


def decode(folder: Path, item: Item, room: tuple[int, int] | None) -> Decoded:
    """An item's picture.

    Args:
        folder: the home.
        item: whose.
        room: as large as fits into this, (width, height) pixels; None: as it is stored.
    """
    if item.picture is None:
        return Decoded(None, item.picture_why or _("The picture is still being made."))
    path = _at(folder, item.picture)
    reader = QImageReader(str(path))
    if room is not None:
        reader.setScaledSize(QSize(*fitted(item.size, room)))
    image = reader.read()
    if image.isNull():
        if not path.exists():
            return Decoded(None, _("The picture's file is gone."))
        return Decoded(None, _("The picture's file is damaged: {why}.").format(why=reader.errorString()))
    return Decoded(image if image.format() == QImage.Format.Format_RGB32 else _plain(image))


def _plain(image: QImage) -> QImage:
    return image.convertToFormat(QImage.Format.Format_RGB32)


def _small(folder: Path, item: Item) -> QImage:
    """What is around the box, small; a null picture where there is none."""
    path = item.crop or item.picture
    if path is None:
        return QImage()
    reader = QImageReader(str(_at(folder, path)))
    size = reader.size()
    if not size.isValid():
        return QImage()
    if item.crop is None and item.box is not None:
        cut = reader.read().copy(_around(item, size))
        sharp = Qt.TransformationMode.SmoothTransformation
        return cut.scaled(*THUMB, Qt.AspectRatioMode.KeepAspectRatioByExpanding, sharp)
    reader.setScaledSize(size.scaled(*THUMB, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    return reader.read()


def _around(item: Item, size: QSize) -> QRect:
    """The box with room around it, in the stored picture's pixels, of the shape of small pictures."""
    assert item.box is not None  # noqa: S101  # the caller has looked
    scale = size.width() / item.size[0]
    x0, y0, x1, y1 = (value * scale for value in item.box.xyxy)
    high = min(max((y1 - y0), (x1 - x0) * THUMB[1] / THUMB[0]) * _CONTEXT, size.height())
    wide = min(high * THUMB[0] / THUMB[1], size.width())
    left = min(max((x0 + x1 - wide) / 2, 0), size.width() - wide)
    top = min(max((y0 + y1 - high) / 2, 0), size.height() - high)
    return QRect(int(left), int(top), max(int(wide), 1), max(int(high), 1))


def _at(folder: Path, path: PurePosixPath) -> Path:
    return folder.joinpath(*path.parts)
