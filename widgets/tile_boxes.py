"""Boxes over a live picture, laid out once a picture and painted in physical pixels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen

from models.detections import NO_TRACK, Detections
from widgets.theme import BOX, DOUBT, LABEL_GROUND, font

DOUBTFUL = 0.45
"""A box that scores less is drawn dashed and amber: look for yourself."""
LABELS = 60
"""Boxes of one picture that get a label; more would hide the picture."""
_STEPS = 8
_SHAPE = tuple[float, float, float, float]


class BoxLayer:
    """The boxes of one tile.

    `set` costs next to nothing; the layout is made when it is painted, since most of what is set is never seen: a
    hidden tile, a tick that came twice before a paint.
    """

    def __init__(self) -> None:
        self._found = Detections.empty()
        self._firm: NDArray[np.float32] = np.empty(0, np.float32)
        self._names: Sequence[str] = ()
        self._laid_for: tuple[QRect, tuple[int, int], float] | None = None
        self._boxes: list[tuple[QRect, bool, float]] = []
        self._labels: list[tuple[QPoint, QImage, float]] = []

    def __len__(self) -> int:
        return len(self._found)

    def set(self, found: Detections, firm: NDArray[np.float32], names: Sequence[str]) -> None:
        """Take boxes in source pixels, the opacity (N,) in 0..1 of each, and the names behind their classes."""
        self._found, self._firm, self._names = found, firm, names
        self._laid_for = None

    def paint(self, painter: QPainter, area: QRect, source: tuple[int, int], ratio: float) -> None:
        """Draw into `area`, where a picture of the size `source` stands.

        Painter and `area` are in physical pixels, `ratio` of them to a logical one.
        """
        if not len(self._found):
            return
        if self._laid_for != (area, source, ratio):
            self._lay_out(area, source, ratio)
            self._laid_for = (QRect(area), source, ratio)
        line = max(round(ratio), 1)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for box, doubtful, firm in self._boxes:
            painter.setPen(_pen(doubtful, line, firm))
            painter.drawRect(box)
        for place, label, firm in self._labels:
            painter.setOpacity(firm)
            painter.drawImage(place, label)
        painter.setOpacity(1)

    def _lay_out(self, area: QRect, source: tuple[int, int], ratio: float) -> None:
        left, top, width, height = area.left(), area.top(), area.width(), area.height()
        scale = np.array([width / source[0], height / source[1]] * 2, np.float32)
        corners = (self._found.xyxy * scale).round().astype(int).tolist()
        scores = self._found.score.tolist()
        firm = ((self._firm * _STEPS).round() / _STEPS).tolist()
        self._boxes, self._labels = [], []
        for (x0, y0, x1, y1), score, opacity in zip(corners, scores, firm, strict=True):
            shape = QRect(left + x0, top + y0, max(min(x1, width - 1) - x0, 1), max(min(y1, height - 1) - y0, 1))
            self._boxes.append((shape, score < DOUBTFUL, opacity))
        letters, taken = _letters(ratio), list[_SHAPE]()
        for number in self._in_order():
            score = scores[number]
            text = _words(self._names, int(self._found.class_id[number]), score, int(self._found.track_id[number]))
            label = _label(text, score < DOUBTFUL, letters)
            x, y = _place(corners[number], (label.width(), label.height()), (width, height), taken)
            taken.append((x, y, x + label.width(), y + label.height()))
            self._labels.append((QPoint(left + x, top + y), label, firm[number]))

    def _in_order(self) -> list[int]:
        """Who chooses a label's place first: the oldest track, so that labels don't hop as scores change."""
        if len(self._found) <= LABELS:
            return np.argsort(self._found.track_id, kind="stable").tolist()  # type: ignore[no-any-return]
        best = np.argsort(-self._found.score, kind="stable")[:LABELS]
        return best[np.argsort(self._found.track_id[best], kind="stable")].tolist()  # type: ignore[no-any-return]


def _words(names: Sequence[str], class_id: int, score: float, track: int) -> str:
    name = names[class_id] if 0 <= class_id < len(names) else f"{class_id}"
    figure = f"{score:.2f}".removeprefix("0")
    return f"{name} {figure}" if track == NO_TRACK else f"{name} {figure}  #{track}"


def _place(
    box: Sequence[int], size: tuple[int, int], room: tuple[int, int], taken: Sequence[_SHAPE]
) -> tuple[int, int]:
    """Above the box, else below, else inside; flush left, else right: the first that is free, or the first there is."""
    wide, high = size
    most_x = max(room[0] - wide, 0)
    lefts = {min(max(left, 0), most_x): None for left in (box[0], box[2] + 1 - wide)}  # a dict keeps their order
    tops = [top for top in (box[1] - high, box[3] + 1, box[1] + 1, box[3] - high) if 0 <= top <= room[1] - high] or [0]
    for top in tops:
        for x in lefts:
            if not any(x < t[2] and t[0] < x + wide and top < t[3] and t[1] < top + high for t in taken):
                return x, top
    return next(iter(lefts)), tops[0]


def _letters(ratio: float) -> QFont:
    letters = font(11)
    letters.setPixelSize(max(round(letters.pixelSize() * ratio), 6))
    return letters


@lru_cache(maxsize=64)
def _pen(doubtful: bool, width: int, firm: float) -> QPen:  # noqa: FBT001
    colour = QColor(DOUBT if doubtful else BOX)
    colour.setAlphaF(firm)
    pen = QPen(colour, width)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    if doubtful:
        pen.setDashPattern([4, 3])
    return pen


def _label(text: str, doubtful: bool, letters: QFont) -> QImage:  # noqa: FBT001
    return _drawn_label(text, doubtful, letters.family(), letters.pixelSize())


@lru_cache(maxsize=512)
def _drawn_label(text: str, doubtful: bool, family: str, size: int) -> QImage:  # noqa: FBT001
    """A label as pixels: blitting one costs a fifth of laying out its text."""
    letters = QFont(font(11))
    letters.setFamily(family)
    letters.setPixelSize(size)
    metrics = QFontMetrics(letters)
    pad = max(size // 3, 2)
    drawn = QImage(
        metrics.horizontalAdvance(text) + 2 * pad, metrics.height() + 2, QImage.Format.Format_ARGB32_Premultiplied
    )
    drawn.fill(QColor(*LABEL_GROUND))
    painter = QPainter(drawn)
    painter.setFont(letters)
    painter.setPen(QColor(DOUBT if doubtful else "#e6e9ec"))
    painter.drawText(pad, 1 + metrics.ascent(), text)
    painter.end()
    return drawn
