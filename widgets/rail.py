"""The navigation rail: the pages there are, the one in front, and how many things wait on each."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QVBoxLayout, QWidget

from widgets.icons import icon
from widgets.theme import RADIUS, font, px, tokens

_WIDTH = 76
_ICON = 22


class RailButton(QAbstractButton):
    """One page: icon over word, a bar at the left when it is in front, a number when something waits."""

    def __init__(self, words: str, icon_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(words)
        self.setAccessibleName(words)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._icon = icon(icon_name)
        self._waiting = 0

    def set_waiting(self, n: int) -> None:
        """How many things wait there."""
        self._waiting = n
        self.setAccessibleDescription(str(n) if n else "")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Wide enough for the word."""
        metrics = self.fontMetrics()
        return QSize(max(px(_WIDTH - 12), metrics.horizontalAdvance(self.text()) + px(8)), px(56))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Draw it."""
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.isChecked() or self.underMouse():
            painter.setPen(QPen(QColor(t.line), 1))
            painter.setBrush(QColor(t.raised))
            painter.drawRoundedRect(area, RADIUS, RADIUS)
        if self.isChecked():
            painter.fillRect(QRectF(0, px(6), 2, self.height() - px(12)), QColor(t.accent))
        if self.hasFocus():
            painter.setPen(QPen(QColor(t.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, RADIUS, RADIUS)
        side = px(_ICON)
        self._icon.paint(painter, (self.width() - side) // 2, px(8), side, side)
        painter.setPen(QColor(t.text if self.isChecked() else t.dim))
        painter.setFont(font(11))
        words = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - px(4))
        painter.drawText(self.rect().adjusted(0, px(32), 0, 0), Qt.AlignmentFlag.AlignHCenter, words)
        if self._waiting:
            self._paint_waiting(painter)

    def _paint_waiting(self, painter: QPainter) -> None:
        painter.setFont(font(10, 600))
        words = str(self._waiting) if self._waiting < 100 else "99+"
        width = max(painter.fontMetrics().horizontalAdvance(words) + px(8), px(16))
        badge = QRectF(self.width() / 2 + px(4), px(3), width, px(16))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens().needs_you))
        painter.drawRoundedRect(badge, px(8), px(8))
        painter.setPen(QColor("#14171a" if tokens().dark else "#ffffff"))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, words)


class Rail(QFrame):
    """The pages, from top to bottom; some at the foot."""

    picked = Signal(str)
    role_left = Signal()
    """Whoever is in force wants to be an operator again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._buttons: dict[str, RailButton] = {}
        self._group = QButtonGroup(self)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(6, 8, 6, 8)
        self._layout.setSpacing(4)
        self._layout.addStretch(1)
        self._role: RailButton | None = None

    def show_role(self, words: str, tip: str = "") -> None:
        """Show, at the foot, that somebody with more rights than an operator is in force; empty words: nobody is."""
        if self._role is None and words:
            self._role = RailButton(words, "unlocked", self)
            self._role.setCheckable(False)
            self._role.clicked.connect(self.role_left)
            self._layout.addWidget(self._role)
        if self._role is not None:
            self._role.setText(words)
            self._role.setAccessibleName(words)
            self._role.setToolTip(tip)
            self._role.setVisible(bool(words))

    def add(self, name: str, words: str, icon_name: str, keys: str = "", *, foot: bool = False) -> RailButton:
        """Add a page; at the foot when it is not part of the daily work."""
        button = RailButton(words, icon_name, self)
        button.setToolTip(f"{words}  {keys}".strip())
        button.clicked.connect(lambda: self.picked.emit(name))
        self._group.addButton(button)
        last = self._layout.count() - (self._role is not None)
        at = last if foot else len([b for b in self._buttons.values() if not b.property("foot")])
        button.setProperty("foot", foot)
        self._layout.insertWidget(at, button)
        self._buttons[name] = button
        return button

    def choose(self, name: str) -> None:
        """Show which page is in front."""
        self._buttons[name].setChecked(True)

    def set_waiting(self, name: str, n: int) -> None:
        """How many things wait on a page."""
        self._buttons[name].set_waiting(n)
