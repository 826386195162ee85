"""Models exchanged under running cameras: what is under way is finished, nothing is lost, nothing else is touched."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from console.errors import ModelError, UsageError
from console.pipeline.pipeline import Pipeline
from console.settings.inference import StageSettings
from console.settings.schema import CameraSettings
from models.results import Result
from models.states import CameraState
from tests.console.fakes import FakeBackend, FakeSource, model, wait_until

CAR = [[8, 8, 40, 40, 0.9, 1]]
PERSON = [[10, 10, 30, 50, 0.9, 0]]


@pytest.fixture
def pipeline():
    made = Pipeline()
    yield made
    assert made.close() == []


def camera(name: str = "cam", **more: Any) -> CameraSettings:
    return CameraSettings(id=name, source="fake", **more)


def stage(key: str, **more: Any) -> list[tuple[str, StageSettings]]:
    return [(key, StageSettings(model="fake", **more))]


def collect(pipeline: Pipeline) -> list[Result]:
    results: list[Result] = []
    pipeline.subscribe(results.append)
    return results


def test_no_frame_is_lost_and_their_order_is_kept_however_often_models_change(pipeline: Pipeline) -> None:
    """A slow model answers after the fast one that follows it was asked: its frames come first all the same."""
    results = collect(pipeline)
    backends = [FakeBackend(lambda _: PERSON, delay_s=0.01 if n % 2 else 0.0, in_flight=1 + n % 3) for n in range(9)]
    pipeline.add_model("0", model(backends[0]))
    pipeline.add_camera(camera(), stage("0"), lambda: FakeSource(600))
    for number in range(1, 9):
        wait_until(lambda number=number: pipeline.meter("cam").inferred > 40 * number, 10)
        pipeline.add_model(str(number), model(backends[number]))
        pipeline.set_stages("cam", stage(str(number)))
        pipeline.remove_model(str(number - 1))
    wait_until(pipeline.idle, 20)
    assert [result.seq for result in results] == list(range(600))
    assert pipeline.meter("cam").inferred == 600
    assert pipeline.meter("cam").errors == {}
    tracks = {int(result.detections.track_id[0]) for result in results[1:]}
    assert len(tracks) == 1  # the labels are the same, so the object is
    wait_until(lambda: all(backend.closed.is_set() for backend in backends[:-1]))


def test_what_the_old_models_of_a_cascade_began_they_finish(pipeline: Pipeline) -> None:
    """The second stage is asked by answers that come after the exchange."""
    results = collect(pipeline)
    cars, plates = FakeBackend(lambda _: CAR), FakeBackend(lambda _: [[0, 0, 64, 64, 0.7, 0]])
    cars.hold.clear()
    pipeline.add_model("cars", model(cars))
    pipeline.add_model("plates", model(plates, ("plate",)))
    pipeline.add_model("new", model(FakeBackend(lambda _: CAR)))
    pipeline.add_camera(camera(), [*stage("cars"), *stage("plates", on="car")], lambda: FakeSource(12))
    wait_until(lambda: cars.submitted == 2)
    pipeline.set_stages("cam", stage("new"))
    pipeline.remove_model("cars")
    pipeline.remove_model("plates")
    time.sleep(0.2)
    assert not plates.closed.is_set()
    cars.hold.set()
    wait_until(pipeline.idle)
    assert [result.seq for result in results] == list(range(12))
    assert all(result.gaps == () for result in results)
    by_old = [result for result in results if "plate" in result.labels]
    assert 2 <= len(by_old) < 12
    assert all(sorted(result.detections.class_id.tolist()) == [1, 2] for result in by_old)
    assert all(result.labels == ("person", "car") for result in results[len(by_old) :])
    wait_until(lambda: cars.closed.is_set() and plates.closed.is_set())


def test_the_connection_the_figures_and_the_screen_are_the_same_afterwards(pipeline: Pipeline) -> None:
    opened: list[FakeSource] = []

    def opener() -> FakeSource:
        opened.append(FakeSource(period_s=0.005))
        return opened[-1]

    pipeline.add_model("a", model(FakeBackend(lambda _: PERSON)))
    pipeline.add_camera(camera(), stage("a"), opener)
    lane, meter = pipeline.lane("cam"), pipeline.meter("cam")
    display, recent = lane.display, lane.recent
    wait_until(lambda: meter.inferred > 3)
    pipeline.add_model("b", model(FakeBackend(lambda _: CAR)))
    pipeline.set_stages("cam", stage("b"))
    before = meter.inferred
    wait_until(lambda: meter.inferred > before + 3)
    assert len(opened) == 1
    assert pipeline.lane("cam") is lane
    assert (lane.meter, lane.display, lane.recent) == (meter, display, recent)


def test_other_labels_begin_other_tracks_and_no_number_comes_twice(pipeline: Pipeline) -> None:
    results = collect(pipeline)
    pipeline.add_model("a", model(FakeBackend(lambda _: [*PERSON, *CAR])))
    pipeline.add_model("b", model(FakeBackend(lambda _: PERSON), ("dog",)))
    pipeline.add_camera(camera(), stage("a"), lambda: FakeSource(period_s=0.002))
    wait_until(lambda: len(results) > 10)
    pipeline.set_stages("cam", stage("b"))
    wait_until(lambda: len(results) > 10 and results[-1].labels == ("dog",) and len(results[-1].tracks) == 1)
    old = {n for r in results if r.labels == ("person", "car") for n in r.tracks.track_id.tolist()}
    new = {n for r in results if r.labels == ("dog",) for n in r.tracks.track_id.tolist()}
    assert old
    assert min(new) > max(old)
    assert all((r.detections.track_id == r.tracks.track_id).all() for r in results if r.labels == ("dog",))


def test_stages_that_do_not_fit_change_nothing(pipeline: Pipeline) -> None:
    pipeline.add_model("a", model(FakeBackend(lambda _: PERSON)))
    pipeline.add_camera(camera(), stage("a"), lambda: FakeSource(period_s=0.005))
    for wrong, error in ((stage("gone"), ModelError), (stage("a", on="cat"), UsageError)):
        with pytest.raises(error):
            pipeline.set_stages("cam", wrong)
    before = pipeline.meter("cam").inferred
    wait_until(lambda: pipeline.meter("cam").inferred > before + 3)


def test_a_replacement_whose_labels_do_not_fit_is_closed_and_nothing_changes(pipeline: Pipeline) -> None:
    pipeline.add_model("a", model(FakeBackend(lambda _: CAR)))
    pipeline.add_model("p", model(FakeBackend(lambda _: []), ("plate",)))
    pipeline.add_camera(camera(), [*stage("a"), *stage("p", on="car")], lambda: FakeSource(period_s=0.005))
    other = FakeBackend(lambda _: CAR)
    with pytest.raises(UsageError, match="'car'"):
        pipeline.replace_model("a", model(other, ("dog",)))
    wait_until(other.closed.is_set)
    before = pipeline.meter("cam").inferred
    wait_until(lambda: pipeline.meter("cam").inferred > before + 3)
    assert pipeline.status("cam").state is CameraState.LIVE


def test_a_model_that_hangs_is_left_behind(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has under way is a gap after a while; the camera has boxes from the new one meanwhile."""
    monkeypatch.setattr("console.pipeline.finisher.LOST_S", 0.6)
    stuck = FakeBackend(lambda _: PERSON)
    stuck.hold.clear()
    results = collect(pipeline)
    pipeline.add_model("a", model(stuck))
    pipeline.add_camera(camera(), stage("a"), lambda: FakeSource(period_s=0.005))
    wait_until(lambda: stuck.submitted == 2)
    pipeline.add_model("b", model(FakeBackend(lambda _: PERSON)))
    pipeline.set_stages("cam", stage("b"))
    pipeline.remove_model("a")
    wait_until(lambda: pipeline.meter("cam").inferred > 10)
    assert any("gave no answer in time" in gap.why for result in results for gap in result.gaps)
    assert [result.seq for result in results] == sorted(result.seq for result in results)
    stuck.hold.set()
    wait_until(stuck.closed.is_set)


