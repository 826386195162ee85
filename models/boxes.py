"""Arithmetic on boxes: (N, 4) arrays of x0 y0 x1 y1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.floating[Any]]
MARGIN = 0.4
"""Seen around a box on each side, as a share of its longer side: a covered box alone tells nothing."""
NEAR_MARGIN = 0.2
"""The same for who looks closer: of what stands around no more than it takes to tell what is in the box."""
LEAST = 64
"""A crop is at least so wide and high where the picture is, pixels."""


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


def around(box: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The crop of 4:3 around a box with its margin, moved and cut to the picture: x0, y0, x1, y1 in whole pixels.

    Args:
        box: x0, y0, x1, y1 in the picture.
        size: (width, height) of the picture.
    """
    ((x0, y0, x1, y1),) = clip(np.array([box], np.float32), *size).tolist()
    margin = MARGIN * max(x1 - x0, y1 - y0)
    high = max(y1 - y0 + 2 * margin, (x1 - x0 + 2 * margin) * 3 / 4, LEAST)
    return _placed(((x0 + x1) / 2, (y0 + y1) / 2), (high * 4 / 3, high), size)


def closely(box: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The crop around a box for who looks closer, moved and cut to the picture: x0, y0, x1, y1 in whole pixels.

    Args:
        box: x0, y0, x1, y1 in the picture.
        size: (width, height) of the picture.
    """
    ((x0, y0, x1, y1),) = clip(np.array([box], np.float32), *size).tolist()
    margin = NEAR_MARGIN * max(x1 - x0, y1 - y0)
    lengths = max(x1 - x0 + 2 * margin, LEAST), max(y1 - y0 + 2 * margin, LEAST)
    return _placed(((x0 + x1) / 2, (y0 + y1) / 2), lengths, size)


def _placed(
    middle: tuple[float, float], lengths: tuple[float, float], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """A crop of these side lengths around a point, as near to it as the picture allows."""
    sides = []
    for centre, length, limit in zip(middle, lengths, size, strict=True):
        whole = max(1, min(round(length), limit))
        begin = min(max(round(centre - whole / 2), 0), limit - whole)
        sides.append((begin, begin + whole))
    return sides[0][0], sides[1][0], sides[0][1], sides[1][1]
