"""A row of tools over a page, that gives way where there is little room: words go first, then keys; icons stay."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from widgets.key_button import ICON_ALONE, KeyButton
from widgets.theme import px


class ToolRow(QWidget):
    """Parts at the left and parts at the right; the key buttons among them give way.

    Args:
        left, right: in the order they stand.
    """

    def __init__(self, left: Sequence[QWidget], right: Sequence[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = [*left, *right]
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for part in left:
            self._row.addWidget(part)
        self._row.addStretch(1)
        for part in right:
            self._row.addWidget(part)
        self._row.setSpacing(px(8))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Make use of the room."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow the text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self._row.setSpacing(px(8))
            self._fit()

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """Room for icons alone."""
        return QSize(self._wanted(ICON_ALONE), super().minimumSizeHint().height())

    def _fit(self) -> None:
        level = next((level for level in range(ICON_ALONE) if self._wanted(level) <= self.width()), ICON_ALONE)
        for part in self._parts:
            if isinstance(part, KeyButton):
                part.show_less(level)

    def _wanted(self, level: int) -> int:
        """Width in pixels with everything (0), without words (1), with icons alone (2)."""
        widths = [
            part.width_at(level) if isinstance(part, KeyButton) else part.sizeHint().width() for part in self._parts
        ]
        return sum(widths) + self._row.spacing() * (len(widths) - 1)
