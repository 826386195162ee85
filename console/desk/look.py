"""Dark or light, how large: from the settings to the program, and after the system when that changes."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from widgets.theme import DARK, LIGHT, use

Theme = Literal["system", "dark", "light"]
STEPS = (0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)


class Look(QObject):
    """Keeps the program in its theme. Belongs to the GUI thread."""

    def __init__(self, app: QApplication, theme: str, scale: float) -> None:
        super().__init__(app)
        self._app = app
        self._theme, self._scale = "", 0.0
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)
        self.set(theme, scale)

    def set(self, theme: str, scale: float) -> None:
        """Take on a theme and a text scale."""
        if (theme, scale) != (self._theme, self._scale):
            self._theme, self._scale = theme, scale
            self._dress()

    def _follow(self) -> None:
        if self._theme == "system":
            self._dress()

    def _dress(self) -> None:
        light = self._theme == "light" or (
            self._theme == "system" and QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
        )
        use(self._app, LIGHT if light else DARK, self._scale)


def stepped(scale: float, by: int) -> float:
    """The next text scale up or down."""
    nearest = min(range(len(STEPS)), key=lambda i: abs(STEPS[i] - scale))
    return STEPS[max(0, min(len(STEPS) - 1, nearest + by))]
