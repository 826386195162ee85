"""The sheet under F1: every key there is, by what it is for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from models.words import _
from widgets import room
from widgets.palette import Command, matches
from widgets.theme import px


class KeysSheet(QDialog):
    """Shows commands with their keys in two columns, or one where two find no room; typing narrows them down.

    Signals:
        change_wanted: somebody wants other keys.
    """

    change_wanted = Signal()

    def __init__(self, commands: Sequence[Command], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("All keys"))
        self._commands = [command for command in commands if command.keys]
        self._sides = 2
        self._query = QLineEdit(placeholderText=_("Search"), clearButtonEnabled=True)
        self._query.setAccessibleName(_("Search"))
        self._query.textChanged.connect(self._fill)
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setAccessibleName(_("All keys"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addWidget(self._query)
        layout.addWidget(self._scroll)
        self.change = QPushButton(_("Change keys"), autoDefault=False)
        self.change.clicked.connect(self._change)
        layout.addWidget(self.change, alignment=Qt.AlignmentFlag.AlignLeft)
        self._fill("")
        hint = self._hint()
        if hint.width() + px(64) > room.room_for(self).width():  # large letters on a small screen
            self._sides = 1
            self._fill("")
            hint = self._hint()
        room.open_at_pixels(self, hint.width() + px(64), min(hint.height() + px(136), px(680)))

    def _change(self) -> None:
        self.accept()
        self.change_wanted.emit()

    def _hint(self) -> QSize:
        sheet = self._scroll.widget()
        assert sheet is not None  # noqa: S101  # just filled
        return sheet.sizeHint()

    def _fill(self, query: str) -> None:
        sheet = QWidget()
        sheet.setProperty("role", "page")
        columns = QHBoxLayout(sheet)
        columns.setContentsMargins(0, 8, 0, 0)
        columns.setSpacing(px(32))
        found = [command for command in self._commands if matches(query, f"{command.group} {command.words}")]
        groups = [(name, list(of)) for name, of in groupby(found, key=lambda command: command.group)]
        half = (len(found) + len(groups)) / self._sides
        sides: list[list[tuple[str, list[Command]]]] = [[] for _side in range(self._sides)]
        lines = 0
        for name, of in groups:
            sides[min(int(lines >= half), self._sides - 1)].append((name, of))
            lines += len(of) + 1
        for side in sides:
            columns.addLayout(_column(side), 1)
        self._scroll.setWidget(sheet)


def _column(groups: list[tuple[str, list[Command]]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(px(16))
    grid.setVerticalSpacing(px(6))
    row = 0
    for name, commands in groups:
        heading = QLabel(name)
        heading.setProperty("role", "heading")
        heading.setContentsMargins(0, px(8) if row else 0, 0, 0)
        grid.addWidget(heading, row, 0, 1, 2)
        for row, command in enumerate(commands, row + 1):  # noqa: B020  # the next group goes on below
            words, keys = QLabel(command.words), QLabel(command.keys)
            keys.setProperty("role", "key")
            grid.addWidget(words, row, 0)
            grid.addWidget(keys, row, 1, Qt.AlignmentFlag.AlignRight)
        row += 1
    grid.setRowStretch(row, 1)
    grid.setColumnStretch(0, 1)
    return grid
