from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backends.base import BackendError
from console.errors import ModelError, SecretError, SourceLost, UsageError
from console.pipeline import finisher as finishing
from console.pipeline.pipeline import Pipeline
from console.settings.inference import StageSettings
from console.settings.schema import CameraSettings
from models.results import Result
from models.states import CameraState
from models.tracks import predict
from tests.console.fakes import FakeBackend, FakeSource, model, wait_until

ONE_PERSON = [[10, 10, 30, 50, 0.9, 0]]


@pytest.fixture
def pipeline():
    made = Pipeline()
    yield made
    assert made.close() == []


def camera(name: str = "cam", **more: Any) -> CameraSettings:
    return CameraSettings(id=name, source="fake", **more)


def stage(key: str = "m", **more: Any) -> list[tuple[str, StageSettings]]:
    return [(key, StageSettings(model="fake", **more))]


def collect(pipeline: Pipeline) -> list[Result]:
    results: list[Result] = []
    pipeline.subscribe(results.append)
    return results


def balanced(pipeline: Pipeline, name: str = "cam") -> bool:
    return pipeline.meter(name).on_the_way() == 0


def test_every_frame_of_a_file_is_inferred_in_order(pipeline: Pipeline) -> None:
    backend = FakeBackend(lambda _: ONE_PERSON, in_flight=3)
    backend.backwards = True  # answers overtake each other
    pipeline.add_model("m", model(backend))
    results = collect(pipeline)
    pipeline.add_camera(camera(), stage(), lambda: FakeSource(200))
    wait_until(pipeline.idle)
    assert [result.seq for result in results] == list(range(200))
    assert pipeline.meter("cam").inferred == 200
    assert pipeline.meter("cam").dropped.total() == 0
    assert pipeline.status("cam").state is CameraState.ENDED
    assert results[-1].detections.xyxy.tolist() == [[10, 10, 30, 50]]
    assert len({int(result.detections.track_id[0]) for result in results[1:]}) == 1


def test_a_live_camera_drops_the_older_frame_and_counts_it(pipeline: Pipeline) -> None:
    backend = FakeBackend(lambda _: [], delay_s=0.05, in_flight=1)
    pipeline.add_model("m", model(backend))
    results = collect(pipeline)
    pipeline.add_camera(camera(), stage(), lambda: FakeSource(100, period_s=0.005))
    wait_until(pipeline.idle)
    meter = pipeline.meter("cam")
    assert meter.frames == 100
    assert meter.inferred + meter.dropped["busy"] == 100
    assert meter.dropped["busy"] > 50
    assert [r.seq for r in results] == sorted(r.seq for r in results)
    assert max(r.latency_s for r in results) < 0.5  # fresh, however slow the model


def test_a_cap_is_kept_and_its_drops_are_its_own(pipeline: Pipeline) -> None:
    pipeline.add_model("m", model(FakeBackend(lambda _: [])))
    pipeline.add_camera(camera(fps_cap=10), stage(), lambda: FakeSource(100, period_s=0.01))
    wait_until(pipeline.idle, 10)
    meter = pipeline.meter("cam")
    span = (meter.last_ns - meter.first_ns) / 1e9
    assert meter.inferred <= span * 10 + 2
    assert meter.inferred >= span * 10 * 0.7
    assert meter.dropped["busy"] < 10  # due, but overtaken before the loop came to it
    assert meter.inferred + meter.dropped["fps cap"] + meter.dropped["busy"] == 100


def test_cameras_share_the_model_fairly_or_by_priority(pipeline: Pipeline) -> None:
    pipeline.add_model("m", model(FakeBackend(lambda _: [], delay_s=0.004, in_flight=1)))
    for name, priority in (("a", 1), ("b", 1), ("c", 3)):
        pipeline.add_camera(camera(name, priority=priority), stage(), lambda: FakeSource(period_s=0.002))
    wait_until(lambda: sum(pipeline.meter(name).inferred for name in "abc") > 300, 20)
    a, b, c = (pipeline.meter(name).inferred for name in "abc")
    assert min(a, b) / max(a, b) >= 0.75
    assert 1.6 <= c / a <= 4.5


