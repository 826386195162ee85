"""YOLOX: anchor-free, one row per grid cell of strides 8, 16 and 32.

Format: Megvii YOLOX's ONNX export without decode_in_inference; a row is (cx, cy, w, h, objectness, class scores...),
the centre relative to its cell and the size as a logarithm, both in units of the stride; scores are past the sigmoid.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from models.decoders.family import Family, NotThisFamily, Outputs, Thresholds, over, picture_tensor, shapes, side
from models.detections import Detections
from models.labels import COCO80
from models.manifest import ModelFacts, PictureInput

STRIDES = (8, 16, 32)


@lru_cache(maxsize=8)
def _grid(width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cell corners (N, 2) and strides (N, 1) in the order of the rows."""
    cells, strides = [], []
    for stride in STRIDES:
        rows, columns = np.mgrid[0 : height // stride, 0 : width // stride]
        cells.append(np.stack([columns.ravel(), rows.ravel()], 1))
        strides.append(np.full((rows.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _rows(width: int, height: int) -> int:
    return sum((height // stride) * (width // stride) for stride in STRIDES)


def _picture_input(facts: ModelFacts, width: int | None, height: int | None) -> PictureInput:
    tensor = picture_tensor(facts)
    _, channels, stated_height, stated_width = tensor.shape
    if channels != 3:
        raise NotThisFamily(f"expected an input (N, 3, H, W), got {list(tensor.shape)}")
    w, h = side(stated_width, width, 416), side(stated_height, height, 416)
    if len(facts.outputs) != 1 or len(facts.outputs[0].shape) != 3:
        raise NotThisFamily(f"expected one output (N, rows, 5 + classes), got {shapes(facts.outputs)}")
    _, rows, columns = facts.outputs[0].shape
    if rows not in (None, _rows(w, h)) or columns is None or columns < 6:
        raise NotThisFamily(f"expected {_rows(w, h)} rows of 5 + classes for {w}x{h}, got {shapes(facts.outputs)}")
    return PictureInput(tensor.name, w, h, "NCHW", "BGR")


def _classes(facts: ModelFacts) -> int:
    return (facts.outputs[0].shape[-1] or 5) - 5


def _decode(outputs: Outputs, size: tuple[int, int], thresholds: Thresholds) -> Detections:
    rows = next(iter(outputs.values()))[0]
    # objectness bounds every class's score (score = objectness x class), so one comparison leaves tens of 3,549 rows
    candidates = np.flatnonzero(rows[:, 4] >= thresholds.min())
    picked = rows[candidates]
    class_id = picked[:, 5:].argmax(1).astype(np.int32) if len(picked) else np.empty(0, np.int32)
    score = picked[:, 4] * picked[np.arange(len(picked)), 5 + class_id]
    keep = over(score, class_id, thresholds)
    picked, candidates = picked[keep], candidates[keep]
    cells, strides = _grid(*size)
    center = (picked[:, :2] + cells[candidates]) * strides[candidates]
    # a corrupt answer may hold a huge logarithm: bounded to e^12 strides, which is past any picture and still finite
    half = np.exp(np.minimum(picked[:, 2:4], 12)) * strides[candidates] / 2
    return Detections.of(np.concatenate([center - half, center + half], 1), score[keep], class_id[keep])


FAMILY = Family(
    "yolox",
    fit="corner",
    pad=114,
    suppress=True,
    default_labels={80: COCO80},
    picture_input=_picture_input,
    decode=_decode,
    count_classes=_classes,
)
