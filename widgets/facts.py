"""Plain facts about a camera: names and values in two columns, and counts by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QWidget

from models.words import _, ngettext
from widgets.theme import px

SHOWN_CLASSES = 6
_NAME_PX, _VALUE_PX = 96, 150


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `strong`: the value is set off; `tip`: says more."""

    name: str
    value: str
    strong: bool = False
    tip: str = ""


class _Name(QLabel):
    """Stands on one line where it is short; a long one wraps rather than take the value's room."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        words = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(
            max(super().minimumSizeHint().width(), min(words, px(_NAME_PX))), super().minimumSizeHint().height()
        )


class _Value(QLabel):
    """Wraps; of a word that is longer than the room (an address), the tooltip has the rest."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        least = super().minimumSizeHint()
        return QSize(min(least.width(), px(_VALUE_PX)), least.height())

    def tell(self, fact: Fact) -> None:
        """Show the fact's value."""
        longest = max((self.fontMetrics().horizontalAdvance(word) for word in fact.value.split()), default=0)
        self.setText(fact.value)
        self.setToolTip("\n".join(filter(None, (fact.value if longest > px(_VALUE_PX) else "", fact.tip))))


class FactList(QWidget):
    """Facts one under the other; values wrap."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Fact, ...] = ()
        self._labels: list[tuple[QLabel, _Value]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(px(12))
        self._grid.setVerticalSpacing(px(5))
        self._grid.setColumnStretch(1, 1)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show these facts; only what changed is laid out anew."""
        if tuple(facts) == self._shown:
            return
        self._shown = tuple(facts)
        while len(self._labels) < len(facts):
            self._labels.append(self._new_row())
        for number, (name, value) in enumerate(self._labels):
            there = number < len(facts)
            name.setVisible(there)
            value.setVisible(there)
            if there:
                _fill(name, value, facts[number])

    def _new_row(self) -> tuple[QLabel, _Value]:
        name, value = _Name(self), _Value(self)
        name.setWordWrap(True)
        name.setProperty("role", "dim")
        top = Qt.AlignmentFlag.AlignTop
        name.setAlignment(top)
        value.setAlignment(top)
        value.setWordWrap(True)
        value.setTextFormat(Qt.TextFormat.PlainText)
        value.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = len(self._labels)
        self._grid.addWidget(name, row, 0)
        self._grid.addWidget(value, row, 1)
        return name, value


def _fill(name: QLabel, value: _Value, fact: Fact) -> None:
    name.setText(fact.name)
    value.tell(fact)
    value.setAccessibleName(f"{fact.name}: {fact.value}")
    if value.property("role") != ("heading" if fact.strong else ""):
        value.setProperty("role", "heading" if fact.strong else "")
        value.style().unpolish(value)
        value.style().polish(value)


class CountTable(QFrame):
    """How many objects of each class are in sight, and how many there were lately."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: object = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(px(16))
        self._grid.setVerticalSpacing(px(4))
        self._grid.setColumnStretch(0, 1)
        self._cells: list[tuple[QLabel, QLabel, QLabel]] = []
        self._rest = QLabel(self)
        self._rest.setProperty("role", "small")
        self._rest.setWordWrap(True)

    def show_counts(self, rows: Sequence[tuple[str, int, int]], *, recent: str, empty: str) -> None:
        """Show counts.

        Args:
            rows: class, in sight now, lately; the most frequent first.
            recent: heading of the last column.
            empty: the sentence for no rows at all.
        """
        shown = (tuple(rows), recent, empty)
        if shown == self._shown:
            return
        self._shown = shown
        listed = [("", _("now"), recent)] if rows else []
        listed += [(label, str(now), str(lately)) for label, now, lately in rows[:SHOWN_CLASSES]]
        while len(self._cells) < len(listed):
            self._cells.append(self._new_row())
        for number, cells in enumerate(self._cells):
            there = number < len(listed)
            for cell, words in zip(cells, listed[number] if there else ("", "", ""), strict=True):
                cell.setText(words)
                cell.setVisible(there)
        more = len(rows) - SHOWN_CLASSES
        self._rest.setText(
            empty if not rows else ngettext("and {n} more class", "and {n} more classes", more).format(n=more)
        )
        self._rest.setVisible(not rows or more > 0)
        self._grid.addWidget(self._rest, len(self._cells) + 1, 0, 1, 3)
        said = [f"{label}: {now} {_('now')}, {lately} {recent}" for label, now, lately in rows]
        self.setAccessibleDescription("; ".join(said) or empty)

    def _new_row(self) -> tuple[QLabel, QLabel, QLabel]:
        row = len(self._cells)
        label, now, lately = QLabel(self), QLabel(self), QLabel(self)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for column, cell in enumerate((label, now, lately)):
            if column:
                cell.setAlignment(right)
            if row == 0:
                cell.setProperty("role", "small")
            elif column == 1:
                cell.setProperty("role", "heading")
            self._grid.addWidget(cell, row, column)
        return label, now, lately
