"""The preview against a real RTSP server, real files, and a source that is stuck."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.errors import SecretError
from console.settings.schema import CameraSettings
from console.site.preview import Facts, Preview, probe
from console.sources.orientation import Orientation
from models.frames import Frame
from tests.servers.clips import CORNERS, corners, encode, h264_stream, turned_corners
from tests.servers.rtsp_server import RtspServer, free_port, need_gstreamer, wait_until


def camera(source: str, **more: object) -> CameraSettings:
    return CameraSettings.model_validate({"id": "new", "source": source, **more})


@pytest.mark.services
def test_a_camera_is_seen_turned_and_let_go(tmp_path: Path) -> None:
    need_gstreamer()
    clip = h264_stream(tmp_path / "a.h264")
    with RtspServer(clip, user="viewer", password="geheim7") as server:
        preview = Preview(camera(server.url()), lambda: ("viewer", "geheim7"))
        preview.size = (160, 120)
        assert wait_until(lambda: preview.pixels is not None and preview.facts.fps is not None, 10)
        assert preview.facts.size == (320, 240)
        assert preview.facts.codec == "H.264"
        assert 10 < preview.facts.fps < 45
        assert corners(preview.pixels) == list(CORNERS)
        preview.orientation = Orientation(90, mirror=True)
        assert wait_until(lambda: preview.pixels.shape[0] > preview.pixels.shape[1])
        assert corners(preview.pixels) == turned_corners(90, mirror=True)
        preview.close()
        assert preview.join(3)
        wrong = Preview(camera(server.url()), lambda: ("viewer", "wrong77"))
        assert wrong.join(10)
        assert "login" in str(wrong.trouble) or "password" in str(wrong.trouble)
        assert "wrong77" not in str(wrong.trouble)


def test_trouble_is_in_words() -> None:
    nobody = Preview(camera(f"rtsp://127.0.0.1:{free_port()}/x"))
    assert nobody.join(10)
    assert nobody.trouble is not None
    assert nobody.pixels is None
    unknown = Preview(camera("gopher://x/y"))
    assert unknown.join(5)
    assert "gopher" in str(unknown.trouble)

    def locked() -> tuple[str, str]:
        raise SecretError("The keyring is locked.")

    assert Preview(camera("usb:0"), locked).join(5)


def test_a_file_shows_its_last_picture_turned_after_its_end(tmp_path: Path) -> None:
    clip = encode(tmp_path / "a.mp4", codec="libx264", frames=3)
    preview = Preview(camera(str(clip)))
    preview.size = (64, 48)
    assert preview.join(5)
    assert preview.trouble is None
    preview.orientation = Orientation(90)
    preview.redraw()
    assert preview.pixels.shape[:2] == (48, 36)


def test_one_that_is_stuck_never_holds_up_whoever_closes_it() -> None:
    free = threading.Event()

    class Stuck:
        live = True

        def frames(self, first_seq: int = 0) -> Iterator[Frame]:
            free.wait(10)
            return iter(())

        def close(self) -> None:
            pass

    preview = Preview(camera("usb:0"), opener=lambda _camera, _login: Stuck())
    begin = time.monotonic()
    preview.close()
    assert time.monotonic() - begin < 1
    free.set()
    assert preview.join(5)
    assert preview.trouble is None


def test_probing(tmp_path: Path) -> None:
    clip = encode(tmp_path / "a.mp4", codec="libx264", frames=30)
    facts = probe(camera(str(clip)), None, threading.Event())
    assert isinstance(facts, Facts)
    assert str(facts).startswith("64 x 48")
    assert "H.264" in str(facts)
    stopped = threading.Event()
    stopped.set()
    assert probe(camera(str(clip)), None, stopped) is None
