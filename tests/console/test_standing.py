from __future__ import annotations

import numpy as np
import pytest

from console.pipeline.standing import FOR_S, IN_A_ROW, Standing
from models.decoders import FAMILIES
from models.detections import Detections
from models.detector import Detector
from models.manifest import ModelManifest, PictureInput

S = 1_000_000_000


def made() -> tuple[Standing, list[str]]:
    said: list[str] = []
    standing = Standing(lambda: said.append(standing.trouble))
    return standing, said


def test_one_failure_now_and_then_is_no_trouble() -> None:
    standing, said = made()
    for second in range(100):
        standing.bad("no", second * S // 10)
        standing.bad("no", second * S // 10)
        standing.good()
    assert (standing.trouble, said) == ("", [])


def test_a_row_of_failures_is_trouble_until_the_first_good_answer() -> None:
    standing, said = made()
    for number in range(10):
        assert bool(standing.trouble) == (number >= IN_A_ROW)
        standing.bad(f"no {number}", number)
    assert standing.trouble == f"no {IN_A_ROW - 1}"
    standing.good()
    assert said == [f"no {IN_A_ROW - 1}", ""]


def test_a_slow_cameras_two_failures_are_trouble_and_a_lost_answer_is_at_once() -> None:
    standing, _said = made()
    standing.bad("no", 0)
    standing.bad("still no", int(FOR_S * S))
    assert standing.trouble == "still no"
    standing, _said = made()
    standing.bad("lost", 0, at_once=True)
    assert standing.trouble == "lost"


DETECTOR = Detector(ModelManifest(name="m", family="yolox"), FAMILIES["yolox"], PictureInput("x", 64, 64, "NCHW"))
EMPTY = Detections.empty()
FOUND = Detections.of([[0, 0, 1, 1]], [0.9], [0])


@pytest.mark.parametrize(
    ("numbers", "broken"),
    [
        (np.zeros((1, 4), np.float32), False),
        (np.array([0, -np.inf], np.float32), False),
        (np.array([0, np.nan], np.float32), True),
        (np.array([np.inf, 0], np.float16), True),
        (np.full(3, -np.inf, np.float32), True),
        (np.empty(0, np.float32), False),
        (np.array([2**31 - 1], np.int32), False),
    ],
)
def test_an_empty_answer_with_nan_or_infinity_is_not_believed(numbers: np.ndarray, broken: bool) -> None:
    assert DETECTOR.is_broken({"ok": np.zeros(3, np.float32), "out": numbers}, EMPTY) is broken
    assert DETECTOR.is_broken({"out": numbers}, FOUND) is False
