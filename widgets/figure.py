"""A short line of words and figures: the words quiet, the figures strong, and both in one sentence for a translator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter

from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from widgets.theme import font, px, tokens

Parts = Sequence[tuple[str, bool]]
"""Pieces of a line; True: strong."""

_SAMPLE = 14


def parts(template: str, strong: Mapping[str, str], **plain: str) -> list[tuple[str, bool]]:
    """A translated template such as "p99 {value} of {limit} ms" in pieces, some of its places strong."""
    pieces: list[tuple[str, bool]] = []
    for words, place, _spec, _conversion in Formatter().parse(template):
        if words:
            pieces.append((words, False))
        if place is not None:
            pieces.append((strong[place], True) if place in strong else (plain[place], False))
    return pieces


class Figure(QLabel):
    """Paints `Parts` on one line and cuts what does not fit with an ellipsis; the whole is then its tooltip.

    Args:
        size: pixels of the letters before the text scale.
        line: a sample of a graph's line to stand before the words: its style and the token of its colour.
    """

    def __init__(
        self, parent: QWidget | None = None, *, size: float = 13, line: tuple[Qt.PenStyle, str] | None = None
    ) -> None:
        super().__init__(parent)
        self._size = size
        self._line = line
        self._parts: tuple[tuple[str, bool], ...] = ()
        self._tip = ""
        self._letters: tuple[QFont, QFont] | None = None
        self._advances: list[int] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_parts(self, pieces: Parts, tip: str = "") -> None:
        """Show these pieces; `tip` says more than they do."""
        if tuple(pieces) == self._parts and tip == self._tip:
            return
        self._parts, self._tip, self._advances = tuple(pieces), tip, None
        whole = "".join(words for words, _ in pieces)
        self.setText(whole)  # what assistive technology reads; painting is done here
        self.setAccessibleName(whole)
        self.setAccessibleDescription(tip)
        self._tell_tip()
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for all of it."""
        return QSize(sum(self._widths()) + self._indent() + 1, QFontMetrics(self._fonts()[1]).height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Anything will do: it is cut."""
        return QSize(0, self.sizeHint().height())

    def resizeEvent(self, _event: object) -> None:  # noqa: N802
        """See whether it is cut now."""
        self._tell_tip()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow theme and text scale."""
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange}:
            self._letters = self._advances = None
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Draw sample, words and figures."""
        look = tokens()
        painter = QPainter(self)
        x, middle = 0, self.height() / 2
        if self._line is not None:
            style, colour = self._line
            painter.setPen(QPen(QColor(getattr(look, colour)), px(2), style))
            painter.drawLine(QPointF(0, middle), QPointF(px(_SAMPLE), middle))
            x = self._indent()
        for (words, strong), width in zip(self._parts, self._widths(), strict=True):
            painter.setFont(self._fonts()[strong])
            painter.setPen(QColor(look.text if strong else look.dim))
            metrics, room = painter.fontMetrics(), max(self.width() - x, 0)
            baseline = (self.height() + metrics.ascent() - metrics.descent()) / 2
            if width > room:
                painter.drawText(QPointF(x, baseline), metrics.elidedText(words, Qt.TextElideMode.ElideRight, room))
                break
            painter.drawText(QPointF(x, baseline), words)
            x += width

    def _indent(self) -> int:
        return px(_SAMPLE + 6) if self._line is not None else 0

    def _fonts(self) -> tuple[QFont, QFont]:
        """Quiet and strong letters, made once: it is asked for them several times a second."""
        if self._letters is None:
            self._letters = font(self._size), font(self._size, 600)
        return self._letters

    def _widths(self) -> list[int]:
        if self._advances is None:
            metrics = [QFontMetrics(letters) for letters in self._fonts()]
            self._advances = [metrics[strong].horizontalAdvance(words) for words, strong in self._parts]
        return self._advances

    def _tell_tip(self) -> None:
        cut = self.width() < self.sizeHint().width()
        tip = "\n".join(filter(None, [self.text() if cut else "", self._tip]))
        if tip != self.toolTip():
            self.setToolTip(tip)
