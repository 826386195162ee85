"""A table's cell, with a shape before its words where it has one, coloured only where a person is needed."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from widgets.shapes import draw_shape
from widgets.theme import font, px, tokens

SHAPE, LEVEL = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
"""Roles under which a model gives the shape and how badly it needs a person."""
_SIDE = 10
Index = QModelIndex | QPersistentModelIndex


class ShapedCell(QStyledItemDelegate):
    """Draws it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw shape and words, cut where there is no room."""
        look, area = tokens(), QRect(option.rect)
        level = {"needs you": look.needs_you, "stopped": look.stopped}.get(str(index.data(LEVEL) or ""))
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(look.line))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(look.raised))
        side = px(_SIDE)
        left = area.left() + px(8)
        shape = index.data(SHAPE)
        if shape:
            draw_shape(
                painter, QRect(left, area.center().y() - side // 2, side, side), shape, QColor(level or look.dim)
            )
            left += side + px(6)
        letters = font(13, 600 if level else 400)
        painter.setFont(letters)
        painter.setPen(QColor(level or look.text))
        room = QRect(left, area.top(), area.right() - left - px(7), area.height())
        align = index.data(Qt.ItemDataRole.TextAlignmentRole) or Qt.AlignmentFlag.AlignLeft
        cut = QFontMetrics(letters).elidedText(str(index.data() or ""), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, cut)
        painter.restore()
