"""Holding: regions that must stay covered though they were not found this time.

A detector misses a face now and then that it found a moment ago. A region is therefore kept for `HOLD_NS` after it was
last found: where it lies in the box of a track it moves and grows with that track; else with the way it was last seen
to go, or, found only once, it grows in place to all sides. Either way its cover grows with the time that has passed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.assignment import assign
from models.boxes import clip
from models.tracks import Tracks, predict

HOLD_NS = 1_500_000_000
"""How long a region is kept after it was last found."""
FOLLOWED, MOVING, STRAY = 0.4, 1.0, 3.0
"""How fast a cover grows to each side, in its region's mean sides a second: of one that a track carries; of one whose
way is known; of one that was found only once, which may have gone anywhere. Somebody who walks passes some seven times
the width of his face in a second, and is rarely missed for so long."""
NEAR = 1.5
"""A region found is the one held whose expected middle is so many mean sides away at most."""
ALIKE = 2.5
"""And neither is so many times as large as the other."""
MOST = 400
"""More regions than that are one region around all of them."""
_SPEED_S = 0.05
"""Sightings nearer than this to each other don't tell a speed."""

_Box = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """One region: where it was last found, when, in which track's box, as shares of it, and how fast it moved."""

    box: _Box
    seen_ns: int
    track: int | None = None
    shares: _Box | None = None
    speed: _Box | None = None


class Holder:
    """The regions of one camera. For one thread."""

    def __init__(self) -> None:
        self._held: list[_Held] = []
        self._now_ns = 0

    def update(
        self, found: NDArray[np.float32], tracks: Tracks, time_ns: int, size: tuple[int, int]
    ) -> NDArray[np.float32]:
        """Take in what was found in a picture; the regions that were not, and must stay covered.

        Args:
            found: (N, 4) regions found in it, in its pixels; those that are not in numbers count as not found.
            tracks: of the camera, as of any moment near.
            time_ns: the picture's capture time, monotonic nanoseconds. A clock that goes back starts all anew.
            size: (width, height) of the picture.

        Returns:
            (M, 4) float32, grown and cut to the picture, without those found.
        """
        if time_ns < self._now_ns:  # of another run of the camera: nothing is known of ages, and all count as fresh
            self._held = [replace(held, seen_ns=time_ns, speed=None) for held in self._held]
        self._now_ns = time_ns
        boxes = {
            track: box.astype(np.float64) for track, box in zip(*_now(tracks, time_ns), strict=True) if _proper(box)
        }
        self._held = [held for held in self._held if time_ns - held.seen_ns <= HOLD_NS]
        regions = [box.astype(np.float64) for box in found.reshape(-1, 4) if _proper(box)]
        expected = [_expected(held, boxes, time_ns) for held in self._held]
        pairs = _pairs(regions, expected)
        fresh = [_found(box, pairs.get(number), self._held, boxes, time_ns) for number, box in enumerate(regions)]
        taken = set(pairs.values())
        missed = [number for number in range(len(self._held)) if number not in taken]
        covers = [_grown(self._held[number], expected[number], boxes, time_ns) for number in missed]
        self._held = _few([*(self._held[number] for number in missed), *fresh], time_ns)
        if not covers:
            return np.empty((0, 4), np.float32)
        cut = clip(np.array(covers), *size)
        if len(cut) > MOST:
            cut = np.concatenate([cut[:, :2].min(0), cut[:, 2:].max(0)])[None]
        whole = np.all(cut[:, 2:] > cut[:, :2], axis=1)
        return cut[whole].astype(np.float32)


def _now(tracks: Tracks, time_ns: int) -> tuple[list[int], NDArray[np.float32]]:
    """Track numbers and boxes at a moment; those that are being waited for too, where they were last thought to be."""
    shown = predict(replace(tracks, size=None), time_ns)
    others = ~np.isin(tracks.track_id, shown.track_id)
    numbers = [*shown.track_id.tolist(), *tracks.track_id[others].tolist()]
    return numbers, np.concatenate([shown.xyxy, tracks.xyxy[others]])


