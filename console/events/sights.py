"""First sights: which tracks of a result are seen for the first time, and are not the flicker of one frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from models.detections import NO_TRACK
from models.results import Result

CONFIRMED_BY = 3
"""Frames in which a track must have been seen before it counts ..."""
CONFIRMED_S = 0.5
"""... or seconds between two frames in which it was: where inference is slow, three would take too long."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Sight:
    """A track that counts now.

    Attributes:
        track: its number.
        label: its class, as the model names it.
        score: of the box in this frame.
        box: x0, y0, x1, y1 in this frame, source pixels.
        first_at: UTC, when it was seen first.
    """

    track: int
    label: str
    score: float
    box: tuple[float, float, float, float]
    first_at: datetime


@dataclass(slots=True)
class _Followed:
    first_ns: int
    first_at: datetime
    frames: int = 0
    asked: int = -1
    done: bool = False


class Sights:
    """The tracks of one camera that are known. For one thread.

    A track makes one sight in its life. One that no rule wanted is asked about again when the tracker has changed its
    mind about its class.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Followed] = {}
        self._highest = 0
        self._seq = -1

    def new(self, result: Result, wanted: Callable[[str], R | None]) -> list[tuple[Sight, R]]:
        """Take in a result; the sights in it that are new and wanted.

        Args:
            result: of one camera, in order.
            wanted: given a class's name, what asks for it, or None.
        """
        tracks = result.tracks
        alive = dict(zip(tracks.track_id.tolist(), tracks.class_id.tolist(), strict=True))
        if result.seq <= self._seq or any(track not in self._known and track <= self._highest for track in alive):
            self._known.clear()  # the camera was started anew, and numbers count from 1 again
            self._highest = 0
        self._seq = result.seq
        self._known = {track: followed for track, followed in self._known.items() if track in alive}
        found: list[tuple[Sight, R]] = []
        for index, track in enumerate(result.detections.track_id.tolist()):
            if track == NO_TRACK or track not in alive:
                continue
            followed = self._known.setdefault(track, _Followed(result.captured_ns, result.taken_at))
            followed.frames += 1
            if self._asks(followed, result.captured_ns, alive[track]):
                sight = _sight(result, index, track, alive[track], followed.first_at)
                asks = wanted(sight.label)
                if asks is not None:
                    followed.done = True
                    found.append((sight, asks))
        self._highest = max(self._highest, *alive) if alive else self._highest
        return found

    @staticmethod
    def _asks(followed: _Followed, now_ns: int, class_id: int) -> bool:
        """Whether to ask for a track now: confirmed, no event yet, and not asked as this class before."""
        if followed.done or followed.asked == class_id or followed.frames < 2:
            return False
        if followed.frames < CONFIRMED_BY and now_ns - followed.first_ns < CONFIRMED_S * 1e9:
            return False
        followed.asked = class_id
        return True


def _sight(result: Result, index: int, track: int, class_id: int, first_at: datetime) -> Sight:
    found = result.detections
    label = result.labels[class_id] if 0 <= class_id < len(result.labels) else str(class_id)
    x0, y0, x1, y1 = found.xyxy[index].tolist()
    return Sight(track, label, float(found.score[index]), (x0, y0, x1, y1), first_at)
