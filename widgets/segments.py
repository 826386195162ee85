"""A few choices side by side of which one holds, such as 1, 10 or 60 minutes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget


class Segments(QWidget):
    """Buttons of which one is down; arrow keys move between them, as in a group of radio buttons.

    Signals:
        picked: the value of the choice an operator made.
    """

    picked = Signal(object)

    def __init__(self, name: str, choices: Sequence[tuple[object, str, str]], parent: QWidget | None = None) -> None:
        """`name`: what is chosen here; `choices`: value, text on the button, whole words of it."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self._values = [value for value, _, _ in choices]
        self._group = QButtonGroup(self, exclusive=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for number, (_value, text, words) in enumerate(choices):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setAccessibleName(f"{name}: {words}")
            button.setToolTip(words)
            self._group.addButton(button, number)
            row.addWidget(button)
        self._group.button(0).setChecked(True)
        self._group.idClicked.connect(lambda number: self.picked.emit(self._values[number]))

    @property
    def value(self) -> object:
        """The choice that holds."""
        return self._values[self._group.checkedId()]

    def choose(self, value: object) -> None:
        """Make a choice hold without telling anybody; one that is not there is ignored."""
        if value in self._values:
            self._group.button(self._values.index(value)).setChecked(True)
