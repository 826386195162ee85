"""A line over the last minutes no larger than a word: drawn by hand, without axes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from widgets.theme import tokens


def draw_sparkline(painter: QPainter, area: QRect, values: Sequence[float]) -> None:
    """Draw values over time, the newest at the right; all of them 0 is a line along the floor.

    Args:
        painter: its pen and brush are changed.
        area: where.
        values: at least one, none below 0; the highest reaches the top.
    """
    look = tokens()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(look.line if any(values) else look.faint), 1))
    painter.drawLine(area.bottomLeft(), area.bottomRight())
    top = max(values)
    if top <= 0 or len(values) < 2:
        return
    step = area.width() / (len(values) - 1)
    points = [
        QPointF(area.left() + number * step, area.bottom() - value / top * (area.height() - 1))
        for number, value in enumerate(values)
    ]
    painter.setPen(QPen(QColor(look.dim), 1.2))
    painter.drawPolyline(points)
