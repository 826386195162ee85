"""What needs a person, one line each, the worst first: its mark, what is the matter, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from models.words import _, ngettext
from widgets.cut_label import CutLabel
from widgets.theme import px

Line = tuple[Literal["needs you", "stopped"], str, str]
"""How badly, what is the matter, what to do."""
_MARKS = {"needs you": "▲", "stopped": "■"}


class AlarmList(QFrame):
    """The first few alarms, and how many more there are; hidden while there is none.

    Each takes one line; what has no room is in its tooltip. The mark alone has the colour: a page of coloured sentences
    would be read by nobody.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        self.setAccessibleName(_("What needs you"))
        self._shown: tuple[Line, ...] = ()
        self._most = 3
        self._labels: list[tuple[QLabel, CutLabel, CutLabel]] = []
        self._more = QLabel(self)
        self._more.setProperty("role", "small")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(px(12), px(6), px(12), px(6))
        self._grid.setHorizontalSpacing(px(8))
        self._grid.setVerticalSpacing(px(3))
        self._grid.setColumnStretch(1, 3)
        self._grid.setColumnStretch(2, 2)
        self.hide()

    @property
    def lines(self) -> tuple[Line, ...]:
        """All of them, shown or not."""
        return self._shown

    def set_most(self, most: int) -> None:
        """Show so many at most."""
        if most != self._most:
            self._most = most
            self._show()

    def show_alarms(self, lines: Sequence[Line]) -> None:
        """Show these; none hide it."""
        if tuple(lines) != self._shown:
            self._shown = tuple(lines)
            self._show()

    def _show(self) -> None:
        lines, most = self._shown, self._most
        while len(self._labels) < min(len(lines), most):
            self._labels.append(self._row())
        for number, labels in enumerate(self._labels):
            there = number < min(len(lines), most)
            for label in labels:
                label.setVisible(there)
            if there:
                self._fill(labels, lines[number])
        more = len(lines) - most
        self._more.setText(ngettext("and {n} more", "and {n} more", more).format(n=more))
        self._more.setToolTip("\n".join(f"{_MARKS[level]} {words} {to_do}" for level, words, to_do in lines[most:]))
        self._more.setVisible(more > 0)
        self._grid.addWidget(self._more, len(self._labels) + 1, 1)
        self.setAccessibleDescription(" ".join(f"{words} {to_do}" for _level, words, to_do in lines))
        self.setVisible(bool(lines))

    def _fill(self, labels: tuple[QLabel, CutLabel, CutLabel], line: Line) -> None:
        mark, what, hint = labels
        level, words, to_do = line
        mark.setText(_MARKS[level])
        if mark.property("role") != level:
            mark.setProperty("role", level)
            mark.style().polish(mark)
        what.say(words)
        hint.say(to_do)

    def _row(self) -> tuple[QLabel, CutLabel, CutLabel]:
        row = QLabel(self), CutLabel("", self), CutLabel("", self)
        row[2].setProperty("role", "dim")
        for column, label in enumerate(row):
            self._grid.addWidget(label, len(self._labels), column)
        return row
