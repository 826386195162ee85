from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.base import BackendError
from console.pipeline.batches import Batch
from console.pipeline.loader import LoadedModel, load_model
from console.pipeline.pipeline import Pipeline
from console.settings.inference import InferenceSettings, StageSettings
from console.settings.schema import CameraSettings
from models.frames import ArrayPicture
from models.results import Result
from tests import tiny_onnx
from tests.console.fakes import FakeBackend, FakeSource, model, wait_until

STAGE = [("m", StageSettings(model="fake"))]


def level(pixels: np.ndarray) -> list[list[float]]:
    """A box as high as the picture's grey level: whose answer is whose can be told."""
    number = float(pixels[0, 0, 0, 0])
    return [[0, 0, 10, 10 + number / 8, 0.9, 0]]


def seen(result: Result) -> float:
    return round((float(result.detections.xyxy[0, 3]) - 10) * 8)


def batched(backend: FakeBackend, wait_s: float = 0.0) -> LoadedModel:
    plain = model(backend)
    return LoadedModel(plain.detector, backend, batch=backend.info.max_batch, wait_s=wait_s)


def by_camera(results: list[Result]) -> dict[str, list[Result]]:
    sorted_out: dict[str, list[Result]] = {}
    for result in results:
        sorted_out.setdefault(result.camera_id, []).append(result)
    return sorted_out


class Named(FakeSource):
    """A source whose frames carry their camera's id."""

    def __init__(self, name: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.name = name

    def frames(self, first_seq: int = 0):
        for frame in super().frames(first_seq):
            yield replace(frame, camera_id=self.name)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    cameras=st.lists(st.integers(1, 25), min_size=1, max_size=5),
    batch=st.integers(1, 8),
    in_flight=st.integers(1, 3),
    wait_s=st.sampled_from([0.0, 0.002]),
    backwards=st.booleans(),
    failing=st.sets(st.integers(0, 24), max_size=4),
)
def test_a_cameras_results_stay_in_order_whatever_is_batched_with_what(  # noqa: PLR0917
    cameras: list[int], batch: int, in_flight: int, wait_s: float, backwards: bool, failing: set[int]
) -> None:
    def answer(pixels: np.ndarray) -> list[list[float]]:
        if int(pixels[0, 0, 0, 0]) in failing:
            raise BackendError("no")
        return level(pixels)

    pipeline = Pipeline()
    backend = FakeBackend(answer, in_flight=in_flight, batch=batch)
    backend.backwards = backwards
    pipeline.add_model("m", batched(backend, wait_s))
    results: list[Result] = []
    pipeline.subscribe(results.append)
    try:
        for number, count in enumerate(cameras):
            name = f"c{number}"
            camera = CameraSettings(id=name, source="fake", track=False)
            pipeline.add_camera(camera, STAGE, lambda name=name, count=count: Named(name, count))
        wait_until(pipeline.idle, 20)
    finally:
        assert pipeline.close() == []
    assert max(backend.sizes) <= batch
    for number, count in enumerate(cameras):
        mine = by_camera(results)[f"c{number}"]
        assert [result.seq for result in mine] == list(range(count))
        for result in mine:
            if result.gaps:
                assert [gap.why for gap in result.gaps] == ["no"]
            else:
                assert seen(result) == result.seq  # its own letterbox, its own part of the outputs
        assert all(result.gaps for result in mine if result.seq in failing)


def test_pictures_of_several_cameras_are_gathered_while_the_device_is_busy() -> None:
    pipeline = Pipeline()
    backend = FakeBackend(level, delay_s=0.02, in_flight=1, batch=8)
    pipeline.add_model("m", batched(backend, 0.004))
    for number in range(8):
        camera = CameraSettings(id=f"c{number}", source="fake")
        pipeline.add_camera(camera, STAGE, lambda: FakeSource(period_s=0.01))
    wait_until(lambda: len(backend.sizes) > 30, 20)
    assert pipeline.close() == []
    later = backend.sizes[5:30]
    assert sum(later) / len(later) > 4, backend.sizes


