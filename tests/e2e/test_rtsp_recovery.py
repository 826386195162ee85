"""A real RTSP server that is stopped, frozen, restarted and changes its picture, through the whole pipeline."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from console.pipeline.pipeline import Pipeline
from console.settings.inference import StageSettings
from console.settings.schema import CameraSettings
from console.sources.factory import open_source
from models.results import Result
from models.states import CameraState
from tests.console.fakes import FakeBackend, model, wait_until
from tests.servers.clips import h264_stream
from tests.servers.rtsp_server import RtspServer, need_gstreamer

BACK_WITHIN_S = 5.0
FPS = 30


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_gstreamer()
    return h264_stream(tmp_path_factory.mktemp("clip") / "camera.h264", fps=FPS)


@pytest.fixture
def pipeline():
    made = Pipeline()
    made.add_model("m", model(FakeBackend(lambda _: [[10, 10, 30, 50, 0.9, 0]])))
    yield made
    begin = time.monotonic()
    assert made.close() == []
    assert time.monotonic() - begin < 3.0


def add(pipeline: Pipeline, name: str, url: str) -> None:
    camera = CameraSettings(id=name, source=url)
    pipeline.add_camera(camera, [("m", StageSettings(model="fake"))], lambda: open_source(camera))
    wait_until(lambda: pipeline.meter(name).inferred > FPS, 15)


def rate(pipeline: Pipeline, name: str, seconds: float) -> float:
    before = pipeline.meter(name).frames
    time.sleep(seconds)
    return (pipeline.meter(name).frames - before) / seconds


def live(pipeline: Pipeline, name: str) -> bool:
    return pipeline.status(name).state is CameraState.LIVE


@pytest.mark.parametrize("how", ["killed and restarted", "frozen and continued"])
def test_a_camera_that_returns_is_seen_within_five_seconds_and_its_neighbour_never_notices(
    clip: Path, pipeline: Pipeline, how: str
) -> None:
    with RtspServer(clip) as neighbour, RtspServer(clip) as server:
        add(pipeline, "neighbour", neighbour.url())
        add(pipeline, "gate", server.url())
        usual = rate(pipeline, "neighbour", 2.0)
        if how == "killed and restarted":
            server.stop()
        else:
            server.pause()
        wait_until(lambda: pipeline.status("gate").state in {CameraState.RECONNECTING, CameraState.CONNECTING}, 8)
        meanwhile = rate(pipeline, "neighbour", 5.0)
        assert pipeline.status("gate").detail
        if how == "killed and restarted":
            server.start()
        else:
            server.resume()
        returned = time.monotonic()
        frames = pipeline.meter("gate").frames
        wait_until(lambda: live(pipeline, "gate") and pipeline.meter("gate").frames > frames, BACK_WITHIN_S)
        assert time.monotonic() - returned < BACK_WITHIN_S
        assert meanwhile == pytest.approx(usual, rel=0.1)
        assert usual == pytest.approx(FPS, rel=0.1)


def test_the_same_camera_is_stopped_at_once_while_its_server_is_frozen(clip: Path, pipeline: Pipeline) -> None:
    with RtspServer(clip) as server:
        add(pipeline, "gate", server.url())
        server.pause()
        time.sleep(0.5)
        begin = time.monotonic()
        pipeline.remove_camera("gate")
        assert time.monotonic() - begin < 1.0
        assert pipeline.cameras == []
        server.resume()
        add(pipeline, "gate", server.url())


def test_a_picture_that_changes_its_size_goes_on(tmp_path: Path, clip: Path, pipeline: Pipeline) -> None:
    larger = h264_stream(tmp_path / "larger.h264", size=(640, 480), fps=FPS)
    sizes: set[tuple[int, int]] = set()
    wrong: list[Result] = []

    def sink(result: Result) -> None:
        sizes.add(result.size)
        box = result.detections.xyxy
        if len(box) and not (box[0] <= [*result.size, *result.size]).all():
            wrong.append(result)

    pipeline.subscribe(sink)
    with RtspServer(clip, switch_to=larger, switch_s=2) as server:
        add(pipeline, "gate", server.url())
        wait_until(lambda: len(sizes) == 2, 10)
    assert sizes == {(320, 240), (640, 480)}
    assert wrong == []


def test_everything_is_closed_in_three_seconds_with_every_server_frozen(clip: Path) -> None:
    before = threading.active_count()
    pipeline = Pipeline()
    pipeline.add_model("m", model(FakeBackend(lambda _: [])))
    with RtspServer(clip, mounts=4) as server:
        for number in range(4):
            add(pipeline, f"cam-{number}", server.url(number))
        server.pause()
        time.sleep(0.3)
        begin = time.monotonic()
        pipeline.close()
        assert time.monotonic() - begin < 3.0
        wait_until(lambda: threading.active_count() == before, 5)
        for number in range(4):
            meter = pipeline.meter(f"cam-{number}")
            assert meter.frames == meter.inferred + meter.dropped.total()
