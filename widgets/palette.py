"""The command palette: type a few letters of what you want, press Enter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from models.words import _
from widgets.theme import font, px, tokens

_NAME = Qt.ItemDataRole.UserRole
_KEYS = Qt.ItemDataRole.UserRole + 1
_GROUP = Qt.ItemDataRole.UserRole + 2
_MOVES = {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that can be done: its name in code, words, keys and heading as shown."""

    name: str
    words: str
    keys: str = ""
    group: str = ""


def matches(query: str, words: str) -> bool:
    """Whether every word typed is part of the text, in any order and case."""
    text = words.casefold()
    return all(part in text for part in query.casefold().split())


class Palette(QDialog):
    """Lists commands that fit what is typed."""

    picked = Signal(str)

    def __init__(self, commands: Sequence[Command], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Do anything by its name"))
        self.setModal(True)
        self._commands = commands
        self._query = QLineEdit(placeholderText=_("What do you want to do?"), clearButtonEnabled=True)
        self._query.setAccessibleName(_("What do you want to do?"))
        self._list = QListWidget()
        self._list.setAccessibleName(_("What fits"))
        self._list.setItemDelegate(_Line(self._list))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.addWidget(self._query)
        layout.addWidget(self._list)
        self.resize(px(560), px(420))
        self._query.textChanged.connect(self._fill)
        self._query.returnPressed.connect(self._take)
        self._list.itemClicked.connect(self._take)
        self._query.installEventFilter(self)
        self._fill("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Arrow keys move in the list while the letters go into the field."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _MOVES:
            self._list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    def _fill(self, query: str) -> None:
        self._list.clear()
        for command in self._commands:
            if matches(query, f"{command.group} {command.words}"):
                item = QListWidgetItem(command.words, self._list)
                item.setData(_NAME, command.name)
                item.setData(_KEYS, command.keys)
                item.setData(_GROUP, command.group)
        self._list.setCurrentRow(0)

    def _take(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            self.accept()
            self.picked.emit(item.data(_NAME))


class _Line(QStyledItemDelegate):
    """Words at the left, heading and keys at the right."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index) -> QSize:  # type: ignore[no-untyped-def]  # noqa: ANN001, N802
        """One line."""
        return QSize(px(200), px(30))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        """Draw it."""
        t = tokens()
        area = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(t.line))
        inner = area.adjusted(px(10), 0, -px(10), 0)
        right = "   ".join(filter(None, (index.data(_GROUP), index.data(_KEYS))))
        painter.setFont(font(12))
        painter.setPen(QColor(t.dim))
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
        room = inner.width() - painter.fontMetrics().horizontalAdvance(right) - px(16)
        painter.setFont(font())
        painter.setPen(QColor(t.text))
        words = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
