"""The desk's icons: one SVG each, drawn in the colour asked for."""

from __future__ import annotations

from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from widgets.theme import tokens


def icon(name: str, colour: str | None = None) -> QIcon:
    """An icon by its name in resources/icons, sharp at every size and scale.

    Args:
        name: without .svg.
        colour: #rrggbb; None: the text colour of the theme in use, followed when the theme changes.
    """
    return QIcon(_Drawn(name, colour))


class _Drawn(QIconEngine):
    """Draws at the moment of painting, so that an icon follows the theme and the screen it is on."""

    def __init__(self, name: str, colour: str | None) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    def paint(self, painter: QPainter, rect, mode: QIcon.Mode, _state: QIcon.State) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        """Draw into `rect`."""
        faint = mode is QIcon.Mode.Disabled
        colour = tokens().faint if faint else self._colour or tokens().text
        _renderer(self._name, QColor(colour).name()).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The icon as pixels."""
        drawn = QPixmap(size)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        self.paint(painter, drawn.rect(), mode, state)
        painter.end()
        return drawn

    def clone(self) -> QIconEngine:
        """Another of the same."""
        return _Drawn(self._name, self._colour)


_renderers: dict[tuple[str, str], QSvgRenderer] = {}


def _renderer(name: str, colour: str) -> QSvgRenderer:
    if (name, colour) not in _renderers:
        svg = (files("resources") / "icons" / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour)
        _renderers[name, colour] = QSvgRenderer(QByteArray(svg.encode()))
    return _renderers[name, colour]
