"""Average precision as COCO has it, in a form that is worked out anew in no time for pictures drawn again.

Boxes are matched once for each picture (10 IoU thresholds, .50 to .95; at most 100 boxes a picture and class), as
pycocotools does it (cocodataset/cocoapi, cocoeval.py); what a resample of the pictures changes is only how often each
counts. No crowds and no areas: people who judge pictures here don't mark them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.boxes import iou

IOUS = np.linspace(0.5, 0.95, 10)
_RECALLS = np.linspace(0.0, 1.0, 101)
_MOST = 100
_EPSILON = float(np.spacing(1))


@dataclass(frozen=True, slots=True)
class Boxes:
    """N boxes of one picture.

    Attributes:
        xyxy: (N, 4) float64, pixels.
        label: (N,) int, the number of each one's class.
        score: (N,) float64; of truth it means nothing.
    """

    xyxy: NDArray[np.float64]
    label: NDArray[np.int64]
    score: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """One class over all pictures: what was found, surest first.

    Precision is highest where an object has just been found, so only those places are kept in full.

    Attributes:
        picture: (N,) number of the picture each box is in.
        places: (K,) which of the boxes are an object's, at any IoU.
        hit: (10, K) whether they are at each IoU.
        objects: (pictures,) how many objects there are in each.
    """

    picture: NDArray[np.int64]
    places: NDArray[np.int64]
    hit: NDArray[np.bool_]
    objects: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Precision:
    """Average precision, 0..1.

    Attributes:
        ap: mean over classes of the AP at IoU .50:.95; None: no class has an object.
        ap50: the same at IoU .50.
        classes: AP and AP50 of each class that has an object, by its number.
    """

    ap: float | None
    ap50: float | None
    classes: dict[int, tuple[float, float]]


def curves(truth: Sequence[Boxes], found: Sequence[Boxes], labels: Sequence[int]) -> dict[int, Curve]:
    """Match what was found with what is there.

    Args:
        truth: all that is in each picture.
        found: what a model found in each, in the same order.
        labels: numbers of the classes that count.
    """
    return {label: _curve(truth, found, label) for label in labels}


def precision(of: dict[int, Curve], weights: NDArray[np.int64] | None = None) -> Precision:
    """AP over pictures, each counted as often as `weights` (pictures,) says; None: once."""
    classes = {}
    for label, curve in of.items():
        times = np.ones(len(curve.objects), np.int64) if weights is None else weights
        objects = int(curve.objects @ times)
        if objects:
            each = _areas(curve, times, objects)
            classes[label] = (float(each.mean()), float(each[0]))
    if not classes:
        return Precision(None, None, {})
    both = np.array(list(classes.values())).mean(axis=0)
    return Precision(float(both[0]), float(both[1]), classes)


def _areas(curve: Curve, times: NDArray[np.int64], objects: int) -> NDArray[np.float64]:
    """(10,) area under the interpolated curve of each IoU, sampled at 101 recalls."""
    often = times[curve.picture]
    count = len(curve.places)
    if not count:
        return np.zeros(len(IOUS))
    right = np.cumsum(curve.hit * often[curve.places], axis=1).astype(np.float64)
    seen = np.cumsum(often)[curve.places].astype(np.float64)
    recall, exact = right / objects, right / (seen + _EPSILON)
    envelope = np.maximum.accumulate(exact[:, ::-1], axis=1)[:, ::-1]
    places = np.stack([np.searchsorted(row, _RECALLS, side="left") for row in recall])
    reached = np.where(places < count, np.take_along_axis(envelope, np.minimum(places, count - 1), axis=1), 0.0)
    return np.asarray(reached.mean(axis=1))


def _curve(truth: Sequence[Boxes], found: Sequence[Boxes], label: int) -> Curve:
    scores, pictures, hits, objects = [], [], [], np.zeros(len(truth), np.int64)
    for number, (there, seen) in enumerate(zip(truth, found, strict=True)):
        mine = there.xyxy[there.label == label]
        objects[number] = len(mine)
        own = seen.label == label
        order = np.argsort(-seen.score[own], kind="stable")[:_MOST]
        scores.append(seen.score[own][order])
        pictures.append(np.full(len(order), number))
        hits.append(_match(seen.xyxy[own][order], mine))
    all_scores = np.concatenate(scores) if scores else np.zeros(0)
    order = np.argsort(-all_scores, kind="stable")
    picture = np.concatenate(pictures).astype(np.int64) if pictures else np.zeros(0, np.int64)
    hit = np.concatenate(hits, axis=1) if hits else np.zeros((len(IOUS), 0), bool)
    sorted_hit = hit[:, order]
    places = np.flatnonzero(sorted_hit.any(axis=0))
    return Curve(picture[order], places, sorted_hit[:, places], objects)


def _match(boxes: NDArray[np.float64], objects: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(10, N) which boxes are an object's, the surest choosing first; of equally good objects the last."""
    hit = np.zeros((len(IOUS), len(boxes)), bool)
    if not len(boxes) or not len(objects):
        return hit
    overlap = iou(boxes, objects)
    for at, least in enumerate(IOUS):
        free = np.ones(len(objects), bool)
        for number, row in enumerate(overlap):
            open_to = np.where(free, row, -1.0)
            best = len(open_to) - 1 - int(open_to[::-1].argmax())
            if open_to[best] >= least:
                free[best] = False
                hit[at, number] = True
    return hit
