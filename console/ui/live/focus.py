"""The focus panel: one camera's figures, what really runs for it, and what it sees."""

from __future__ import annotations

import logging
import threading
import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from console.pipeline.series import LIMIT_S, QUANTILES, STAGES
from console.settings.schema import CameraSettings
from console.ui.figures import figures_of
from console.ui.live import focus_facts
from console.ui.status import standing
from console.ui.workplace import Workplace
from models.words import _
from widgets.facts import CountTable, FactList
from widgets.figure import Figure
from widgets.graphs import LatencyGraph, RateGraph
from widgets.scrolled import Scrolled
from widgets.segments import Segments
from widgets.status_strip import MARKS, Kind
from widgets.theme import px
from widgets.tile_state import TileState

log = logging.getLogger(__name__)

MINUTES = (1, 10, 60)
_WIDTH = 300


class _Warmup:
    """Imports pyqtgraph on a thread of its own, so that the screen does not stand still for it."""

    def __init__(self) -> None:
        self.done = threading.Event()
        threading.Thread(target=self._run, name="graphs", daemon=True).start()

    def _run(self) -> None:
        try:
            import pyqtgraph  # noqa: F401, PLC0415
        except Exception:  # the thread's outermost frame: `build` will say it again where it is seen
            log.exception("graphs can't be drawn")
        self.done.set()


class StateNote(QFrame):
    """How a camera stands when all is not well: mark and word, the sentence, and one way on.

    Signals:
        way_on: its button was pressed.
    """

    way_on = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "raised")
        self._word, self._sentence, self._way = QLabel(), QLabel(), QPushButton()
        self._word.setWordWrap(True)
        self._sentence.setWordWrap(True)
        self._way.clicked.connect(self.way_on)
        self._state: TileState | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(px(10), px(8), px(10), px(8))
        box.setSpacing(px(6))
        box.addWidget(self._word)
        box.addWidget(self._sentence)
        box.addWidget(self._way, 0, Qt.AlignmentFlag.AlignLeft)

    def show_state(self, state: TileState) -> None:
        """Show a state; one without a sentence hides the note."""
        if state == self._state:
            return
        self._state = state
        kind: Kind = "stopped" if state.stopped else "needs you" if state.needs_you else ""
        self._word.setText(MARKS[kind] + state.word)
        self._word.setProperty("role", kind or "heading")
        self._word.style().unpolish(self._word)
        self._word.style().polish(self._word)
        self._sentence.setText(state.sentence)
        self._way.setText(f"{state.way_on}  {state.key}".strip())
        self._way.setAccessibleName(state.way_on)
        self._way.setVisible(bool(state.way_on))
        self._sentence.setVisible(bool(state.sentence))
        self.setAccessibleName(" ".join(filter(None, [state.word, state.sentence])))
        self.setVisible(bool(state.word))


