"""Lines over time, on pyqtgraph: what two graphs share. Importing pyqtgraph takes a third of a second, so it waits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPalette, QPen
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from widgets.theme import font, px, tokens

_STEPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
_HEIGHT = 84
_LOOKS_OTHERWISE = {QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.DevicePixelRatioChange}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a graph: told apart by style first, by colour (a token's name) second."""

    style: Qt.PenStyle
    colour: str


def nice_top(highest: float, least: float) -> float:
    """The top of a scale that holds `highest`: 1, 1.5, 2, 3, ... times a power of ten, and not under `least`."""
    wanted = max(highest if math.isfinite(highest) else 0.0, least)
    power: float = 10.0 ** math.floor(math.log10(wanted))
    return next(step * power for step in _STEPS if step * power >= wanted * (1 - 1e-9))


class Plot(QFrame):
    """Some lines over the last minutes. Empty until `build`; what is shown before is kept.

    Args:
        lines: how each is drawn, the first below the others.
    """

    def __init__(self, lines: Sequence[Line], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = tuple(lines)
        self._plot: Any = None
        self._curves: list[Any] = []
        self._marks: list[Any] = []
        self._shown: tuple[NDArray[np.float64], NDArray[np.float32], float, float, float | None, bool] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self.setFixedHeight(px(_HEIGHT))

    @property
    def built(self) -> bool:
        """Whether there are lines to be seen."""
        return self._plot is not None

    def build(self) -> None:
        """Import pyqtgraph, unless that is done, and draw what has been shown so far."""
        if self.built:
            return
        import pyqtgraph  # noqa: PLC0415  # see the module

        plot = pyqtgraph.PlotWidget(self, background=None, enableMenu=False)
        item = plot.getPlotItem()
        item.hideButtons()
        item.setContentsMargins(0, 0, 0, 0)
        for side in ("left", "bottom"):
            item.hideAxis(side)
        view = item.getViewBox()
        view.setMouseEnabled(x=False, y=False)
        view.setDefaultPadding(0)
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        plot.setFrameShape(QFrame.Shape.NoFrame)
        palette = plot.palette()  # the view fills itself with the window's colour, whatever its background
        palette.setColor(QPalette.ColorRole.Window, QColor(0, 0, 0, 0))
        plot.setPalette(palette)
        plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        floor, top, limit = (pyqtgraph.InfiniteLine(angle=0, movable=False) for _ in range(3))
        scale = pyqtgraph.TextItem(anchor=(0, 0))
        self._marks = [floor, top, limit, scale]
        for mark in self._marks:
            mark.setVisible(False)  # until there are figures they would stand for nothing
            plot.addItem(mark, ignoreBounds=True)
        self._curves = [plot.plot(antialias=False, connect="finite") for _ in self._lines]
        self._plot = plot
        self._box.addWidget(plot)
        self._dress()
        self._draw()

    def show_lines(
        self,
        ages_s: NDArray[np.float64],
        values: NDArray[np.float32],
        *,
        seconds: float,
        top: float,
        limit: float | None = None,
        over: bool = False,
    ) -> None:
        """Draw values over time.

        Args:
            ages_s: (N,) seconds before now, falling.
            values: (N, lines); NaN leaves a gap.
            seconds: how far back the graph reaches.
            top: of its scale.
            limit: a dashed line across; None, or over the top: none.
            over: the limit is not kept: its line asks for attention.
        """
        self._shown = (ages_s, values, seconds, top, limit, over)
        if self.built:
            self._draw()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow theme and text scale."""
        if event.type() in _LOOKS_OTHERWISE:
            self.setFixedHeight(px(_HEIGHT))
            if self.built:
                self._dress()
                self._draw()
        super().changeEvent(event)

    def _draw(self) -> None:
        if self._shown is None:
            return
        ages, values, seconds, top, limit, broken = self._shown
        self._plot.setXRange(-seconds, 0, padding=0)
        self._plot.setYRange(0, top * 1.04, padding=0)
        for curve, column in zip(self._curves, values.T, strict=True):
            curve.setData(-ages, column)
        _floor, roof, over, scale = self._marks
        for mark in self._marks:
            mark.setVisible(True)
        roof.setValue(top)
        over.setVisible(limit is not None and limit <= top)
        over.setValue(limit or 0)
        colour = tokens().needs_you if broken else tokens().faint
        over.setPen(_pen(colour, Qt.PenStyle.DashDotLine, self.devicePixelRatioF()))
        scale.setText(f"{top:g}")
        scale.setPos(-seconds, top)

    def _dress(self) -> None:
        look, ratio = tokens(), self.devicePixelRatioF()
        for curve, line in zip(self._curves, self._lines, strict=True):
            curve.setPen(_pen(getattr(look, line.colour), line.style, ratio))
        floor, roof, _over, scale = self._marks
        for mark in (floor, roof):
            mark.setPen(_pen(look.line, Qt.PenStyle.SolidLine, ratio))
        scale.setFont(font(10))
        scale.setColor(QColor(look.dim))


def _pen(colour: str, style: Qt.PenStyle, ratio: float) -> QPen:
    """One logical pixel wide, which is `ratio` of the screen's; thicker ones are drawn several times slower."""
    pen = QPen(QColor(colour), max(round(ratio), 1), style)
    pen.setCosmetic(True)
    return pen
