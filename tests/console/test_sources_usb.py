"""UsbSource with a camera made of Python, and the names of cameras from a made-up sysfs. None is plugged in here."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from console.errors import SourceLost
from console.sources import usb, usb_names
from console.sources.orientation import Orientation
from console.sources.usb import UsbSource
from console.sources.usb_names import UsbCamera, find_camera, list_cameras
from tests.servers.clips import corners, scene, turned_corners

HERE = [UsbCamera(0, "Integrated Camera"), UsbCamera(2, "Logitech BRIO"), UsbCamera(4, "Logitech C920")]


class FakeCamera:
    """Delivers `scene` 100 times a second; after `good` pictures it is as if unplugged."""

    def __init__(self, good: int = 10**9, opened: bool = True, size: tuple[int, int] = (64, 48)) -> None:
        self.good, self.opened, self.released = good, opened, 0
        self.taken = 0
        self.size = size
        self.buffer = np.zeros((size[1], size[0], 3), np.uint8)

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def grab(self) -> bool:
        time.sleep(0.01)
        self.taken += 1
        return self.taken <= self.good

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        self.buffer[:] = scene(*self.size, self.taken)  # reused, as OpenCV may
        return True, self.buffer[:]

    def release(self) -> None:
        self.released += 1


def reading(camera: FakeCamera, wanted: str = "0", **options: object) -> UsbSource:
    return UsbSource(
        "cam", wanted, cameras=lambda: HERE, opener=lambda _index: camera, ready=lambda _device: True, **options  # type: ignore[arg-type]
    )  # fmt: skip


def test_pictures_are_kept_though_the_camera_reuses_its_buffer() -> None:
    camera = FakeCamera()
    source = reading(camera, orientation=Orientation(270, mirror=True))
    frames = []
    for frame in source.frames(first_seq=2):
        frames.append(frame)
        if len(frames) == 5:
            source.close()
    assert [frame.seq for frame in frames] == [2, 3, 4, 5, 6]
    assert frames[0].size == (48, 64)
    assert corners(frames[0].picture.view(48, 64)) == turned_corners(270, mirror=True)
    views = [frame.picture.view(48, 64) for frame in frames]
    assert not any(np.array_equal(views[0], view) for view in views[1:])
    assert camera.released == 1


def test_unplugged() -> None:
    camera = FakeCamera(good=3)
    source = reading(camera)
    with pytest.raises(SourceLost, match="unplugged") as lost:
        list(source.frames())
    assert lost.value.retry
    assert source.skipped == 30
    assert camera.released == 1


def test_in_use_by_another_program() -> None:
    camera = FakeCamera(opened=False)
    with pytest.raises(SourceLost, match="can't be opened") as lost:
        list(reading(camera).frames())
    assert "other program" in lost.value.hint
    assert camera.released == 1


def test_silent_and_closed_while_silent() -> None:
    def never(_device: object) -> bool:
        time.sleep(0.02)
        return False

    source = UsbSource("cam", "0", read_timeout_s=0.2, cameras=list, opener=lambda _: FakeCamera(), ready=never)
    with pytest.raises(SourceLost, match=r"sends no pictures for 0\.2 s"):
        list(source.frames())
    source = UsbSource("cam", "0", read_timeout_s=5, cameras=list, opener=lambda _: FakeCamera(), ready=never)
    timer = threading.Timer(0.1, source.close)
    timer.start()
    begin = time.monotonic()
    assert list(source.frames()) == []
    assert time.monotonic() - begin < 0.3
    timer.join()


def test_no_camera_here_says_so_without_a_word_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    if list_cameras():
        pytest.skip("a camera is plugged in")
    with pytest.raises(SourceLost, match="can't be opened"):
        list(UsbSource("cam", "63").frames())
    with pytest.raises(SourceLost, match="No camera called BRIO"):
        list(UsbSource("cam", "BRIO").frames())
    assert capfd.readouterr() == ("", "")


def test_find_by_name() -> None:
    assert find_camera("7", []) == 7
    assert find_camera("logitech brio", HERE) == 2
    assert find_camera("C920", HERE) == 4
    with pytest.raises(SourceLost, match="Several cameras"):
        find_camera("Logitech", HERE)
    with pytest.raises(SourceLost, match="No camera called Sony") as lost:
        find_camera("Sony", HERE)
    assert "2 Logitech BRIO" in lost.value.hint


def test_names_from_sysfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb_names, "_PLATFORM", "linux")
    for node, index, name in (
        ("video10", 0, "BRIO"),
        ("video2", 0, "Top"),
        ("video3", 1, "Top"),
        ("video4", None, "Old"),
    ):
        (tmp_path / node).mkdir()
        (tmp_path / node / "name").write_text(f"{name}\n")
        if index is not None:
            (tmp_path / node / "index").write_text(f"{index}\n")
    (tmp_path / "videoX").mkdir()
    (tmp_path / "video5").mkdir()
    assert list_cameras(tmp_path) == [UsbCamera(2, "Top"), UsbCamera(4, "Old"), UsbCamera(10, "BRIO")]
    assert list_cameras(tmp_path / "none") == []


def test_names_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for platform in ("win32", "darwin"):
        monkeypatch.setattr(usb_names, "_PLATFORM", platform)
        assert list_cameras() == []  # FFmpeg has no such device here


def test_opening_is_opencvs() -> None:
    assert not usb._open(63).isOpened()
