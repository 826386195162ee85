"""The graphs of one camera: frames a second, and latency by stage, with the figures of now in words above the lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from models.words import _, ngettext
from widgets.combo import tell_whole
from widgets.figure import Figure, parts
from widgets.plot import Line, Plot, nice_top
from widgets.theme import px

IN = Line(Qt.PenStyle.SolidLine, "dim")
INFERRED = Line(Qt.PenStyle.DashLine, "accent")
P50 = Line(Qt.PenStyle.DotLine, "dim")
P95 = Line(Qt.PenStyle.DashLine, "accent")
P99 = Line(Qt.PenStyle.SolidLine, "text")

_LEAST_FPS, _LEAST_MS = 10.0, 20.0
UNKNOWN = "-"


class _Card(QFrame):
    """A raised card: figures with samples of their lines, the unit once, the lines below."""

    def __init__(self, lines: Sequence[Line], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._figures = [Figure(line=(line.style, line.colour), size=12) for line in lines]
        self._unit = Figure(size=12)
        self._plot = Plot(lines)
        self._head = QHBoxLayout()
        self._head.setSpacing(px(6))  # three figures of four digits stand side by side
        for figure in self._figures:
            self._head.addWidget(figure)
        self._head.addStretch(1)
        self._head.addWidget(self._unit)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(px(10), px(8), px(10), px(8))
        self._box.setSpacing(px(6))
        self._box.addLayout(self._head)
        self._box.addWidget(self._plot)

    def build(self) -> None:
        """Draw lines from now on; the first graph of the program takes a third of a second to come."""
        self._plot.build()

    @property
    def built(self) -> bool:
        """Whether lines are drawn."""
        return self._plot.built

    def _describe(self, unit: str, now: Mapping[str, str], minutes: int, values: NDArray[np.float32]) -> None:
        """Say in words what the lines show."""
        figures = ", ".join(f"{key} {value}" for key, value in now.items())
        words = [_("Now {figures} {unit}.").format(figures=figures, unit=unit)]
        if values.size and not np.isnan(values).all():
            span = ngettext("In the last minute", "In the last {n} minutes", minutes).format(n=minutes)
            low, high = float(np.nanmin(values)), float(np.nanmax(values))
            words.append(_("{span} between {low} and {high}.").format(span=span, low=f"{low:.1f}", high=f"{high:.1f}"))
        self.setAccessibleDescription(" ".join(words))


class RateGraph(_Card):
    """Frames a second that come in and that are inferred."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__((IN, INFERRED), parent)
        self.setAccessibleName(_("Frames a second"))
        self._head.removeWidget(self._unit)
        self._box.insertWidget(0, self._unit)
        self._unit.show_parts([(_("Frames a second"), False)])

    def show_rates(
        self, now: tuple[float, float] | None, ages_s: NDArray[np.float64], values: NDArray[np.float32], minutes: int
    ) -> None:
        """Show the camera's rates.

        Args:
            now: frames a second in and inferred; None: not running.
            ages_s: (N,) seconds before now, falling.
            values: (N, 2) frames a second in and inferred, NaN where unknown.
            minutes: how far back the graph reaches.
        """
        came, inferred = (f"{now[0]:.1f}", f"{now[1]:.1f}") if now else (UNKNOWN, UNKNOWN)
        self._figures[0].show_parts(parts(_("in {value}"), {"value": came}))
        self._figures[1].show_parts(parts(_("inferred {value}"), {"value": inferred}))
        top = nice_top(float(np.nanmax(values, initial=0.0)) if values.size else 0.0, _LEAST_FPS)
        self._plot.show_lines(ages_s, values, seconds=60.0 * minutes, top=top)
        self._describe(_("frames/s"), {_("in"): came, _("inferred"): inferred}, minutes, values)


class LatencyGraph(_Card):
    """Latency of a stage: half, 95 and 99 of 100 results were faster.

    Signals:
        stage_picked: the key of the stage an operator wants to see.
    """

    stage_picked = Signal(str)

    def __init__(self, stages: Sequence[tuple[str, str, str]], parent: QWidget | None = None) -> None:
        """`stages`: key, words and a sentence of explanation, the first one shown at first."""
        super().__init__((P50, P95, P99), parent)
        self.setAccessibleName(_("Latency"))
        self._stages = QComboBox()
        self._stages.setAccessibleName(_("Latency of which stage"))
        self._stages.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._stages.setMinimumContentsLength(10)
        for number, (key, words, sentence) in enumerate(stages):
            self._stages.addItem(words, key)
            self._stages.setItemData(number, sentence, Qt.ItemDataRole.ToolTipRole)
        tell_whole(self._stages)
        self._stages.activated.connect(lambda _number: self.stage_picked.emit(self.stage))
        self._head.removeWidget(self._unit)
        row = QHBoxLayout()
        row.setSpacing(px(12))
        row.addWidget(self._stages, 1)
        row.addWidget(self._unit)
        self._box.insertLayout(0, row)

    @property
    def stage(self) -> str:
        """The key of the stage that is shown."""
        return str(self._stages.currentData())

    def choose(self, stage: str) -> None:
        """Show a stage without telling anybody; one that is not there is ignored."""
        place = self._stages.findData(stage)
        if place >= 0:
            self._stages.setCurrentIndex(place)

    def show_latency(
        self,
        now_s: tuple[float | None, float | None, float | None],
        ages_s: NDArray[np.float64],
        values_s: NDArray[np.float32],
        minutes: int,
        limit_s: float | None = None,
    ) -> None:
        """Show the stage's latency.

        Args:
            now_s: p50, p95 and p99, seconds; None: no result lately.
            ages_s: (N,) seconds before now, falling.
            values_s: (N, 3) seconds, NaN where unknown.
            minutes: how far back the graph reaches.
            limit_s: what it should stay under; None where the stage alone has no limit.
        """
        figures = [milliseconds(seconds) for seconds in now_s]
        names = ("p50", "p95", "p99")
        for figure, name, value in zip(self._figures, names, figures, strict=True):
            figure.show_parts([(f"{name} ", False), (value, True)])
        unit = _("ms of {limit}").format(limit=milliseconds(limit_s)) if limit_s is not None else _("ms")
        self._unit.show_parts([(unit, False)])
        values = values_s * np.float32(1000)
        top = nice_top(float(np.nanmax(values, initial=0.0)) if values.size else 0.0, _LEAST_MS)
        limit = None if limit_s is None else limit_s * 1000
        over = limit_s is not None and now_s[2] is not None and now_s[2] > limit_s
        self._plot.show_lines(ages_s, values, seconds=60.0 * minutes, top=top, limit=limit, over=over)
        self._describe(unit, dict(zip(names, figures, strict=True)), minutes, values)


def milliseconds(seconds: float | None) -> str:
    """Milliseconds as a reader takes them in: whole from 10 on, one decimal below, a hyphen where nothing is known."""
    if seconds is None:
        return UNKNOWN
    ms = seconds * 1000
    return f"{ms:.0f}" if ms >= 9.95 else f"{ms:.1f}"
