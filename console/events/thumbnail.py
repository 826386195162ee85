"""The picture of an event: what is around its box, small, with everything covered that the policy says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.privacy.redactor import Redactor
from models.boxes import around
from models.coverage import Findings, seen_in
from models.frames import Frame
from models.policy import Cover, PublishedFootage
from models.redaction import Redacted
from models.results import Result
from models.words import _

MOST = (320, 240)
"""Width and height of a thumbnail at most, pixels; never made larger than it was."""

PLATE_MARGIN = 0.2
"""Seen around a plate that is sealed, on each side, as a share of its sides."""


class NoPicture(Exception):
    """There can be no picture of an event; says why, in the operator's words."""


def thumbnail(
    frame: Frame,
    result: Result,
    box: tuple[float, float, float, float],
    policy: Cover | PublishedFootage,
    redactor: Redactor,
    *,
    findings: Findings | None = None,
) -> Redacted:
    """The redacted surroundings of a box.

    Faces and plates are looked for in the surroundings as they came, before they are made small. What else must be
    covered is taken from the frame's detections and from its tracks too: a person whom the detector missed in this
    frame is still being followed, and is covered where he must be.

    Args:
        frame: the picture.
        result: of this frame.
        box: x0, y0, x1, y1 in it.
        policy: what to cover.
        redactor: covers it.
        findings: what `look_around` found there; None: it is looked for now.

    Raises:
        NoPicture: frame and result don't belong together, or it is not certain that all is covered.
    """
    if (frame.camera_id, frame.seq) != (result.camera_id, result.seq) or frame.size != result.size:
        raise NoPicture(_("The picture was gone before it could be covered."))
    x0, y0, x1, y1 = around(box, frame.size)
    scale = min(1.0, MOST[0] / (x1 - x0), MOST[1] / (y1 - y0))
    size = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    if findings is None:
        findings = look_around(frame, box, policy, redactor)
    seen, part = seen_in(result), (x0, y0, x1, y1)
    try:
        return redactor.redact_found(
            frame.picture, findings, seen, result.labels, result.gaps, policy, part=part, size=size
        )
    except ValueError as error:
        raise NoPicture(_("It is not certain that everything would be covered: {why}.").format(why=error)) from error


def look_around(
    frame: Frame, box: tuple[float, float, float, float], policy: Cover | PublishedFootage, redactor: Redactor
) -> Findings:
    """What the face and plate models find in the surroundings of a box, in the frame's pixels; never raises."""
    return redactor.look(frame.picture, policy, part=around(box, frame.size))


def plates_around(frame: Frame, box: tuple[float, float, float, float], findings: Findings) -> list[NDArray[np.uint8]]:
    """The plates found in the surroundings of a box, each with a margin, (h, w, 3) uint8 at the frame's own size.

    They are for `console.privacy.sealing` alone: nothing plain of them may be kept.
    """
    if findings.plates is None or not len(findings.plates):
        return []
    x0, y0, x1, y1 = around(box, frame.size)
    pixels = frame.picture.view(*frame.size)
    crops = []
    for left, top, right, bottom in findings.plates.xyxy.tolist():
        across, down = PLATE_MARGIN * (right - left), PLATE_MARGIN * (bottom - top)
        if x0 <= (left + right) / 2 <= x1 and y0 <= (top + bottom) / 2 <= y1:
            rows = slice(max(int(top - down), 0), int(bottom + down) + 1)
            columns = slice(max(int(left - across), 0), int(right + across) + 1)
            crops.append(np.ascontiguousarray(pixels[rows, columns]))
    return crops
