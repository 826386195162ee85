"""Boxes over a live picture, laid out once a picture and painted in physical pixels.

Nothing here makes a Qt value object (a point, a rectangle) a picture: when Python drops one, its destructor lets
Python's lock go, and while sixteen cameras want that lock, the screen's thread waits for it each time. Forty of them a
tile made a busy wall three times slower; measured with 16 x 720p30 and a model. So places are numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen

from models.detections import NO_TRACK, Detections
from widgets.theme import BOX, DOUBT, LABEL_GROUND, font, px

DOUBTFUL = 0.45
"""A box that scores less is drawn dashed and amber: look for yourself."""
LABELS = 60
"""Boxes of one picture that get a label; more would hide the picture."""
_STEPS = 8
Rectangle = tuple[int, int, int, int]
"""(left, top, width, height), in physical pixels."""
_SHAPE = tuple[int, int, int, int]
_CHOICES = tuple((right, level) for level in range(4) for right in (0, 1))


class BoxLayer:
    """The boxes of one tile.

    `set` costs next to nothing; the layout is made when it is painted, since most of what is set is never seen: a
    hidden tile, a tick that came twice before a paint.
    """

    def __init__(self) -> None:
        self._found = Detections.empty()
        self._firm: NDArray[np.float32] = np.empty(0, np.float32)
        self._names: Sequence[str] = ()
        self._laid_for: tuple[Rectangle, tuple[int, int], float] | None = None
        self._boxes: list[tuple[int, int, int, int, QPen]] = []
        self._labels: list[tuple[int, int, QImage, float]] = []
        self._chosen_for: tuple[object, ...] = ()
        self._doubtful: list[bool] = []
        self._places: list[tuple[int, QImage, tuple[int, int], int, int]] = []

    def __len__(self) -> int:
        return len(self._found)

    def set(self, found: Detections, firm: NDArray[np.float32], names: Sequence[str]) -> None:
        """Take boxes in source pixels, the opacity (N,) in 0..1 of each, and the names behind their classes."""
        self._found, self._firm, self._names = found, firm, names
        self._laid_for = None

    def paint(self, painter: QPainter, place: Rectangle, source: tuple[int, int], ratio: float) -> None:
        """Draw into `place`, where a picture of the size `source` stands.

        Painter and `place` are in physical pixels, `ratio` of them to a logical one.
        """
        if not len(self._found):
            return
        if self._laid_for != (place, source, ratio):
            self._lay_out(place, source, ratio)
            self._laid_for = (place, source, ratio)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        held = None
        for x, y, width, height, pen in self._boxes:
            if pen is not held:
                painter.setPen(pen)
                held = pen
            painter.drawRect(x, y, width, height)
        for x, y, label, firm in self._labels:
            if firm < 1:
                painter.setOpacity(firm)
            painter.drawImage(x, y, label)
            if firm < 1:
                painter.setOpacity(1)

    def _lay_out(self, place: Rectangle, source: tuple[int, int], ratio: float) -> None:
        """Where everything goes. Labels keep the places they chose until the objects or their scores are others."""
        found, (left, top, width, height) = self._found, place
        scale = np.array((width / source[0], height / source[1]) * 2, np.float32)
        last = np.array((width - 1, height - 1) * 2, np.float32)
        corners = np.minimum(np.maximum(found.xyxy * scale, 0), last).astype(np.int32).tolist()
        chosen_for = (found.score.tobytes(), found.track_id.tobytes(), self._names, width, height, ratio)
        if chosen_for != self._chosen_for:
            self._chosen_for = chosen_for
            self._choose(corners, (width, height), ratio)
        line = max(round(ratio), 1)
        firm = [round(opacity * _STEPS) / _STEPS for opacity in self._firm.tolist()]
        self._boxes = [
            (left + x0, top + y0, x1 - x0 or 1, y1 - y0 or 1, _pen(doubtful, line, opacity))
            for (x0, y0, x1, y1), doubtful, opacity in zip(corners, self._doubtful, firm, strict=True)
        ]
        self._labels = []
        for number, label, size, right, level in self._places:
            x, y = _at(corners[number], size, (width, height), right, level)
            self._labels.append((left + x, top + y, label, firm[number]))

    def _choose(self, corners: list[list[int]], room: tuple[int, int], ratio: float) -> None:
        """Pick each label's place beside its box, the first that is free."""
        scores, kinds = self._found.score.tolist(), self._found.class_id.tolist()
        tracks = self._found.track_id.tolist()
        self._doubtful = [score < DOUBTFUL for score in scores]
        self._places = []
        taken: list[_SHAPE] = []
        size = max(round(px(11) * ratio), 6)
        for number in self._in_order():
            words = _words(self._names, kinds[number], scores[number], tracks[number])
            for form in (words, words[-1:]):  # where all of it finds no room, its number alone; else the box must do
                label, extent = _label(form, self._doubtful[number], size)
                place = _free(corners[number], extent, room, taken)
                if place is not None:
                    taken.append(place[2])
                    self._places.append((number, label, extent, *place[:2]))
                    break

    def _in_order(self) -> list[int]:
        """Who chooses a label's place first: the oldest track, so that labels don't hop as scores change."""
        numbers: Sequence[int] = range(len(self._found))
        if len(self._found) > LABELS:
            scores = self._found.score.tolist()
            numbers = sorted(numbers, key=lambda number: -scores[number])[:LABELS]
        return sorted(numbers, key=self._found.track_id.tolist().__getitem__)


