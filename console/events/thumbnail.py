"""The picture of an event: what is around its box, small, with everything covered that the policy says."""

from __future__ import annotations

import numpy as np

from models.boxes import clip
from models.detections import Detections
from models.frames import ArrayPicture, Frame
from models.redaction import PublishedFootage, Redacted, SolidBoxes, redact
from models.results import Result
from models.words import _

MOST = (320, 240)
"""Width and height of a thumbnail at most, pixels; never made larger than it was."""
MARGIN = 0.4
"""Seen around the box on each side, as a share of its longer side: a covered box alone tells nothing."""
LEAST = 64
"""A crop is at least so wide and high where the picture is, pixels."""


class NoPicture(Exception):
    """There can be no picture of an event; says why, in the operator's words."""


def thumbnail(
    frame: Frame, result: Result, box: tuple[float, float, float, float], policy: SolidBoxes | PublishedFootage
) -> Redacted:
    """The redacted surroundings of a box.

    What must be covered is taken from the frame's detections and from its tracks too: a person whom the detector
    missed in this frame is still being followed, and is covered where he must be.

    The crop is made small before it is covered; every pixel that got anything from a covered box lies inside the cover,
    since shrinking averages over a pixel's own area and covers are rounded outwards.

    Args:
        frame: the picture.
        result: of this frame.
        box: x0, y0, x1, y1 in it.
        policy: what to cover.

    Raises:
        NoPicture: frame and result don't belong together, or it is not certain that all is covered.
    """
    if (frame.camera_id, frame.seq) != (result.camera_id, result.seq) or frame.size != result.size:
        raise NoPicture(_("The picture was gone before it could be covered."))
    x0, y0, x1, y1 = around(box, frame.size)
    crop = frame.picture.view(*frame.size)[y0:y1, x0:x1]
    scale = min(1.0, MOST[0] / (x1 - x0), MOST[1] / (y1 - y0))
    wide, high = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    small = ArrayPicture(ArrayPicture(np.ascontiguousarray(crop)).view(wide, high))
    found = _to_cover(result)
    factor = np.array([wide / (x1 - x0), high / (y1 - y0)] * 2, np.float32)
    moved = (found.xyxy - np.array([x0, y0, x0, y0], np.float32)) * factor
    inside = (moved[:, 2] > 0) & (moved[:, 3] > 0) & (moved[:, 0] < wide) & (moved[:, 1] < high)
    shifted = Detections(moved, found.score, found.class_id, found.track_id).select(inside)
    try:
        return redact(small, shifted, result.labels, policy, gaps=result.gaps)
    except ValueError as error:
        raise NoPicture(_("It is not certain that everything would be covered: {why}.").format(why=error)) from error


def around(box: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The crop of 4:3 around a box with its margin, moved and cut to the picture: x0, y0, x1, y1 in whole pixels."""
    ((x0, y0, x1, y1),) = clip(np.array([box], np.float32), *size).tolist()
    margin = MARGIN * max(x1 - x0, y1 - y0)
    high = max(y1 - y0 + 2 * margin, (x1 - x0 + 2 * margin) * 3 / 4, LEAST)
    sides = []
    for centre, length, limit in (((x0 + x1) / 2, high * 4 / 3, size[0]), ((y0 + y1) / 2, high, size[1])):
        whole = max(1, min(round(length), limit))
        begin = min(max(round(centre - whole / 2), 0), limit - whole)
        sides.append((begin, begin + whole))
    return sides[0][0], sides[1][0], sides[0][1], sides[1][1]


def _to_cover(result: Result) -> Detections:
    tracks = result.tracks
    return Detections.concat(
        [result.detections, Detections(tracks.xyxy, tracks.score, tracks.class_id, tracks.track_id)]
    )
