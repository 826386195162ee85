from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from console.health.watchdog import Watchdog
from console.pipeline.meters import CameraMeter, DropCause
from console.pipeline.series import STAGES
from console.settings.home import Home
from console.site.open import open_site
from console.site.running import RunningSite
from console.ui.figures import Figures, figures_of
from console.ui.live import focus_facts
from console.ui.live.focus import FocusPanel
from console.ui.live.mutes import Mutes
from console.ui.status import CAUSES, StatusFeed
from console.ui.workplace import Workplace
from models.states import CameraState, CameraStatus
from models.words import NullTranslations, Pseudo, install
from tests.console.quiet_workplace import CAMERAS, QuietSite, quiet_workplace
from tests.console.test_series import result
from widgets import theme
from widgets.facts import FactList
from widgets.graphs import LatencyGraph, RateGraph
from widgets.status_strip import StatusStrip

LIVE = CameraStatus(CameraState.LIVE)


class PlayedSite(QuietSite):
    """Cameras whose figures the test makes up."""

    def __init__(self) -> None:
        super().__init__()
        self.busy = False
        self.meters: dict[str, CameraMeter] = {}
        self.sinks: list[Any] = []

    def subscribe(self, sink: Any) -> None:
        self.sinks.append(sink)

    def meter(self, camera_id: str) -> CameraMeter | None:  # type: ignore[override]
        return self.meters.get(camera_id)

    def ran(self, camera_id: str) -> list[dict[str, object]]:
        if camera_id not in self.meters:
            return []
        nodes = {"bf16": 149, "f32": 65}
        return [
            {
                "model": "yolox_nano",
                "runtime": "openvino",
                "version": "2026.4",
                "device": "CPU",
                "precision": "bf16",
                "max_in_flight": 2,
                "precisions": nodes,
                "nodes": {},
            }
        ]

    def start(self, *names: str) -> None:
        """Make these cameras live, with figures."""
        self.cameras = names
        for name in names:
            self.states[name] = LIVE
            self.meters[name] = CameraMeter()

    def play(self, figures: Figures, seconds: float, latency_s: float = 0.02) -> None:
        """Let time pass for all of them: 10 frames a second, every second one inferred."""
        begin = time.monotonic_ns() - round(seconds * 1e9)
        for number in range(round(seconds * 10)):
            now = begin + number * 100_000_000
            for meter in self.meters.values():
                meter.came_in(now)
                if number % 2:
                    meter.done(result(number, now, latency_s))
                else:
                    meter.drop("busy")
            if number % 5 == 4:
                figures.series.pull(self.meters, now + 1)
        figures.pull()


@pytest.fixture(autouse=True)
def look(qapp: QApplication) -> Iterator[None]:
    theme.use(qapp, theme.DARK)
    yield
    install(NullTranslations())


@pytest.fixture
def site() -> PlayedSite:
    return PlayedSite()


@pytest.fixture
def workplace(qapp: QApplication, tmp_path: Path, site: PlayedSite) -> Iterator[Workplace]:
    with quiet_workplace(tmp_path, CAMERAS, site) as made:
        yield made
        figures_of(made).close()


def said(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget) and label.text()]


def strip_of(qtbot: QtBot, workplace: Workplace) -> StatusStrip:
    strip = StatusStrip()
    qtbot.addWidget(strip)
    strip.resize(1600, strip.height())
    strip.show()
    strip.feed = StatusFeed(workplace, strip)  # type: ignore[attr-defined]
    return strip


def test_one_series_for_all_pages(workplace: Workplace, site: PlayedSite) -> None:
    assert figures_of(workplace) is figures_of(workplace)
    assert site.sinks == [figures_of(workplace).tally.take]


def test_the_strip_answers_the_shift_leader(qtbot: QtBot, workplace: Workplace, site: PlayedSite) -> None:
    site.start("gate", "yard-east", "road")
    strip = strip_of(qtbot, workplace)
    site.play(figures_of(workplace), 12)
    assert strip._words("cameras") == "4 cameras"
    assert strip._words("attention") == ""
    assert strip._words("latency") == "p99 20 of 100 ms"
    assert strip._words("dropped") in {"dropped 49 %", "dropped 50 %", "dropped 51 %"}  # where the window begins
    assert "a fresher one came first" in strip._figures["dropped"].accessibleDescription()
    assert "Slowest:" in strip._figures["latency"].accessibleDescription()
    assert strip._words("cpu").startswith("CPU ")
    assert strip._words("operator") == "Who sits here?"
    workplace.operator = "Anna"
    assert strip._words("operator") == "operator Anna"
    site.play(figures_of(workplace), 12, latency_s=0.14)
    assert strip._words("latency") == "p99 140 of 100 ms, late"


