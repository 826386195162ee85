"""What the tracker is measured against: the simplest ways to keep boxes on objects between two inferences.

Neither is used in the product. Both answer the same two calls as `Followed`, the tracker itself, so that a bench can
treat the three alike.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.assignment import assign
from models.boxes import clip, iou
from models.detections import Detections
from models.tracking import Tracker
from models.tracks import FADE_TO_S, Tracks, predict


class Follower(Protocol):
    """Takes in what was detected, says where things are now."""

    def update(self, detections: Detections, time_ns: int, frame_size: tuple[int, int]) -> None:
        """Take in the boxes of the frame captured at `time_ns`."""

    def at(self, time_ns: int) -> Detections:
        """Boxes to draw over the picture captured at `time_ns`."""


class Followed:
    """`Tracker` and `predict`."""

    def __init__(self) -> None:
        self._tracker = Tracker()
        self._tracks = Tracks.empty()

    def update(self, detections: Detections, time_ns: int, frame_size: tuple[int, int]) -> None:
        """See `Follower`."""
        self._tracks = self._tracker.update(detections, time_ns, frame_size)[1]

    def at(self, time_ns: int) -> Detections:
        """See `Follower`."""
        return predict(self._tracks, time_ns)


class Held:
    """The boxes of the last inference, until the next."""

    def __init__(self) -> None:
        self._boxes = Detections.empty()

    def update(self, detections: Detections, time_ns: int, frame_size: tuple[int, int]) -> None:  # noqa: ARG002
        """See `Follower`."""
        self._boxes = detections

    def at(self, time_ns: int) -> Detections:  # noqa: ARG002
        """See `Follower`."""
        return self._boxes


class ConstantVelocity:
    """A Kalman filter of constant velocity for x, y, w, h of each box; pairs by IoU of at least 0.1.

    Measuring error 4 % and acceleration noise 200 % of the box's height. A box is drawn as long after it was last seen
    as the tracker's are, so that both pay the same for boxes left standing.
    """

    def __init__(self) -> None:
        self._time_ns = 0
        self._size = (0, 0)
        self._place = np.empty((2, 0, 4))
        self._spread = np.empty((3, 0, 4))
        self._unseen_s = np.empty(0)
        self._label = np.empty((0, 2))

    def update(self, detections: Detections, time_ns: int, frame_size: tuple[int, int]) -> None:
        """See `Follower`."""
        seconds = (time_ns - self._time_ns) / 1e9
        self._time_ns, self._size = time_ns, frame_size
        height = self._place[0, :, 3:]
        self._place[0] += self._place[1] * seconds
        place, shared, speed = self._spread
        noise = (2.0 * height) ** 2
        place += seconds * (2 * shared + seconds * speed) + noise * seconds**4 / 4
        shared += seconds * speed + noise * seconds**3 / 2
        speed += noise * seconds**2
        self._unseen_s += seconds
        self._pair(detections)
        kept = self._unseen_s < FADE_TO_S
        self._place, self._spread = self._place[:, kept], self._spread[:, kept]
        self._unseen_s, self._label = self._unseen_s[kept], self._label[kept]

    def _pair(self, found: Detections) -> None:
        boxes = found.xyxy.astype(np.float64)
        seen = np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)
        like = iou(_corners(self._place[0]), boxes) * (self._label[:, 1:] == found.class_id)
        rows, columns = assign(-like)
        good = like[rows, columns] >= 0.1
        rows, columns = rows[good], columns[good]
        place, shared, _ = self._spread[:, rows]
        total = place + (0.04 * self._place[0, rows, 3:]) ** 2
        off = seen[columns] - self._place[0, rows]
        self._place[:, rows] += np.stack([place, shared]) / total * off
        self._spread[:, rows] -= np.stack([place * place, place * shared, shared * shared]) / total
        self._unseen_s[rows] = 0
        self._label[rows, 0] = found.score[columns]
        self._begin(seen, found, np.setdiff1d(np.arange(len(found)), columns))

    def _begin(self, seen: NDArray[np.float64], found: Detections, index: NDArray[np.intp]) -> None:
        new, height = seen[index], seen[index, 3:]
        spread = np.stack([(0.04 * height) ** 2, 0 * height, height**2]).repeat(4, axis=2)
        self._place = np.concatenate([self._place, np.stack([new, 0 * new])], axis=1)
        self._spread = np.concatenate([self._spread, spread], axis=1)
        self._unseen_s = np.concatenate([self._unseen_s, np.zeros(len(index))])
        self._label = np.concatenate([self._label, np.stack([found.score, found.class_id], axis=1)[index]])

    def at(self, time_ns: int) -> Detections:
        """See `Follower`."""
        seconds = (time_ns - self._time_ns) / 1e9
        boxes = clip(_corners(self._place[0] + self._place[1] * seconds), *self._size)
        drawn = (self._unseen_s + seconds < FADE_TO_S) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        n = len(boxes)
        return Detections.of(boxes, self._label[:, 0], self._label[:, 1], np.arange(n)).select(drawn)


def _corners(place: NDArray[np.float64]) -> NDArray[np.float64]:
    half = place[:, 2:] / 2
    return np.concatenate([place[:, :2] - half, place[:, :2] + half], axis=1)
