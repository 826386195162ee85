"""What the cloud said of an item: a few quiet lines at the foot of the panel, and whether its boxes are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from models.words import _
from widgets.key_button import KeyButton
from widgets.theme import px, tokens
from widgets.tool_row import ToolRow


@dataclass(frozen=True, slots=True)
class Line:
    """One answer. `words`: what came of it; `detail`: of what, when, by what; `tip`: more of that."""

    words: str
    detail: str = ""
    tip: str = ""


class CloudPanel(QWidget):
    """Stands at the foot, so that an answer which comes while somebody looks is seen and moves nothing.

    Attributes:
        boxes: shows or hides the boxes; not there while there are none.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[Line, ...] = ()
        self._labels: list[tuple[QLabel, QLabel]] = []
        title = QLabel(_("Cloud"))
        title.setProperty("role", "heading")
        self.boxes = KeyButton("", "", "boxes")
        self.boxes.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._column, whole = QVBoxLayout(), QVBoxLayout(self)
        self._column.setSpacing(px(2))
        whole.setContentsMargins(0, px(10), 0, px(8))
        whole.setSpacing(px(6))
        whole.addWidget(title)
        whole.addLayout(self._column)
        whole.addWidget(ToolRow([self.boxes], []))
        self.show_lines(())
        self.show_boxes(None)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What it says."""
        return self._lines

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Say this; nothing: there is nothing to be said, and the panel is not there."""
        if tuple(lines) == self._lines and self.isHidden() == (not lines):
            return
        self._lines = tuple(lines)
        while len(self._labels) < len(lines):
            self._labels.append(self._new())
        for number, labels in enumerate(self._labels):
            line = lines[number] if number < len(lines) else None
            for label, words in zip(labels, (line.words, line.detail) if line else ("", ""), strict=True):
                label.setText(words)
                label.setToolTip(line.tip if line else "")
                label.setVisible(bool(words))
        self.setVisible(bool(lines))

    def show_boxes(self, shown: bool | None) -> None:  # noqa: FBT001  # None: there are none
        """Say whether its boxes are shown."""
        self.boxes.setVisible(shown is not None)
        self.boxes.show_as(_("Hide boxes") if shown else _("Show boxes"), "boxes")

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """A hairline to what may be rolled away above it."""
        QPainter(self).fillRect(0, 0, self.width(), 1, QColor(tokens().line))

    def _new(self) -> tuple[QLabel, QLabel]:
        words, detail = QLabel(self), QLabel(self)
        detail.setProperty("role", "small")
        for label in (words, detail):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._column.addWidget(label)
        return words, detail