def test_the_strip_names_who_needs_a_person_one_after_the_other(
    qtbot: QtBot, workplace: Workplace, site: PlayedSite
) -> None:
    site.start("gate", "yard-east", "road")
    site.states["gate"] = CameraStatus(CameraState.FROZEN, "No new picture for 5 s.")
    strip = strip_of(qtbot, workplace)
    assert strip._words("attention") == "1 needs you: Gate is frozen"
    site.states["yard-east"] = CameraStatus(CameraState.FAILED, "No such file.")
    figures_of(workplace).pull()
    assert strip._words("attention") == "2 need you: Yard east has failed"
    assert strip._buttons["attention"].toolTip() == "■ Yard east has failed\n▲ Gate is frozen"
    wanted: list[str] = []
    strip.camera_wanted.connect(wanted.append)
    for _ in range(2):
        qtbot.keyClick(strip._buttons["attention"], Qt.Key.Key_Space)
    assert wanted == ["yard-east", "gate"]
    for name in "gate", "yard-east":
        Mutes(workplace.state).begin(name, 15)
    figures_of(workplace).pull()
    assert strip._words("attention") == ""


def test_what_is_being_started_needs_nobody(qtbot: QtBot, workplace: Workplace, site: PlayedSite) -> None:
    site.busy = True
    strip = strip_of(qtbot, workplace)
    assert strip._words("attention") == ""
    site.busy = False
    figures_of(workplace).pull()
    assert strip._words("attention") == "3 need you: Gate has not started"


def test_the_strip_shows_jobs_with_their_progress(qtbot: QtBot, workplace: Workplace, site: PlayedSite) -> None:
    strip = strip_of(qtbot, workplace)
    go = [False]

    def work(job: Any) -> None:
        job.report(1, 4)
        while not go[0]:
            time.sleep(0.01)

    workplace.jobs.start("Getting yolox_nano", work)
    qtbot.waitUntil(lambda: workplace.jobs.running[0].of == 4)
    figures_of(workplace).pull()
    assert strip._words("jobs") == "Getting yolox_nano 25 %"
    workplace.jobs.start("Importing", work)
    assert strip._words("jobs") == "Getting yolox_nano 25 % and 1 more"
    go[0] = True
    qtbot.waitUntil(lambda: strip._words("jobs") == "")


def test_the_panel_shows_a_camera_and_what_really_runs(qtbot: QtBot, workplace: Workplace, site: PlayedSite) -> None:
    site.start("gate")
    panel = FocusPanel(workplace)
    qtbot.addWidget(panel)
    panel.resize(340, 700)
    panel.show()
    assert "Choose a camera to see its figures here." in said(panel)
    panel.show_camera("gate")
    site.play(figures_of(workplace), 12)
    facts = panel.findChild(FactList)
    assert facts is not None
    assert said(facts)[:8] == [
        "Running on",
        "OpenVINO 2026.4, CPU",
        "Precision",
        "bf16, all 214 nodes on CPU",
        "Model",
        "yolox_nano",
        "Privacy",
        "faces, heads without a sure face, plates: covered, or no picture is kept",
    ]
    rates, latency = panel.findChild(RateGraph), panel.findChild(LatencyGraph)
    assert rates is not None
    assert latency is not None
    assert rates.accessibleDescription().startswith("Now in 10.0, inferred 5.0 frames/s.")
    assert "p99 20 ms of 100" in latency.accessibleDescription()
    qtbot.waitUntil(lambda: rates.built and latency.built, timeout=20_000)
    panel.show_camera("gone")
    assert "Choose a camera to see its figures here." in said(panel)


def test_span_and_stage_are_remembered(qtbot: QtBot, workplace: Workplace, site: PlayedSite) -> None:
    site.start("gate")
    panel = FocusPanel(workplace)
    qtbot.addWidget(panel)
    panel.show_camera("gate")
    panel.show()
    chooser = panel.findChild(QComboBox)
    assert chooser is not None
    for _ in range(4):
        qtbot.keyClick(chooser, Qt.Key.Key_Down)
    qtbot.mouseClick(panel._span._group.button(2), Qt.MouseButton.LeftButton)
    assert workplace.state.get("focus stage") == "infer"
    assert workplace.state.get("focus minutes") == 60
    again = FocusPanel(workplace)
    qtbot.addWidget(again)
    assert (again._latency.stage, again._span.value) == ("infer", 60)
    panel.close()


