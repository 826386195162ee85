"""Heads: where a person's head is in its box, and whether a face that was found is that head's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.assignment import assign
from models.boxes import Boxes
from models.detections import NO_TRACK, Detections

SURE = 0.5
"""A face with this score or more is believed to be one; every other that was found is covered too, but a head near it
is not taken for covered."""
HEAD, HEAD_WIDE, HEAD_CUT = 0.25, 0.75, 0.5
"""The head end of a person's box, down from its top: so much of its height; at least so much of its width, which is
more where a person sits or only the shoulders are seen, and all of the box where somebody lies; and at least so much of
the height where the picture's lower edge cuts the box."""
_ZONE, _LEAST, _MOST = 0.5, 0.04, 1.2
"""A face is a person's if its middle lies so far from the box's top at most, as a share of the height, and its height
is so much of the box's at least and its width so much of the box's at most."""


def head_ends(persons: Boxes, size: tuple[int, int]) -> NDArray[np.float32]:
    """The head end of persons' boxes (N, 4) in a picture of `size` (width, height): (N, 4) float32."""
    ends = persons.astype(np.float32, copy=True)
    wide, high = ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]
    cut = ends[:, 3] >= size[1] - max(2.0, 0.004 * size[1])
    # counted from where the picture begins: a track's box may reach out of it
    down = np.maximum(np.maximum(HEAD * high, HEAD_WIDE * wide), np.where(cut, HEAD_CUT * high, 0))
    ends[:, 3] = np.minimum(ends[:, 3], np.maximum(ends[:, 1], 0) + down)
    return ends


def unsure(persons: Detections, faces: Detections) -> NDArray[np.bool_]:
    """Which persons (N,) have no sure face of their own.

    A face serves one person: of two who stand behind each other only one has it. A detection and the track that follows
    it are one person.
    """
    tracks = persons.track_id
    alone = np.arange(len(persons)) + (tracks.max(initial=0) + 1)  # a number of its own for each that nothing follows
    _, person = np.unique(np.where(tracks == NO_TRACK, alone, tracks), return_inverse=True)
    sure = faces.xyxy[faces.score >= SURE]
    if not len(persons) or not len(sure):
        return np.ones(len(persons), np.bool_)
    cost = _distance(persons.xyxy, sure)
    nearest = np.full((person.max() + 1, len(sure)), np.inf)
    np.minimum.at(nearest, person, cost)
    far = 1e6
    rows, columns = assign(np.where(np.isfinite(nearest), nearest, far))
    without = np.ones(len(nearest), np.bool_)
    without[rows[np.isfinite(nearest[rows, columns])]] = False
    return without[person]


def _distance(persons: Boxes, faces: Boxes) -> NDArray[np.float64]:
    """How far each face (M, 4) is from where each person's (N, 4) should be, in boxes: (N, M), inf: not this one's."""
    low, high = persons[:, None, :2].astype(np.float64), persons[:, None, 2:].astype(np.float64)
    sides = np.maximum(high - low, 1e-6)
    middle = (faces[None, :, :2] + faces[None, :, 2:]) / 2
    face = faces[None, :, 2:] - faces[None, :, :2]
    at = (middle - low) / sides
    fits = (at >= 0).all(2) & (at[..., 0] <= 1) & (at[..., 1] <= _ZONE)
    fits &= (face[..., 1] >= _LEAST * sides[..., 1]) & (face[..., 0] <= _MOST * sides[..., 0])
    return np.where(fits, np.abs(at[..., 0] - 0.5) + at[..., 1], np.inf)
