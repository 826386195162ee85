"""Draws a line of the event list: thumbnail, what and where, when, and whether somebody has seen it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from models.words import _
from widgets.event_lines import LINE, EventLine, EventModel, Index
from widgets.theme import RADIUS, font, px, tokens

_HEIGHT, _GAP, _PAD = 56, 6, 6
_THUMB = (58, 44)
_FAINT = 0.62


class EventDelegate(QStyledItemDelegate):
    """One card a line. What nobody has seen has a dot and the word; what was seen steps back and says by whom."""

    def __init__(self, model: EventModel, view: QWidget) -> None:
        super().__init__(view)
        self._model = model
        self._view = view

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802
        """The card and the gap below it."""
        return QSize(px(160), px(_HEIGHT + _GAP))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the card."""
        line = index.data(LINE)
        if not isinstance(line, EventLine):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        card = option.rect.adjusted(0, 0, 0, -px(_GAP))
        self._paint_card(painter, card, chosen=bool(option.state & QStyle.StateFlag.State_Selected))
        pad, (wide, high) = px(_PAD), _THUMB
        thumb = QRect(card.left() + pad, card.top() + pad, px(wide), px(high))
        self._paint_thumb(painter, thumb, line)
        words = QRect(thumb.right() + px(9), card.top(), 0, card.height())
        words.setRight(card.right() - px(9))
        _paint_words(painter, words, line)
        painter.restore()

    def _paint_card(self, painter: QPainter, card: QRect, *, chosen: bool) -> None:
        look = tokens()
        width = 2 if chosen else 1
        painter.setPen(QPen(QColor(look.accent if chosen else look.line), width))
        painter.setBrush(QColor(look.raised))
        inset = width / 2
        painter.drawRoundedRect(QRectF(card).adjusted(inset, inset, -inset, -inset), RADIUS, RADIUS)

    def _paint_thumb(self, painter: QPainter, area: QRect, line: EventLine) -> None:
        """The thumbnail, filling its place; without one, the place and a sign that says why in a word."""
        look = tokens()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.ground))
        painter.drawRoundedRect(area, 3, 3)
        picture = self._model.picture(line)
        if picture is not None:
            if line.seen_by:
                painter.setOpacity(_FAINT)
            painter.drawImage(area, picture, _filling(picture, area))
            painter.setOpacity(1)
        elif not line.picture:
            painter.setPen(QColor(look.dim))
            painter.setFont(font(10))
            words = _("no picture") if line.why else _("...")
            wrap = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(2, 0, -2, 0), wrap, words)


def _filling(picture: QImage, area: QRect) -> QRectF:
    """The middle of a picture that has the shape of `area`."""
    wide, high = float(picture.width()), float(picture.height())
    shape = area.width() / area.height()
    cut_wide, cut_high = min(wide, high * shape), min(high, wide / shape)
    return QRectF((wide - cut_wide) / 2, (high - cut_high) / 2, cut_wide, cut_high)


def _paint_words(painter: QPainter, area: QRect, line: EventLine) -> None:
    """Two lines; the mark stands at the end of the second, so that the first has all the room."""
    look = tokens()
    seen = bool(line.seen_by)
    upper, lower = area.adjusted(0, px(9), 0, 0), area.adjusted(0, 0, 0, -px(9))
    title = font(13, 400 if seen else 600)
    painter.setFont(title)
    painter.setPen(QColor(look.dim if seen else look.text))
    _draw(painter, upper, line.title, Qt.AlignmentFlag.AlignTop)
    mark = f"✓ {line.seen_by}" if seen else "● " + _("new")
    small, bold = font(12), font(12, 600)
    mark_font = small if seen else bold
    room = min(QFontMetrics(mark_font).horizontalAdvance(mark), area.width() // 2) + 1
    painter.setFont(mark_font)
    painter.setPen(QColor(look.dim if seen else look.accent))
    right = QRect(lower.right() - room, lower.top(), room + 1, lower.height())
    _draw(painter, right, mark, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight)
    painter.setFont(small)
    painter.setPen(QColor(look.dim))
    _draw(painter, lower.adjusted(0, 0, -room - px(8), 0), line.detail, Qt.AlignmentFlag.AlignBottom)


def _draw(painter: QPainter, area: QRect, words: str, where: Qt.AlignmentFlag) -> None:
    shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, where, shown)
