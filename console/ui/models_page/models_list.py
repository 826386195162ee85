"""The list of models: name, what it is good for, whether it is here or who uses it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from console.ui.models_page.listing import ModelLine
from models.words import _
from widgets.theme import font, px, tokens

_LINE = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


class _TwoLines(QStyledItemDelegate):
    """Name and state on the first line, what it is good for on the second."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802
        """Two lines."""
        return QSize(px(120), QFontMetrics(font(13)).height() + QFontMetrics(font(12)).height() + px(14))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw it."""
        look, line = tokens(), index.data(_LINE)
        area = QRect(option.rect)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(look.raised))
            painter.fillRect(QRect(area.left(), area.top(), px(2), area.height()), QColor(look.accent))
        painter.setPen(QPen(QColor(look.line), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        inner = area.adjusted(px(10), px(6), -px(10), -px(6))
        state_font, name_font, small = font(12), font(13, 600), font(12)
        state = line.state
        width = QFontMetrics(state_font).horizontalAdvance(state)
        painter.setFont(state_font)
        painter.setPen(QColor(look.text if line.cameras else look.dim))
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, state)
        room = inner.width() - width - px(10)
        painter.setFont(name_font)
        painter.setPen(QColor(look.text if line.here or line.own else look.dim))
        name = QFontMetrics(name_font).elidedText(line.shown, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, name)
        painter.setFont(small)
        painter.setPen(QColor(look.dim))
        about = QFontMetrics(small).elidedText(line.about, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, about)
        painter.restore()


class ModelsList(QListWidget):
    """The models.

    Signals:
        chosen_changed: another one is chosen; its name.
    """

    chosen_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Models"))
        self.setItemDelegate(_TwoLines(self))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.currentRowChanged.connect(lambda _row: self.chosen_changed.emit(self.chosen))

    @property
    def chosen(self) -> str:
        """Name of the chosen model; empty for none."""
        item = self.item(self.currentRow())
        return str(item.data(_LINE).name) if self.currentRow() >= 0 else ""

    def show_models(self, lines: Sequence[ModelLine]) -> None:
        """Show these; the chosen one stays chosen."""
        chosen = self.chosen
        blocked = self.blockSignals(True)  # noqa: FBT003
        self.clear()
        for row, line in enumerate(lines):
            item = QListWidgetItem(line.shown)
            item.setData(_LINE, line)
            words = f"{line.shown}, {line.state}\n{line.about}\n{line.licence}".strip()
            item.setToolTip(words)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, words.replace("\n", ", "))
            self.addItem(item)
            if line.name == chosen or (not chosen and row == 0):
                self.setCurrentRow(row)
        if self.currentRow() < 0 and lines:
            self.setCurrentRow(0)
        self.blockSignals(blocked)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Letters are not searched for: they may be actions."""
        if event.text().isprintable() and event.text().strip() and not event.modifiers():
            event.ignore()
            return
        super().keyPressEvent(event)
