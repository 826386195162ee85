"""What every source must do, whatever it reads: run against a file, a folder, HTTP, RTSP, USB and a synthetic scene."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from itertools import islice, pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from console.errors import SourceLost
from console.settings.schema import CameraSettings
from console.sources.base import Source
from console.sources.factory import open_source
from console.sources.orientation import Orientation
from console.sources.usb import UsbSource
from models.frames import Frame
from tests.console.test_sources_usb import HERE, FakeCamera
from tests.servers.clips import corners, encode, h264_stream, scene, turned_corners
from tests.servers.mjpeg_server import MjpegServer
from tests.servers.rtsp_server import RtspServer, need_gstreamer

READ_S = 1.0
Make = Callable[..., Source]

RTSP = [pytest.param("rtsp", marks=pytest.mark.services), pytest.param("rtsp-udp", marks=pytest.mark.services)]
STORED = ["file", "file-paced", "folder"]
LIVE = ["http", *RTSP, "usb"]


def camera(source: str, **more: object) -> Source:
    settings = {"id": "gate", "source": source, "read_timeout_s": READ_S, "open_timeout_s": 2.0, **more}
    return open_source(CameraSettings.model_validate(settings))


@pytest.fixture(scope="module")
def rtsp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtspServer]:
    need_gstreamer()
    with RtspServer(h264_stream(tmp_path_factory.mktemp("contract") / "a.h264", (96, 64))) as server:
        yield server


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes sources of the kind the test was given; their pictures are 96 x 64 of `clips.scene`."""
    kind = request.param
    if kind.startswith("file"):
        clip = encode(tmp_path / "clip.mp4", codec="libx264", size=(96, 64), frames=60, fps=50)
        yield lambda **more: camera(str(clip), paced=kind == "file-paced", **more)
    elif kind == "folder":
        for number in range(12):
            cv2.imwrite(str(tmp_path / f"{number}.png"), scene(96, 64, number))
        yield lambda **more: camera(str(tmp_path), **more)
    elif kind == "http":
        with MjpegServer("large") as server:
            yield lambda **more: camera(server.url, **more)
    elif kind.startswith("rtsp"):
        server = request.getfixturevalue("rtsp_server")
        yield lambda **more: camera(server.url(), transport="udp" if kind == "rtsp-udp" else "tcp", **more)
    elif kind == "usb":
        yield usb
    else:
        yield lambda **more: camera("synthetic:street?fps=50&width=320&height=180&count=3", **more)


def usb(**more: object) -> Source:
    settings = CameraSettings.model_validate({"id": "gate", "source": "usb:0", **more})
    return UsbSource(
        "gate", "0", orientation=Orientation.of(settings), read_timeout_s=READ_S, cameras=lambda: HERE,
        opener=lambda _index: FakeCamera(size=(96, 64)), ready=lambda _device: True,
    )  # fmt: skip


def first(source: Source, count: int, first_seq: int = 0) -> list[Frame]:
    return list(islice(source.frames(first_seq), count))


every_source = pytest.mark.parametrize("make", [*STORED, *LIVE, "synthetic"], indirect=True)
every_camera = pytest.mark.parametrize("make", [*STORED, *LIVE], indirect=True)


@every_source
def test_frames_are_numbered_and_timed(make: Make) -> None:
    frames = first(make(), 10, first_seq=41)
    assert [frame.seq for frame in frames] == list(range(41, 51))
    assert {frame.camera_id for frame in frames} == {"gate"}
    assert all(a.captured_ns <= b.captured_ns for a, b in pairwise(frames))
    assert abs(frames[-1].captured_ns - time.monotonic_ns()) < 2e9
    assert all(frame.taken_at.utcoffset() == timedelta(0) and frame.taken_at.tzinfo is UTC for frame in frames)
    assert all(frame.pts is None or isinstance(frame.pts, float) for frame in frames)
    assert all(set(frame.trace.seconds()) == {"decode"} for frame in frames)


@every_source
def test_views_have_the_shape_asked_for_and_are_read_only(make: Make) -> None:
    frame = first(make(), 3)[-1]
    for width, height in [frame.size, (48, 32), (31, 17), (1, 1), (200, 140)]:
        for pixel_format, channels in (("bgr24", 3), ("rgb32", 4)):
            view = frame.picture.view(width, height, pixel_format)
            assert (view.shape, view.dtype) == ((height, width, channels), np.uint8)
            assert not view.flags.writeable
            assert channels == 3 or (view[..., 3] == 255).all()
    whole = frame.picture.view(*frame.size)
    assert np.array_equal(whole, frame.picture.view(*frame.size))
    with pytest.raises(ValueError, match="read-only"):
        whole[0, 0] = 0


@every_camera
@pytest.mark.parametrize(("rotation", "mirror", "aspect"), [(0, False, None), (90, True, None), (180, False, 2.0)])
def test_views_are_turned_mirrored_and_square(make: Make, rotation: int, mirror: bool, aspect: float | None) -> None:
    frame = first(make(rotation=rotation, mirror=mirror, pixel_aspect=aspect), 2)[-1]
    assert frame.size == ((64, 96) if rotation == 90 else (192 if aspect else 96, 64))
    for size in [frame.size, (50, 40)]:
        assert corners(frame.picture.view(*size)) == turned_corners(rotation, mirror)


@every_source
def test_pictures_outlive_their_source(make: Make) -> None:
    source = make()
    frames = first(source, 4)
    kept = [frame.picture.view(*frame.size).copy() for frame in frames]
    source.close()
    del source
    again = [frame.picture.view(*frame.size) for frame in frames]
    assert all(np.array_equal(a, b) for a, b in zip(kept, again, strict=True))


@every_source
def test_close_from_another_thread_ends_it_in_time(make: Make) -> None:
    source = make(loop=True)
    seen = threading.Event()
    ended: list[str] = []

    def read() -> None:
        for _ in source.frames():
            seen.set()
        ended.append("well")

    reader = threading.Thread(target=read)
    reader.start()
    assert seen.wait(5)
    begin = time.monotonic()
    source.close()
    source.close()
    assert time.monotonic() - begin < 0.2
    reader.join(READ_S + 0.5)
    assert not reader.is_alive()
    assert ended == ["well"]
    source.close()


@every_source
def test_closed_before_it_begins_it_gives_nothing(make: Make) -> None:
    source = make()
    source.close()
    assert len(first(source, 3)) <= 1


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="open files are counted in /proc")
@every_source
def test_nothing_is_left_open(make: Make) -> None:
    first(make(), 2)
    before = open_files()
    for _ in range(3):
        source = make()
        first(source, 3)
        source.close()
    deadline = time.monotonic() + 2
    while open_files() > before and time.monotonic() < deadline:
        time.sleep(0.02)  # the server's end of a connection lives in this process too
    assert open_files() <= before


@pytest.mark.parametrize(
    "bad",
    [
        "rtsp://admin:hush-hush@127.0.0.1:9/live", "http://admin:hush-hush@127.0.0.1:9/video", "usb:No Such Camera",
        "usb:63", "/no/such/clip.mp4", "no-such.mp4", "rtsp://no-such-host.invalid/hush-hush", "EMPTY",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_words(bad: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = bad.replace("EMPTY", str(tmp_path))
    settings = CameraSettings.model_construct(id="gate", source=source, open_timeout_s=2.0)
    with pytest.raises(SourceLost) as lost:
        first(open_source(settings), 1)
    assert lost.value.what.endswith(".")
    assert "hush-hush" not in str(lost.value)
    assert lost.value.hint
    assert capfd.readouterr() == ("", "")
