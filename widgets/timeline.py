"""What happened to one thing, from top to bottom: when, what, and small below it what goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from models.words import _
from widgets.shapes import Shape, draw_shape
from widgets.theme import font, px, tokens

_MOMENT = Qt.ItemDataRole.UserRole
_MARK, _GAP, _PAD = 12, 10, 5
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Moment:
    """One step.

    Attributes:
        at: when, in words; empty: not known.
        what: what happened.
        detail: what goes with it; may be empty.
        shape: drawn on the line.
        level: how badly it needs a person: "", "needs you", "stopped".
    """

    at: str
    what: str
    detail: str = ""
    shape: Shape = "rest"
    level: str = ""

    @property
    def words(self) -> str:
        """All of it in one line."""
        return ", ".join(filter(None, (self.at, self.what, self.detail)))


class Timeline(QListWidget):
    """Steps joined by a line; words wrap."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setItemDelegate(_Step(self))
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setStyleSheet("QListWidget { background: transparent; border: none; } ::item { padding: 0; }")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self._empty = ""
        self._shown: tuple[Moment, ...] = ()
        self._at_end = False
        self.verticalScrollBar().rangeChanged.connect(self._follow)
        self.verticalScrollBar().actionTriggered.connect(self._scrolled)

    @property
    def moments(self) -> tuple[Moment, ...]:
        """What is shown."""
        return self._shown

    def show_moments(self, moments: Sequence[Moment], empty: str = "") -> None:
        """Show these, the first on top; `empty`: the words for none."""
        if (tuple(moments), empty) == (self._shown, self._empty):
            return
        self._shown, self._empty = tuple(moments), empty
        row = self.currentRow()
        self.clear()
        for moment in moments:
            item = QListWidgetItem(moment.what)
            item.setData(_MOMENT, moment)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, moment.words)
            item.setToolTip(moment.words)
            self.addItem(item)
        self.setCurrentRow(min(row, self.count() - 1))
        self.setAccessibleDescription(empty if not moments else "")
        self.viewport().update()

    def show_end(self) -> None:
        """Have the last step in sight, whatever room there is, until somebody scrolls."""
        self._at_end = True
        self._follow()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  # Qt's name
        """Somebody scrolls."""
        self._scrolled()
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Somebody goes through the steps."""
        self._scrolled()
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """The steps, or the words for none."""
        super().paintEvent(event)
        if not self._shown and self._empty:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(tokens().dim))
            painter.setFont(font())
            area = self.viewport().rect().adjusted(0, px(4), -px(4), -px(4))
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap, self._empty)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Words wrap otherwise."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow the text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self.scheduleDelayedItemsLayout()

    def _follow(self) -> None:
        if self._at_end:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _scrolled(self) -> None:
        self._at_end = False


class _Step(QStyledItemDelegate):
    """Draws a step and its piece of the line."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802  # Qt's name
        moment: Moment = index.data(_MOMENT)
        view = self.parent()
        width = view.viewport().width() if isinstance(view, QListWidget) else px(300)
        room = width - self._left() - px(4)
        height = _high(font(13), moment.what, room) + _high(font(12), self._below(moment), room)
        return QSize(width, height + 2 * px(_PAD))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, area, moment = tokens(), QRect(option.rect), index.data(_MOMENT)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected and option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(look.accent), 1))
            painter.drawRoundedRect(area.adjusted(0, 0, -1, -1), 4, 4)
        level = {"needs you": look.needs_you, "stopped": look.stopped}.get(moment.level)
        side = px(_MARK)
        first = QFontMetrics(font(13)).height()
        mark = QRect(area.left() + px(4), area.top() + px(_PAD) + (first - side) // 2, side, side)
        middle = mark.center().x()
        painter.setPen(QPen(QColor(look.line).lighter(130) if look.dark else QColor(look.line), 1))
        if index.row():
            painter.drawLine(middle, area.top(), middle, mark.top() - px(3))
        if index.row() < index.model().rowCount() - 1:
            painter.drawLine(middle, mark.bottom() + px(4), middle, area.bottom() + 1)
        draw_shape(painter, mark, moment.shape, QColor(level or look.dim))
        room = area.adjusted(self._left(), px(_PAD), -px(4), -px(_PAD))
        high = _high(font(13), moment.what, room.width())
        wrapped = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.setFont(font(13, 600 if moment.level else 400))
        painter.setPen(QColor(level or look.text))
        painter.drawText(QRect(room.left(), room.top(), room.width(), high), wrapped, moment.what)
        painter.setFont(font(12))
        painter.setPen(QColor(look.dim))
        painter.drawText(room.adjusted(0, high, 0, px(4)), wrapped, self._below(moment))
        painter.restore()

    def _left(self) -> int:
        return px(4 + _MARK + _GAP)

    def _below(self, moment: Moment) -> str:
        return (
            _("{time}, {detail}").format(time=moment.at, detail=moment.detail)
            if moment.at and moment.detail
            else (moment.at or moment.detail)
        )


def _high(letters: QFont, words: str, width: int) -> int:
    """Pixels that words take in a room of this width; none take none."""
    if not words:
        return 0
    room = QRect(0, 0, max(width, px(40)), 10_000)
    return QFontMetrics(letters).boundingRect(room, Qt.TextFlag.TextWordWrap, words).height()