class FocusPanel(QScrollArea):
    """Figures, facts and counts of the camera in focus, refreshed twice a second while it is seen.

    Args:
        workplace: where everything comes from.

    Signals:
        way_on: the camera whose way on was pressed; the same as `way_on` of its tile.
    """

    way_on = Signal(str)

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self._workplace = workplace
        self._figures = figures_of(workplace)
        self._camera_id: str | None = None
        self._warmup: _Warmup | None = None
        self._title, self._hint = Figure(size=15), QLabel()
        self._span = Segments(_("Time span"), [(m, str(m), _("{n} min").format(n=m)) for m in MINUTES])
        self._span.choose(workplace.state.get("focus minutes", MINUTES[0]))
        self._note = StateNote()
        self._rates = RateGraph()
        self._latency = LatencyGraph([(key, _(words), _(why)) for key, words, why in focus_facts.STAGES])
        self._latency.choose(workplace.state.get("focus stage", STAGES[0]))
        self._facts, self._counts = FactList(), CountTable()
        self._lay_out()
        self._span.picked.connect(self._pick_span)
        self._latency.stage_picked.connect(self._pick_stage)
        self._note.way_on.connect(self._take_way)
        self._figures.pulled.connect(self._pulled)
        workplace.settings_changed.connect(self.refresh)
        self.show_camera(None)

    def _lay_out(self) -> None:
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(px(_WIDTH))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # or what is below the edge can't be read by keyboard
        self.setProperty("role", "scrolled")
        page = Scrolled()
        page.setProperty("role", "page")
        self._hint.setProperty("role", "dim")
        self._hint.setWordWrap(True)
        seen = QLabel(_("Seen"))
        seen.setProperty("role", "heading")
        minutes = QLabel(_("min"))
        minutes.setProperty("role", "small")
        head = QHBoxLayout()
        head.setSpacing(px(6))
        head.addWidget(self._title, 1)
        head.addWidget(self._span)
        head.addWidget(minutes)
        box = QVBoxLayout(page)
        box.setContentsMargins(px(12), px(8), px(12), px(8))
        box.setSpacing(px(8))
        box.addLayout(head)
        box.addWidget(self._hint)
        self._body = [self._note, self._rates, self._latency, self._facts, seen, self._counts]
        for widget in self._body:
            if widget is seen:
                box.addSpacing(px(4))
            box.addWidget(widget)
        self._of_camera = [self._rates, self._latency, self._facts, seen, self._counts, self._span, minutes]
        box.addStretch(1)
        self.setWidget(page)

    @property
    def camera_id(self) -> str | None:
        """The camera that is shown."""
        return self._camera_id

    def show_camera(self, camera_id: str | None) -> None:
        """Focus on a camera; None: on none."""
        self._camera_id = camera_id
        self.refresh()

    def refresh(self) -> None:
        """Show how the camera stands now."""
        camera = self._camera()
        for widget in self._of_camera:
            widget.setVisible(camera is not None)
        self._hint.setVisible(camera is None)
        if camera is None:
            self._hint.setText(_("Choose a camera to see its figures here."))
            self._title.show_parts([(_("No camera chosen"), True)])
            self._note.hide()
            self.setAccessibleName(_("Focus"))
            return
        self._title.show_parts([(camera.title, True)])
        self.setAccessibleName(_("Focus: {camera}").format(camera=camera.title))
        self._note.show_state(standing(self._workplace, camera))
        self._show_graphs(camera.id)
        self._show_facts(camera)

    def showEvent(self, event: object) -> None:  # noqa: N802
        """Catch up with what passed unseen."""
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()

    def _camera(self) -> CameraSettings | None:
        cameras = self._workplace.settings.cameras
        return next((camera for camera in cameras if camera.id == self._camera_id), None)

    def _pulled(self) -> None:
        if not self.isVisible():
            return
        if self._warmup is None:
            self._warmup = _Warmup()
        elif self._warmup.done.is_set() and not self._rates.built:
            self._rates.build()
            self._latency.build()
        self.refresh()

    def _take_way(self) -> None:
        if self._camera_id is not None:
            self.way_on.emit(self._camera_id)

    def _pick_span(self, minutes: object) -> None:
        self._workplace.state.set("focus minutes", minutes)
        self.refresh()

    def _pick_stage(self, stage: str) -> None:
        self._workplace.state.set("focus stage", stage)
        self.refresh()

    def _show_graphs(self, camera_id: str) -> None:
        series, minutes = self._figures.series, int(str(self._span.value))
        now_ns, running = time.monotonic_ns(), self._workplace.site.meter(camera_id) is not None
        current = series.current(camera_id)
        times, values = series.history(camera_id, ("in", "inferred"), minutes)
        rates = (current.fps_in, current.fps_inferred) if running else None
        self._rates.show_rates(rates, (now_ns - times) / 1e9, values, minutes)
        stage = next((known for known in STAGES if known == self._latency.stage), STAGES[0])
        channels = [f"{stage} {quantile}" for quantile, _q in QUANTILES]
        times, values = series.history(camera_id, channels, minutes)
        now = series.latency(camera_id, stage)
        limit = LIMIT_S if stage == STAGES[0] else None
        self._latency.show_latency((now.p50, now.p95, now.p99), (now_ns - times) / 1e9, values, minutes, limit)

    def _show_facts(self, camera: CameraSettings) -> None:
        site, series = self._workplace.site, self._figures.series
        counts, followed = self._figures.tally.counts(camera.id, time.monotonic_ns())
        lane = site.lane(camera.id)
        current = series.current(camera.id)
        facts = focus_facts.running_facts(site.ran(camera.id))
        labels = lane.labels if lane is not None else ()
        facts.append(focus_facts.privacy_fact(camera, self._workplace.settings.privacy, labels))
        facts += focus_facts.picture_facts(lane, current, counts, followed=followed)
        self._facts.show_facts(facts)
        self._counts.show_counts(
            [(row.label, row.now, row.recent) for row in counts],
            recent=_("in 10 min") if followed else _("most at once"),
            empty=_("Nothing in the last 10 minutes."),
        )
