"""Covers: painting over regions of a picture, so that what was there can't be had back.

solid leaves nothing. pixelate and blur leave, of each region, at most `BLOCKS` x `BLOCKS` colours of `LEVELS` levels a
channel, and nothing else: a block's colour is the mean of its pixels, its grid begins at the region's own corner, and
blur draws a smooth picture of the same few numbers. Two pictures that agree in these numbers give the same output, so
nothing finer can be computed back from one picture. They are weaker all the same: a face's colours and rough shading
remain, somebody who has a handful of candidates can try them all, and of something that moves, many pictures say more
than one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.boxes import Boxes, clip
from models.policy import Style

COLOUR = (24, 24, 24)
"""Of a solid cover, BGR."""
BLOCKS = 4
"""Blocks across and down a region at most, so that each is a quarter of its side at least."""
BLOCK = 12
"""No block is narrower or lower than so many pixels, where the region is that large."""
LEVELS = 16
"""Levels of a block's colour, per channel."""
_SHIFT, _ROOM = 4, 4


def paint(
    bgr: NDArray[np.uint8],
    boxes: Boxes,
    polygons: tuple[NDArray[np.float32], ...],
    style: Style,
    solid: NDArray[np.bool_],
) -> None:
    """Cover regions of `bgr`, (H, W, 3) uint8, in place; every pixel that a region touches is covered as a whole.

    Args:
        bgr: the picture.
        boxes: (N, 4) in its pixels, rounded outwards.
        polygons: each (K, 2) in its pixels; what lies inside of a loop of one that crosses itself is covered too.
        style: how.
        solid: (N,), boxes that are covered solid whatever the style.
    """
    whole = outward(boxes, bgr.shape[1], bgr.shape[0])
    masks = [_mask(polygon, bgr.shape[1], bgr.shape[0]) for polygon in polygons]
    if style != "solid":  # read before anything is painted: what a region shows depends on nothing but what was there
        drawn = [(box, _weak(bgr, box, style)) for box in _outer(whole[~solid])]
        parts = [(mask, box, _weak(bgr, box, style)) for mask, box in masks if mask.size]
        for mask, (x0, y0, x1, y1), colours in parts:
            bgr[y0:y1, x0:x1][mask] = colours[mask]
        for (x0, y0, x1, y1), colours in drawn:
            bgr[y0:y1, x0:x1] = colours
        whole, masks = whole[solid], []
    for x0, y0, x1, y1 in whole.tolist():
        bgr[y0:y1, x0:x1] = COLOUR
    for mask, (x0, y0, x1, y1) in masks:
        bgr[y0:y1, x0:x1][mask] = COLOUR


def outward(boxes: Boxes, width: int, height: int) -> NDArray[np.int64]:
    """Boxes (N, 4) as whole pixels, [x0, x1) x [y0, y1): every pixel they touch, inside of the picture."""
    grown = np.concatenate([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], 1)
    whole: NDArray[np.int64] = clip(grown, width, height).astype(np.int64)
    return whole


def _outer(boxes: NDArray[np.int64]) -> list[tuple[int, int, int, int]]:
    """Those that are not inside of another: a second look at one thing says more of it than one."""
    left: list[tuple[int, int, int, int]] = []
    sides = boxes[:, 2:] - boxes[:, :2]
    for index in np.argsort(-(sides[:, 0] * sides[:, 1]), kind="stable").tolist():
        x0, y0, x1, y1 = boxes[index].tolist()
        inside = any(a <= x0 and b <= y0 and x1 <= c and y1 <= d for a, b, c, d in left)
        if x0 < x1 and y0 < y1 and not inside:
            left.append((x0, y0, x1, y1))
    return left


def _weak(bgr: NDArray[np.uint8], box: tuple[int, int, int, int], style: Style) -> NDArray[np.uint8]:
    """What a region shows when it is pixelated or blurred: (H, W, 3) uint8 of the region's size."""
    x0, y0, x1, y1 = box
    region = bgr[y0:y1, x0:x1]
    across, down = _blocks(x1 - x0), _blocks(y1 - y0)
    columns = np.arange(across + 1) * (x1 - x0) // across
    rows = np.arange(down + 1) * (y1 - y0) // down
    few = np.empty((down, across, 3), np.uint8)
    step = 256 // LEVELS
    for row in range(down):
        for column in range(across):
            block = region[rows[row] : rows[row + 1], columns[column] : columns[column + 1]]
            few[row, column] = np.asarray(cv2.mean(block)[:3]) // step * step + step // 2
    if style == "blur":
        smooth: NDArray[np.uint8] = np.asarray(
            cv2.resize(few, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR), np.uint8
        )
        return smooth
    return np.repeat(np.repeat(few, np.diff(rows), 0), np.diff(columns), 1)


def _blocks(side: int) -> int:
    """How many blocks lie along a side of so many pixels."""
    return max(1, min(BLOCKS, side // BLOCK))


def _mask(polygon: NDArray[np.float32], width: int, height: int) -> tuple[NDArray[np.bool_], tuple[int, int, int, int]]:
    """The pixels that a polygon touches, as a mask of its box, (h, w) bool, and that box; an empty one: none."""
    low = np.floor(polygon.min(0)).astype(int) - _ROOM
    wide, high = (np.ceil(polygon.max(0)).astype(int) + _ROOM - low).tolist()
    canvas = np.zeros((high, wide), np.uint8)  # it may reach out of the picture: an edge that is cut is not drawn
    # cv2 counts from the middle of a pixel, and takes points in sixteenths of one
    points = np.round((polygon.astype(np.float64) - low - 0.5) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(canvas, [points], 255, shift=_SHIFT)
    outlines, _tree = cv2.findContours(canvas, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, outlines, -1, 255, cv2.FILLED)  # the loops of one that crosses itself
    # a pixel on for what it only touches, and one for a pixel of the larger picture that lies across its edge
    touched = cv2.dilate(canvas, np.ones((5, 5), np.uint8)) > 0
    x, y = low.tolist()
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + wide, width), min(y + high, height)
    if x0 >= x1 or y0 >= y1:
        return np.zeros((0, 0), np.bool_), (0, 0, 0, 0)
    return touched[y0 - y : y1 - y, x0 - x : x1 - x], (x0, y0, x1, y1)