def _proper(box: NDArray[np.floating]) -> bool:
    return bool(np.isfinite(box).all() and box[2] > box[0] and box[3] > box[1])


def _side(box: _Box) -> float:
    """The mean of a box's sides."""
    return float((box[2] - box[0] + box[3] - box[1]) / 2)


def _expected(held: _Held, boxes: dict[int, _Box], time_ns: int) -> _Box:
    """Where a region should be now."""
    carrier = boxes.get(held.track) if held.track is not None else None
    if carrier is not None and held.shares is not None:
        low, sides = carrier[:2], carrier[2:] - carrier[:2]
        return np.concatenate([low + held.shares[:2] * sides, low + held.shares[2:] * sides])
    if held.speed is None:
        return held.box
    return held.box + np.tile(held.speed, 2) * ((time_ns - held.seen_ns) / 1e9)


def _grown(held: _Held, expected: _Box, boxes: dict[int, _Box], time_ns: int) -> _Box:
    """What is covered for a region that was not found: from where it may have stayed to where it may have gone."""
    seconds = (time_ns - held.seen_ns) / 1e9
    followed = held.track is not None and held.track in boxes
    rate = FOLLOWED if followed else (STRAY if held.speed is None else MOVING)
    margin = rate * seconds * max(_side(expected), _side(held.box))
    low, high = expected[:2], expected[2:]
    if not followed:  # what was moving may have stopped
        low, high = np.minimum(low, held.box[:2]), np.maximum(high, held.box[2:])
    return np.concatenate([low - margin, high + margin])


def _found(box: _Box, before: int | None, held: list[_Held], boxes: dict[int, _Box], time_ns: int) -> _Held:
    """A region that was found: in which track's box it is, and how fast it moves."""
    speed = None
    if before is not None:
        was = held[before]
        seconds = (time_ns - was.seen_ns) / 1e9
        way = ((box[:2] + box[2:]) - (was.box[:2] + was.box[2:])) / 2
        speed = way / seconds if seconds >= _SPEED_S else was.speed
    middle = (box[:2] + box[2:]) / 2
    # the smallest track around it: of a person in a bus, the person
    around = [n for n, b in boxes.items() if (b[:2] <= middle).all() and (middle <= b[2:]).all()]
    track = min(around, key=lambda n: _side(boxes[n]), default=None)
    shares = None
    if track is not None:
        low, sides = boxes[track][:2], boxes[track][2:] - boxes[track][:2]
        shares = np.concatenate([(box[:2] - low) / sides, (box[2:] - low) / sides])
    return _Held(box, time_ns, track, shares, speed)


def _pairs(found: list[_Box], expected: list[_Box]) -> dict[int, int]:
    """Which region held each found one is; one for one, so that one of two that stood together stays held."""
    if not found or not expected:
        return {}
    new, old = np.array(found), np.array(expected)
    side, was = np.array([_side(box) for box in found]), np.array([_side(box) for box in expected])
    way = (new[:, None, :2] + new[:, None, 2:] - old[None, :, :2] - old[None, :, 2:]) / 2
    far = np.hypot(way[..., 0], way[..., 1]) / np.minimum(side[:, None], was[None])
    ratio = side[:, None] / was[None]
    fits = (far <= NEAR) & (ratio <= ALIKE) & (ratio >= 1 / ALIKE)
    rows, columns = assign(np.where(fits, far, 1e6))
    return {int(row): int(column) for row, column in zip(rows, columns, strict=True) if fits[row, column]}


def _few(held: list[_Held], time_ns: int) -> list[_Held]:
    """At most `MOST` + 1: the oldest of too many become one around them, held as long as the youngest of them."""
    if len(held) <= MOST:
        return held
    held = sorted(held, key=lambda one: one.seen_ns, reverse=True)
    rest = np.array([one.box for one in held[MOST:]])
    hull = np.concatenate([rest[:, :2].min(0), rest[:, 2:].max(0)])
    return [*held[:MOST], _Held(hull, min(held[MOST].seen_ns, time_ns))]
