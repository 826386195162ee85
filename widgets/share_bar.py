"""How much of a room is used: a thin bar with its words beside it, grey until it needs a person."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.theme import font, px, tokens

_BAR, _HEIGHT, _GAP = 120, 22, 8


class ShareBar(QWidget):
    """A share of 1, in a bar and in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self._words = ""
        self._level: Literal["", "needs you", "stopped"] = ""
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    @property
    def words(self) -> str:
        """What it says."""
        return self._words

    def show_share(
        self, share: float, words: str, level: Literal["", "needs you", "stopped"] = "", tip: str = ""
    ) -> None:
        """Show a share, 0 to 1 and more; `level` says how badly it needs a person."""
        if (share, words, level) != (self._share, self._words, self._level):
            self._share, self._words, self._level = share, words, level
            self.setAccessibleName(words)
            self.updateGeometry()
            self.update()
        self.setToolTip("\n".join(filter(None, (words, tip))))

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """The bar and its words."""
        return QSize(px(_BAR + _GAP) + QFontMetrics(font(12)).horizontalAdvance(self._words) + px(2), px(_HEIGHT))

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """The bar alone; its tooltip has the words."""
        return QSize(px(_BAR // 2), px(_HEIGHT))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Follow theme and text scale."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self.updateGeometry()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """Draw it."""
        look = tokens()
        colour = {"": look.dim, "needs you": look.needs_you, "stopped": look.stopped}[self._level]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = min(px(_BAR), self.width())
        bar = QRectF(0, (self.height() - px(6)) / 2, room, px(6))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.line))
        painter.drawRoundedRect(bar, px(3), px(3))
        filled = min(max(self._share, 0.0), 1.0) * bar.width()
        if filled > 0:
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), max(filled, px(4)), bar.height()), px(3), px(3))
        painter.setFont(font(12, 600 if self._level else 400))
        painter.setPen(QColor(colour))
        words = self.rect().adjusted(room + px(_GAP), 0, 0, 0)
        cut = painter.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, words.width() + 1)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, cut)
