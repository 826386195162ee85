"""Who sits here? A name is picked with a few letters and Enter, or added."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from models.words import _
from widgets.theme import px

MOST_LETTERS = 64
_NAME, _ADDED = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class OperatorPicker(QDialog):
    """Names to choose from; letters typed narrow them, and a name that is not there can be added.

    Args:
        names: of those who sit here at times.
        now: who sits here now; empty: nobody.
        why: a sentence saying what the name is wanted for.

    Signals:
        picked: a name, empty for nobody; and whether it is a new one.
    """

    picked = Signal(str, bool)

    def __init__(self, names: Sequence[str], now: str, why: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = list(dict.fromkeys([*names, *filter(None, [now])]))
        self._now = now
        title = _("Who sits here?")
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        heading, reason = QLabel(title), QLabel(why)
        heading.setProperty("role", "title")
        reason.setProperty("role", "dim")
        reason.setWordWrap(True)
        self._entry, self._list = QLineEdit(maxLength=MOST_LETTERS), QListWidget()
        self._entry.setPlaceholderText(_("Type a name"))
        self._entry.setAccessibleName(title)
        self._entry.installEventFilter(self)
        self._list.setAccessibleName(_("Names"))
        self._list.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        box = QVBoxLayout(self)
        box.setContentsMargins(px(16), px(12), px(16), px(16))
        box.setSpacing(px(8))
        for widget in (heading, reason, self._entry, self._list):
            box.addWidget(widget)
        self.resize(px(340), px(320))
        self._entry.textChanged.connect(self._fill)
        self._list.itemClicked.connect(self._take)
        self._fill("")

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """The arrow keys move in the list and Enter picks, while letters go on being typed."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None:
                self._list.setCurrentRow(min(max(self._list.currentRow() + step, 0), self._list.count() - 1))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if (item := self._list.currentItem()) is not None:
                    self._take(item)
                return True
        return False

    def _fill(self, typed: str) -> None:
        name = " ".join(typed.split())
        self._list.clear()
        for known in self._names:
            if name.casefold() in known.casefold():
                self._add(_("{name} (now)").format(name=known) if known == self._now else known, known, added=False)
        if name and name.casefold() not in (known.casefold() for known in self._names):
            self._add(_("Add {name}").format(name=name), name, added=True)
        if self._now and not name:
            self._add(_("Nobody"), "", added=False)
        if not self._list.count():
            self._list.addItem(QListWidgetItem(_("No names yet: type yours, then Enter.")))
            self._list.item(0).setFlags(Qt.ItemFlag.NoItemFlags)
            return
        self._list.setCurrentRow(0)

    def _add(self, words: str, name: str, *, added: bool) -> None:
        item = QListWidgetItem(words)
        item.setData(_NAME, name)
        item.setData(_ADDED, added)
        self._list.addItem(item)

    def _take(self, item: QListWidgetItem) -> None:
        name = item.data(_NAME)
        if isinstance(name, str):
            self.picked.emit(name, bool(item.data(_ADDED)))
            self.accept()
