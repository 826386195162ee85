"""How areas look over a picture, which may be of any colour."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF

from widgets.areas import NONE, Point, Points
from widgets.theme import BOX, LABEL_GROUND, font, px

HANDLE = 5
"""Half a side of a corner's handle, in pixels at a text scale of 1."""
_COVER = QColor(10, 14, 18, 150)
_HATCH = QColor(255, 255, 255, 40)


def point_of(place: QRect, share: Point) -> QPointF:
    """Where a point of the picture is on the screen; `place`: where the picture is."""
    return QPointF(place.left() + share[0] * place.width(), place.top() + share[1] * place.height())


def paint_area(painter: QPainter, place: QRect, points: Points, name: str, corner: int | None) -> None:
    """One area with its name. `corner`: None where it isn't the chosen one, `NONE` where all of it is."""
    chosen = corner is not None
    outline = QPolygonF([point_of(place, point) for point in points])
    painter.setPen(QPen(QColor(BOX if chosen else "#ffffff"), 2 if chosen else 1))
    painter.setBrush(_COVER)
    painter.drawPolygon(outline)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(_HATCH, Qt.BrushStyle.BDiagPattern))
    painter.drawPolygon(outline)
    if corner is not None:
        for number, point in enumerate(points):
            _paint_handle(painter, point_of(place, point), strong=number == corner != NONE)
    _paint_name(painter, place, name, outline.boundingRect().center())


def paint_begun(painter: QPainter, place: QRect, begun: Points, rectangle: tuple[Point, Point] | None) -> None:
    """What is being drawn: corners so far, or a rectangle between two points."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(BOX), 2, Qt.PenStyle.DashLine))
    if begun:
        painter.drawPolyline(QPolygonF([point_of(place, point) for point in begun]))
        for number, point in enumerate(begun):
            _paint_handle(painter, point_of(place, point), strong=number == 0)
    elif rectangle is not None:
        first, second = rectangle
        painter.drawRect(QRectF(point_of(place, first), point_of(place, second)).normalized())


def paint_focus(painter: QPainter, place: QRect) -> None:
    """The picture has the keyboard."""
    painter.setPen(QPen(QColor(BOX), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(place).adjusted(1, 1, -1, -1))


def _paint_handle(painter: QPainter, at: QPointF, *, strong: bool) -> None:
    side = px(HANDLE + 2 if strong else HANDLE)
    painter.setPen(QPen(QColor("#0a0e12"), 1))
    painter.setBrush(QColor(BOX if strong else "#ffffff"))
    painter.drawRect(QRectF(at.x() - side, at.y() - side, 2 * side, 2 * side))


def _paint_name(painter: QPainter, place: QRect, name: str, middle: QPointF) -> None:
    painter.setFont(font(11))
    metrics = painter.fontMetrics()
    room = QRectF(0, 0, metrics.horizontalAdvance(name) + px(8), metrics.height() + px(2))
    room.moveCenter(middle)
    edge = QRectF(place)
    room.moveLeft(min(max(room.left(), edge.left()), edge.right() - room.width()))
    room.moveTop(min(max(room.top(), edge.top()), edge.bottom() - room.height()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(*LABEL_GROUND))
    painter.drawRoundedRect(room, 2, 2)
    painter.setPen(QColor("#e6e9ec"))
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, name)
