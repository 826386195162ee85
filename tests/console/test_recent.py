"""The last 30 s of a camera: real clips of several codecs come back bit by bit, whatever was done to them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from console.pipeline.pipeline import Pipeline
from console.settings.inference import StageSettings
from console.settings.schema import CameraSettings
from console.sources.address import parse_address
from console.sources.av_picture import AvPicture
from console.sources.base import Source
from console.sources.encoded import AGAIN, Coding, Encoded, Packet, decode_again
from console.sources.file import FileSource
from console.sources.mjpeg import HttpSource
from console.sources.orientation import Orientation
from console.sources.recent import Recent
from console.sources.rtsp import RtspSource
from console.sources.synthetic import SyntheticSource
from models.detections import Detections
from models.frames import ArrayPicture, Frame
from models.results import Result
from models.traces import Trace
from models.tracks import Tracks
from tests.console.fakes import FakeBackend, FakeSource, model, wait_until
from tests.servers.clips import encode, h264_stream, noise
from tests.servers.mjpeg_server import MjpegServer
from tests.servers.rtsp_server import RtspServer, need_gstreamer

FOR_EVER_S = 1e6


def fed(source: Source, recent: Recent, most: int = 10_000) -> dict[int, Frame]:
    """Frames of a source by capture time, each handed to `recent` as the capture thread does."""
    frames = {}
    for frame in islice(source.frames(), most):
        recent.took(frame)
        frames[frame.captured_ns] = frame
    source.close()
    return frames


def same(recent: Recent, frames: dict[int, Frame], from_number: int = 0) -> int:
    """Every picture that comes back is the one that was captured then; how many did."""
    past, count = recent.held(), 0
    for picture in past.pictures(past.times[from_number]):
        live = frames[picture.captured_ns].picture
        assert (picture.picture.width, picture.picture.height) == (live.width, live.height)
        assert picture.taken_at == frames[picture.captured_ns].taken_at
        size = min(live.width, 160), min(live.height, 120)
        np.testing.assert_array_equal(picture.picture.view(*size), live.view(*size))
        count += 1
    return count


def stepped(frames: dict[int, Frame], recent: Recent, step_ns: int) -> None:
    """The same frames as if captured `step_ns` apart."""
    for number, frame in enumerate(frames.values()):
        recent.took(Frame("cam", number, number * step_ns, frame.taken_at, None, frame.picture))


@pytest.mark.shared
@pytest.mark.parametrize("name", ["vtest.avi", "car-detection.mp4", "one-by-one-person-detection.mp4"])
def test_real_clips_come_back_bit_by_bit(shared: Path, name: str) -> None:
    recent = Recent(FOR_EVER_S, 10**9)
    frames = fed(FileSource("cam", shared / "media" / name, paced=False), recent, 300)
    past = recent.held()
    assert past.times == list(frames)
    for number in (0, 1, 59, 60, 61, 150, 299):
        picture = next(past.pictures(past.times[number]))
        assert picture.number == number
        assert picture.captured_ns == past.times[number]
    assert same(recent, frames) == 300


@pytest.mark.parametrize(
    ("codec", "container", "options"),
    [
        ("libx264", "mp4", {"x264-params": "keyint=12:bframes=3:open-gop=1:scenecut=0"}),
        ("libx264", "h264", {"x264-params": "keyint=12:bframes=0:scenecut=0:annexb=1"}),
        ("libx265", "mp4", {"x265-params": "keyint=12:bframes=3:log-level=none"}),
        ("mpeg4", "avi", {"g": "12", "bf": "2"}),
        ("mpeg2video", "mpegts", {"g": "12", "bf": "2"}),
        ("libvpx", "webm", {"g": "12", "auto-alt-ref": "1", "lag-in-frames": "10"}),
        ("mjpeg", "avi", {}),
    ],
)
def test_codecs_and_reordered_frames(tmp_path: Path, codec: str, container: str, options: dict[str, str]) -> None:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = tmp_path / f"clip.{container}"
    encode(path, codec=codec, size=(96, 64), frames=60, container=container, options=options, pix_fmt=pix_fmt)
    recent = Recent(FOR_EVER_S, 10**9)
    frames = fed(FileSource("cam", path, paced=False), recent)
    assert len(recent.held()) == len(frames) >= 55
    assert same(recent, frames) >= len(frames) - 2
    for number in (20, 24, 37):
        past = recent.held()
        assert next(past.pictures(past.times[number])).number == number


def test_a_codec_that_needs_more_than_packets_is_kept_small(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.avi", codec="ffv1", size=(640, 480), frames=10)
    recent = Recent()
    frames = fed(FileSource("cam", path, paced=False), Recent())
    assert "ffv1" not in AGAIN
    stepped(frames, recent, 100_000_000)
    past = recent.held()
    assert past.times == [0, 300_000_000, 600_000_000, 900_000_000]
    picture = next(past.pictures(650_000_000))
    assert picture.captured_ns == 600_000_000
    assert (picture.picture.width, picture.picture.height) == (640, 480)
    assert picture.picture.view(320, 240, "rgb32").shape == (240, 320, 4)


def test_a_loop_begins_anew_and_a_turned_camera_stays_turned(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.mp4", codec="libx264", frames=10)
    recent = Recent(FOR_EVER_S)
    source = FileSource("cam", path, paced=False, loop=True, orientation=Orientation(90, mirror=True))
    frames = fed(source, recent, 35)
    assert same(recent, frames, 3) == 32


def test_thirty_seconds_by_whole_groups_and_no_more(tmp_path: Path) -> None:
    clip = encode(
        tmp_path / "clip.mp4", codec="libx264", frames=400, options={"x264-params": "keyint=50:bframes=0:scenecut=0"}
    )
    frames = fed(FileSource("cam", clip, paced=False), Recent())
    recent = Recent(30.0)
    stepped(frames, recent, 100_000_000)
    past = recent.held()
    assert past.span == (9_900_000_000, 39_900_000_000)
    assert recent.span() == past.span
    assert len(past) == 301
    assert not past.short_of_memory
    assert next(past.pictures(0)).number == 0  # decoded from the key frame before, which is no longer shown
    assert [p.number for p in past.pictures(39_800_000_000)] == [299, 300]


def test_a_cap_on_memory_holds_and_is_told(tmp_path: Path) -> None:
    options = {"x264-params": "keyint=10:bframes=0:scenecut=0"}
    clip = encode(tmp_path / "clip.mp4", codec="libx264", size=(320, 240), frames=60, options=options, draw=noise)
    frames = fed(FileSource("cam", clip, paced=False), Recent())
    recent = Recent(30.0, 1_000_000)
    peak = 0
    for number, frame in enumerate(frames.values()):
        recent.took(Frame("cam", number, number * 100_000_000, frame.taken_at, None, frame.picture))
        peak = max(peak, recent.nbytes)
    past = recent.held()
    assert peak <= 1_000_000
    assert past.short_of_memory
    assert 0 < len(past) < 60
    assert next(past.pictures(past.times[0])).number == 0


def test_a_group_too_large_for_the_cap_is_let_go_whole(tmp_path: Path) -> None:
    options = {"x264-params": "keyint=1000:bframes=0:scenecut=0"}
    clip = encode(tmp_path / "clip.mp4", codec="libx264", size=(320, 240), frames=30, options=options, draw=noise)
    recent = Recent(30.0, 200_000)
    fed(FileSource("cam", clip, paced=False), recent)
    past = recent.held()
    assert len(past) == 0
    assert past.span == (0, 0)
    assert past.short_of_memory
    assert recent.span() is None
    assert list(past.pictures(0)) == []


def test_drawn_scenes_are_kept_small_and_seldom() -> None:
    recent = Recent()
    frames = fed(SyntheticSource("cam", "street?fps=20&seconds=3", paced=False), Recent())
    stepped(frames, recent, 50_000_000)
    past = recent.held()
    assert len(past) == 12
    assert recent.nbytes < 12 * 200_000
    picture = next(past.pictures(past.times[3]))
    live = list(frames.values())[15].picture
    near = np.abs(picture.picture.view(480, 270).astype(int) - live.view(480, 270).astype(int)).mean()
    assert near < 4


def test_a_size_that_changes_on_the_way_and_a_reconnect(tmp_path: Path) -> None:
    need_gstreamer()
    small = h264_stream(tmp_path / "small.h264", (160, 120))
    large = h264_stream(tmp_path / "large.h264", (320, 240))
    recent = Recent(FOR_EVER_S)
    with RtspServer(small, switch_to=large, switch_s=1.0) as server:
        address = parse_address(server.url(), None)
        frames = fed(RtspSource("cam", address), recent, 60)
        frames |= fed(RtspSource("cam", address), recent, 20)
    sizes = {frame.size for frame in frames.values()}
    assert sizes == {(160, 120), (320, 240)}
    assert same(recent, frames) == len(recent.held()) >= 70


def test_mjpeg_over_http_with_garbage_between() -> None:
    recent = Recent(FOR_EVER_S)
    with MjpegServer("garbage") as server:
        frames = fed(HttpSource("cam", parse_address(server.url, None)), recent, 20)
    assert same(recent, frames) == 20
    recent = Recent(FOR_EVER_S)
    with MjpegServer("sizes") as server:
        frames = fed(HttpSource("cam", parse_address(server.url, None)), recent, 20)
    assert len({frame.size for frame in frames.values()}) == 2
    assert same(recent, frames, 7) == 13


def _packets(path: Path) -> list[Encoded]:
    frames = fed(FileSource("cam", path, paced=False), Recent())
    pictures = [frame.picture for frame in frames.values()]
    return [p.encoded for p in pictures if isinstance(p, AvPicture) and p.encoded is not None]


def test_damage_never_raises_and_never_shifts(tmp_path: Path) -> None:
    whole = _packets(encode(tmp_path / "clip.mp4", codec="libx264", frames=60, options={"x264-params": "keyint=10"}))
    rng = np.random.default_rng(5)
    for trial in range(20):
        damaged = []
        for picture in whole:
            packets = tuple(
                Packet(rng.bytes(len(p.data)) if rng.random() < 0.1 else p.data[: int(rng.integers(1, 9999))], *p[1:])
                for p in picture.packets
                if rng.random() > 0.05
            )
            damaged.append(Encoded(picture.coding, picture.key, packets, picture.orientation))
        for number, frame in decode_again(damaged):
            assert damaged[number].key in {frame.pts, frame.dts}, trial
    nonsense = Encoded(Coding("h264", extradata=b"\xff" * 40), None, whole[0].packets, Orientation())
    list(decode_again([nonsense]))
    assert list(decode_again([])) == []


def test_looking_stops_when_told(tmp_path: Path) -> None:
    recent = Recent(FOR_EVER_S)
    fed(FileSource("cam", encode(tmp_path / "c.mp4", codec="libx264", frames=50), paced=False), recent)
    stop = threading.Event()
    pictures = recent.pictures(0, stop)
    next(pictures)
    stop.set()
    assert list(pictures) == []


def test_the_past_stands_still_while_the_camera_goes_on(tmp_path: Path) -> None:
    frames = fed(FileSource("cam", encode(tmp_path / "c.mp4", codec="libx264", frames=50), paced=False), Recent())
    recent = Recent(2.0)
    stepped(frames, recent, 100_000_000)
    past = recent.held()
    span, count = past.span, len(past)
    for again in range(1, 4):
        for number, frame in enumerate(frames.values()):
            recent.took(Frame("cam", number, int((again * 5 + number / 10) * 1e9), frame.taken_at, None, frame.picture))
    assert (past.span, len(past)) == (span, count)
    assert sum(1 for _ in past.pictures(0)) == count == 20
    assert recent.held().span[0] > span[1]


def test_many_threads_while_it_is_fed(tmp_path: Path) -> None:
    frames = fed(FileSource("cam", encode(tmp_path / "c.mp4", codec="libx264", frames=100), paced=False), Recent())
    recent, done = Recent(1.0), threading.Event()
    seen: list[int] = []

    def look() -> None:
        while not done.is_set():
            seen.append(sum(1 for _ in recent.pictures(0)))
            recent.span()

    stepped(frames, recent, 100_000_000)
    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    again = 1
    while len(seen) < 20:
        for number, frame in enumerate(frames.values()):
            now_ns = int((again * 10 + number / 10) * 1e9)
            recent.took(Frame("cam", number, now_ns, frame.taken_at, None, frame.picture))
        again += 1
    done.set()
    for thread in threads:
        thread.join()
    assert max(seen) > 5


def test_a_picture_that_cannot_be_kept_leaves_the_camera_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ArrayPicture):
        def view(self, *_: object, **__: object) -> np.ndarray:
            raise ValueError("no")

    recent = Recent()
    for number in range(3):
        picture = Broken(np.zeros((8, 8, 3), np.uint8))
        recent.took(Frame("cam", number, number * 10**9, datetime.now(UTC), None, picture))
    assert recent.span() is None
    assert len(caplog.records) == 1


def _result(seconds: float, boxes: list[list[float]], ids: list[int], *, detections: int = 0) -> Result:
    now = int(seconds * 1e9)
    n = len(boxes)
    tracks = Tracks(
        now,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.zeros((n, 4), np.float32),
        np.full(n, 0.9, np.float32),
        np.zeros(n, np.int32),
        np.array(ids, np.int64),
        np.full(n, now, np.int64),
        (100, 100),
    )
    found = Detections.of([[0, 0, 9, 9]] * detections, [0.5] * detections, [0] * detections)
    return Result("cam", 0, now, now, datetime.now(UTC), None, (100, 100), found, tracks, ("person",), (), Trace())


def _boxes(recent: Recent, seconds: float) -> Iterator[tuple[int, float, float]]:
    found, opacity, labels = recent.held().boxes_at(int(seconds * 1e9))
    assert labels in {(), ("person",)}
    for number, box, firm in zip(found.track_id, found.xyxy, opacity, strict=True):
        yield int(number), float(box[0]), float(firm)


def test_boxes_of_the_past_lie_between_what_was_found() -> None:
    recent = Recent(30.0)
    recent.saw(_result(1.0, [[0, 0, 10, 10], [50, 50, 60, 60]], [1, 2]))
    recent.saw(_result(1.3, [[30, 0, 40, 10]], [1]))
    assert list(_boxes(recent, 0.9)) == []
    assert sorted(_boxes(recent, 1.0)) == [(1, 0.0, 1.0), (2, 50.0, 1.0)]
    assert sorted(_boxes(recent, 1.15)) == [(1, pytest.approx(15, abs=0.01), 1.0), (2, 50.0, 1.0)]
    assert list(_boxes(recent, 1.3)) == [(1, 30.0, 1.0)]
    assert list(_boxes(recent, 2.5)) == []
    recent.saw(_result(40.0, [], []))
    assert recent.tracks_at(int(1.1e9)) is None  # 30 s, not more
    assert recent.held().objects() == [(int(40e9), 0)]


def test_without_tracking_the_detections_are_drawn_for_a_moment() -> None:
    recent = Recent(30.0, tracked=False)
    recent.saw(_result(1.0, [], [], detections=2))
    past = recent.held()
    assert len(past.boxes_at(int(1.4e9))[0]) == 2
    assert len(past.boxes_at(int(1.6e9))[0]) == 0


def test_the_picture_a_model_looked_at_can_be_found(tmp_path: Path) -> None:
    frames = fed(FileSource("cam", encode(tmp_path / "c.mp4", codec="libx264", frames=50), paced=False), Recent())
    recent = Recent(30.0)
    stepped(frames, recent, 100_000_000)
    recent.saw(_result(1.0, [[0, 0, 10, 10]], [1], detections=1))
    recent.saw(_result(2.0, [], []))
    past = recent.held()
    near = past.looked_at(int(1.2e9))
    assert near is not None
    assert near.captured_ns == int(1e9)
    assert past.seen_in(int(1e9)) is near
    assert past.seen_in(int(1.1e9)) is None


def test_a_pipeline_remembers_only_where_it_is_asked_to() -> None:
    for keep_s in (0.0, 30.0):
        pipeline = Pipeline(keep_s=keep_s)
        pipeline.add_model("m", model(FakeBackend(lambda _: [[4, 4, 20, 20, 0.9, 0]])))
        source = FakeSource(period_s=0.02)
        pipeline.add_camera(
            CameraSettings(id="cam", source="x"), [("m", StageSettings(model="fake"))], lambda s=source: s
        )
        lane = pipeline.lane("cam")
        wait_until(lambda lane=lane: lane.meter.inferred > 20)
        if keep_s:
            assert lane.recent is not None
            past = lane.recent.held()
            assert len(past) > 0
            assert past.looked_at(past.times[0]) is not None
            assert next(past.pictures(0)).picture.view(64, 64).shape == (64, 64, 3)
        else:
            assert lane.recent is None
        assert pipeline.close() == []
