"""The verdicts as buttons under the picture, each with its key; in more rows where one has no room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from widgets.key_button import KeyButton
from widgets.theme import font, px

_HEIGHT = 34


class WideButton(KeyButton):
    """Takes what room there is; words that have none are cut, and the tooltip has the whole of them."""

    def __init__(self, words: str, keys: str, icon_name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(words, keys, icon_name, parent)
        self.setFont(font(weight=600))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow the text scale."""
        if event.type() == QEvent.Type.StyleChange and self.font().pixelSize() != font().pixelSize():
            self.setFont(font(weight=600))
        super().changeEvent(event)

    def say(self, words: str) -> None:
        """Say something else."""
        self.setText(words)
        self.setAccessibleName(words)
        self.set_keys(self._keys)

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Higher than other buttons: it is pressed all day."""
        return QSize(super().sizeHint().width(), px(_HEIGHT))

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Words may be cut."""
        return QSize(px(80), px(_HEIGHT))


class VerdictBar(QWidget):
    """Buttons of equal width.

    Signals:
        said: name of the button that was pressed.
    """

    said = Signal(str)

    def __init__(self, buttons: Sequence[tuple[str, str, str]], parent: QWidget | None = None) -> None:
        """`buttons`: name, words, keys as this system writes them."""
        super().__init__(parent)
        self._buttons: dict[str, WideButton] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(px(8))
        self._laid_out: tuple[int, list[int], bool] = (0, [], False)
        for name, words, keys in buttons:
            button = WideButton(words, keys, parent=self)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _checked=False, name=name: self.said.emit(name))
            self._buttons[name] = button
        self._shown = tuple(self._buttons)
        self._lay_out()

    def __getitem__(self, name: str) -> KeyButton:
        return self._buttons[name]

    def set_words(self, name: str, words: str) -> None:
        """Say something else on a button."""
        button = self._buttons[name]
        if button.text() != words:
            before = button.sizeHint().width()
            button.say(words)
            if button.sizeHint().width() > before:
                self._lay_out()

    def set_keys(self, name: str, keys: str) -> None:
        """Show another key on a button."""
        self._buttons[name].set_keys(keys)
        self._lay_out()

    def set_shown(self, names: Sequence[str]) -> None:
        """Offer these alone."""
        wanted = tuple(name for name in self._buttons if name in names)
        if wanted != self._shown:
            self._shown = wanted
            for name, button in self._buttons.items():
                button.setVisible(name in wanted)
            self._lay_out()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Make use of the room."""
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow the text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self._grid.setSpacing(px(8))
            self._lay_out()

    def _lay_out(self) -> None:
        shown = [self._buttons[name] for name in self._shown]
        widths = [button.sizeHint().width() for button in shown]
        gap, room = self._grid.spacing(), self.width()
        rows = next(
            (n for n in (1, 2, 3) if sum(_columns(widths, n)) + gap * (len(_columns(widths, n)) - 1) <= room), 3
        )
        columns = _columns(widths, rows)
        alike = (max(columns) + gap) * len(columns) - gap <= room
        if (rows, columns, alike) == self._laid_out:
            return
        self._laid_out = rows, columns, alike
        while self._grid.count():
            self._grid.takeAt(0)
        for number, button in enumerate(shown):
            self._grid.addWidget(button, number // len(columns), number % len(columns))
        for column in range(self._grid.columnCount()):
            there = column < len(columns)
            self._grid.setColumnStretch(column, 0 if not there else 1 if alike else columns[column])
        self.updateGeometry()


def _columns(widths: Sequence[int], rows: int) -> list[int]:
    """How wide the columns are at least when so many stand in so many rows."""
    count = -(-len(widths) // rows)
    return [max(widths[column::count]) for column in range(count)]
