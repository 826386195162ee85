"""The desk as a whole, in a real (offscreen) window over a real site."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from console.ui.entries import ANYWHERE, TABLE
from tests.console.desks import open_desk, settle
from widgets.keys_sheet import KeysSheet
from widgets.palette import Palette
from widgets.tile_state import TileKind


def test_pictures_and_boxes_come_to_the_wall(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    settle(tmp_path / "home")
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        live = desk.assembled.live
        assert live.wall.cameras == ["cam-1", "cam-2"]
        qtbot.waitUntil(lambda: "first picture" in desk.end.moments, timeout=15_000)
        qtbot.waitUntil(lambda: live.wall.tile("cam-2").state.kind is TileKind.LIVE, timeout=15_000)
        site = desk.assembled.workplace.site
        qtbot.waitUntil(lambda: site.meter("cam-1").inferred > 3, timeout=15_000)
    assert desk.end.summary["cameras"]["cam-1"]["inferred"] > 3


def test_every_entry_of_the_table_is_bound_and_no_two_share_a_key_where_both_work(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    settle(tmp_path / "home")
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        bound = {entry.name for entry in desk.window.actions_table.bound()}
    assert bound == {entry.name for entry in TABLE}
    places = {entry.page for entry in TABLE} - {ANYWHERE}
    for place in places:  # where all that works anywhere works too, but for what a page's own entry stands over
        here = [entry for entry in TABLE if entry.page == place]
        above = {name for entry in here for name in entry.over}
        keys = [key for entry in TABLE if entry.anywhere and entry.name not in above for key in entry.keys]
        keys += [key for entry in here for key in entry.keys]
        assert len(keys) == len(set(keys)), place
    anywhere = [key for entry in TABLE if entry.anywhere for key in entry.keys]
    assert len(anywhere) == len(set(anywhere))


def test_by_keyboard_alone(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    """The tour of an operator without a mouse: choose, focus, freeze, look back, boxes, wall, palette, keys, undo."""
    settle(tmp_path / "home", cameras=4)
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        window, live = desk.window, desk.assembled.live
        wall, site = live.wall, desk.assembled.workplace.site

        def press(key: Qt.Key, how: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
            qtbot.keyClick(QApplication.focusWidget() or window, key, how)
            qapp.processEvents()

        def come_back() -> None:
            """A window manager does this when a dialog closes; there is none here, so until it has worked."""

            def active() -> bool:
                window.activateWindow()
                return QApplication.activeWindow() is window

            qapp.processEvents()
            qtbot.waitUntil(active, timeout=15_000)

        come_back()
        qtbot.waitUntil(lambda: QApplication.focusWidget() is not None, timeout=5000)
        assert wall.chosen == "cam-1"
        press(Qt.Key.Key_Right)
        assert wall.chosen == "cam-2"
        press(Qt.Key.Key_Down)
        assert wall.chosen == "cam-4"
        press(Qt.Key.Key_Return)
        assert wall.zoomed == "cam-4"
        press(Qt.Key.Key_Return)
        assert wall.zoomed == ""
        qtbot.waitUntil(lambda: site.meter("cam-4").frames > 30, timeout=15_000)
        press(Qt.Key.Key_Space)
        assert wall.tile("cam-4").frozen
        before = site.meter("cam-4").inferred
        qtbot.waitUntil(lambda: site.meter("cam-4").inferred > before + 3, timeout=10_000)  # never the job
        press(Qt.Key.Key_Space)
        assert not wall.tile("cam-4").frozen
        press(Qt.Key.Key_B)
        assert wall.tile("cam-4").boxes_hidden
        press(Qt.Key.Key_R)
        qtbot.waitUntil(lambda: live.rewind.camera_id == "cam-4", timeout=5000)
        press(Qt.Key.Key_Escape)
        assert live.rewind.camera_id == ""
        window.turn_to("live")
        press(Qt.Key.Key_1)
        assert wall.places == 1
        press(Qt.Key.Key_4)
        assert wall.places == 4
        _palette(qtbot, qapp, window)
        come_back()
        press(Qt.Key.Key_F1)
        sheet = window.findChild(KeysSheet)
        assert sheet is not None
        assert sheet.isVisible()
        qtbot.keyClick(sheet, Qt.Key.Key_Escape)
        come_back()
        order = list(wall.cameras)
        wall.setFocus()
        press(Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        assert wall.cameras != order
        press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: wall.cameras == order, timeout=5000)
        assert "# number 4\n  - id: cam-4" in (tmp_path / "home" / "settings.yaml").read_text(encoding="utf-8")


def _palette(qtbot: QtBot, qapp: QApplication, window: QWidget) -> None:
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.findChild(Palette)
    assert palette is not None
    field = palette.findChild(QLineEdit)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is field, timeout=5000)
    qtbot.keyClicks(field, "larger text")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qapp.processEvents()
    assert window.notice_bar.words.startswith("Text at 110 %")


def test_what_was_shown_is_remembered_whatever_ends_it(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    home = tmp_path / "home"
    settle(home, cameras=4)
    with open_desk(qtbot, qapp, home) as desk:
        desk.assembled.live.set_size(9)
        desk.assembled.live.wall.choose("cam-3")
        desk.window.turn_to("settings")
        kept = home / "desk.json"
        qtbot.waitUntil(lambda: kept.exists() and json.loads(kept.read_text()).get("page") == "settings", timeout=3000)
    with open_desk(qtbot, qapp, home) as again:
        assert again.assembled.live.wall.places == 9
        assert again.assembled.live.wall.chosen == "cam-3"
        assert again.window.pages.currentWidget().accessibleName() != "Live"


@pytest.mark.parametrize("damage", ["{", "[1]", '{"wall": "many", "window": 7, "muted": [], "look": 3}'])
def test_a_damaged_memory_is_forgotten(qtbot: QtBot, qapp: QApplication, tmp_path: Path, damage: str) -> None:
    settle(tmp_path / "home")
    (tmp_path / "home" / "desk.json").write_text(damage, encoding="utf-8")
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        assert desk.assembled.live.wall.cameras == ["cam-1", "cam-2"]


def test_a_broken_file_starts_with_the_last_good_and_points_at_the_line(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    file = settle(tmp_path / "home")
    with open_desk(qtbot, qapp, tmp_path / "home"):
        pass
    text = file.read_text(encoding="utf-8")
    line = text[: text.index("source:")].count("\n") + 2
    file.write_text(text.replace("height=240\n", "height=240\n    rotation: 45\n", 1), encoding="utf-8")
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        assert desk.assembled.live.wall.cameras == ["cam-1", "cam-2"]
        assert f"settings.yaml:{line}" in desk.window.notice_bar.words
        assert "last good" in desk.window.notice_bar.words


def test_a_model_that_is_not_there_leaves_the_pictures_and_says_so(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    file = settle(tmp_path / "home")
    (tmp_path / "home" / "tiny.onnx").unlink()
    assert file.exists()
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        qtbot.waitUntil(lambda: "tiny.onnx" in desk.window.notice_bar.words, timeout=10_000)
        tile = desk.assembled.live.wall.tile("cam-1")
        qtbot.waitUntil(lambda: tile.state.kind is TileKind.NO_MODEL, timeout=10_000)


def test_an_edit_outside_is_noticed_and_read_when_asked(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    file = settle(tmp_path / "home")
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        file.write_text(file.read_text(encoding="utf-8").replace("name: Cam 1", "name: Gate"), encoding="utf-8")
        qtbot.waitUntil(lambda: "outside" in desk.window.notice_bar.words, timeout=10_000)
        desk.assembled.workplace.reload()
        assert desk.assembled.workplace.settings.cameras[0].title == "Gate"


def test_everything_that_takes_the_focus_has_a_name(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    settle(tmp_path / "home")
    with open_desk(qtbot, qapp, tmp_path / "home") as desk:
        nameless = [
            f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}"
            for widget in desk.window.findChildren(QWidget)
            if widget.focusPolicy() is not Qt.FocusPolicy.NoFocus
            and widget.isVisibleTo(desk.window)
            and not isinstance(widget.parentWidget(), QAbstractScrollArea)  # a viewport: its view has the name
            and not isinstance(widget.window(), QFrame)  # the list of a combo box, which has the name
            and not widget.objectName().startswith("qt_")
            and not (widget.accessibleName() or getattr(widget, "text", lambda: "")())
        ]
    assert nameless == []
