"""How a followed object moves: one small Kalman filter for every track and coordinate, all in one array.

A track's state is its centre and size, (x, y, w, h), each with its own velocity and 2 x 2 covariance. The four don't
couple, so a whole camera's filters are a handful of array operations, whatever the number of tracks. The motion is the
usual white-noise acceleration with a velocity that dies away (an Ornstein-Uhlenbeck process; Bar-Shalom, Li,
Kirubarajan: Estimation with Applications to Tracking and Navigation, 2001, sections 6.2 and 8.2), and noise is counted
in the object's own size, so that near and far objects are followed alike.

Two things a plain filter lacks. It is *quick to turn*: two surprises in a row to the same side mean that the object
does something new, and the old velocity is trusted less. And it knows the *picture's edge*: of an object that the
picture cuts only a part is measured, so its whole is kept in mind and the hidden edge moves with the seen one.

The noise constants were tuned on the first half of vtest.avi (yolox_nano, 3.3 and 5 inferences a second) and on
synthetic scenes, rounded, and checked on the second half and on other scenes: `console.bench.boxes` says what they
give. None is delicate: 20 % more or less of any changes the figures by less than .01.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.tracks import DAMPING_S, SIZE_DAMPING_S, damped

Filters = NDArray[np.float64]
"""(6, 4, N): place, velocity, variance of the place, covariance of place and velocity, variance of the velocity, and
the last detection's deviation in standard deviations; each of x y w h, in pixels and seconds."""
Places = NDArray[np.float64]
"""(4, N): x and y of the centre, width, height."""


def _each(*values: float) -> NDArray[np.float64]:
    """A constant for each of x y w h, as a column."""
    return np.array(values)[:, None]


MEASURED = _each(0.045, 0.045, 0.08, 0.04) ** 2
"""Variance of a detection's x y w h, in squared widths (x, w) and heights (y, h)."""
RESTLESS = _each(0.28, 0.28, 0.12, 0.12) ** 2
"""Density of the acceleration noise, in squared mean sides (width x height) per cubed second."""
FIRST_SPEED = _each(1.5, 1.5, 0.4, 0.4) ** 2
"""Variance of the velocity of an object just found, in squared mean sides per squared second."""
ALERT, ALERT_MOST = 0.5, 6.0
"""How strongly repeated surprise widens the covariance, and how much of it counts."""
SHORTEST = 1.0
"""No side of a track is shorter, pixels."""
EDGE = 0.004
"""A box that ends within this share of the picture's side (and 2 px) of its edge is cut by it."""


def centred(xyxy: NDArray[np.float64]) -> Places:
    """Boxes (N, 4) x0 y0 x1 y1 as centre and size (4, N)."""
    low, high = xyxy.T[:2], xyxy.T[2:]
    return np.concatenate([(low + high) / 2, high - low])


def cornered(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre and size (..., 4, N) as boxes (..., 4, N) x0 y0 x1 y1. Velocities turn the same way."""
    centre, half = places[..., :2, :], places[..., 2:, :] / 2
    return np.concatenate([centre - half, centre + half], axis=-2)


def advance(filters: Filters, seconds: float) -> None:
    """Move every track on by `seconds` >= 0, in place."""
    steady, grown = damped(seconds, DAMPING_S), damped(seconds, SIZE_DAMPING_S)
    way = _each(steady, steady, grown, grown)
    lasts = 1 - way / _DAMPING
    place, speed, spread, shared, speed_spread, _ = filters
    noise = RESTLESS * (place[2] * place[3])
    place += speed * way
    speed *= lasts
    carried = way * speed_spread
    spread += way * (2 * shared + carried) + noise * (seconds**3 / 3)
    shared += carried
    shared *= lasts
    shared += noise * (seconds**2 / 2)
    speed_spread *= lasts * lasts
    speed_spread += noise * seconds
    np.maximum(place[2:], SHORTEST, out=place[2:])


def correct(filters: Filters, measured: Places, seen: NDArray[np.bool_]) -> None:
    """Take in the detections of the tracks that were `seen` (N,), in place; the others' columns are not looked at."""
    place, speed, spread, shared, speed_spread, surprise = filters
    variance = _error(place)
    off = (measured - place) * seen
    now = off / np.sqrt(spread + variance)
    widen = now * surprise
    np.maximum(widen, 0, out=widen)
    np.minimum(widen, ALERT_MOST, out=widen)
    surprise[:] = now
    filters[2:5] *= 1 + ALERT * widen
    gain = seen / (spread + variance)
    speed_gain = shared * gain
    gain *= spread
    place += gain * off
    speed += speed_gain * off
    speed_spread -= speed_gain * shared
    filters[2:4] *= 1 - gain
    np.maximum(place[2:], SHORTEST, out=place[2:])


def found(measured: Places) -> Filters:
    """Filters of objects seen for the first time."""
    filters = np.zeros((6, *measured.shape))
    filters[0] = measured
    filters[2] = _error(measured)
    filters[4] = FIRST_SPEED * (measured[2] * measured[3])
    return filters


def cut(xyxy: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which edges of each box (N, 4) lie on the picture's edge: (N, 4) bool, left top right bottom."""
    width, height = size
    across, down = max(width * EDGE, 2), max(height * EDGE, 2)
    at_edge: NDArray[np.bool_] = xyxy * _OUTWARD >= np.array([-across, -down, width - across, height - down])
    return at_edge


def whole(xyxy: NDArray[np.float64], at_edge: NDArray[np.bool_], sides: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes (N, 4) with the edges that the picture hides (N, 4) put where an object of `sides` (N, 2) has them.

    A box is never made smaller than what is seen, and one that is cut on both sides of an axis stays as it is.
    """
    low, high = xyxy[:, :2], xyxy[:, 2:]
    begins, ends = at_edge[:, :2], at_edge[:, 2:]
    full_low = np.where(begins & ~ends, np.minimum(low, high - sides), low)
    full_high = np.where(ends & ~begins, np.maximum(high, low + sides), high)
    return np.concatenate([full_low, full_high], axis=1)


_DAMPING = _each(DAMPING_S, DAMPING_S, SIZE_DAMPING_S, SIZE_DAMPING_S)
_OUTWARD = np.array([-1.0, -1.0, 1.0, 1.0])


def _error(places: Places) -> Places:
    """Variance of a detection of objects with these centres and sizes, squared pixels."""
    sides = np.concatenate([places[2:], places[2:]])
    sides *= sides
    sides *= MEASURED
    return sides
