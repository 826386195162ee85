"""The Models page: models on the left; on the right what the chosen one really runs on, and how fast it could be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from console.catalog.catalog import Catalog
from console.errors import SightdeskError
from console.health.runtimes import RuntimeFound, survey
from console.ui.actions import Actions
from console.ui.figures import figures_of
from console.ui.jobs import Job
from console.ui.models_page import choosing, measuring
from console.ui.models_page.facts import alarm, device_facts, model_facts, running_facts
from console.ui.models_page.layout import ModelsLayout
from console.ui.models_page.listing import ModelLine, held_names, model_lines
from console.ui.models_page.table import Row, running_variants, variant_of
from console.ui.running_models import models_of
from console.ui.workplace import Workplace
from models.words import _, ngettext

_LOOK_MS = 500
_MEASURED = "models measured"
_KEPT_ROWS = 60


class ModelsPage(QWidget):
    """Choose, measure, activate, roll back, get.

    Attributes:
        view: the widgets.
        catalog: where models come from; the home's own by default.
    """

    _row_came = Signal(str, object)

    def __init__(self, workplace: Workplace, catalog: Catalog | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workplace = workplace
        self.catalog = catalog or Catalog(workplace.home.models, workplace.home.clips)
        self._held: frozenset[str] = frozenset()
        self._found: list[RuntimeFound] = []
        self._looked = self._knows = False
        self._wanted_early = False
        self._lines: list[ModelLine] = []
        self._job: Job | None = None
        self._measured_model = ""
        self._truth: Path | None = None
        self.view = ModelsLayout()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.view)
        self.setFocusProxy(self.view.models)
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._connect()
        self._refresh()

    def bind(self, actions: Actions) -> None:
        """Give the entries of the table their effect."""
        work: Mapping[str, Callable[[], object]] = {
            "model.measure": self.measure,
            "model.activate": self.activate,
            "model.back": self.roll_back,
            "model.get": self.get,
        }
        for name, effect in work.items():
            actions.bind(name, effect, self)
        view = self.view
        buttons = {"measure": view.measure, "activate": view.activate, "back": view.back, "get": view.get}
        for name, button in buttons.items():
            actions.follow(button, f"model.{name}")

    @property
    def chosen(self) -> ModelLine | None:
        """The chosen model."""
        name = self.view.models.chosen
        return next((line for line in self._lines if line.name == name), None)

    def measure(self) -> None:
        """Measure the chosen model on every device here; a second time while it measures: cancel."""
        line = self.chosen
        if line is None or self._job is not None:
            return
        if not (line.here or line.served):
            if not self._knows:  # the look at the disk is not back yet
                self._wanted_early = True
                return
            self._workplace.notices.say(_("{model} is not here yet; get it first.").format(model=line.shown))
            return
        argv = measuring.command(line.name, self._workplace.home.path, self._truth)
        model = self._measured_model = line.name
        self._keep(model, None)
        self._job = self._workplace.jobs.start(
            _("Measuring {model}").format(model=line.shown),
            lambda job: measuring.measure(job, argv, lambda row: self._row_came.emit(model, row)),
            failed=self._workplace.notices.error,
        )
        self._job.changed.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)
        self._job.ended.connect(self._measured)
        self._refresh_right()

    def activate(self) -> None:
        """Have the chosen row's variant run."""
        line, row = self.chosen, self.view.table.chosen()
        if line is None:
            return
        if row is None:
            self._workplace.notices.say(_("Measure the model first, then choose a row."))
            return
        if "error" in row:
            self._workplace.notices.say(_("This variant can't run here: {why}").format(why=row["error"]["what"]))
            return
        self._try(lambda: self._activate(line, row))

    def _activate(self, line: ModelLine, row: Row) -> None:
        variant = variant_of(row)
        words = choosing.words(line.shown, variant)
        outcome = choosing.activate(self._workplace, line, variant)
        if outcome == "":
            self._workplace.notices.say(_("{words} is active already.").format(words=words))
        elif outcome == "activated":
            self._workplace.notices.say(_("Activated {words}; what ran goes on until it is ready.").format(words=words))

    def roll_back(self) -> None:
        """Go back to what ran before the last activation."""
        self._try(self._roll_back)

    def _roll_back(self) -> None:
        if not choosing.roll_back(self._workplace):
            self._workplace.notices.say(_("There is nothing to roll back to."))

    def get(self) -> None:
        """Fetch the chosen model from the catalogue's sources."""
        line = self.chosen
        if line is None or line.here or line.own:
            return

        def work(job: Job) -> str:
            self.catalog.pull(line.name, job.report, job.cancelled)
            return line.name

        self._workplace.jobs.start(_("Getting {model}").format(model=line.shown), work, self._got)

    def _got(self, name: str) -> None:
        self._held |= {name}
        self._refresh()

    def choose_truth(self) -> None:
        """Ask for a COCO file to measure AP with."""
        words = _("Pictures with their truth (COCO JSON)")
        chosen, _filter = QFileDialog.getOpenFileName(self, words, "", "COCO (*.json)")
        self._truth = Path(chosen) if chosen else None
        self.view.show_truth(self._truth)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Look at the hardware and the models, once, when somebody looks at the page."""
        super().showEvent(event)
        self._timer.start()
        self.view.machine.build()
        if not self._looked:
            self._looked = True
            self._workplace.jobs.start(
                _("Looking at models and devices"), lambda _job: (held_names(self.catalog), survey()), self._take_look
            )
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  # Qt's name
        """Nobody looks."""
        super().hideEvent(event)
        self._timer.stop()

    def _take_look(self, found: tuple[frozenset[str], list[RuntimeFound]]) -> None:
        self._held, self._found = found
        self._knows = True
        self.view.devices.show_facts(device_facts(self._found))
        self._refresh()
        if self._wanted_early:
            self._wanted_early = False
            self.measure()

    # What it shows

    def _connect(self) -> None:
        view, workplace = self.view, self._workplace
        view.models.chosen_changed.connect(lambda _name: self._refresh_right())
        view.measure.clicked.connect(self.measure)
        view.cancel.clicked.connect(self._cancel)
        view.activate.clicked.connect(self.activate)
        view.back.clicked.connect(self.roll_back)
        view.get.clicked.connect(self.get)
        view.truth.clicked.connect(self.choose_truth)
        view.table.wanted.connect(self.activate)
        view.table.itemSelectionChanged.connect(self._show_buttons)
        view.loading.cancelled.connect(lambda: models_of(workplace.site).cancel_loading())
        workplace.settings_changed.connect(lambda _settings: self._refresh())
        self._row_came.connect(self._keep, Qt.ConnectionType.QueuedConnection)
        figures_of(workplace).pulled.connect(self._show_machine)

    def _ran(self) -> dict[str, list[dict[str, Any]]]:
        """What really runs, by camera."""
        models = models_of(self._workplace.site)
        return {camera_id: models.ran(camera_id) for camera_id in self._workplace.site.cameras}

    def _look(self) -> None:
        """Twice a second while somebody looks: models come and go, and are loaded."""
        self.view.loading.show_loading(models_of(self._workplace.site).loading)
        lines = self._list()
        if lines != self._lines:
            self._refresh()
        else:
            self._show_running()

    def _list(self) -> list[ModelLine]:
        return model_lines(self.catalog, self._held, self._workplace.settings, self._ran())

    def _refresh(self) -> None:
        self._lines = self._list()
        self.view.models.show_models(self._lines)
        self._refresh_right()

    def _refresh_right(self) -> None:
        line = self.chosen
        if line is None:
            return
        self.view.show_model(line)
        self._show_rows(line)
        self._show_running()
        self._show_buttons()

    def _show_running(self) -> None:
        line = self.chosen
        if line is None:
            return
        models, ran = models_of(self._workplace.site), self._ran()
        mine = [stage for stages in ran.values() for stage in stages if stage["model"] == line.shown]
        different = [stage for number, stage in enumerate(mine) if stage not in mine[:number]]
        trouble = next((models.trouble(c) for c, stages in ran.items() for s in stages if s["model"] == line.shown), "")
        self.view.show_running(running_facts(different), model_facts(line))
        self.view.alarm.show_alarm(*alarm(different, trouble))

    def _show_rows(self, line: ModelLine) -> None:
        known = self._known().get(line.name, {})
        rows = known.get("rows", [])
        running = [stage for stages in self._ran().values() for stage in stages if stage["model"] == line.shown]
        self.view.table.show_rows(rows, running_variants(rows, running, choosing.precision(self._workplace, line)))
        busy = self._job is not None and self._measured_model == line.name
        self.view.show_measured(str(known.get("at", "")), count=len(rows), busy=busy)

    def _show_buttons(self) -> None:
        line, row = self.chosen, self.view.table.chosen()
        ready = line is not None and (line.here or line.served)
        known = choosing.before(self._workplace)
        self.view.show_buttons(
            measuring=self._job is not None,
            ready=ready,
            can_get=line is not None and not ready and not line.own,
            can_activate=ready and row is not None and "error" not in row,
            before=choosing.before_words(known) if known else "",
        )

    def _show_machine(self) -> None:
        if self.isVisible():
            self.view.machine.show_use(figures_of(self._workplace).used)

    def _show_progress(self) -> None:
        job = self._job
        if job is None:
            return
        words = (
            _("{n} of {of}: {what}").format(n=min(job.done + 1, job.of), of=job.of, what=job.words) if job.of else ""
        )
        self.view.show_progress(job.done, job.of, words)

    # What was measured

    def _known(self) -> dict[str, Any]:
        return dict(self._workplace.state.get(_MEASURED, {}))

    def _keep(self, model: str, row: Row | None) -> None:
        """Remember a row; None begins anew."""
        known = self._known()
        now = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "rows": []}
        rows = [] if row is None else [*known.get(model, now)["rows"], dict(row)][-_KEPT_ROWS:]
        self._workplace.state.set(_MEASURED, known | {model: now | {"rows": rows}})
        line = self.chosen
        if line is not None and line.name == model:
            self._show_rows(line)
            self._show_buttons()

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _measured(self) -> None:
        job, self._job = self._job, None
        rows = self._known().get(self._measured_model, {}).get("rows", [])
        if job is not None and job.cancelled.is_set():
            n = len(rows)
            self._workplace.notices.say(
                ngettext("Stopped; {n} variant was measured.", "Stopped; {n} variants were measured.", n).format(n=n)
            )
        self._refresh_right()

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except SightdeskError as error:
            self._workplace.notices.error(error)
        self._show_buttons()