def test_a_failing_inference_is_a_gap_and_harms_nobody_else(pipeline: Pipeline) -> None:
    def answer(pixels: np.ndarray) -> list[list[float]]:
        if pixels[0, 0, 0, 0] % 3 == 0:
            raise BackendError("out of memory")
        return ONE_PERSON

    pipeline.add_model("m", model(FakeBackend(answer)))
    results = collect(pipeline)
    pipeline.add_camera(camera(), stage(), lambda: FakeSource(30))
    wait_until(pipeline.idle)
    meter = pipeline.meter("cam")
    assert (meter.inferred, meter.dropped["error"], meter.errors["out of memory"]) == (20, 10, 10)
    assert [result.seq for result in results] == list(range(30))
    assert [gap.why for gap in results[0].gaps] == ["out of memory"]
    assert results[1].gaps == ()


def test_an_answer_of_another_shape_is_an_error_in_words(pipeline: Pipeline) -> None:
    backend = FakeBackend(lambda _: [])
    loaded = model(backend)
    pipeline.add_model("m", loaded)
    backend.answer = lambda _: np.zeros((0, 6))
    results = collect(pipeline)
    object.__setattr__(loaded.detector.family, "decode", broken := lambda *_: {}["missing"])
    try:
        pipeline.add_camera(camera(), stage(), lambda: FakeSource(3))
        wait_until(pipeline.idle)
    finally:
        from tests.console import fakes

        object.__setattr__(loaded.detector.family, "decode", fakes._decode)
        del broken
    assert all("not what its family writes" in result.gaps[0].why for result in results)


def test_a_second_stage_looks_into_the_boxes_of_the_first(pipeline: Pipeline) -> None:
    cars = [[8, 8, 40, 40, 0.9, 1], [44, 44, 60, 60, 0.8, 1], [0, 0, 9, 9, 0.9, 0]]
    pipeline.add_model("cars", model(FakeBackend(lambda _: cars)))
    # the second model sees the crop scaled to its input; it finds a plate in the right lower quarter
    pipeline.add_model("plates", model(FakeBackend(lambda _: [[32, 32, 64, 64, 0.7, 0]]), ("plate",)))
    results = collect(pipeline)
    stages = [*stage("cars"), *stage("plates", on="car")]
    pipeline.add_camera(camera(), stages, lambda: FakeSource(20))
    wait_until(pipeline.idle)
    assert len(results) == 20
    found = results[0].detections
    assert results[0].labels == ("person", "car", "plate")
    assert sorted(map(tuple, found.xyxy[found.class_id == 2].tolist())) == [(24, 24, 40, 40), (52, 52, 60, 60)]
    assert len(found) == 5


def test_a_stage_that_never_answers_is_a_gap_after_a_while(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "LATE_S", 0.2)
    pipeline.add_model("cars", model(FakeBackend(lambda _: [[8, 8, 40, 40, 0.9, 1]])))
    stuck = FakeBackend(lambda _: [])
    stuck.hold.clear()
    pipeline.add_model("plates", model(stuck, ("plate",)))
    results = collect(pipeline)
    pipeline.add_camera(camera(), [*stage("cars"), *stage("plates", on="car")], lambda: FakeSource(3))
    wait_until(lambda: len(results) == 3)
    assert all("gave no answer in time" in result.gaps[-1].why for result in results)
    assert all(len(result.detections) == 1 for result in results)
    stuck.hold.set()


