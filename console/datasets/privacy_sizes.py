"""Which size of the face model's input finds how many faces: recall against size."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.datasets.accuracy import detect
from console.datasets.privacy import sized_picture
from console.datasets.privacy_figures import wilson
from console.datasets.privacy_truth import Face, Truth
from console.privacy.looking.finders import Load, Loaded
from models.frames import Picture

HALF = 0.5
EDGES = (0, 12, 16, 24, 32, 48, 64, 96, 128, 1 << 30)
"""Sides of a head in the input, pixels; see `Face.box` for what a head is."""


def recall_by_size(
    truths: Sequence[Truth],
    load: Load,
    models: Sequence[str],
    sizes: Sequence[tuple[int, int]],
    *,
    confidence: float,
    pad: float,
    told: Callable[[int, int, str], None] = lambda _done, _of, _name: None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """How many faces each model finds at each size of its input, and how large a face must be in the input for it.

    A face is found when at least half of its visible keypoints lie in what was found, padded as a cover is. A picture
    smaller than the input is drawn larger, which adds no detail: a camera with as many pixels does better than that.

    Args:
        truths: marked pictures; those without keypoints of faces are passed over.
        load: loads a model with an input of a size.
        models: their names.
        sizes: (width, height) of the input.
        confidence: from which a face counts as found.
        pad: of the covers, as a share of a face's sides.
        told: called before each model and size.
        stop: set from elsewhere, ends it.

    Raises:
        SightdeskError: a picture or a model can't be read, or a model failed.
    """
    shown = [(sized_picture(truth), [f for f in truth.faces if len(f.points)]) for truth in truths]
    shown = [(picture, faces) for picture, faces in shown if faces]
    rows: list[dict[str, Any]] = []
    sides: dict[str, list[tuple[float, bool]]] = {model: [] for model in models}
    jobs = [(model, size) for model in models for size in sizes]
    for done, (model, size) in enumerate(jobs):
        if stop is not None and stop.is_set():
            break
        told(done, len(jobs), f"{model} {size[0]}x{size[1]}")
        with closing((loaded := load(model, size)).backend):
            row, heads = _measured(loaded, shown, confidence, pad)
        rows.append({"model": model, **row})
        sides[model] += heads
    return {"sizes": rows, "by_head": {model: _binned(pairs) for model, pairs in sides.items()}}


def _measured(
    loaded: Loaded, shown: Sequence[tuple[Picture, list[Face]]], confidence: float, pad: float
) -> tuple[dict[str, Any], list[tuple[float, bool]]]:
    """One model at one size of its input: its figures, and each head's side in the input with whether it was found."""
    own = loaded.detector.picture
    taken, found = list[float](), list[tuple[Face, float, NDArray[np.bool_]]]()
    for picture, faces in shown:
        begin = time.perf_counter()
        boxes = detect(loaded.detector, loaded.backend, picture, confidence).xyxy
        taken.append(time.perf_counter() - begin)
        scale = _scale(picture, (own.width, own.height))
        found += [(face, scale, _inside(face.points, boxes, pad)) for face in faces]
    points = np.concatenate([hit for _face, _scaled, hit in found] or [np.empty(0, np.bool_)])
    met = [bool(hit.mean() >= HALF) for _face, _scaled, hit in found]
    row = {
        "width": own.width,
        "height": own.height,
        "ms": round(float(np.median(taken)) * 1e3, 2) if taken else None,
        "keypoints": {"found": int(points.sum()), "of": len(points)},
        "faces": {"found": sum(met), "of": len(met)},
    }
    return row, [(float(face.box[2] - face.box[0]) * s, w) for (face, s, _), w in zip(found, met, strict=True)]


def _inside(points: NDArray[np.float32], boxes: NDArray[np.float32], pad: float) -> NDArray[np.bool_]:
    """Which points (K, 2) lie in one of the boxes (N, 4), padded."""
    margin = (boxes[:, 2:] - boxes[:, :2]) * pad / 2
    low, high = boxes[:, :2] - margin, boxes[:, 2:] + margin
    inside = np.logical_and.reduce((points[:, None] >= low) & (points[:, None] <= high), axis=2)
    hit: NDArray[np.bool_] = np.logical_or.reduce(inside, axis=1)
    return hit


def _scale(picture: Picture, size: tuple[int, int]) -> float:
    return min(size[0] / picture.width, size[1] / picture.height)


def _binned(pairs: Sequence[tuple[float, bool]]) -> list[dict[str, Any]]:
    """How many of the heads of each size were found; the same face counts once at each size of the input."""
    bins = []
    for low, high in pairwise(EDGES):
        inside = [whole for side, whole in pairs if low <= side < high]
        if inside:
            interval = wilson(sum(inside), len(inside))
            bins.append({"from": low, "to": high, "found": sum(inside), "of": len(inside), "interval": interval})
    return bins
