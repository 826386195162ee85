"""Adding a camera as an operator does it: pasted, seen, saved; the password ends up nowhere but in the secrets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from console.errors import SecretError
from console.pipeline.display import Display
from console.settings import vault
from console.settings.schema import CameraSettings, Settings
from console.settings.scrub import SCRUBBER
from console.settings.secrets import Secrets
from console.sources.usb_names import UsbCamera
from console.ui.cameras import local
from console.ui.cameras.dialog import CameraDialog
from console.ui.cameras.draft import Draft, changes_for, judge
from console.ui.cameras.local import usb_source
from console.ui.cameras.passwords import PassphraseDialog, locked, store_passwords, unlock_passwords
from console.ui.cameras.preview_pane import PreviewPane
from console.ui.workplace import Workplace
from tests.console.quiet_workplace import CAMERAS, quiet_workplace
from tests.servers.clips import encode, h264_stream
from tests.servers.rtsp_server import RtspServer, need_gstreamer

PASSWORD = "geheim!77"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No keyring of this machine, keys that cost little."""
    monkeypatch.setattr(vault, "COST", 10)
    monkeypatch.delenv("SIGHTDESK_PASSPHRASE", raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)
    vault.unlock(None)
    SCRUBBER.forget_all()


@pytest.fixture
def workplace(qtbot, tmp_path: Path) -> Iterator[Workplace]:
    with quiet_workplace(tmp_path, CAMERAS) as made:
        yield made


def opened(qtbot, workplace: Workplace, *args, **more) -> CameraDialog:
    dialog = CameraDialog(workplace, *args, **more)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def showing(dialog: CameraDialog) -> bool:
    return dialog.preview.view is not None and dialog.preview.view.pixels is not None


