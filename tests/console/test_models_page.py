"""The Models page: what runs really, measured in a process of its own, activated and rolled back in one action each."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from backends.base import Device
from console.catalog.catalog import Catalog
from console.health.runtimes import RuntimeFound
from console.pipeline.loading import Loading
from console.settings.schema import Settings
from console.ui.figures import figures_of
from console.ui.models_page import choosing, measuring
from console.ui.models_page import page as page_module
from console.ui.models_page.facts import NAMED, alarm, device_facts, model_facts
from console.ui.models_page.listing import ModelLine, model_lines, named, running_name
from console.ui.models_page.page import ModelsPage
from console.ui.models_page.table import running_variants
from console.ui.notices import Notice
from console.ui.workplace import Workplace
from models import words
from tests.console.clipping import faults
from tests.console.quiet_workplace import QuietSite, quiet_workplace

SETTINGS = """\
inference:
  model: yolox_nano   # the site's own
cameras:
  - {id: gate, name: Gate, source: a.mp4}
  - {id: yard, name: Yard, source: b.mp4}
"""


def ran(runtime: str = "openvino", device: str = "CPU", precision: str = "bf16", **more: Any) -> dict[str, Any]:
    return {
        "model": "yolox_nano",
        "runtime": runtime,
        "version": "1.2",
        "asked": device,
        "device": device,
        "precision": precision,
        "max_in_flight": 2,
        "max_batch": 1,
        "precisions": {precision: 10},
        "nodes": {device: 10},
        "astray": 0,
        "astray_nodes": [],
        "fell_back": "",
    } | more


def row(runtime: str, precision: str, fps: float, really: str = "", **more: Any) -> dict[str, Any]:
    return {
        "runtime": runtime,
        "device": "CPU",
        "precision": precision,
        "ran": ran(runtime, precision=really or precision),
        "fps": fps,
        "latency_ms": {"p50": 1.0, "p95": 2.0, "p99": 1000 / fps},
        "memory_mb": {"loaded": 1.0, "peak": 5.0},
        "agreement": 0.99,
    } | more


ROWS = [
    row("openvino", "f32", 50.0),
    row("openvino", "default", 100.0, really="bf16"),
    row("onnxruntime", "f32", 75.0),
    {"runtime": "onnxruntime", "device": "CUDA", "precision": "f32", "error": {"what": "No GPU.", "hint": "Buy one."}},
]


class ModelSite(QuietSite):
    """A site whose models are what a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.cameras = ("gate", "yard")
        self.models: dict[str, list[dict[str, Any]]] = {"gate": [ran()], "yard": [ran()]}
        self.loading: tuple[Loading, ...] = ()
        self.troubles: dict[str, str] = {}
        self.cancelled = 0

    def ran(self, camera_id: str) -> list[dict[str, Any]]:
        return self.models.get(camera_id, [])

    def trouble(self, camera_id: str) -> str:
        return self.troubles.get(camera_id, "")

    def cancel_loading(self) -> None:
        self.cancelled += 1

    def subscribe(self, _sink: object) -> None:
        pass


@pytest.fixture
def site() -> ModelSite:
    return ModelSite()


@pytest.fixture
def workplace(qtbot, tmp_path: Path, site: ModelSite) -> Iterator[Workplace]:
    with quiet_workplace(tmp_path, SETTINGS, site) as made:
        yield made
        figures_of(made).close()


@pytest.fixture
def notices(workplace: Workplace) -> list[Notice]:
    said: list[Notice] = []
    workplace.notices.shown.connect(said.append)
    return said


