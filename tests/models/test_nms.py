from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.boxes import iou
from models.detections import Detections
from models.nms import nms

values = st.floats(width=32, allow_nan=True, allow_infinity=True)
plain = st.floats(0, 50, width=32)
row = st.tuples(plain, plain, plain, plain, st.floats(0, 1, width=32), st.integers(0, 2))


def of(rows: list[tuple[float, ...]]) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections.of(table[:, :4], table[:, 4], table[:, 5])


def by_the_book(boxes: Detections, threshold: float) -> list[int]:
    """The textbook's loop, one box at a time."""
    order = [int(i) for i in np.argsort(-boxes.score, kind="stable")]
    order = [i for i in order if (boxes.xyxy[i, 2:] > boxes.xyxy[i, :2]).all()]
    kept: list[int] = []
    for i in order:
        if all(
            boxes.class_id[i] != boxes.class_id[k] or iou(boxes.xyxy[[i]], boxes.xyxy[[k]])[0, 0] <= threshold
            for k in kept
        ):
            kept.append(i)
    return kept


@given(st.lists(row, max_size=40), st.floats(0.05, 1))
def test_it_agrees_with_the_textbook(rows: list[tuple[float, ...]], threshold: float) -> None:
    boxes = of(rows)
    assert nms(boxes, threshold).xyxy.tolist() == boxes.xyxy[by_the_book(boxes, threshold)].tolist()


def test_it_agrees_with_the_textbook_over_several_blocks() -> None:
    rng = np.random.default_rng(1)
    corner = rng.uniform(0, 200, (700, 2))
    rows = np.concatenate(
        [corner, corner + rng.uniform(5, 60, (700, 2)), rng.random((700, 1)), rng.integers(0, 3, (700, 1))], 1
    )
    boxes = of([tuple(r) for r in rows])
    assert nms(boxes, 0.45).xyxy.tolist() == boxes.xyxy[by_the_book(boxes, 0.45)].tolist()


@given(st.lists(st.tuples(values, values, values, values, values, st.integers(-5, 100)), max_size=40))
def test_degenerate_boxes_end_and_are_dropped(rows: list[tuple[float, ...]]) -> None:
    kept = nms(of(rows), 0.5)
    assert np.isfinite(kept.xyxy).all()
    assert (kept.xyxy[:, 2:] > kept.xyxy[:, :2]).all()


def test_many_objects_all_survive() -> None:
    corner = np.stack(np.meshgrid(np.arange(60), np.arange(50)), -1).reshape(-1, 2) * 10.0
    boxes = Detections.of(np.concatenate([corner, corner + 8], 1), np.linspace(0.3, 0.9, 3000), np.zeros(3000))
    assert len(nms(boxes, 0.45)) == 3000
