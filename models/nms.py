"""Non-maximum suppression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.boxes import iou
from models.detections import Detections


def nms(detections: Detections, iou_threshold: float) -> Detections:
    """Of boxes of one class that overlap by more than `iou_threshold`, keep the best; best first over all classes.

    Boxes that are not finite or have no area are dropped: they would overlap nothing, and so never be suppressed.
    Ties keep the earlier box, so the answer is deterministic.
    """
    sides = detections.xyxy[:, 2:] - detections.xyxy[:, :2]
    sound = np.isfinite(detections.xyxy).all(1) & np.isfinite(detections.score) & (sides > 0).all(1)
    order = np.flatnonzero(sound)
    order = order[np.argsort(-detections.score[order], kind="stable")]
    boxes = detections.select(order)
    if len(boxes) < 2:
        return boxes
    return boxes.select(_keep(boxes, iou_threshold))


def _keep(boxes: Detections, iou_threshold: float) -> NDArray[np.intp]:
    """Indices that survive among sound boxes, best first. At most one pass per survivor, so it always ends."""
    kept: list[int] = []
    alive = np.arange(len(boxes))
    while len(alive):
        best, rest = int(alive[0]), alive[1:]
        kept.append(best)
        overlap = iou(boxes.xyxy[best : best + 1], boxes.xyxy[rest])[0]
        alive = rest[(overlap <= iou_threshold) | (boxes.class_id[rest] != boxes.class_id[best])]
    return np.array(kept, np.intp)
