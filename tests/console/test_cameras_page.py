"""The cameras page: order, groups, off and on, removal and its undo, many at once, settings copied to others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QWidget

from console.settings import vault
from console.settings.secrets import Secrets
from console.ui.actions import Actions
from console.ui.cameras.page import CamerasPage
from console.ui.cameras.table import STATE
from console.ui.workplace import Workplace
from models.states import CameraState, CameraStatus
from tests.console.quiet_workplace import CAMERAS, quiet_workplace
from tests.servers.clips import h264_stream
from tests.servers.rtsp_server import RtspServer, free_port, need_gstreamer

PASSWORD = "geheim!77"


@pytest.fixture
def workplace(qtbot, tmp_path: Path) -> Iterator[Workplace]:
    with quiet_workplace(tmp_path, CAMERAS) as made:
        yield made


@pytest.fixture
def page(qtbot, workplace: Workplace) -> CamerasPage:
    made = CamerasPage(workplace)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    return made


def ids(workplace: Workplace) -> list[str]:
    return [camera.id for camera in workplace.settings.cameras]


def test_cameras_move_by_keyboard_and_keep_their_comments(qtbot, page: CamerasPage, workplace: Workplace) -> None:
    page.table.choose(["line-1"], "line-1")
    page.table.setFocus()
    for _time in range(2):
        qtbot.keyClick(
            page.table, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        )
    assert ids(workplace) == ["line-1", "gate", "yard-east", "road"]
    assert page.table.chosen() == ["line-1"]
    text = workplace.file.path.read_text()
    assert "  # the line\n  - id: line-1\n" in text
    assert "  # by the road\n  - id: gate\n" in text
    workplace.undo()
    workplace.undo()
    assert workplace.file.path.read_text() == CAMERAS
    page.table.reordered.emit(["road", "line-1", "yard-east", "gate"])
    assert ids(workplace) == ["road", "line-1", "yard-east", "gate"]


def test_several_move_together_and_stop_at_the_end(page: CamerasPage, workplace: Workplace) -> None:
    page.table.choose(["line-1", "road"])
    page.shift(1)
    assert ids(workplace) == ["gate", "yard-east", "line-1", "road"]
    page.shift(-1)
    assert ids(workplace) == ["gate", "line-1", "road", "yard-east"]


def test_removed_cameras_come_back_as_they_were(page: CamerasPage, workplace: Workplace) -> None:
    said = []
    workplace.notices.shown.connect(said.append)
    page.table.choose(["gate", "road"])
    page.remove()
    assert ids(workplace) == ["yard-east", "line-1"]
    assert "Gate" in said[0].what
    said[0].way_on[1]()
    assert workplace.file.path.read_text() == CAMERAS
    assert [camera_id for camera_id, _item in page.table.items()] == ["gate", "yard-east", "line-1", "road"]


def test_off_and_on_and_groups(page: CamerasPage, workplace: Workplace) -> None:
    page.table.choose(["gate", "line-1"])
    page.toggle()
    assert [camera.enabled for camera in workplace.settings.cameras] == [False, True, False, True]
    page.toggle()
    assert all(camera.enabled for camera in workplace.settings.cameras)
    page.put_in_group(" Inside ")
    assert [camera.group for camera in workplace.settings.cameras] == ["Inside", "Outside", "Inside", ""]
    page.put_in_group("")
    assert [camera.group for camera in workplace.settings.cameras] == ["", "Outside", "", ""]


def test_states_in_words_with_a_shape(page: CamerasPage, workplace: Workplace) -> None:
    workplace.site.states = {
        "gate": CameraStatus(CameraState.LIVE),
        "yard-east": CameraStatus(CameraState.FROZEN, "No new picture for 4 s."),
        "road": CameraStatus(CameraState.FAILED, "There is no such file."),
    }
    page._show_states()
    words = {camera_id: item.text(STATE) for camera_id, item in page.table.items()}
    assert words["gate"] == "live"
    assert words["yard-east"].startswith("▲ frozen")
    assert words["road"].startswith("■ failed")
    assert words["line-1"] == "off"


def test_settings_are_copied_to_others_in_one_change(page: CamerasPage, workplace: Workplace) -> None:
    dialog = page.copy("gate")
    dialog.tick(["fps_cap", "group"], ["line-1", "road"])
    dialog.copy()
    by_id = {camera.id: camera for camera in workplace.settings.cameras}
    assert by_id["line-1"].fps_cap == by_id["road"].fps_cap == 10
    assert by_id["road"].group == "Outside"
    assert by_id["road"].source == "clips/road.mp4"
    workplace.undo()
    assert workplace.file.path.read_text() == CAMERAS


def test_search_and_an_empty_page(qtbot, page: CamerasPage, workplace: Workplace, tmp_path: Path) -> None:
    page.search.setText("outside 21")
    assert [camera_id for camera_id, item in page.table.items() if not item.isHidden()] == ["yard-east"]
    page.search.clear()
    page.table.selectAll()
    page.remove()
    assert page._stack.currentIndex() == 1
    dialog = page.add()
    assert dialog.isVisible()
    dialog.reject()


def test_the_table_of_actions_works_the_page(qtbot, workplace: Workplace) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    page = CamerasPage(workplace)
    window.setCentralWidget(page)
    actions = Actions(window)
    page.bind(actions, lambda: "road")
    window.show()
    page.table.choose(["gate"], "gate")
    actions.trigger("camera.disable")
    assert not workplace.settings.cameras[0].enabled
    actions.trigger("camera.remove")
    assert "gate" not in ids(workplace)


def test_every_control_has_a_name(page: CamerasPage) -> None:
    dialogs = [page, page.add_many(), page.copy("gate")]
    for window in dialogs:
        for part in window.findChildren(QWidget):
            if part.isVisible() and part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.focusProxy() is None:
                assert part.accessibleName() or getattr(part, "text", str)(), part
    for dialog in dialogs[1:]:
        dialog.reject()


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(vault, "COST", 10)
    monkeypatch.setenv("SIGHTDESK_PASSPHRASE", "a long passphrase")
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.mark.services
@pytest.mark.usefixtures("cheap")
def test_many_are_tried_and_added_in_one_change(qtbot, page: CamerasPage, workplace: Workplace, tmp_path: Path) -> None:
    need_gstreamer()
    clip = h264_stream(tmp_path / "a.h264")
    with RtspServer(clip, mounts=2, user="viewer", password=PASSWORD) as server:
        dialog = page.add_many()
        dialog.text.setPlainText(
            f"name,url\nFront,{server.url(0)}\nBack,{server.url(1)}\nGone,rtsp://127.0.0.1:{free_port()}/x\n"
            f"Gate,rtsp://192.168.1.20:554/stream1\n"
        )
        dialog.user.set_value("viewer")
        dialog.password.set_value(PASSWORD)
        dialog.read()
        assert len(dialog.wanted()) == 3
        dialog.add()
        qtbot.waitUntil(lambda: dialog._job is None, timeout=30000)
        verdicts = dialog.verdicts()
        assert "320 x 240" in verdicts[0]
        assert "320 x 240" in verdicts[1]
        assert "no picture" in verdicts[2]
        assert "already there" in verdicts[3]
        assert dialog.wanted() == [0, 1]
        assert ids(workplace) == ["gate", "yard-east", "line-1", "road"]  # nothing was added yet
        dialog.add()
        qtbot.waitUntil(lambda: len(workplace.settings.cameras) == 6, timeout=10000)
    front, back = workplace.settings.cameras[-2:]
    assert (front.id, front.name, back.name) == ("front", "Front", "Back")
    assert front.login == back.login  # one secret for all that share a login
    assert Secrets(workplace.home).get(front.login.password.secret).get_secret_value() == PASSWORD
    assert PASSWORD not in workplace.file.path.read_text()
    workplace.undo()
    assert workplace.file.path.read_text() == CAMERAS


def test_a_cancelled_import_adds_nothing(qtbot, page: CamerasPage, workplace: Workplace) -> None:
    dialog = page.add_many()
    lines = "\n".join(f"rtsp://127.0.0.1:{free_port()}/{n}" for n in range(30))
    dialog.text.setPlainText(lines)
    dialog.read()
    dialog.add()
    dialog._cancel()
    qtbot.waitUntil(lambda: dialog._job is None, timeout=15000)
    assert "Cancelled" in dialog._summary.text()
    assert len(workplace.settings.cameras) == 4
    dialog.check.setChecked(False)
    dialog.add()
    assert len(workplace.settings.cameras) == 34
    assert len({camera.id for camera in workplace.settings.cameras}) == 34
