"""Arithmetic on boxes: (N, 4) arrays of x0 y0 x1 y1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.floating[Any]]


def area(xyxy: Boxes) -> Boxes:
    """Area of each box, (N,); 0 where a box is turned inside out."""
    sides = np.maximum(xyxy[..., 2:] - xyxy[..., :2], 0)
    product: Boxes = sides[..., 0] * sides[..., 1]
    return product


def iou(a: Boxes, b: Boxes) -> Boxes:
    """Intersection over union of every pair, (len(a), len(b)); 0 for empty boxes, never NaN for finite ones."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0)
    inter = sides[..., 0] * sides[..., 1]
    union = area(a)[:, None] + area(b)[None, :] - inter
    ratio: Boxes = np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)
    return ratio


def clip(xyxy: Boxes, width: float, height: float) -> Boxes:
    """Boxes cut to a picture of this size; a box outside becomes empty on the edge."""
    cut: Boxes = np.minimum(np.maximum(xyxy, 0), np.array([width, height, width, height], xyxy.dtype))
    return cut
