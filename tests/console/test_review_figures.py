"""Figures of the review queue: of random items alone, weighted, and never more certain than they are."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from console.review import figures
from console.review.figures import says
from console.review.items import Box, VerdictKind
from console.review.verdict_job import decide
from console.review.verdict_rules import Decision, Given
from console.settings.home import Home
from console.store.store import Store
from models.agreement import effective, wilson
from tests.console.review_queue import NOON, fill, later, new_item

WHOLE = (10.0, 20.0, 110.0, 220.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Home.open(tmp_path) as home, Store.open(home) as opened:
        yield opened


def drawn(store: Store, right: int, wrong: int, *, open_: int = 0, **more: Any) -> None:
    """Random items, judged so."""
    probability = more.pop("probability", 0.01)
    numbers = fill(
        store, [new_item(reason="random", probability=probability, **more) for _n in range(right + wrong + open_)]
    )
    say(store, numbers[:right], "accept")
    say(store, numbers[right : right + wrong], "reject")


def say(
    store: Store, numbers: list[int], kind: VerdictKind, label: str = "", *, who: str = "Ann", share: float = 0.0,
    boxes: tuple[Box, ...] | None = None, minute: float = 0, seconds: float = 1.0,
) -> None:  # fmt: skip
    def job(db: Any) -> None:
        for place, number in enumerate(numbers):
            at = later(minute) + timedelta(seconds=2 * place)
            given = Given(who, supervisor=False, at=at, seconds=seconds, boot_id=store.boot_id, share=share)
            decide(db, number, Decision(kind, label, boxes), given)

    store.write(job).result(10)


def test_precision_comes_of_random_items_alone(store: Store) -> None:
    drawn(store, 8, 2, open_=5)
    drawn(store, 1, 3, camera="yard")
    drawn(store, 4, 0, label="car")
    say(store, fill(store, [new_item() for _n in range(50)]), "reject")  # doubtful: they would make it look bad
    with store.read() as db:
        found = {(one.camera_id, one.label): one for one in figures.precision(db)}
        gate = figures.precision(db, camera_id="gate")
    assert set(found) == {("gate", "person"), ("yard", "person"), ("gate", "car"), ("", "person"), ("", "car")}
    person = found["gate", "person"]
    assert (person.judged, person.drawn) == (10, 15)
    assert person.share == wilson(8, 10)
    both = found["", "person"].share
    assert both is not None
    assert [both.value, both.n] == pytest.approx([9 / 14, 14])
    assert [(one.camera_id, one.label) for one in gate] == [("gate", "car"), ("gate", "person")]


def test_a_track_that_was_drawn_rarely_stands_for_more(store: Store) -> None:
    drawn(store, 10, 0, probability=1.0)
    drawn(store, 0, 10, probability=0.1)
    with store.read() as db:
        (one, _both) = figures.precision(db)
    assert one.share is not None
    assert one.share.value == pytest.approx(10 / 110)
    assert one.share.n == pytest.approx(effective(np.array([1.0] * 10 + [10.0] * 10)))
    assert one.share.n < 13


def test_what_is_not_judged_yet_says_nothing(store: Store) -> None:
    numbers = fill(store, [new_item(reason="random", probability=0.5) for _n in range(3)])
    say(store, numbers[:1], "skip")
    say(store, numbers[1:2], "accept", share=1.0)  # a second person has yet to look
    with store.read() as db:
        assert [(one.share, one.judged, one.drawn) for one in figures.precision(db)] == [(None, 0, 3)] * 2
        assert figures.calibration(db) == []
        assert figures.tune(db, 1, 5) is None
        assert figures.agreement(db) == []


def test_since(store: Store) -> None:
    drawn(store, 1, 0, at=later(0))
    drawn(store, 0, 1, at=later(60))
    with store.read() as db:
        (one, _both) = figures.precision(db, since=later(30))
    assert one.share is not None
    assert (one.share.value, one.drawn) == (0.0, 1)


@pytest.mark.parametrize(
    ("kind", "label", "boxes", "expected"),
    [
        ("accept", "person", None, "person"),
        ("reject", "", None, ""),
        ("relabel", "dog", None, "dog"),
        ("edit", "", (), ""),
        ("edit", "", (Box(WHOLE, "person"),), "person"),
        ("edit", "", (Box(WHOLE, "dog"),), "dog"),
        ("edit", "", (Box((10, 20, 110, 121), "person"),), "person"),  # just more than half of it
        ("edit", "", (Box((10, 20, 110, 119), "person"),), ""),  # just less
        ("edit", "", (Box((10, 20, 110, 150), "dog"), Box(WHOLE, "cat")), "cat"),
        ("edit", "", (Box(WHOLE, "dog"), Box(WHOLE, "person")), "person"),
    ],
)
def test_what_a_verdict_says_of_the_box_asked_about(
    kind: VerdictKind, label: str, boxes: tuple[Box, ...] | None, expected: str
) -> None:
    assert says(Box(WHOLE, "person", 0.4), kind, label, boxes) == expected


def test_a_skip_says_nothing() -> None:
    with pytest.raises(ValueError, match="skip"):
        says(Box(WHOLE, "person"), "skip", "", None)


def test_an_edit_counts_by_the_box_it_gives(store: Store) -> None:
    numbers = fill(store, [new_item(reason="random", probability=1.0) for _n in range(3)])
    say(store, numbers[:1], "edit", boxes=(Box((12, 20, 110, 220), "person"), Box((300, 20, 310, 40), "dog")))
    say(store, numbers[1:2], "edit", boxes=(Box((300, 20, 310, 40), "person"),))
    say(store, numbers[2:], "relabel", "dog")
    with store.read() as db:
        (one, _both) = figures.precision(db)
    assert one.share is not None
    assert one.share.value == pytest.approx(1 / 3)


def test_kappa_of_each_class_over_those_judged_twice(store: Store) -> None:
    """Of 50 persons: 20 both yes, 5 yes and no, 10 no and yes, 15 both no; kappa is .4."""
    table = ((20, "accept", "accept"), (5, "accept", "reject"), (10, "reject", "accept"), (15, "reject", "reject"))
    for number, first, second in table:
        numbers = fill(store, [new_item() for _n in range(number)])
        say(store, numbers, first, share=1.0)  # type: ignore[arg-type]
        say(store, numbers[:1], "skip", who="Bob")
        say(store, numbers, second, who="Bob", share=1.0)  # type: ignore[arg-type]
    numbers = fill(store, [new_item(label="car") for _n in range(4)])
    say(store, numbers, "accept", share=1.0)
    say(store, numbers, "accept", who="Bob", share=1.0)
    with store.read() as db:
        car, person, every = figures.agreement(db)
    assert (car.label, car.kappa, car.pairs, car.same) == ("car", None, 4, 4)
    assert person.kappa == pytest.approx(0.4)
    assert (person.label, person.pairs, person.same) == ("person", 50, 35)
    assert (every.label, every.pairs, every.same) == ("", 54, 39)


def test_pace_leaves_pauses_out(store: Store) -> None:
    numbers = fill(store, [new_item() for _n in range(20)])
    say(store, numbers[:10], "accept", seconds=1.0)
    say(store, numbers[10:], "accept", minute=60, seconds=3.0)
    with store.read() as db:
        found = figures.pace(db, " Ann ", NOON - timedelta(minutes=1))
        assert (found.verdicts, found.seconds) == (20, 2.0)
        assert found.per_hour == pytest.approx(3600 * 19 / (2 * 9 + 60 + 2 * 9))
        late = figures.pace(db, "Ann", later(30))
        assert (late.verdicts, late.seconds) == (10, 3.0)
        assert late.per_hour == pytest.approx(1800)
        nobody = figures.pace(db, "Bob", NOON)
    assert (nobody.verdicts, nobody.seconds, nobody.per_hour) == (0, None, None)


def test_calibration_and_threshold_find_what_was_put_in(store: Store) -> None:
    """Scores below .5 are always wrong and above always right: whatever it costs, .5 is the threshold."""
    chance = random.Random(3)
    scores = [round(chance.uniform(0.3, 0.9), 3) for _n in range(60)]
    for score in scores:
        drawn(store, int(score >= 0.5), int(score < 0.5), score=score)
    drawn(store, 5, 0, score=0.31, camera="yard")
    with store.read() as db:
        bins = figures.calibration(db, "gate", "person", 10)
        best = figures.tune(db, 1.0, 5.0, "gate", "person")
        every = figures.tune(db, 1.0, 5.0)
    assert [one.right.value for one in bins] == [float(one.low > 0.49) for one in bins]
    assert best is not None
    assert best.best == min(score for score in scores if score >= 0.5)
    assert (best.cost, best.missed, best.false_alarms) == (0.0, 0.0, 0.0)
    assert every is not None
    assert every.best <= 0.31
