"""Which detection belongs to which track.

Likeness is the intersection over union of boxes that are first widened by a margin: two boxes that just miss one
another, as those of a small fast object at three inferences a second do, still find each other (the buffered IoU of
Yang et al., "Hard to Track Objects with Irregular Motions and Similar Appearances? Make It Easier by Buffering the
Matching Space", WACV 2023). A track that was hidden gets a wider margin the longer nobody saw it.

Pairs are found in rounds, each among what the round before left over, each with the greatest total likeness:

1. detections that score enough to start a track, with tracks of their class;
2. weak detections, which may only carry a track on (ByteTrack's second round; Zhang et al., ECCV 2022);
3. whatever class: a lorry that is a car in one frame stays one object if it lies where it should.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.assignment import assign

Index = NDArray[np.intp]
Likeness = NDArray[np.float64]

MARGIN = 0.1
"""Every box is widened by this share of its sides, on each side."""
MARGIN_PER_S = 0.2
"""A track's box by this much more for every second it was not seen."""
LIKE, LIKE_WEAK, LIKE_ANY_CLASS = 0.1, 0.4, 0.55
"""Least likeness of a pair in each round."""


def likeness(places: NDArray[np.float64], unseen_s: NDArray[np.float64], found: NDArray[np.float64]) -> Likeness:
    """Buffered IoU of tracks, unseen for (N,) seconds, and detections: (N, M) in 0..1.

    Both come as centres and sizes, (4, N) and (4, M); all sides must be above 0.
    """
    reach_a = places[2:] * (0.5 + MARGIN + MARGIN_PER_S * unseen_s)
    reach_b = found[2:] * (0.5 + MARGIN)
    shared = np.minimum((places[:2] + reach_a)[:, :, None], (found[:2] + reach_b)[:, None])
    shared -= np.maximum((places[:2] - reach_a)[:, :, None], (found[:2] - reach_b)[:, None])
    np.maximum(shared, 0, out=shared)
    both: Likeness = shared[0] * shared[1]
    either = 4 * reach_a[0] * reach_a[1]
    either = either[:, None] + 4 * reach_b[0] * reach_b[1]
    either -= both
    both /= either
    return both


def match(like: Likeness, same_class: NDArray[np.bool_], strong: NDArray[np.bool_]) -> tuple[Index, Index]:
    """Pairs of track and detection by the rounds above: two index arrays of one length, each index at most once.

    Args:
        like: (N, M) likeness of track and detection.
        same_class: (N, M), whether their classes agree.
        strong: (M,), whether the detection scores enough to start a track.
    """
    tracks, found = _pairs(like * (same_class & strong), LIKE)
    if len(tracks) == min(like.shape):
        return tracks, found
    free = like >= min(LIKE_WEAK, LIKE_ANY_CLASS)
    free[tracks] = False
    free[:, found] = False
    if not free.any():
        return tracks, found
    for rivals, least in ((same_class & ~strong, LIKE_WEAK), (~same_class, LIKE_ANY_CLASS)):
        more_tracks, more_found = _pairs(like * (free & rivals), least)
        free[more_tracks] = False
        free[:, more_found] = False
        tracks, found = np.concatenate([tracks, more_tracks]), np.concatenate([found, more_found])
    return tracks, found


def _pairs(like: Likeness, least: float) -> tuple[Index, Index]:
    """One-to-one pairs with the greatest total likeness, those under `least` left out."""
    rows, columns = assign(-like)
    good = like[rows, columns] >= least
    return rows[good], columns[good]