def test_stages_that_cannot_fit_are_refused(pipeline: Pipeline) -> None:
    pipeline.add_model("m", model(FakeBackend(lambda _: [])))
    with pytest.raises(UsageError, match="look into 'plate'"):
        pipeline.add_camera(camera(), [*stage(), *stage(on="plate")], lambda: FakeSource(1))
    with pytest.raises(ModelError, match="no label 'dog'"):
        pipeline.add_camera(camera(), stage(thresholds={"dog": 0.5}), lambda: FakeSource(1))
    with pytest.raises(ModelError, match="not loaded"):
        pipeline.add_camera(camera(), stage("other"), lambda: FakeSource(1))
    assert pipeline.cameras == []


def test_a_camera_in_a_hanging_read_is_stopped_at_once_and_its_name_is_free(pipeline: Pipeline) -> None:
    pipeline.add_model("m", model(FakeBackend(lambda _: [])))
    pipeline.add_camera(camera(), stage(), lambda: FakeSource(3, period_s=0.01, hang_s=1.5))
    wait_until(lambda: pipeline.meter("cam").frames == 3)
    meter = pipeline.meter("cam")
    begin = time.monotonic()
    pipeline.remove_camera("cam")
    pipeline.add_camera(camera(), stage(), lambda: FakeSource(3))
    assert time.monotonic() - begin < 0.2
    wait_until(pipeline.idle)
    assert meter.on_the_way() == 0


def test_frames_under_way_at_the_end_are_accounted_for() -> None:
    pipeline = Pipeline()
    backend = FakeBackend(lambda _: [], delay_s=0.02)
    pipeline.add_model("m", model(backend))
    pipeline.add_camera(camera(), stage(), FakeSource)
    wait_until(lambda: pipeline.meter("cam").inferred > 5)
    assert pipeline.close() == []
    meter = pipeline.meter("cam")
    assert meter.frames == meter.inferred + meter.dropped.total()


def lost_then(*sources: FakeSource) -> Callable[[], FakeSource]:
    waiting = list(sources)
    return lambda: waiting.pop(0) if len(waiting) > 1 else waiting[0]


def test_a_camera_that_is_lost_comes_back_and_goes_on_counting(pipeline: Pipeline) -> None:
    pipeline.add_model("m", model(FakeBackend(lambda _: [])))
    results = collect(pipeline)
    gone = SourceLost("The camera does not answer.", "Check its cable.")
    opener = lost_then(FakeSource(5, period_s=0.01, then=gone), FakeSource(period_s=0.01))
    pipeline.add_camera(camera(), stage(), opener)
    wait_until(lambda: pipeline.status("cam").state is CameraState.RECONNECTING)
    status = pipeline.status("cam")
    assert "does not answer" in status.detail
    assert (status.retry_in_s or 0) <= 0.5
    wait_until(lambda: pipeline.meter("cam").frames > 10)
    assert pipeline.status("cam").state is CameraState.LIVE
    sequence = [r.seq for r in list(results)]
    assert sequence == sorted(set(sequence))
    assert pipeline.meter("cam").errors == {"The camera does not answer.": 1}


def test_what_cannot_come_back_fails_in_words(pipeline: Pipeline) -> None:
    pipeline.add_model("m", model(FakeBackend(lambda _: [])))

    def opener() -> FakeSource:
        raise SourceLost("clip.txt is not a video.", "Choose a video file.", retry=False)

    pipeline.add_camera(camera(), stage(), opener)
    wait_until(pipeline.idle)
    status = pipeline.status("cam")
    assert status.state is CameraState.FAILED
    assert status.detail == "clip.txt is not a video. Choose a video file."


