"""Which class is it? Type a few letters, or a name that is not there yet, and press Enter."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from models.words import _
from widgets.palette import matches
from widgets.room import open_at
from widgets.theme import px

_LABEL = Qt.ItemDataRole.UserRole
_MOVES = {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}


class LabelPicker(QDialog):
    """Lists classes that fit what is typed; a name that none has can be taken as a new class.

    Signals:
        picked: the class.
    """

    picked = Signal(str)

    def __init__(self, labels: Sequence[str], now: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Which class is it?"))
        self.setModal(True)
        self._labels = tuple(labels)
        self._query = QLineEdit(placeholderText=_("Name of a class"), clearButtonEnabled=True)
        self._query.setAccessibleName(_("Name of a class"))
        self._list = QListWidget()
        self._list.setAccessibleName(_("Classes that fit"))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(px(12), px(12), px(12), px(12))
        layout.addWidget(self._query)
        layout.addWidget(self._list)
        open_at(self, 320, 360)
        self._query.textChanged.connect(self._fill)
        self._query.returnPressed.connect(self._take)
        self._list.itemClicked.connect(self._take)
        self._query.installEventFilter(self)
        self._fill("")
        if now in self._labels:
            self._list.setCurrentRow(self._labels.index(now))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Arrow keys move in the list while the letters go into the field."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _MOVES:
            self._list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    def _fill(self, query: str) -> None:
        self._list.clear()
        typed = query.strip()
        exact = [label for label in self._labels if label.casefold() == typed.casefold()]
        begun = [label for label in self._labels if typed and label.casefold().startswith(typed.casefold())]
        found = dict.fromkeys([*exact, *begun, *(label for label in self._labels if matches(query, label))])
        for label in found:
            self._line(label, label)
        if typed and not exact:
            self._line(_("New class: {name}").format(name=typed), typed)
        self._list.setCurrentRow(0)

    def _line(self, words: str, label: str) -> None:
        item = QListWidgetItem(words, self._list)
        item.setData(_LABEL, label)

    def _take(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            self.accept()
            self.picked.emit(item.data(_LABEL))
