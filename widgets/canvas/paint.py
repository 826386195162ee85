"""What is painted over picture and boxes: handles, cross-hairs, caught lines, words where there is no picture."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter

from widgets.canvas.chips import hair
from widgets.canvas.hit import handles
from widgets.canvas.marks import Corners
from widgets.canvas.view import View
from widgets.theme import LABEL_GROUND, font, px, tokens

HANDLE = 4
"""Half a side of a handle, in pixels at a text scale of 1."""
_RIM = QColor("#0a0e12")
_FILL = QColor("#ffffff")


def paint_handles(painter: QPainter, box: Corners, view: View, ratio: float) -> None:
    """The eight handles of the chosen box; in physical pixels."""
    half = max(round(px(HANDLE) * ratio), 2)
    painter.setPen(_RIM)
    painter.setBrush(_FILL)
    x0, y0 = view.to_screen(box[0], box[1])
    x1, y1 = view.to_screen(box[2], box[3])
    small = min(x1 - x0, y1 - y0) < 6 * half
    for number, (x, y) in enumerate(handles(box)):
        if small and number % 2:  # sides still can be taken; their handles would hide the box
            continue
        sx, sy = view.to_screen(x, y)
        painter.drawRect(round(sx) - half, round(sy) - half, 2 * half, 2 * half)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_lines(painter: QPainter, x: int | None, y: int | None, room: tuple[int, int], ratio: float) -> None:
    """A line across the room and one down it; in physical pixels."""
    painter.setPen(hair(ratio))
    if x is not None:
        painter.drawLine(x, 0, x, room[1])
    if y is not None:
        painter.drawLine(0, y, room[0], y)


def paint_why(painter: QPainter, area: QRect, why: str) -> None:
    """Why there is no picture; in logical pixels."""
    look = tokens()
    painter.fillRect(area, QColor(look.panel))
    painter.setFont(font(13))
    painter.setPen(QColor(look.dim))
    inner = area.adjusted(px(24), px(24), -px(24), -px(24))
    painter.drawText(inner, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, why)


def paint_hint(painter: QPainter, area: QRect, words: str) -> None:
    """What can be done now, at the foot of the picture; in logical pixels."""
    painter.setFont(font(12))
    metrics = painter.fontMetrics()
    wide = min(metrics.horizontalAdvance(words) + px(20), area.width() - px(16))
    high = metrics.height() + px(8)
    foot = QRect(area.center().x() - wide // 2, area.bottom() - high - px(10), wide, high)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(*LABEL_GROUND[:3], 225))
    painter.drawRoundedRect(foot, 4, 4)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(QColor("#e6e9ec"))
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, wide - px(12))
    painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, shown)


def paint_focus(painter: QPainter, area: QRect) -> None:
    """The picture has the keyboard; in logical pixels."""
    painter.setPen(QColor(tokens().accent))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area.adjusted(0, 0, -1, -1))
