"""A model looks at many pictures, a cascade into its boxes: what is answered does not depend on what came together."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from backends.base import BackendError, Outputs
from console.cloud.errors import CloudError
from console.cloud.tasks import CloudTasks
from console.cloud.working import cascade
from console.cloud.working.cascade import Found, run
from console.cloud.working.loading import plan_of
from console.cloud.working.looking import Abandoned, Hung, Patience, look, trouble_of
from models.detections import Detections
from models.frames import ArrayPicture
from tests.cloud.worker_cases import SIDE, model, planned, square, squares_of

THRESHOLDS = np.full(2, 0.3, np.float32)


def patience(**how: float) -> Patience:
    return Patience(threading.Event(), **how)


def pictures(count: int) -> list[NDArray[np.uint8]]:
    return [square(at=n * 3 % 60) for n in range(count)]


def boxes(found: Found) -> list[tuple[Any, ...]]:
    assert found.trouble is None
    return [(*np.round(box.xyxy, 3), box.label, box.stage, box.of) for box in found.boxes]


def test_a_plate_is_found_in_the_car_and_says_so() -> None:
    with planned() as plans:
        (found,) = run(plans["crops"], [square(at=32)], patience())
        assert boxes(found) == [(32, 32, 96, 96, "car", 0, None), (56, 60, 72, 68, "plate", 1, 0)]


@pytest.mark.parametrize("in_flight", [1, 3])
@pytest.mark.parametrize("most", [1, 3, 8])
def test_what_comes_together_changes_no_answer(most: int, in_flight: int) -> None:
    given = [*pictures(10), np.zeros((40, 50, 3), np.uint8)]
    with planned() as plans:
        alone = [boxes(run(plans["crops"], [one], patience())[0]) for one in given]
    with planned(most=most, in_flight=in_flight) as plans:
        assert [boxes(found) for found in run(plans["crops"], given, patience())] == alone
        seen = squares_of(plans["crops"]).seen
        assert max(seen) <= most
        assert sum(seen) == 11
        assert len(seen) >= min(in_flight, 11)
        assert sum(squares_of(plans["crops"], 1).seen) == 10  # crops of all pictures together


def test_small_batches_are_spread_over_the_places_of_the_device() -> None:
    one = model("cars", 8, 4)
    look(one, [ArrayPicture(square())] * 6, THRESHOLDS, patience())
    assert sorted(one.backend.seen) == [2, 2, 2]  # type: ignore[attr-defined]
    one.backend.close()


def test_one_bad_picture_costs_no_other_its_answer() -> None:
    one = model("cars")

    def refuse(pixels: NDArray[np.uint8]) -> None:
        if (pixels[:, 0, 0] == 99).any():
            raise BackendError("no")

    one.backend.before = refuse  # type: ignore[attr-defined]
    bad = square()
    bad[0:2, 0:2] = 99
    seen = look(one, [ArrayPicture(bad if n == 3 else square()) for n in range(8)], THRESHOLDS, patience())
    assert [isinstance(found, BackendError) for found in seen] == [n == 3 for n in range(8)]
    assert one.backend.seen == [8] + [1] * 8  # type: ignore[attr-defined]
    one.backend.close()


@pytest.mark.parametrize("answer", ["few", "nan", "nothing", "words"])
def test_an_answer_that_is_none_is_a_failure_of_that_model(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = model("cars")
    sound = one.backend.outputs  # type: ignore[attr-defined]

    def outputs(pixels: NDArray[np.uint8]) -> Outputs:
        made = dict(sound(pixels))
        if answer == "few" and len(pixels) > 1:
            return {name: array[:1] for name, array in made.items()}
        if answer == "nan":
            made["detection_scores"] = np.full_like(made["detection_scores"], np.nan)
        if answer == "nothing":
            return {}
        if answer == "words":
            made["detection_boxes"] = np.zeros((len(pixels), 1, 3), np.float32)
        return made

    monkeypatch.setattr(one.backend, "outputs", outputs)
    seen = look(one, [ArrayPicture(square())] * 3, THRESHOLDS, patience())
    assert all(isinstance(found, Detections if answer == "few" else BackendError) for found in seen)
    assert (trouble_of(one, patience()) is None) == (answer == "few")
    one.backend.close()


def test_a_mishap_while_drawing_leaves_nothing_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    one = model("cars", 1, 2)
    count = 0
    buffer = type(one.detector).buffer

    def scarce(self: Any, n: int = 1) -> Any:
        nonlocal count
        count += 1
        if count == 3:
            raise MemoryError
        return buffer(self, n)

    monkeypatch.setattr(type(one.detector), "buffer", scarce)
    with pytest.raises(MemoryError):
        look(one, [ArrayPicture(square())] * 5, THRESHOLDS, patience())
    assert len(look(one, [ArrayPicture(square())] * 5, THRESHOLDS, patience())) == 5
    one.backend.close()


@pytest.mark.parametrize("stops", [False, True])
def test_a_model_that_hangs_is_not_waited_for_without_end(*, stops: bool) -> None:
    one, go_on = model("cars"), threading.Event()
    one.backend.before = lambda _pixels: go_on.wait(20)  # type: ignore[attr-defined]
    stop = threading.Event()
    if stops:
        stop.set()
    begin = time.monotonic()
    with pytest.raises(Abandoned if stops else Hung, match="cars"):
        look(one, [ArrayPicture(square())], THRESHOLDS, Patience(stop, 0.5, 30 if stops else 0.5))
    assert time.monotonic() - begin < 2
    go_on.set()
    one.backend.close()


def test_four_thousand_boxes_are_an_answer_of_a_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    with planned() as plans:
        first = squares_of(plans["crops"])
        count = 4000
        xy = np.random.default_rng(3).uniform(0, 0.8, (1, count, 2)).astype(np.float32)
        outputs = {
            "detection_boxes": np.concatenate([xy, xy + 0.1], 2), "num_detections": np.array([count], np.float32),
            "detection_scores": np.linspace(0.4, 0.9, count, dtype=np.float32)[None],
            "detection_classes": np.ones((1, count), np.float32),
        }  # fmt: skip
        monkeypatch.setattr(first, "outputs", lambda _pixels: outputs)
        begin = time.monotonic()
        (found,) = run(plans["crops"], [square()], patience())
        assert time.monotonic() - begin < 3
        cars = [box for box in found.boxes if box.stage == 0]
        assert (len(cars), found.left_out, found.not_looked_into) == (1000, 3000, 900)
        assert cars[0].score == pytest.approx(0.9)  # the best are kept
        assert sum(squares_of(plans["crops"], 1).seen) == 100


def test_trouble_of_a_later_stage_is_that_pictures_alone() -> None:
    with planned() as plans:
        second = squares_of(plans["crops"], 1)
        dark = np.zeros((50, 50, 3), np.uint8)

        def refuse(_pixels: object) -> None:
            raise BackendError("no")

        second.before = refuse
        found = run(plans["crops"], [square(), dark], patience())
        assert str(found[0].trouble) == "no"
        assert boxes(found[1]) == []


def test_a_box_at_the_edge_is_looked_into_as_far_as_there_is_picture() -> None:
    with planned() as plans:
        outside = square(at=SIDE - 40)
        (found,) = run(plans["crops"], [outside], patience())
        assert [box.label for box in found.boxes] == ["car", "plate"]
        assert all(0 <= side <= SIDE for box in found.boxes for side in box.xyxy)


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        (
            [{"model": "cars"}, {"model": "plates", "on": "bus"}],
            "'bus', which no earlier stage finds.*Earlier labels: car",
        ),
        ([{"model": "cars", "thresholds": {"bus": 0.5}}], "no label 'bus'"),
        ([{"model": "cars"}, {"model": "gone"}], "can't be worked on: There is no gone"),
    ],
)
def test_a_task_that_can_t_be_is_said_so(stages: list[dict[str, Any]], said: str) -> None:
    task = CloudTasks.model_validate({"tasks": [{"name": "t", "takes": "sealed", "stages": stages}]}).tasks[0]
    models: Any = {name: model(name) for name in ("cars", "plates")} | {
        "gone": BackendError("There is no gone.", "Get it.")
    }
    with pytest.raises(CloudError, match=said):
        plan_of(task, models)
    for name in ("cars", "plates"):
        models[name].backend.close()


def test_stages_may_all_look_at_whole_pictures() -> None:
    stages = [{"model": "cars"}, {"model": "plates"}]
    tasks = CloudTasks.model_validate({"tasks": [{"name": "crops", "takes": "sealed", "stages": stages}]})
    with planned(tasks) as plans:
        (found,) = run(plans["crops"], [square()], patience())
        assert [(box.label, box.of) for box in found.boxes] == [("car", None), ("plate", None)]


def test_labels_without_a_name_go_by_their_number() -> None:
    with planned() as plans:
        assert cascade.label_of(plans["whole"].models[0], 7) == "class 7"