def test_a_camera_in_trouble_says_so_and_offers_a_way_on(qtbot: QtBot, workplace: Workplace, site: PlayedSite) -> None:
    site.start("gate")
    site.states["gate"] = CameraStatus(CameraState.RECONNECTING, "It refuses the connection.", 2.0)
    panel = FocusPanel(workplace)
    qtbot.addWidget(panel)
    panel.show_camera("gate")
    assert "■ reconnecting in 2 s" in said(panel)
    assert "It refuses the connection." in said(panel)
    way = next(b for b in panel.findChildren(QPushButton) if b.accessibleName() == "Change the camera")
    with qtbot.waitSignal(panel.way_on) as wanted:
        qtbot.mouseClick(way, Qt.MouseButton.LeftButton)
    assert wanted.args == ["gate"]
    panel.show_camera("line-1")
    assert "off" in said(panel)
    site.states["gate"] = LIVE
    panel.show_camera("gate")
    assert not panel._note.isVisibleTo(panel)
    Mutes(workplace.state).begin("gate", 30)
    panel.refresh()
    until = datetime.now(UTC).astimezone() + timedelta(minutes=30)
    assert any(words.startswith("muted until") and f"{until:%H:}" in words for words in said(panel))


@pytest.mark.parametrize("pseudo", [False, True])
def test_every_control_has_a_name_and_nothing_is_wider_than_the_panel(
    qtbot: QtBot, workplace: Workplace, site: PlayedSite, pseudo: bool
) -> None:
    if pseudo:
        install(Pseudo())
    site.start("gate")
    site.states["gate"] = CameraStatus(CameraState.FAILED, "No such file.")
    panel = FocusPanel(workplace)
    qtbot.addWidget(panel)
    panel.resize(300, 700)
    panel.show()
    panel.show_camera("gate")
    QApplication.processEvents()
    for child in panel.findChildren(QWidget):
        if child.focusPolicy() & Qt.FocusPolicy.TabFocus and child.isVisibleTo(panel):
            inner = child.objectName().startswith("qt_") or child.metaObject().className().startswith("QScrollBar")
            assert inner or child.accessibleName(), child
    page = panel.widget()
    assert page.width() <= panel.viewport().width()
    for child in page.findChildren(QWidget):
        if child.isVisibleTo(page) and child.parent() is page:
            assert child.geometry().right() <= page.width()


def test_every_cause_and_every_stage_has_words() -> None:
    assert set(CAUSES) == set(get_args(DropCause))
    assert [key for key, _, _ in focus_facts.STAGES] == list(STAGES)


def test_a_provider_that_took_only_some_nodes_is_seen() -> None:
    ran = {
        "model": "m",
        "runtime": "onnxruntime",
        "version": "1.26",
        "device": "CUDA:0",
        "precision": "f32",
        "precisions": {},
        "nodes": {"CUDAExecutionProvider": 200, "CPUExecutionProvider": 14},
    }
    facts = {fact.name: fact.value for fact in focus_facts.running_facts([ran])}
    assert facts["Precision"] == "f32, nodes: 200 CUDA, 14 CPU"
    assert facts["Running on"] == "ONNX Runtime 1.26, CUDA:0"
    assert focus_facts.running_facts([])[0].value == "nothing yet"


@pytest.mark.shared
def test_a_real_camera_with_a_real_model(qtbot: QtBot, shared: Path, tmp_path: Path) -> None:
    text = (
        f"inference: {{model: {shared}/models/yolox_nano.onnx}}\n"
        f"cameras:\n  - {{id: yard, name: Yard east, source: {shared}/media/vtest.avi, loop: true}}\n"
    )
    site = RunningSite(open_site(Home.look(tmp_path / "home"), Watchdog()))
    with quiet_workplace(tmp_path, text, site) as workplace:
        panel = FocusPanel(workplace)
        qtbot.addWidget(panel)
        strip = strip_of(qtbot, workplace)
        panel.show_camera("yard")
        panel.show()
        applied = site.apply(workplace.settings)
        figures = figures_of(workplace)
        try:
            qtbot.waitUntil(lambda: figures.series.latency("yard").n > 20, timeout=60_000)
            qtbot.waitUntil(lambda: any(row[0] == "person" for row in _counts(figures)), timeout=60_000)
            applied.result(10)
            assert "yolox_nano" in said(panel)
            assert "person" in said(panel)
            assert "p99 " in strip._words("latency")
            assert figures.series.current("yard").fps_in == pytest.approx(10, abs=2)
        finally:
            figures.close()
            assert site.close() == []


def _counts(figures: Figures) -> list[tuple[str, int]]:
    return [(row.label, row.recent) for row in figures.tally.counts("yard", time.monotonic_ns())[0] if row.recent]
