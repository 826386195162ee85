"""A button that shows its key."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QStylePainter, QWidget

from widgets.icons import icon
from widgets.theme import font, px, tokens

WORDS_AND_KEY, ICON_AND_KEY, ICON_ALONE = range(3)
"""How much a button shows; its name and tooltip say all of it in any case."""


class KeyButton(QPushButton):
    """Icon, words, and the key that does the same, in a small frame at the right."""

    def __init__(self, words: str, keys: str, icon_name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(words, parent)
        self._keys = keys
        self._level = WORDS_AND_KEY
        self._icon_name = icon_name
        self._icon = icon(icon_name) if icon_name else None
        self._about = ""
        self.setAccessibleName(words)
        self.setToolTip(f"{words}  {keys}".strip())

    def set_about(self, words: str) -> None:
        """More words than there is room for, for its tooltip."""
        self._about = words
        self.setToolTip(f"{words}  {self._keys}".strip())

    def show_as(self, words: str, icon_name: str) -> None:
        """Say and do something else from now on."""
        self._icon_name, self._icon = icon_name, icon(icon_name) if icon_name else None
        self.setText(words)
        self.setAccessibleName(words)
        self.setToolTip(f"{self._about or words}  {self._keys}".strip())
        self.updateGeometry()

    def set_keys(self, keys: str) -> None:
        """Another key does the same from now on; empty: none does."""
        self._keys = keys
        self.setToolTip(f"{self._about or self.text()}  {keys}".strip())
        self.updateGeometry()
        self.update()

    def show_less(self, level: int) -> None:
        """Show as much as `level` says; without an icon, the words stay."""
        level = level if self._icon else WORDS_AND_KEY
        if level != self._level:
            self._level = level
            self.updateGeometry()
            self.update()

    def width_at(self, level: int) -> int:
        """Pixels it takes while it shows so much."""
        level = level if self._icon else WORDS_AND_KEY
        words = self.fontMetrics().horizontalAdvance(self.text()) if level == WORDS_AND_KEY else 0
        key = self._key_width() + px(8) if self._keys and level != ICON_ALONE else 0
        drawn = px(18) + (px(6) if words or key else 0) if self._icon else 0
        return px(20) + drawn + words + key

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for what it shows."""
        return QSize(self.width_at(self._level), px(28))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Never clipped."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Draw it."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        t, colour = tokens(), self._colour()
        left = px(10)
        if self._icon:
            side = px(18)
            drawn = self._icon if colour == t.text or not self.isEnabled() else icon(self._icon_name, colour)
            drawn.paint(painter, left, (self.height() - side) // 2, side, side)
            left += side + px(6)
        key = self._key_width() if self._keys and self._level != ICON_ALONE else 0
        painter.setPen(QColor(colour))
        painter.setFont(self.font())
        room = QRect(left, 0, self.width() - left - key - px(14), self.height())
        words = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width() + px(4))
        if self._level == WORDS_AND_KEY:
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, words)
        if key:
            self._paint_key(painter, key)

    def _paint_key(self, painter: QPainter, width: int) -> None:
        area = QRect(self.width() - width - px(8), (self.height() - px(18)) // 2, width, px(18))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        primary = self._on_accent()
        line = QColor(tokens().line).lighter(130) if tokens().dark else QColor(tokens().line)
        painter.setPen(QPen(QColor(self._colour()) if primary else line, 1))
        painter.drawRoundedRect(area.adjusted(0, 0, -1, -1), 3, 3)
        painter.setPen(QColor(self._colour() if primary else tokens().dim))
        painter.setFont(font(11))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._keys)

    def _on_accent(self) -> bool:
        return self.isEnabled() and self.property("role") == "primary"

    def _colour(self) -> str:
        """Of icon and words."""
        look = tokens()
        if self._on_accent():
            return look.ground if look.dark else "#ffffff"
        return look.text if self.isEnabled() else look.faint

    def _key_width(self) -> int:
        return QFontMetrics(font(11)).horizontalAdvance(self._keys) + px(10)
