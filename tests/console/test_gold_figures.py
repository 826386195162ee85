"""Figures on gold sets: average precision as COCO's own tools have it, and what two models differ in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from console.datasets.accuracy import score
from console.datasets.gold_content import Member
from console.datasets.gold_figures import RESAMPLES, Figures, drawn_again, figures, resamples, spread
from console.datasets.gold_precision import Boxes, curves, precision
from console.datasets.gold_report import Difference, comparison, evaluation, overall, why_untold
from console.datasets.gold_running import Run
from console.datasets.gold_verify import Interrupted
from console.review.items import Box
from tests.console.test_gold_splits import member

LABELS = ("car", "dog", "bus")


def drawn(chance: np.random.Generator, count: int, spread: float = 80.0) -> NDArray[np.float64]:
    corner = chance.uniform(0, spread, (count, 2))
    return np.hstack([corner, corner + chance.uniform(5, 40, (count, 2))])


def scene(seed: int, pictures: int = 12) -> tuple[list[Boxes], list[Boxes]]:
    """Truth, and what a model found: near misses, false alarms, doubles, equal scores, more than 100 in a picture."""
    chance = np.random.default_rng(seed)
    truth, found = [], []
    for number in range(pictures):
        objects = drawn(chance, int(chance.integers(0, 7)))
        label = chance.integers(0, len(LABELS), len(objects))
        truth.append(Boxes(objects, label, np.zeros(len(objects))))
        near = objects + chance.uniform(-2, 2, objects.shape)
        false = drawn(chance, 140 if number == 3 else int(chance.integers(0, 6)))
        boxes = np.vstack([near, near[:1], false])
        labels = np.concatenate([label, label[:1], chance.integers(0, len(LABELS), len(false))])
        scores = np.round(chance.uniform(0, 1, len(boxes)), 1 if seed % 2 else 6)
        found.append(Boxes(boxes, labels, scores))
    return truth, found


def by_the_reference(truth: list[Boxes], found: list[Boxes]) -> dict[str, Any]:
    """The same by faster-coco-eval."""
    content: dict[str, Any] = {"images": [], "annotations": [], "categories": []}
    content["categories"] = [{"id": number, "name": name} for number, name in enumerate(LABELS)]
    answers: dict[int, list[dict[str, Any]]] = {}
    for picture, (there, seen) in enumerate(zip(truth, found, strict=True)):
        content["images"].append({"id": picture, "width": 200, "height": 200})
        for box, label in zip(wide(there), there.label.tolist(), strict=True):
            one = {"id": len(content["annotations"]) + 1, "image_id": picture, "category_id": label, "bbox": box}
            content["annotations"].append(one | {"area": box[2] * box[3], "iscrowd": 0})
        answers[picture] = [
            {"image_id": picture, "category_id": label, "bbox": box, "score": value}
            for box, label, value in zip(wide(seen), seen.label.tolist(), seen.score.tolist(), strict=True)
        ]
    return score(content, answers, dict(enumerate(range(len(LABELS)))))


def wide(boxes: Boxes) -> list[list[float]]:
    return [[x0, y0, x1 - x0, y1 - y0] for x0, y0, x1, y1 in boxes.xyxy.tolist()]


@pytest.mark.parametrize("seed", [*range(8)])
def test_average_precision_is_the_reference_s(seed: int) -> None:
    truth, found = scene(seed)
    mine, theirs = precision(curves(truth, found, range(len(LABELS)))), by_the_reference(truth, found)
    assert (mine.ap, mine.ap50) == pytest.approx((theirs["ap"], theirs["ap50"]), abs=5.1e-5)  # it is rounded
    assert 0 < (mine.ap or 0) < 1


def test_a_picture_that_counts_twice_is_as_good_as_two() -> None:
    truth, found = scene(0)
    of = curves(truth, found, range(3))
    weights = np.array([2, 0, 1, 3, 1, 0, 1, 2, 0, 1, 1, 1])
    twice = [number for number, times in enumerate(weights) for _ in range(times)]
    again = precision(curves([truth[n] for n in twice], [found[n] for n in twice], range(3)))
    assert precision(of, weights).ap == pytest.approx(again.ap)
    assert precision(of, np.zeros(12, np.int64)).ap is None
    assert precision(curves([], [], range(3))).ap is None
    nothing = Boxes(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0))
    assert precision(curves(truth, [nothing] * 12, range(3))).ap == 0.0
    assert precision(curves([nothing] * 12, found, range(3))).ap is None


def people(number: int, *, exhaustive: bool = True, kind: str = "edit") -> list[Member]:
    """Members with a car each, an hour apart."""
    truth = () if kind == "reject" else (Box((10, 10, 30, 30), "car"),)
    asked = None if exhaustive else Box((10, 10, 30, 30), "car")
    return [
        replace(
            member(at, "gate", 60 * at), verdict=kind, asked=asked, truth=truth, exhaustive=exhaustive, picture_id=at
        )
        for at in range(number)
    ]


def run(members: list[Member], seen: Any, name: str = "m", knows: tuple[str, ...] = LABELS, sure: float = 0.9) -> Run:
    """A model that finds the car in the pictures for which `seen` says so."""
    hit = Boxes(np.array([[10.0, 10, 30, 30]]), np.array([0]), np.array([sure]))
    miss = Boxes(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0))
    found = {one.picture_id: hit if seen(at) else miss for at, one in enumerate(members)}
    return Run(name, {}, frozenset(knows), found, {})


def both(members: list[Member], one: Run, other: Run) -> tuple[Figures, Figures]:
    first, second = figures(members, LABELS, [one, other], 600)
    return first, second


def compared(one: Figures, other: Figures) -> list[Difference]:
    return comparison(one, other, drawn_again([one, other]))


def test_judged_boxes_are_found_by_place_class_and_score() -> None:
    members = people(10, exhaustive=False, kind="accept")
    (good,) = figures(members, LABELS, [run(members, lambda at: at < 6)], 600)
    assert (good.found.share().hits, good.found.share().of) == (6, 10)
    low, high = good.found.share().interval or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.3127, 0.8318)  # Wilson's, of 6 in 10
    (unsure,) = figures(members, LABELS, [run(members, lambda _at: True, sure=0.29)], 600)
    assert unsure.found.share().hits == 0
    (sure,) = figures(members, LABELS, [run(members, lambda _at: True, sure=0.29)], 600, 0.25)
    assert sure.found.share().hits == 10
    aside = [replace(one, truth=(Box((21, 10, 41, 30), "car"),)) for one in members]
    assert figures(aside, LABELS, [run(members, lambda _at: True)], 600)[0].found.share().hits == 0
    dogs = [replace(one, truth=(Box((10, 10, 30, 30), "dog"),)) for one in members]
    assert figures(dogs, LABELS, [run(members, lambda _at: True)], 600)[0].found.share().hits == 0

    relabelled = [replace(one, verdict="relabel") for one in dogs]
    (wrong,) = figures(relabelled, LABELS, [run(members, lambda at: at < 3)], 600)
    assert (wrong.found.share().hits, wrong.found.share().of) == (0, 10)
    assert (wrong.false.share().hits, wrong.false.share().of) == (3, 10)  # still called a car
    report = evaluation(wrong, drawn_again([wrong])[0])
    assert report["ap"] is None
    assert report["exhaustive"] == 0
    assert report["classes"]["dog"]["found"]["of"] == report["classes"]["car"]["false"]["of"] == 10


def test_the_stored_picture_may_be_smaller_than_its_source() -> None:
    members = [
        replace(one, source=(128, 96), truth=(Box((20, 20, 60, 60), "car"),)) for one in people(6)
    ]  # the model's boxes are of the stored one
    (half,) = figures(members, LABELS, [run(members, lambda _at: True)], 600)
    assert half.precision().ap == pytest.approx(1.0)


def test_the_last_word_on_a_picture_counts() -> None:
    wrong, right = people(2)
    again = [replace(wrong, truth=()), replace(right, picture_id=wrong.picture_id)]
    (one,) = figures(again, LABELS, [run(again, lambda _at: True)], 600)
    assert one.exhaustive == 1
    assert one.precision().ap == pytest.approx(1.0)


def test_a_model_that_finds_more_is_better_and_told_by_paired_intervals() -> None:
    members = people(40)
    worse, better = both(members, run(members, lambda at: at % 2 == 0), run(members, lambda at: at % 8 != 0))
    found = compared(worse, better)
    assert [one.verdict for one in found] == ["better", "better", "can't be told", "can't be told"]
    assert overall(found) == "better"
    assert overall(compared(better, worse)) == "worse"
    same = compared(better, better)
    assert overall(same) == "can't be told"
    assert "chance" in why_untold(same, 40)
    again = compared(worse, better)
    assert [one.interval for one in again] == [one.interval for one in found]  # seeded


def test_false_reports_are_better_when_fewer() -> None:
    members = people(40, exhaustive=False, kind="reject")
    many, few = both(members, run(members, lambda at: at % 4 != 0), run(members, lambda at: at % 4 == 0))
    false = compared(many, few)[3]
    assert (false.name, false.verdict) == ("false", "better")
    assert false.value == pytest.approx(-0.5)


def test_better_in_one_and_worse_in_another_is_not_told() -> None:
    found = [Difference("ap", 0.1, 0.5, (0.2, 0.6)), Difference("false", 0.1, 0.5, (0.2, 0.6))]
    assert overall(found) == "can't be told"
    assert "worse in another" in why_untold(found, 40)


def test_of_few_stretches_of_time_nothing_is_told() -> None:
    members = people(4)
    found = compared(*both(members, run(members, lambda _at: False), run(members, lambda _at: True)))
    assert found[0].value == pytest.approx(1.0)
    assert (found[0].interval, overall(found)) == (None, "can't be told")
    assert "4 stretches" in why_untold(found, 4)
    crowd = [replace(one, taken_at=members[0].taken_at) for one in people(40)]  # all in one block
    assert both(crowd, run(crowd, lambda _at: True), run(crowd, lambda _at: True))[0].groups == 1


def test_pictures_of_one_stretch_are_drawn_together() -> None:
    """Forty pictures in five blocks say far less than forty in forty."""
    wide_apart = people(40)
    crowded = [replace(one, taken_at=wide_apart[at // 8].taken_at) for at, one in enumerate(wide_apart)]

    def width(members: list[Member]) -> float:
        good = figures(members, LABELS, [run(members, lambda at: at >= 16)], 600)[0]
        low, high = spread(drawn_again([good])[0, 0]) or (0, 0)
        return high - low

    assert width(crowded) > 1.8 * width(wide_apart)


def test_classes_a_model_does_not_know_are_said_and_not_counted() -> None:
    members = people(6)
    dogs = [replace(one, picture_id=100 + at, truth=(Box((0, 0, 9, 9), "dog"),)) for at, one in enumerate(members)]
    everyone = members + dogs
    (one,) = figures(everyone, LABELS, [run(everyone, lambda _at: True, knows=("car",))], 600)
    assert (one.unknown, one.labels) == (("dog",), ("car",))
    assert set(evaluation(one, drawn_again([one])[0])["classes"]) == {"car"}
    _first, other = both(everyone, run(everyone, lambda _at: True), run(everyone, lambda _at: True, knows=("car",)))
    assert other.unknown == ("dog",)


def test_what_one_model_could_not_look_at_counts_for_neither() -> None:
    members = people(10)
    one, other = run(members, lambda _at: True), run(members, lambda _at: True)
    del other.found[3]
    assert [of.exhaustive for of in both(members, one, other)] == [9, 9]


def test_resamples_are_drawn_whole_and_can_be_cancelled() -> None:
    times = resamples(7)
    assert times.shape == (RESAMPLES, 7)
    assert (times.sum(axis=1) == 7).all()
    assert (times == resamples(7)).all()
    members = people(7, exhaustive=False, kind="accept")
    (one,) = figures(members, LABELS, [run(members, lambda at: at > 2)], 600)
    told: list[tuple[int, int]] = []
    with pytest.raises(Interrupted):
        drawn_again([one], lambda done, of, _words: told.append((done, of)), lambda: len(told) > 9)
    assert told[-1] == (9, RESAMPLES)
    values = drawn_again([one])
    assert values.shape == (1, 4, RESAMPLES)
    assert spread(values[0, 0]) is None  # of no picture all is known
    assert spread(values[0, 2]) is not None