def test_a_lone_camera_is_never_kept_waiting() -> None:
    """With an hour to wait for others, every picture of a lone camera is answered all the same."""
    pipeline = Pipeline()
    backend = FakeBackend(level, in_flight=3, batch=4)
    pipeline.add_model("m", batched(backend, 3600.0))
    pipeline.add_camera(CameraSettings(id="c", source="fake"), STAGE, lambda: FakeSource(20, period_s=0.01))
    wait_until(pipeline.idle, 10)
    assert pipeline.meter("c").inferred == 20
    assert pipeline.close() == []


def test_an_idle_device_waits_for_nobody() -> None:
    """A second camera that sends nothing: the first one's pictures go as they come."""
    pipeline = Pipeline()
    backend = FakeBackend(level, in_flight=3, batch=4)
    pipeline.add_model("m", batched(backend, 3600.0))
    pipeline.add_camera(CameraSettings(id="quiet", source="fake"), STAGE, lambda: FakeSource(0, period_s=0.01))
    pipeline.add_camera(CameraSettings(id="c", source="fake"), STAGE, lambda: FakeSource(10, period_s=0.05))
    wait_until(pipeline.idle, 10)
    assert pipeline.meter("c").inferred == 10
    assert pipeline.close() == []


def test_a_picture_that_cannot_be_drawn_costs_itself_alone() -> None:
    class Torn(FakeSource):
        def frames(self, first_seq: int = 0):
            for frame in super().frames(first_seq):
                if frame.seq % 4 == 1:
                    object.__setattr__(frame.picture, "view", lambda *_: 1 / 0)
                yield frame

    pipeline = Pipeline()
    backend = FakeBackend(level, delay_s=0.005, in_flight=1, batch=4)
    pipeline.add_model("m", batched(backend))
    for name in "ab":
        pipeline.add_camera(CameraSettings(id=name, source="fake"), STAGE, lambda: Torn(20))
    wait_until(pipeline.idle, 10)
    for name in "ab":
        assert (pipeline.meter(name).inferred, pipeline.meter(name).dropped["error"]) == (15, 5)
        assert pipeline.trouble(name) == ""  # the pictures are broken, not the model
    assert pipeline.close() == []


def test_the_trace_of_a_batched_picture_accounts_for_its_whole_way() -> None:
    pipeline = Pipeline()
    backend = FakeBackend(level, delay_s=0.02, in_flight=1, batch=4)
    pipeline.add_model("m", batched(backend, 0.01))
    results: list[Result] = []
    pipeline.subscribe(results.append)
    for number in range(4):
        name = f"c{number}"
        camera = CameraSettings(id=name, source="fake")
        pipeline.add_camera(camera, STAGE, lambda name=name: Named(name, 15, period_s=0.01))
    wait_until(pipeline.idle, 10)
    assert pipeline.close() == []
    assert max(backend.sizes) > 1
    for result in results:
        spans = sorted((begin, end) for _stage, begin, end in result.trace)
        assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(spans)), list(result.trace)
        assert 0.9 * result.latency_s - 0.005 < sum(result.trace.seconds().values()) <= result.latency_s + 1e-6


def test_an_answer_that_is_not_one_of_so_many_pictures_is_said_for_each() -> None:
    pipeline = Pipeline()
    backend = FakeBackend(level, delay_s=0.01, in_flight=1, batch=4)
    real = backend.submit

    def merging(inputs: Any, done: Any) -> None:
        real(inputs, lambda out: done(out if isinstance(out, BackendError) else {"rows": out["rows"][:1]}))

    backend.submit = merging  # type: ignore[method-assign]
    pipeline.add_model("m", batched(backend, 0.01))
    for name in "abcd":
        pipeline.add_camera(CameraSettings(id=name, source="fake"), STAGE, lambda: FakeSource(10))
    wait_until(pipeline.idle, 10)
    meters = [pipeline.meter(name) for name in "abcd"]
    assert all(meter.on_the_way() == 0 for meter in meters)
    told = {what for meter in meters for what in meter.errors}
    assert told
    assert all("is not one of" in what for what in told)
    assert pipeline.close() == []


