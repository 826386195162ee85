"""Non-maximum suppression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.boxes import iou
from models.detections import Detections

_BLOCK = 256
"""Boxes compared with each other at once: bounds memory to some megabytes however many boxes there are."""


def nms(detections: Detections, iou_threshold: float) -> Detections:
    """Of boxes of one class that overlap by more than `iou_threshold`, keep the best; best first over all classes.

    Boxes that are not finite or have no area are dropped: they would overlap nothing, and so never be suppressed.
    Ties keep the earlier box, so the answer is deterministic. There is no limit on how many survive.
    """
    has_area = (detections.xyxy[:, 2:] > detections.xyxy[:, :2]).all(1)
    sound = np.isfinite(detections.xyxy).all(1) & np.isfinite(detections.score) & has_area
    order = np.flatnonzero(sound)
    boxes = detections.select(order[np.argsort(-detections.score[order], kind="stable")])
    kept = np.empty(0, np.intp)
    for start in range(0, len(boxes), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(boxes)))
        if len(kept):
            block = block[~_suppressed(boxes, block, kept, iou_threshold).any(1)]
        kept = np.concatenate([kept, block[_survivors(_suppressed(boxes, block, block, iou_threshold))]])
    return boxes.select(kept)


def _suppressed(
    boxes: Detections, rows: NDArray[np.intp], columns: NDArray[np.intp], iou_threshold: float
) -> NDArray[np.bool_]:
    """(rows, columns): the two are of one class and overlap too much."""
    with np.errstate(over="ignore", invalid="ignore"):  # an area past float32 is no overlap
        overlap = iou(boxes.xyxy[rows], boxes.xyxy[columns]) > iou_threshold
    same: NDArray[np.bool_] = overlap & (boxes.class_id[rows, None] == boxes.class_id[None, columns])
    return same


def _survivors(conflicts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mask (N,) of those that no surviving better one is in conflict with; `conflicts` is (N, N), best first."""
    alive = np.ones(len(conflicts), np.bool_)
    for best in range(len(conflicts)):
        if alive[best]:
            alive[best + 1 :] &= ~conflicts[best, best + 1 :]
    return alive
