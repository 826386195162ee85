"""What looks alike: a small fingerprint of what is in a box, and a memory of those that were kept lately.

Fingerprints are of plain pixels and so stay in memory: after a start the first of each sort is kept once more.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from models.boxes import clip, iou
from models.frames import Picture

ALIKE_BITS = 4
"""Fingerprints that differ in at most so many of their 64 bits are of the same thing, wherever it is. On vtest.avi one
pair of different people and cars in 5,000 differs by so little ..."""
PLACED_BITS = 14
"""... and at most so many where it stands in the same place: nine of ten pairs of what stood there all the time do."""
SAME_PLACE = 0.6
"""Boxes whose intersection over union is at least this are in the same place."""
REMEMBERED = 50
"""So many are remembered of each camera and class ..."""
HOURS = 6.0
"""... for so long."""
_MARGIN = 0.1
_FLAT = 0.05

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """What is in a box.

    Attributes:
        print: 64 bits; see `look_of`.
        box: x0, y0, x1, y1, pixels.
    """

    print: int
    box: Box


def look_of(picture: Picture, box: Box) -> Look:
    """The fingerprint of a box with a little around it: where a 9 x 8 grey picture of it becomes brighter to the right.

    Known as dHash (N. Krawetz, "Kind of Like That", 2013). It does not change with brightness, contrast and size. Here
    a step counts from 5 % of the contrast on: else noise decides about all that is flat.

    Args:
        picture: at its own size.
        box: x0, y0, x1, y1 in it, in pixels; what lies outside is cut off.
    """
    x0, y0, x1, y1 = box
    across, down = _MARGIN * (x1 - x0), _MARGIN * (y1 - y0)
    size = picture.width, picture.height
    grown = np.array([[x0 - across, y0 - down, x1 + across, y1 + down]], np.float32)
    ((left, top, right, bottom),) = clip(grown, *size).round().astype(int).tolist()
    left, top = min(left, size[0] - 1), min(top, size[1] - 1)
    part = picture.view(*size)[top : max(bottom, top + 1), left : max(right, left + 1)]
    grey = cv2.resize(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    dark, bright = np.percentile(grey, (5, 95))
    steps = np.diff(grey, axis=1) > _FLAT * (bright - dark)
    return Look(int.from_bytes(np.packbits(steps).tobytes()), box)


class Likeness:
    """What was kept lately, by camera and class. For one thread.

    Args:
        now: monotonic seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: dict[tuple[str, str], deque[tuple[float, Look]]] = {}

    def knows(self, camera_id: str, label: str, look: Look) -> bool:
        """Whether something alike was kept lately."""
        since = self._now() - HOURS * 3600
        kept = self._kept.get((camera_id, label), ())
        return any(at >= since and _alike(look, other) for at, other in kept)

    def remember(self, camera_id: str, label: str, look: Look) -> None:
        """This one is kept."""
        self._kept.setdefault((camera_id, label), deque(maxlen=REMEMBERED)).append((self._now(), look))


def _alike(one: Look, other: Look) -> bool:
    differ = (one.print ^ other.print).bit_count()
    if ALIKE_BITS < differ <= PLACED_BITS:
        return bool(iou(np.array([one.box], np.float32), np.array([other.box], np.float32))[0, 0] >= SAME_PLACE)
    return differ <= ALIKE_BITS