def test_a_buffer_goes_back_once_all_its_pictures_are_worked_off() -> None:
    given: list[int] = []
    backend = FakeBackend(level)
    detector = model(backend).detector
    batch = Batch(detector.buffer(3))
    frames = list(FakeSource(3).frames())

    class Way:
        def __init__(self, frame: Any) -> None:
            self.ticket = type("T", (), {"frame": frame})
            self.picture = frame.picture
            self.since_ns = frame.captured_ns

    for frame in frames:
        batch.draw(Way(frame), detector)  # type: ignore[arg-type]
    assert [int(pixels[0, 0, 0]) for pixels in batch.pixels] == [0, 1, 2]
    answers = list(batch.answers({"rows": np.zeros((3, 1, 6), np.float32)}, 0, 1, lambda: given.append(1)))
    for answer in answers[:2]:
        answer.give_back()
    assert given == []
    answers[2].give_back()
    assert given == [1]
    assert all(answer.outputs["rows"].shape == (1, 1, 6) for answer in answers)  # type: ignore[index,call-overload]
    backend.close()


@pytest.mark.parametrize("batch", [1, 4])
def test_closing_in_the_middle_of_a_batch_accounts_for_every_frame(batch: int) -> None:
    for round_ in range(8):
        pipeline = Pipeline()
        pipeline.add_model("m", batched(FakeBackend(level, delay_s=0.003, batch=batch), 0.05))
        for name in "abc":
            pipeline.add_camera(CameraSettings(id=name, source="fake"), STAGE, lambda: FakeSource(period_s=0.001))
        time.sleep(0.01 * round_)
        meters = [pipeline.meter(name) for name in "abc"]
        assert pipeline.close() == []
        assert all(meter.frames == meter.inferred + meter.dropped.total() for meter in meters)
    assert threading.active_count() >= 1


def free_yolox(path: Path) -> Path:
    """`tiny_onnx.yolox` whose first dimension is free: each picture's rows are its own first numbers."""
    nodes = [
        tiny_onnx._node("Reshape", ["images", "flat"], "numbers"),
        tiny_onnx._node("Slice", ["numbers", "from", "to", "axis"], "first"),
        tiny_onnx._node("Reshape", ["first", "table"], "output"),
    ]
    constants = [
        tiny_onnx._integers("flat", [-1, 3 * 64 * 64]), tiny_onnx._integers("from", [0]),
        tiny_onnx._integers("to", [84 * 85]), tiny_onnx._integers("axis", [1]),
        tiny_onnx._integers("table", [-1, 84, 85]),
    ]  # fmt: skip
    picture = tiny_onnx._value("images", tiny_onnx.FLOAT, ["N", 3, 64, 64])
    output = tiny_onnx._value("output", tiny_onnx.FLOAT, ["N", 84, 85])
    return tiny_onnx._write(path, nodes, picture, output, constants)


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_real_runtimes_answer_each_picture_of_a_batch(tmp_path: Path, runtime: str) -> None:
    """White pictures are full of boxes and black ones empty, whichever stand beside them."""
    path = free_yolox(tmp_path / "free.onnx")
    inference = InferenceSettings(backend=runtime, precision="f32", batch=4, batch_wait_ms=20)
    loaded = load_model("free", lambda _: (path, None), inference)
    assert loaded.batch == 4
    sizes: list[int] = []
    submit = loaded.backend.submit
    loaded.backend.submit = lambda inputs, done: (sizes.append(len(inputs["images"])), submit(inputs, done))  # type: ignore[method-assign]
    pipeline = Pipeline()
    pipeline.add_model("m", loaded)
    results: list[Result] = []
    pipeline.subscribe(results.append)
    for number in range(6):
        name = f"c{number}"
        first = 255 if number % 2 else 0
        camera = CameraSettings(id=name, source="fake", track=False)
        pipeline.add_camera(camera, STAGE, lambda name=name, first=first: Plain(name, first, 30))
    wait_until(pipeline.idle, 30)
    assert pipeline.close() == []
    assert max(sizes) > 1
    assert len(results) == 180
    for result in results:
        assert result.gaps == ()
        assert bool(len(result.detections)) == (int(result.camera_id[1:]) % 2 == 1)


class Plain(Named):
    """Pictures of one grey level."""

    def __init__(self, name: str, level: int, count: int) -> None:
        super().__init__(name, count)
        self.level = level

    def frames(self, first_seq: int = 0):
        pixels = np.full((64, 64, 3), self.level, np.uint8)
        for frame in super().frames(first_seq):
            yield replace(frame, picture=ArrayPicture(pixels))