def test_a_camera_without_new_pictures_is_called_frozen(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.pipeline.capture.FROZEN_S", 0.2)
    pipeline.add_model("m", model(FakeBackend(lambda _: [])))
    pipeline.add_camera(camera(), stage(), lambda: FakeSource(3, period_s=0.01, hang_s=1.0))
    wait_until(lambda: pipeline.status("cam").state is CameraState.FROZEN)
    assert "No new picture" in pipeline.status("cam").detail


def test_a_source_with_a_bug_fails_alone(pipeline: Pipeline) -> None:
    class Buggy(FakeSource):
        def frames(self, first_seq: int = 0):
            yield from super().frames(first_seq)
            raise RuntimeError("a bug")

    pipeline.add_model("m", model(FakeBackend(lambda _: [])))
    pipeline.add_camera(camera("bad"), stage(), lambda: Buggy(2))
    pipeline.add_camera(camera("good"), stage(), lambda: FakeSource(period_s=0.01))
    wait_until(lambda: pipeline.status("bad").state is CameraState.FAILED)
    before = pipeline.meter("good").inferred
    wait_until(lambda: pipeline.meter("good").inferred > before + 5)


def test_a_sink_with_a_bug_stops_nothing(pipeline: Pipeline) -> None:
    def sink(_: Result) -> None:
        raise RuntimeError("a bug")

    pipeline.add_model("m", model(FakeBackend(lambda _: [])))
    pipeline.subscribe(sink)
    results = collect(pipeline)
    pipeline.add_camera(camera(), stage(), lambda: FakeSource(10))
    wait_until(pipeline.idle)
    assert len(results) == 10


def test_closing_does_not_wait_for_ever_for_a_stuck_model() -> None:
    pipeline = Pipeline()
    backend = FakeBackend(lambda _: [])
    backend.hold.clear()
    pipeline.add_model("m", model(backend))
    pipeline.add_camera(camera(), stage(), FakeSource)
    wait_until(lambda: backend.submitted >= 2)
    time.sleep(0.3)  # until the loop stands in its third submission
    begin = time.monotonic()
    assert pipeline.close(patience_s=0.3) == ["inference fake"]
    assert time.monotonic() - begin < 2.0
    backend.hold.set()


def test_closing_waits_for_a_model_that_is_merely_slow() -> None:
    before = threading.active_count()
    pipeline = Pipeline()
    backend = FakeBackend(lambda _: [])
    backend.hold.clear()
    pipeline.add_model("m", model(backend))
    pipeline.add_camera(camera(), stage(), FakeSource)
    wait_until(lambda: backend.submitted >= 2)
    threading.Timer(0.3, backend.hold.set).start()
    assert pipeline.close() == []
    wait_until(lambda: threading.active_count() == before)


def test_a_frame_whose_answer_never_comes_holds_the_others_up_for_a_while_only(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runtime that swallows one inference: its frame is given up, in time or after enough others wait for it."""
    monkeypatch.setattr(finishing, "OVERTAKEN", 10)
    backend = FakeBackend(lambda _: [], in_flight=2)
    swallowed: list[object] = []
    submit = backend.submit

    def forgetful(inputs: Any, done: Any) -> None:
        if backend.submitted == 5 and not swallowed:
            swallowed.append(done)
            return
        submit(inputs, done)

    backend.submit = forgetful  # type: ignore[method-assign]
    pipeline.add_model("m", model(backend))
    results = collect(pipeline)
    pipeline.add_camera(camera(), stage(), lambda: FakeSource(200))
    wait_until(pipeline.idle)
    assert [result.seq for result in results] == list(range(200))
    assert [result.seq for result in results if result.gaps] == [5]
    assert pipeline.meter("cam").dropped == {"error": 1}
    assert len(pipeline.lane("cam").tickets) == 0


def test_a_runtime_that_raises_anything_costs_its_frame_alone(pipeline: Pipeline) -> None:
    backend = FakeBackend(lambda _: [])
    submit = backend.submit

    def fragile(inputs: Any, done: Any) -> None:
        if inputs["x"][0, 0, 0, 0] == 3:
            raise RuntimeError("a plug-in's bug")
        submit(inputs, done)

    backend.submit = fragile  # type: ignore[method-assign]
    pipeline.add_model("m", model(backend))
    pipeline.add_camera(camera(), stage(), lambda: FakeSource(20))
    wait_until(pipeline.idle)
    assert (pipeline.meter("cam").inferred, pipeline.meter("cam").dropped["error"]) == (19, 1)


def test_absurd_times_in_a_file_harm_nothing(pipeline: Pipeline) -> None:
    class Absurd(FakeSource):
        def frames(self, first_seq: int = 0):
            times = [0.0, None, 1e300, float("nan"), -1e12, 9.3e9, float("inf"), 0.5]
            for frame, pts in zip(super().frames(first_seq), times, strict=False):
                yield replace(frame, pts=pts)

    pipeline.add_model("m", model(FakeBackend(lambda _: ONE_PERSON)))
    results = collect(pipeline)
    pipeline.add_camera(camera(), stage(), lambda: Absurd(8))
    wait_until(pipeline.idle)
    assert pipeline.meter("cam").inferred == 8
    assert all(len(result.detections) == 1 for result in results)


def test_tracks_of_a_file_are_on_the_clock_of_their_frames(pipeline: Pipeline) -> None:
    pipeline.add_model("m", model(FakeBackend(lambda _: ONE_PERSON)))
    results = collect(pipeline)
    pipeline.add_camera(camera(), stage(), lambda: FakeSource(10))
    wait_until(pipeline.idle)
    assert all(result.tracks.time_ns == result.captured_ns for result in results)
    assert len(predict(results[-1].tracks, results[-1].captured_ns)) == 1


def test_two_models_that_serve_each_others_cameras_do_not_block_each_other(pipeline: Pipeline) -> None:
    for key in ("a", "b"):
        pipeline.add_model(key, model(FakeBackend(lambda _: [])))
    pipeline.add_camera(camera("one"), [*stage("a"), *stage("b")], lambda: FakeSource(1500))
    pipeline.add_camera(camera("two"), [*stage("b"), *stage("a")], lambda: FakeSource(1500))
    wait_until(pipeline.idle, 20)
    for name in ("one", "two"):
        assert pipeline.meter(name).inferred == 1500


def test_a_slow_receiver_holds_inference_back_and_nothing_piles_up(pipeline: Pipeline) -> None:
    backend = FakeBackend(lambda _: [])
    pipeline.add_model("m", model(backend))
    pipeline.subscribe(lambda _: time.sleep(0.02))
    results = collect(pipeline)
    pipeline.add_camera(camera(), stage(), lambda: FakeSource(period_s=0.001))
    time.sleep(1.5)
    assert len(pipeline.lane("cam").tickets) <= 6
    assert backend.submitted < 100
    assert results[-1].latency_s < 0.5


def test_a_cascade_of_three_waits_for_every_answer_and_for_none_that_cannot_come(pipeline: Pipeline) -> None:
    two_cars = [[0, 0, 32, 64, 0.9, 1], [32, 0, 64, 64, 0.9, 1]]
    plate = [[0, 0, 64, 32, 0.9, 0]]
    empty: list[list[float]] = []
    pipeline.add_model("cars", model(FakeBackend(lambda p: empty if p[0, 0, 0, 0] % 2 else two_cars)))
    pipeline.add_model("plates", model(FakeBackend(lambda _: plate), ("plate",)))
    pipeline.add_model("chars", model(FakeBackend(lambda _: plate, delay_s=0.01), ("char",)))
    results = collect(pipeline)
    stages = [*stage("cars"), *stage("plates", on="car"), *stage("chars", on="plate")]
    begin = time.monotonic()
    pipeline.add_camera(camera(), stages, lambda: FakeSource(10))
    wait_until(pipeline.idle)
    assert time.monotonic() - begin < 1.9
    for result in results:
        counts = [int((result.detections.class_id == number).sum()) for number in (1, 2, 3)]
        assert counts == ([0, 0, 0] if result.seq % 2 else [2, 2, 2])
        assert result.gaps == ()


def test_an_overloaded_second_stage_is_said_at_once_and_what_it_takes_is_fresh(pipeline: Pipeline) -> None:
    pipeline.add_model("cars", model(FakeBackend(lambda _: [[8, 8, 40, 40, 0.9, 1]])))
    pipeline.add_model("plates", model(FakeBackend(lambda _: ONE_PERSON, delay_s=0.1, in_flight=1), ("plate",)))
    results = collect(pipeline)
    pipeline.add_camera(camera(), [*stage("cars"), *stage("plates", on="car")], lambda: FakeSource(period_s=0.02))
    time.sleep(3)
    late = results[len(results) // 2 :]
    plates = sum(len(result.detections) == 2 for result in late)
    assert plates > 3
    assert plates + sum(bool(result.gaps) for result in late) == len(late)
    assert max(result.latency_s for result in late) < 1.5
    assert pipeline.meter("cam").errors["fake is too busy."] > 0


def test_crops_do_not_starve_a_models_own_cameras(pipeline: Pipeline) -> None:
    pipeline.add_model("m", model(FakeBackend(lambda _: [[0, 0, 20, 20, 0.9, 1]] * 8, delay_s=0.005, in_flight=1)))
    crops = [*stage("m"), *stage("m", on="car")]
    pipeline.add_camera(camera("crops"), crops, lambda: FakeSource(period_s=0.005))
    pipeline.add_camera(camera("plain"), stage("m"), lambda: FakeSource(period_s=0.005))
    time.sleep(2)
    crops, plain = (pipeline.meter(name).inferred for name in ("crops", "plain"))
    assert plain >= crops, (plain, crops)


def test_a_model_without_labels_cannot_be_mixed_with_another(pipeline: Pipeline) -> None:
    pipeline.add_model("bare", model(FakeBackend(lambda _: []), ()))
    pipeline.add_model("m", model(FakeBackend(lambda _: [])))
    with pytest.raises(ModelError, match="no labels"):
        pipeline.add_camera(camera(), [*stage("bare"), *stage()], lambda: FakeSource(1))


def test_a_source_that_waits_for_its_reader_is_never_called_frozen(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.pipeline.capture.FROZEN_S", 0.1)
    pipeline.add_model("m", model(FakeBackend(lambda _: [])))
    pipeline.add_camera(camera(), stage(), lambda: FakeSource(3, hang_s=0.6))  # a watched folder is like this
    wait_until(lambda: pipeline.meter("cam").inferred == 3)
    time.sleep(0.3)
    assert pipeline.status("cam").state is CameraState.LIVE


def test_a_locked_secret_is_asked_for_again_later(pipeline: Pipeline) -> None:
    def opener() -> FakeSource:
        raise SecretError("The keyring is locked.", "Unlock it.")

    pipeline.add_model("m", model(FakeBackend(lambda _: [])))
    pipeline.add_camera(camera(), stage(), opener)
    wait_until(lambda: pipeline.status("cam").state is CameraState.RECONNECTING)
    assert 50 < (pipeline.status("cam").retry_in_s or 0) <= 60


def test_closing_takes_one_patience_however_much_is_stuck() -> None:
    pipeline = Pipeline()
    stuck = [FakeBackend(lambda _: []) for _ in range(3)]
    for number, backend in enumerate(stuck):
        backend.hold.clear()
        pipeline.add_model(str(number), model(backend))
        pipeline.add_camera(camera(f"cam-{number}"), stage(str(number)), lambda: FakeSource(period_s=0.01))
    wait_until(lambda: all(backend.submitted >= 2 for backend in stuck))
    time.sleep(0.3)  # until each loop stands in its third submission
    begin = time.monotonic()
    assert len(pipeline.close(patience_s=0.5)) == 3
    assert time.monotonic() - begin < 1.5
    for backend in stuck:
        backend.hold.set()


def test_every_frame_is_accounted_for_however_it_ends() -> None:
    for round_ in range(30):
        pipeline = Pipeline()
        pipeline.add_model("m", model(FakeBackend(lambda _: [])))
        pipeline.add_camera(camera(), stage(), FakeSource)
        time.sleep(0.002 * round_)
        meter = pipeline.meter("cam")
        assert pipeline.close() == []
        assert meter.frames == meter.inferred + meter.dropped.total()
