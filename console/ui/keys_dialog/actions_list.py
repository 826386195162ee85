"""All actions with their keys, by what they are for."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from console.ui.actions import all_in_words, keys_in_words
from console.ui.entries import TABLE
from console.ui.keys_dialog.draft import Draft
from models.words import _
from widgets.palette import matches
from widgets.theme import font, px, tokens

_NAME = Qt.ItemDataRole.UserRole


class ActionsList(QTreeWidget):
    """Groups with actions; letters are not searched for, since Enter and Del do something here.

    Signals:
        chosen_changed: another action is chosen; its name, or empty.
        wanted: Enter or a double click: it is to have another key.
        cleared: Del: it is to have none.
    """

    chosen_changed = Signal(str)
    wanted = Signal()
    cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(_("Actions and their keys"))
        self.setHeaderLabels([_("What it does"), _("Keys"), _("Whose")])
        self.setRootIsDecorated(False)
        self.setIndentation(px(10))
        self.setItemsExpandable(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self._lines: dict[str, QTreeWidgetItem] = {}
        self._groups: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        for group, entries in groupby(TABLE, key=lambda entry: entry.group):
            heading = QTreeWidgetItem(self, [_(group)])
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            heading.setFont(0, font(13, 600))
            heading.setFirstColumnSpanned(True)
            lines: list[QTreeWidgetItem] = []
            self._groups.append((heading, lines))
            for entry in entries:
                line = QTreeWidgetItem(heading, [_(entry.words)])
                line.setData(0, _NAME, entry.name)
                line.setToolTip(0, f"{_(entry.words)}\n{entry.name}")
                self._lines[entry.name] = line
                lines.append(line)
        self.expandAll()
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 190), (2, 96)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            self.setColumnWidth(column, px(width))
        self.currentItemChanged.connect(lambda *_items: self.chosen_changed.emit(self.chosen))
        self.itemDoubleClicked.connect(lambda *_item: self.wanted.emit() if self.chosen else None)

    @property
    def chosen(self) -> str:
        """Name of the chosen action, or empty."""
        item = self.currentItem()
        return str(item.data(0, _NAME) or "") if item is not None else ""

    def choose(self, name: str) -> None:
        """Choose an action, and bring it into sight."""
        self.setCurrentItem(self._lines[name])
        self.scrollToItem(self._lines[name])

    def show_draft(self, draft: Draft) -> None:
        """Show keys as they would be."""
        look = tokens()
        for name, line in self._lines.items():
            keys, wanting = draft.keys.of[name], draft.wanting(name)
            line.setText(1, all_in_words(keys) or _("none"))
            line.setForeground(1, QBrush(QColor(look.text if keys else look.faint)))
            line.setText(2, _("taken") if wanting else _("your own") if draft.is_own(name) else "")
            line.setForeground(2, QBrush(QColor(look.needs_you if wanting else look.accent)))
            lost = [
                _("{key} goes to: {words}").format(key=keys_in_words(key), words=_(other.words))
                for key, other in wanting
            ]
            line.setToolTip(2, "\n".join(lost))
            said = ", ".join(filter(None, (line.text(0), line.text(1), line.text(2))))
            line.setData(0, Qt.ItemDataRole.AccessibleTextRole, said)

    def narrow(self, query: str) -> None:
        """Show what fits the words typed, or has such a key."""
        first = None
        for heading, lines in self._groups:
            fitting = [line for line in lines if matches(query, f"{heading.text(0)} {line.text(0)} {line.text(1)}")]
            for line in lines:
                line.setHidden(line not in fitting)
            heading.setHidden(not fitting)
            first = first or (fitting[0] if fitting else None)
        now = self.currentItem()
        if first is not None and (now is None or now.isHidden()):
            self.setCurrentItem(first)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Enter: another key; Del: none."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.chosen:
            self.wanted.emit()
        elif event.key() == Qt.Key.Key_Delete and self.chosen:
            self.cleared.emit()
        else:
            super().keyPressEvent(event)