def test_exchanging_under_many_cameras_from_many_answers_loses_nothing(pipeline: Pipeline) -> None:
    """Live cameras, exchanged as fast as can be: every frame is a result or a counted drop."""
    for name in "abcd":
        if name == "a":
            pipeline.add_model("0", model(FakeBackend(lambda _: PERSON, in_flight=3)))
        pipeline.add_camera(camera(name), stage("0"), lambda: FakeSource(400, period_s=0.002))
    for number in range(1, 25):
        pipeline.add_model(str(number), model(FakeBackend(lambda _: PERSON, in_flight=1 + number % 3)))
        for name in "abcd":
            pipeline.set_stages(name, stage(str(number)))
        pipeline.remove_model(str(number - 1))
        time.sleep(0.01)
    wait_until(pipeline.idle, 20)
    for name in "abcd":
        meter = pipeline.meter(name)
        assert meter.frames == 400
        assert meter.inferred + meter.dropped["busy"] == 400
        assert meter.errors == {}
    assert len(pipeline.models) == 1
    assert sum(thread.name.startswith("inference") for thread in threading.enumerate()) < 6


def test_pictures_without_numbers_are_trouble_and_numbers_again_are_none(pipeline: Pipeline) -> None:
    broken = threading.Event()
    backend = FakeBackend(lambda _: [[0, 0, 9, 9, np.nan if broken.is_set() else 0.9, 0]])
    pipeline.add_model("a", model(backend))
    pipeline.add_camera(camera(), stage("a"), lambda: FakeSource(period_s=0.005))
    wait_until(lambda: pipeline.meter("cam").inferred > 3)
    assert pipeline.trouble("cam") == ""
    broken.set()
    wait_until(lambda: "NaN" in pipeline.trouble("cam"))
    frames, inferred = pipeline.meter("cam").frames, pipeline.meter("cam").inferred
    wait_until(lambda: pipeline.meter("cam").frames > frames + 10)
    assert pipeline.meter("cam").inferred == inferred  # not "nothing seen"
    broken.clear()
    wait_until(lambda: pipeline.trouble("cam") == "")
