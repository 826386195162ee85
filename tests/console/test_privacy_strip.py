"""What the desk says of face and plate models: in the strip that they can't be had, in the jobs that they come."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.desk.fetches import Fetches
from tests.console.desks import open_desk, settle
from tests.console.quiet_workplace import CAMERAS, quiet_workplace
from widgets.status_strip import StatusStrip


def test_the_strip_says_that_faces_cannot_be_looked_for_and_the_way_on(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    settle(tmp_path, 1, 'privacy: {face_model: /nowhere/faces.onnx, plates: "no", heads: never}\n')
    with open_desk(qtbot, qapp, tmp_path) as desk:
        attention = desk.window.findChild(StatusStrip)._buttons["attention"]
        qtbot.waitUntil(lambda: "Faces can't be looked for" in attention.toolTip(), timeout=20_000)
        assert "no model file /nowhere/faces.onnx" in attention.toolTip()
        assert "privacy.face_model" in attention.toolTip()
        assert attention.text() == "What must be covered can't be looked for"


def test_several_fetches_are_shown_side_by_side_and_each_ends(qtbot: QtBot, tmp_path: Path) -> None:
    with quiet_workplace(tmp_path, CAMERAS) as workplace:
        cancel = threading.Event()
        fetches = Fetches(workplace.jobs, cancel, workplace)
        for done in (1, 2):
            fetches.report("Getting a", done, 9)
            fetches.report("Getting b", done, 9)
        assert [(job.title, job.done) for job in workplace.jobs.running] == [("Getting a", 2), ("Getting b", 2)]
        fetches.report("Getting a", 9, 9)
        (job,) = workplace.jobs.running
        job.cancel()
        assert cancel.is_set()
        fetches.report("Getting b", 9, 9)
        assert workplace.jobs.running == []
        assert not cancel.is_set()