def _words(names: Sequence[str], class_id: int, score: float, track: int) -> tuple[str, ...]:
    """The parts of a label: what, how sure, which track."""
    name = names[class_id] if 0 <= class_id < len(names) else f"{class_id}"
    figure = f"{score:.2f}".removeprefix("0")
    return (name, figure) if track == NO_TRACK else (name, figure, f"#{track}")


def _at(box: Sequence[int], size: tuple[int, int], room: tuple[int, int], right: int, level: int) -> tuple[int, int]:
    """Corner of a label at one of its places: flush left or right; above the box, below, inside at its top or bottom.

    What would stick out of the room is moved in.
    """
    wide, high = size
    x = box[2] + 1 - wide if right else box[0]
    y = (box[1] - high, box[3] + 1, box[1] + 1, box[3] - high)[level]
    return min(max(x, 0), max(room[0] - wide, 0)), min(max(y, 0), max(room[1] - high, 0))


def _free(
    box: Sequence[int], size: tuple[int, int], room: tuple[int, int], taken: Sequence[_SHAPE]
) -> tuple[int, int, _SHAPE] | None:
    """The first place that no other label has taken, with the area it takes; None: there is none."""
    wide, high = size
    for right, level in _CHOICES:
        x, y = _at(box, size, room, right, level)
        if not any(x < t[2] and t[0] < x + wide and y < t[3] and t[1] < y + high for t in taken):
            return right, level, (x, y, x + wide, y + high)
    return None


@lru_cache(maxsize=64)
def _pen(doubtful: bool, width: int, firm: float) -> QPen:  # noqa: FBT001
    colour = QColor(DOUBT if doubtful else BOX)
    colour.setAlphaF(firm)
    pen = QPen(colour, width)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    if doubtful:
        pen.setDashPattern([4, 3])
    return pen


@lru_cache(maxsize=512)
def _label(words: tuple[str, ...], doubtful: bool, size: int) -> tuple[QImage, tuple[int, int]]:  # noqa: FBT001
    """A label as pixels, and its size. Put together from its words: scores change, the words they are made of don't."""
    parts = [_word(word, doubtful, size) for word in words]
    gap, pad = max(size // 2, 3), max(size // 3, 2)
    wide = sum(part.width() for part in parts) + gap * (len(parts) - 1) + 2 * pad
    drawn = QImage(wide, parts[0].height() + 2, QImage.Format.Format_ARGB32_Premultiplied)
    drawn.fill(QColor(*LABEL_GROUND))
    painter, x = QPainter(drawn), pad
    for part in parts:
        painter.drawImage(x, 1, part)
        x += part.width() + gap
    painter.end()
    return drawn, (wide, drawn.height())


@lru_cache(maxsize=1024)
def _word(text: str, doubtful: bool, size: int) -> QImage:  # noqa: FBT001
    """A word in a label's letters, `size` physical pixels high, on nothing."""
    letters = font(11)
    letters.setPixelSize(size)
    metrics = QFontMetrics(letters)
    drawn = QImage(max(metrics.horizontalAdvance(text), 1), metrics.height(), QImage.Format.Format_ARGB32_Premultiplied)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setFont(letters)
    painter.setPen(QColor(DOUBT if doubtful else "#e6e9ec"))
    painter.drawText(0, metrics.ascent(), text)
    painter.end()
    return drawn
