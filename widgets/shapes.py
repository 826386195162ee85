"""Small shapes that stand beside a word, so that no state is told by colour alone."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

Shape = Literal["sending", "rest", "paused", "hours", "off", "needs you", "stopped", "done"]
"""An arrow, a ring, two bars, a clock, a dash, a triangle, a square, a tick."""


def draw_shape(painter: QPainter, area: QRect, shape: Shape, colour: QColor) -> None:
    """Draw a shape.

    Args:
        painter: its pen and brush are changed.
        area: square.
        shape: which.
        colour: of all of it.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    room = QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5)
    pen = QPen(colour, max(room.width() / 7, 1.2))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    filled = shape in {"needs you", "stopped"}
    painter.setPen(QPen(Qt.PenStyle.NoPen) if filled else pen)
    painter.setBrush(colour if filled else Qt.BrushStyle.NoBrush)
    _DRAW[shape](painter, room)


def _at(room: QRectF, *points: tuple[float, float]) -> list[QPointF]:
    return [QPointF(room.left() + x * room.width(), room.top() + y * room.height()) for x, y in points]


def _arrow(painter: QPainter, room: QRectF) -> None:
    painter.drawPolyline(_at(room, (0.5, 1), (0.5, 0.05)))
    painter.drawPolyline(_at(room, (0.1, 0.45), (0.5, 0.05), (0.9, 0.45)))


def _ring(painter: QPainter, room: QRectF) -> None:
    painter.drawEllipse(room.adjusted(1, 1, -1, -1))


def _bars(painter: QPainter, room: QRectF) -> None:
    for x in (0.27, 0.73):
        painter.drawPolyline(_at(room, (x, 0.1), (x, 0.9)))


def _clock(painter: QPainter, room: QRectF) -> None:
    painter.drawEllipse(room)
    painter.drawPolyline(_at(room, (0.5, 0.22), (0.5, 0.52), (0.72, 0.66)))


def _dash(painter: QPainter, room: QRectF) -> None:
    painter.drawPolyline(_at(room, (0.1, 0.5), (0.9, 0.5)))


def _triangle(painter: QPainter, room: QRectF) -> None:
    painter.drawPolygon(QPolygonF(_at(room, (0.5, 0.04), (1, 0.96), (0, 0.96))))


def _square(painter: QPainter, room: QRectF) -> None:
    painter.drawRect(room.adjusted(0.5, 0.5, -0.5, -0.5))


def _tick(painter: QPainter, room: QRectF) -> None:
    painter.drawPolyline(_at(room, (0.05, 0.55), (0.38, 0.88), (0.95, 0.15)))


_DRAW = {
    "sending": _arrow, "rest": _ring, "paused": _bars, "hours": _clock, "off": _dash, "needs you": _triangle,
    "stopped": _square, "done": _tick,
}  # fmt: skip
