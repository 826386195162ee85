"""Parts of a picture that are looked at one by one, because what is looked for is too small or too large in the whole.

The plate model's input is 300 x 300, whatever the picture: in 1920 x 1080 a plate 90 pixels wide is 14 of its pixels.
It is therefore shown the whole picture, and besides parts of it that overlap. It learned from plates that are small in
the picture and misses near ones, so it is shown the picture from farther away, too: half as large, in the middle of
black. On 12 dashcam photos with 17 plates that brought the plate area covered from 39 to 100 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.boxes import clip
from models.detections import Detections
from models.findings import Kind
from models.frames import ArrayPicture, Picture
from models.nms import nms

PART = 860
"""No part is wider or higher than about so many pixels, where `MOST` lets them be so small."""
MOST = 3
"""Parts along a side at most."""
OVERLAP = 0.25
"""Of a part with its neighbour, as a share of it: what one cuts the other shows whole."""
_SAME = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a picture, beginning at (x, y) of it; `scale` pixels of it are one of the part's."""

    x: int
    y: int
    picture: Picture
    scale: int = 1


def parts_of(picture: Picture, kind: Kind) -> list[Part]:
    """What of a picture is shown to the model of a kind: always all of it, for plates parts of it too."""
    whole = Part(0, 0, picture)
    across, down = _spans(picture.width), _spans(picture.height)
    if kind != "plates":
        return [whole]
    pixels = picture.view(picture.width, picture.height)
    if len(across) * len(down) == 1:
        return [whole, _from_afar(pixels)]
    return [
        whole,
        _from_afar(pixels),
        *(
            Part(x0, y0, ArrayPicture(np.ascontiguousarray(pixels[y0:y1, x0:x1])))
            for y0, y1 in down
            for x0, x1 in across
        ),
    ]


def whole_of(found: Sequence[tuple[Part, Detections]]) -> Detections:
    """What was found in parts, in the whole picture's pixels; what several show is there once, as the surest has it."""
    if len(found) == 1:
        return found[0][1]
    moved = [
        Detections(
            one.xyxy * part.scale + np.array([part.x, part.y] * 2, np.float32), one.score, one.class_id, one.track_id
        )
        for part, one in found
    ]
    together = Detections.concat(moved)
    size = found[0][0].picture
    xyxy = clip(together.xyxy, size.width, size.height).astype(np.float32, copy=False)
    return nms(Detections(xyxy, together.score, together.class_id, together.track_id), _SAME)


def _from_afar(pixels: NDArray[np.uint8]) -> Part:
    """The picture at half its size in the middle of a black one of its size."""
    height, width = pixels.shape[:2]
    wide, high = max(1, width // 2), max(1, height // 2)
    canvas = np.zeros_like(pixels)
    x, y = (width - wide) // 2, (height - high) // 2
    canvas[y : y + high, x : x + wide] = cv2.resize(pixels, (wide, high), interpolation=cv2.INTER_AREA)
    return Part(-2 * x, -2 * y, ArrayPicture(canvas), 2)


def _spans(side: int) -> list[tuple[int, int]]:
    """Where the parts along a side begin and end."""
    count = min(MOST, math.ceil(side / PART))
    length = side / (count - (count - 1) * OVERLAP)
    step = length * (1 - OVERLAP)
    return [(int(step * k), side if k == count - 1 else math.ceil(step * k + length)) for k in range(count)]