@pytest.fixture
def page(qtbot, workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> ModelsPage:
    monkeypatch.setattr(page_module, "survey", lambda: FOUND)
    made = ModelsPage(workplace, Catalog(workplace.home.models, workplace.home.clips, mirrors=[]))
    monkeypatch.setattr(page_module, "held_names", lambda _catalog: frozenset({"yolox_nano"}))
    qtbot.addWidget(made)
    made.resize(1180, 660)
    made.show()
    qtbot.waitUntil(lambda: made._found == FOUND)
    return made


FOUND = [
    RuntimeFound("openvino", "openvino", "2026.4", plug_in=False, devices=(Device("CPU", "A processor"),)),
    RuntimeFound(
        "onnxruntime",
        "onnxruntime",
        "1.3",
        plug_in=False,
        devices=(
            Device("CPU", "CPUExecutionProvider"),
            Device("CUDA", "", available=False, why="No driver: install it."),
            Device("TENSORRT", "", available=False, why="No driver: install it."),
        ),
    ),
    RuntimeFound("toy", "toy-pkg", "0.1", plug_in=True, devices=(), what="It is broken.", hint="Reinstall it."),
]


def measured(page: ModelsPage, workplace: Workplace) -> None:
    """As if the chosen model had been measured."""
    for made in ROWS:
        page._keep("yolox_nano", made)


def choose(page: ModelsPage, runtime: str, precision: str) -> None:
    table = page.view.table
    for index in range(table.topLevelItemCount()):
        item = table.topLevelItem(index)
        assert item is not None
        table.setCurrentItem(item)
        chosen = table.chosen()
        assert chosen is not None
        if (chosen["runtime"], chosen["precision"]) == (runtime, precision):
            return
    pytest.fail(f"no row {runtime} {precision}")


def shown(page: ModelsPage) -> str:
    return "\n".join(f"{fact.name}: {fact.value}" for fact in page.view.running._shown)


def test_it_says_what_really_runs(page: ModelsPage, site: ModelSite) -> None:
    assert page.chosen is not None
    assert page.chosen.name == "yolox_nano"
    assert page.chosen.cameras == ("Gate", "Yard")
    assert "Runs on: OpenVINO 1.2, CPU" in shown(page)
    assert "Used by: Gate, Yard" in shown(page)
    site.models["yard"] = [ran("onnxruntime", precision="f32")]
    page._look()
    assert "OpenVINO 1.2, CPU" in shown(page)
    assert "ONNX Runtime 1.2, CPU" in shown(page)
    page.view.models.setCurrentRow(1)
    assert not page.view._idle.isHidden()


def test_nodes_astray_are_an_alarm_with_names_to_copy(page: ModelsPage, site: ModelSite) -> None:
    assert page.view.alarm.words == ""
    names = [f"/stage{number}/Resize" for number in range(9)]
    site.models["gate"] = [ran("onnxruntime", "CUDA", "f32", astray=9, astray_nodes=names)]
    page._look()
    assert "▲ 9 nodes run on the CPU" in page.view.alarm.words
    assert "/stage0/Resize" in page.view.alarm.words
    page.view.alarm._copy.click()
    assert all(name in QGuiApplication.clipboard().text() for name in names)
    site.models["gate"] = [ran()]
    page._look()
    assert page.view.alarm.words == ""


def test_trouble_comes_before_a_fall_back_and_that_before_nodes() -> None:
    stage = ran(astray=1, astray_nodes=["a"], fell_back="asked openvino on GPU: lost")
    assert alarm([stage], "The device was lost.")[1] == "The device was lost."
    assert alarm([stage], "")[1] == "asked openvino on GPU: lost"
    assert "1 node runs" in alarm([stage | {"fell_back": ""}], "")[0]
    assert alarm([ran()], "") == ("", "", "")


def test_devices_say_why_not_and_the_way_out(page: ModelsPage) -> None:
    facts = {fact.name: fact.value for fact in page.view.devices._shown}
    assert facts["OpenVINO"] == "● CPU  A processor"
    assert facts["ONNX Runtime"] == "● CPU\n○ CUDA, TENSORRT: No driver: install it."
    assert facts["toy"] == "○ It is broken. Reinstall it."
    assert "plug-in" in device_facts(FOUND)[2].tip


def test_activate_and_roll_back_are_one_action_each(
    page: ModelsPage, workplace: Workplace, site: ModelSite, notices: list[Notice]
) -> None:
    measured(page, workplace)
    choose(page, "onnxruntime", "f32")
    assert not page.view.back.isEnabled()
    page.view.activate.click()
    now = workplace.settings.inference
    assert (now.model, now.backend, now.precision) == ("yolox_nano", "onnxruntime", "f32")
    assert site.applied[-1].inference == now
    assert "Activated" in notices[-1].what
    assert page.view.back.isEnabled()
    text = workplace.file.path.read_text()
    assert "# the site's own" in text
    page.activate()
    assert "already" in notices[-1].what
    page.view.back.click()
    now = workplace.settings.inference
    assert (now.backend, now.precision) == ("openvino", "default")
    assert not page.view.back.isEnabled()
    page.roll_back()
    assert "nothing to roll back" in notices[-1].what


def test_what_ran_before_is_remembered_and_forgotten_once_it_runs(page: ModelsPage, workplace: Workplace) -> None:
    measured(page, workplace)
    choose(page, "onnxruntime", "f32")
    page.activate()
    assert choosing.before(workplace)["backend"] == "openvino"
    workplace.undo()
    assert choosing.before(workplace) == {}
    workplace.state.set("models before", {"backend": 3})
    assert choosing.before(workplace) == {}


def test_a_variant_that_can_not_run_is_not_activated(
    page: ModelsPage, workplace: Workplace, site: ModelSite, notices: list[Notice]
) -> None:
    page.activate()
    assert "Measure the model first" in notices[-1].what
    measured(page, workplace)
    table = page.view.table
    errors = [i for i in range(table.topLevelItemCount()) if "can't run" in table.topLevelItem(i).text(9)]
    table.setCurrentItem(table.topLevelItem(errors[0]))
    assert not page.view.activate.isEnabled()
    page.activate()
    assert "No GPU" in notices[-1].what
    assert site.applied == []


def test_a_model_that_no_camera_uses_becomes_the_sites(page: ModelsPage, workplace: Workplace) -> None:
    page.view.models.setCurrentRow(1)
    line = page.chosen
    assert line is not None
    assert choosing.changes(workplace, line, ("openvino", "CPU", "default")) == {"model": line.name}


def test_rows_sort_by_figures_and_what_runs_is_by_the_runtimes_word(page: ModelsPage, workplace: Workplace) -> None:
    measured(page, workplace)
    table = page.view.table

    def column(number: int) -> list[str]:
        return [table.topLevelItem(i).text(number) for i in range(table.topLevelItemCount())]

    assert column(3) == ["100.0", "75.0", "50.0", ""]
    assert table.headerItem().text(3) == "Pictures/s ▼"
    table.sortByColumn(5, Qt.SortOrder.AscendingOrder)
    assert column(5)[1:] == ["10.0", "13.3", "20.0"]
    assert [note for note in column(9) if "runs now" in note] == ["● runs now"]
    assert running_variants(ROWS, [ran(precision="f32")], "default") == {("openvino", "CPU", "f32")}
    assert running_variants(ROWS, [ran("onnxruntime", precision="f16")], "default") == set()


def test_loading_is_shown_with_its_time_and_can_be_given_up(page: ModelsPage, site: ModelSite) -> None:
    assert page.view.loading.isHidden()
    begun = time.monotonic() - 3
    site.loading = (Loading("yolox_nano", "openvino", "GPU", "default", begun, 12.0, "compiling"),)
    page._look()
    assert "Loading yolox_nano on OpenVINO GPU: compiling, 3 s, usually 12 s" in page.view.loading.words.text()
    assert page.view.loading.bar.value() == pytest.approx(25, abs=2)
    page.view.loading._cancel.click()
    assert site.cancelled == 1
    site.loading = (Loading("yolox_nano", "openvino", "GPU", "default", begun, None, "finding"),)
    page._look()
    assert page.view.loading.bar.maximum() == 0
    site.loading = ()
    page._look()
    assert page.view.loading.isHidden()


CHILD = """
import json, sys, time
print("a library that talks")
for done in range(int(sys.argv[1])):
    print(json.dumps({"done": done, "of": 2, "words": "openvino CPU"}))
    row = {"runtime": "openvino", "device": "CPU", "precision": ("f32", "default")[done], "fps": 5}
    print(json.dumps({"row": row}))
    sys.stdout.flush()
sys.stderr.write("It is broken.\\n")
time.sleep(float(sys.argv[2]))
"""


def _child(monkeypatch: pytest.MonkeyPatch, rows: int, pause: float) -> None:
    argv = [sys.executable, "-c", CHILD, str(rows), str(pause)]
    monkeypatch.setattr(measuring, "command", lambda *_args: argv)


def test_measuring_brings_rows_as_they_come(
    qtbot, page: ModelsPage, workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _child(monkeypatch, 2, 0)
    page.view.measure.click()
    assert not page.view.measure.isEnabled()
    assert not page.view.cancel.isHidden()
    qtbot.waitUntil(lambda: page._job is None, timeout=20_000)
    assert [r["precision"] for r in page._known()["yolox_nano"]["rows"]] == ["f32", "default"]
    assert page.view.measure.isEnabled()
    assert page.view.cancel.isHidden()


def test_asked_before_it_is_known_what_is_here_it_measures_once_it_is(
    qtbot, page: ModelsPage, monkeypatch: pytest.MonkeyPatch, notices: list[Notice]
) -> None:
    _child(monkeypatch, 2, 0)
    page._held, page._knows = frozenset(), False
    page._refresh()
    page.measure()
    assert not notices
    assert page._job is None
    page._take_look((frozenset({"yolox_nano"}), FOUND))
    assert page._job is not None
    qtbot.waitUntil(lambda: page._job is None, timeout=20_000)
    assert len(page._known()["yolox_nano"]["rows"]) == 2


def test_cancelled_it_keeps_what_was_measured(
    qtbot, page: ModelsPage, monkeypatch: pytest.MonkeyPatch, notices: list[Notice]
) -> None:
    _child(monkeypatch, 1, 60)
    page.measure()
    qtbot.waitUntil(lambda: len(page._known()["yolox_nano"]["rows"]) == 1, timeout=20_000)
    page.view.cancel.click()
    qtbot.waitUntil(lambda: page._job is None, timeout=20_000)
    assert notices[-1].what == "Stopped; 1 variant was measured."
    assert len(page._known()["yolox_nano"]["rows"]) == 1


def test_a_measurement_that_ends_with_nothing_says_why(
    qtbot, page: ModelsPage, monkeypatch: pytest.MonkeyPatch, notices: list[Notice]
) -> None:
    _child(monkeypatch, 0, 0)
    page.measure()
    qtbot.waitUntil(lambda: page._job is None, timeout=20_000)
    assert "It is broken." in notices[-1].what
    assert notices[-1].kind == "stopped"


def test_a_model_that_is_not_here_is_fetched(
    qtbot, page: ModelsPage, monkeypatch: pytest.MonkeyPatch, notices: list[Notice]
) -> None:
    pulled: list[str] = []
    monkeypatch.setattr(page.catalog, "pull", lambda name, report, _cancel: (report(1, 2), pulled.append(name)))
    page.view.models.setCurrentRow(2)
    line = page.chosen
    assert line is not None
    assert not line.here
    assert page.view.get.isVisible()
    page.measure()
    assert "get it first" in notices[-1].what
    page.view.get.click()
    qtbot.waitUntil(lambda: page.chosen is not None and page.chosen.here)
    assert pulled == [line.name]
    assert page.chosen is not None
    assert page.chosen.name == line.name


def test_models_of_the_operators_own_are_listed(tmp_path: Path) -> None:
    own = tmp_path / "my model.onnx"
    own.write_bytes(b"x" * 10)
    settings = Settings.model_validate({
        "inference": {"model": "grpc://boxes:8001/people/2"},
        "cameras": [{"id": "a", "source": "x.mp4", "stages": [{"model": str(own)}, {"model": "gone.onnx"}]}],
    })  # fmt: skip
    lines = model_lines(Catalog(tmp_path, tmp_path, mirrors=[]), frozenset(), settings, {"a": [ran(model="my model")]})
    found = {line.shown: line for line in lines}
    assert lines[0].name == str(own)
    assert (lines[0].size, lines[0].here, lines[0].cameras) == (10, True, ("a",))
    assert found["people"].served
    assert not found["gone"].here
    assert named(settings)[0] == "grpc://boxes:8001/people/2"
    assert running_name("yolox_nano") == "yolox_nano"


def test_the_machine_is_shown(page: ModelsPage, workplace: Workplace) -> None:
    figures_of(workplace).pull()
    assert "CPU" in page.view.machine.accessibleName()
    assert "%" in page.view.machine.accessibleName()


def test_every_control_that_takes_the_keyboard_has_a_name(page: ModelsPage, workplace: Workplace) -> None:
    measured(page, workplace)
    for part in page.findChildren(QWidget):
        if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isVisible() and part.focusProxy() is None:
            assert part.accessibleName() or getattr(part, "text", str)(), part


@pytest.mark.parametrize("language", ["", "pseudo"])
def test_nothing_is_cut(qtbot, page: ModelsPage, workplace: Workplace, site: ModelSite, language: str) -> None:
    if language:
        words.install(words.Pseudo())
    try:
        other = ModelsPage(workplace, page.catalog)
        qtbot.addWidget(other)
        other.resize(1180, 660)
        other.show()
        site.models["gate"] = [ran("onnxruntime", "CUDA", "f32", astray=2, astray_nodes=["a", "b"])]
        measured(other, workplace)
        other._look()
        qtbot.wait(50)
        assert [fault for fault in faults(other) if "screen" not in fault] == []
        if language:
            assert other.view.measure.text().startswith("[")
    finally:
        words.install(words.NullTranslations())


def test_many_cameras_are_counted_and_named_on_asking() -> None:
    names = tuple(f"Gate {number}" for number in range(NAMED + 3))
    line = ModelLine("m", "m", "", "", 0, here=True, own=False, cameras=names)
    fact = next(fact for fact in model_facts(line) if fact.name == "Used by")
    assert fact.value.endswith("Gate 3 and 3 more")
    assert fact.tip == ", ".join(names)