@pytest.mark.services
def test_pasted_seen_saved(qtbot, workplace: Workplace, tmp_path: Path) -> None:
    need_gstreamer()
    with RtspServer(h264_stream(tmp_path / "a.h264"), user="viewer", password=PASSWORD) as server:
        dialog = opened(qtbot, workplace)
        assert not dialog.save_button.isEnabled()
        QGuiApplication.clipboard().setText(server.url().replace("rtsp://", f"rtsp://viewer:{PASSWORD}@"))
        line = dialog.where.network.address.editor
        line.setFocus()
        qtbot.keyClick(line, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
        assert dialog.where.network.source() == server.url()
        assert dialog.where.network.login() == ("viewer", PASSWORD)
        qtbot.waitUntil(
            lambda: dialog.preview.view is not None and dialog.preview.view.pixels is not None, timeout=10000
        )
        qtbot.waitUntil(lambda: "320 x 240" in dialog.preview._facts.text(), timeout=5000)
        assert "H.264" in dialog.preview._facts.text()
        view = dialog.preview.view
        qtbot.keyClicks(dialog.options.rows["name"].editor, "Gate north")
        dialog.options.rows["rotation"].set_value(90)
        dialog._option_changed("rotation")
        qtbot.waitUntil(lambda: view.pixels.shape[0] > view.pixels.shape[1], timeout=3000)
        assert dialog.preview.view is view  # turned without connecting anew
        dialog.save()
        asked = []

        def answer() -> bool:
            asked[:] = [w for w in QApplication.topLevelWidgets() if isinstance(w, PassphraseDialog) and w.isVisible()]
            return bool(asked)

        qtbot.waitUntil(answer, timeout=5000)
        asked[0].first.setText("a long passphrase")
        asked[0].second.setText("another one here")
        asked[0]._use()
        assert asked[0].isVisible()
        asked[0].second.setText("a long passphrase")
        asked[0]._use()
        qtbot.waitUntil(lambda: dialog.saved != "", timeout=10000)
        assert dialog.preview.view is None
        qtbot.waitUntil(dialog.preview.settled, timeout=5000)
    camera = workplace.settings.cameras[-1]
    assert (camera.id, camera.name, camera.rotation, camera.source) == ("gate-north", "Gate north", 90, server.url())
    assert camera.login.password.secret == "gate-north-camera"
    for path in workplace.home.path.rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes(), path
    assert Secrets(workplace.home).get("gate-north-camera").get_secret_value() == PASSWORD  # unlocked for this process
    vault.unlock(None)
    assert locked(workplace.home)
    with pytest.raises(SecretError):
        Secrets(workplace.home).get("gate-north-camera")
    workplace.undo()
    assert workplace.file.path.read_text() == CAMERAS


@pytest.mark.services
def test_a_wrong_password_is_said_and_not_tried_again(qtbot, workplace: Workplace, tmp_path: Path) -> None:
    need_gstreamer()
    with RtspServer(h264_stream(tmp_path / "a.h264"), user="viewer", password=PASSWORD) as server:
        dialog = opened(qtbot, workplace, source=server.url())
        dialog.where.network.user.set_value("viewer")
        dialog.where.network.password.set_value("wrong-one")
        dialog.look()
        qtbot.waitUntil(dialog.preview._trouble.isVisible, timeout=10000)
        assert "login" in dialog.preview._trouble.text()
        assert "wrong-one" not in dialog.preview._trouble.text()
        view = dialog.preview.view
        qtbot.wait(300)
        assert dialog.preview.view is view
        assert dialog.save_button.isEnabled()  # the camera may be mended later
        dialog.reject()
        qtbot.waitUntil(dialog.preview.settled, timeout=6000)


def test_a_file_is_changed_and_only_what_changed_is_written(qtbot, workplace: Workplace, tmp_path: Path) -> None:
    clip = encode(tmp_path / "road.mp4", codec="libx264", frames=5)
    camera = workplace.settings.cameras[3]
    dialog = opened(qtbot, workplace, camera)
    assert dialog.where.file.source() == "clips/road.mp4"
    qtbot.waitUntil(dialog.preview._trouble.isVisible, timeout=5000)
    dialog.where.file._take(str(clip))
    qtbot.waitUntil(lambda: showing(dialog), timeout=5000)
    dialog.options.rows["fps_cap"].set_value(4.0)
    dialog.options.rows["confidence"].set_value(0.5)
    dialog._judge()
    dialog.save()
    assert dialog.saved == "road"
    text = workplace.file.path.read_text()
    assert text.startswith(CAMERAS.split("    source: clips/road.mp4", maxsplit=1)[0])
    saved = workplace.settings.cameras[3]
    assert (saved.source, saved.fps_cap, saved.loop) == (str(clip), 4.0, True)
    assert [(stage.model, stage.confidence) for stage in saved.stages] == [(workplace.settings.inference.model, 0.5)]
    qtbot.waitUntil(dialog.preview.settled, timeout=5000)


def test_makers_compose_the_address(qtbot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace)
    network = dialog.where.network
    network.maker.set_value("Dahua")
    network._show_form()
    assert network.channel.isVisible()
    qtbot.keyClicks(network.host.editor, "10.1.2.3")
    network.channel.set_value(4)
    network.stream.set_value(1)
    network._compose()
    assert network.source() == "rtsp://10.1.2.3/cam/realmonitor?channel=4&subtype=1"
    qtbot.keyClick(network.address.editor, Qt.Key.Key_End)
    qtbot.keyClicks(network.address.editor, "x")
    assert network.maker.value == ""
    assert not network.host.isVisible()
    dialog.reject()


def test_enter_ends_a_field_and_looks_once(qtbot, workplace: Workplace, monkeypatch) -> None:
    looked = []
    monkeypatch.setattr(PreviewPane, "look", lambda _self, make, alone=False: looked.append(alone))
    dialog = opened(qtbot, workplace)
    line = dialog.where.network.address.editor
    qtbot.keyClicks(line, "rtsp://10.1.2.3/a")
    assert looked == []  # never while an address is being typed: a half one may be somebody else's
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert looked == [False]
    assert dialog.isVisible()
    dialog.reject()


def test_save_waits_until_all_is_well(qtbot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace)
    dialog.where.setCurrentIndex(2)
    assert not dialog.save_button.isEnabled()
    dialog.where.file.path.set_value("a.mp4")
    dialog.options.rows["confidence"].set_value(7.0)
    dialog._option_changed("confidence")
    assert not dialog.save_button.isEnabled()
    dialog.show_errors(dialog._judge())
    assert dialog.options.rows["confidence"].error
    dialog.options.rows["confidence"].set_value(0.7)
    dialog._option_changed("confidence")
    assert dialog.save_button.isEnabled()
    assert not dialog.options.rows["confidence"].error
    dialog.reject()


def test_every_control_has_a_name(qtbot, workplace: Workplace) -> None:
    dialog = opened(qtbot, workplace)
    for index in range(3):
        dialog.where.setCurrentIndex(index)
        for part in dialog.findChildren(QWidget):
            if part.isVisible() and part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.focusProxy() is None:
                assert part.accessibleName() or getattr(part, "text", str)(), part
    dialog.reject()


def test_drafts() -> None:
    login = {"user": "u", "password": {"secret": "shared"}}
    cameras = [{"id": name, "source": f"rtsp://h/{name}", "login": login} for name in ("a", "b")]
    settings = Settings.model_validate({"cameras": cameras})
    first = settings.cameras[0]
    kept = judge(Draft({"source": "rtsp://h/a"}, "u", "", first), settings)
    assert kept.camera == first
    assert changes_for(kept.camera, first) == {}
    changed = judge(Draft({"source": "rtsp://h/a"}, "u", "new-one", first), settings)
    assert changed.secret == "a-camera"  # b's password stays what it is
    assert changes_for(changed.camera, first) == {"cameras.a.login": {"user": "u", "password": {"secret": "a-camera"}}}
    assert "password" in judge(Draft({"source": "rtsp://h/c"}, "u", ""), settings).errors
    assert "source" in judge(Draft({"source": "rtsp://u:p@h/c"}), settings).errors
    assert judge(Draft({"source": "rtsp://h/c", "name": "A"}), settings).camera.id == "a-2"
    assert changes_for(CameraSettings(id="z", source="x.mp4"), None) == {"cameras.z": {"id": "z", "source": "x.mp4"}}
    assert "new-one" not in repr(Draft({}, "u", "new-one"))


def test_a_running_camera_is_seen_without_a_second_connection() -> None:
    from datetime import UTC, datetime
    from types import SimpleNamespace

    from console.sources.orientation import Orientation, oriented
    from console.ui.cameras.running_view import RunningView
    from models.frames import ArrayPicture, Frame
    from tests.servers.clips import CORNERS, corners, scene, turned_corners

    camera = CameraSettings(id="a", source="x", rotation=90, mirror=True)
    picture = oriented(ArrayPicture(scene(160, 120)), Orientation.of(camera))
    frame = Frame("a", 1, 0, datetime.now(UTC), None, picture)
    lane = SimpleNamespace(latest=(frame, None), display=Display())
    site = SimpleNamespace(lane=lambda _id: lane, status=lambda _id: None)
    view = RunningView(site, camera)
    view.size = (160, 160)
    assert view.facts.size == (160, 120)
    assert corners(view.pixels) == turned_corners(90, mirror=True)
    view.orientation = Orientation(0)
    assert corners(view.pixels) == list(CORNERS)
    view.orientation = Orientation(270)
    assert corners(view.pixels) == turned_corners(270, mirror=False)


def test_stored_passwords_are_unlocked_once(qtbot, workplace: Workplace) -> None:
    store_passwords(workplace.home, {"gate-camera": PASSWORD}, lambda _new: "a long passphrase")
    vault.unlock(None)
    over = QWidget()
    qtbot.addWidget(over)
    over.show()
    unlock_passwords(workplace, over)

    def asked() -> list[PassphraseDialog]:
        return [w for w in over.findChildren(PassphraseDialog) if w.isVisible()]

    qtbot.waitUntil(lambda: bool(asked()), timeout=5000)
    assert not asked()[0].second.isVisible()
    asked()[0].first.setText("a long passphrase")
    asked()[0]._use()
    qtbot.waitUntil(lambda: not workplace.jobs.running, timeout=5000)
    assert Secrets(workplace.home).get("gate-camera").get_secret_value() == PASSWORD


def test_a_secret_that_an_undo_may_need_is_left_alone() -> None:
    draft = Draft({"source": "rtsp://h/c", "name": "Gate"}, "u", "new-one")
    assert judge(draft, Settings(), {"gate-camera"}).secret == "gate-camera-2"


def test_the_screen_does_not_wait_for_slow_usb_drivers(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, asked = threading.Event(), []

    def slow() -> list[UsbCamera]:
        asked.append(threading.current_thread())
        assert answer.wait(20)
        return [UsbCamera(0, "C920"), UsbCamera(2, "Microscope")][: len(asked)]

    monkeypatch.setattr(local, "list_cameras", slow)
    tab = local.UsbTab()
    qtbot.addWidget(tab)
    tab.show_source("usb:Microscope")
    assert tab.source() == "usb:Microscope"  # what is set stays set while the system thinks
    tab.look()
    tab.look()
    assert tab.cameras.count() == 0
    answer.set()
    qtbot.waitUntil(lambda: tab.cameras.count() == 2)
    assert tab.cameras.currentItem().text() == "Microscope  (2)"
    assert len(asked) == 2  # twice pressed while it looked: once more
    assert threading.main_thread() not in asked
    assert tab.source() == "usb:Microscope"


def test_cameras_that_cannot_be_listed_are_none(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[UsbCamera]:
        raise OSError("the driver is gone")

    monkeypatch.setattr(local, "list_cameras", broken)
    tab = local.UsbTab()
    qtbot.addWidget(tab)
    tab.look()
    words = tab.findChild(QLabel)
    qtbot.waitUntil(lambda: words.text().startswith("No camera is plugged in"))
    assert tab.source() == ""


def test_usb_cameras_go_by_their_name() -> None:
    here = [UsbCamera(0, "HD Webcam"), UsbCamera(2, "C920"), UsbCamera(4, "HD Webcam")]
    assert [usb_source(camera, here) for camera in here] == ["usb:0", "usb:C920", "usb:4"]
