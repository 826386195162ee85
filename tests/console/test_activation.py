"""Activating a variant on a desk at work: the model is exchanged under running cameras, or everything stays."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.ui.models_page import choosing
from tests import tiny_onnx
from tests.console.desks import open_desk, settle


def test_one_action_exchanges_the_model_and_one_brings_it_back(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    settle(tmp_path / "home")
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        assert desk.assembled is not None
        page, workplace = desk.assembled.models, desk.assembled.workplace
        assert page is not None
        site, said = workplace.site, []
        workplace.notices.shown.connect(said.append)

        def runs() -> str:
            return str(next(iter(site.ran("cam-1")), {}).get("runtime", ""))

        qtbot.waitUntil(lambda: runs() == "openvino", timeout=20_000)
        qtbot.waitUntil(lambda: bool(page._list()), timeout=10_000)
        line, lane = page._list()[0], site.lane("cam-1")

        assert choosing.activate(workplace, line, ("onnxruntime", "CPU", "f32"))
        qtbot.waitUntil(lambda: runs() == "onnxruntime", timeout=20_000)
        assert site.lane("cam-1") is lane  # the camera was not touched
        before = workplace.file.content()

        assert choosing.activate(workplace, line, ("onnxruntime", "CUDA:7", "f32"))
        qtbot.waitUntil(lambda: any("CUDA" in notice.what for notice in said), timeout=20_000)
        qtbot.waitUntil(lambda: not site.busy, timeout=10_000)
        assert runs() == "onnxruntime"
        assert workplace.file.content() == before  # what can't run is taken back by itself
        assert workplace.can_undo == "Activated tiny on ONNX Runtime CPU, f32"

        workplace.undo()
        qtbot.waitUntil(lambda: runs() == "openvino", timeout=20_000)
        assert site.lane("cam-1") is lane


def test_one_of_two_models_is_exchanged_and_the_other_stays(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    file = settle(tmp_path / "home")
    other = tiny_onnx.yolox(tmp_path / "home" / "other.onnx")
    file.write_text(file.read_text() + f"    stages: [{{model: {other}}}]\n")
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        assert desk.assembled is not None
        page, workplace = desk.assembled.models, desk.assembled.workplace
        assert page is not None

        def run() -> list[str]:
            found = [next(iter(workplace.site.ran(camera)), {}) for camera in ("cam-1", "cam-2")]
            return [f"{stage.get('model')} {stage.get('runtime')} {stage.get('precision')}" for stage in found]

        qtbot.waitUntil(lambda: all("openvino" in ran for ran in run()), timeout=20_000)
        qtbot.waitUntil(lambda: len([line for line in page._list() if line.cameras]) == 2, timeout=10_000)
        first = run()
        line = next(line for line in page._list() if line.shown == "other")
        assert choosing.activate(workplace, line, ("onnxruntime", "CPU", "f32"))
        qtbot.waitUntil(lambda: "onnxruntime" in run()[1], timeout=20_000)
        assert run()[0] == first[0]
        assert not choosing.activate(workplace, line, ("onnxruntime", "CPU", "f32"))
        assert choosing.before(workplace)["backend"] == "openvino"
        assert choosing.roll_back(workplace)
        qtbot.waitUntil(lambda: run() == first, timeout=20_000)
        assert workplace.settings.inference.own == ()
