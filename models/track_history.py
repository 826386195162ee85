"""Where objects were: tracks of the past, drawn with what was learnt afterwards.

Live, a box between two results is a prediction. In hindsight the next result is known too, so a box moves from where it
was to where it went; nothing is drawn before it was first seen, and nothing after it was lost for good.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.boxes import clip
from models.detections import Detections
from models.tracks import FADE_FROM_S, FADE_TO_S, Tracks, predict_drawn


def between(before: Tracks, after: Tracks | None, time_ns: int) -> tuple[Detections, NDArray[np.float32]]:
    """Boxes at `time_ns` between two results of one camera, and the opacity to draw each with.

    Args:
        before: the last tracks published for a picture at or before that time.
        after: the next ones, or None where there are none, or they lie too far off to belong together.
        time_ns: monotonic nanoseconds, `before.time_ns` <= `time_ns` <= `after.time_ns`.

    Returns:
        Boxes in source pixels cut to the picture, `track_id` set; (M,) float32 opacities over 0.
    """
    if after is None or after.time_ns <= before.time_ns or len(before) == 0:
        return predict_drawn(before, time_ns)
    share = np.float32((time_ns - before.time_ns) / (after.time_ns - before.time_ns))
    both, here, there = np.intersect1d(before.track_id, after.track_id, assume_unique=True, return_indices=True)
    boxes = before.xyxy[here] * (1 - share) + after.xyxy[there] * share
    unseen_s = (time_ns - before.seen_ns[here]) / 1e9
    until_s = (after.seen_ns[there] - time_ns) / 1e9
    unseen_s = np.where(until_s >= 0, np.minimum(unseen_s, until_s), unseen_s)
    firm = np.clip((FADE_TO_S - unseen_s) / (FADE_TO_S - FADE_FROM_S), 0, 1).astype(np.float32)
    if before.size is not None:
        boxes = clip(boxes, *before.size)
    met = Detections(boxes, before.score[here], before.class_id[here], both)
    lost, lost_firm = predict_drawn(_without(before, both), time_ns)
    found, opacities = Detections.concat([met, lost]), np.concatenate([firm, lost_firm])
    boxes = found.xyxy
    drawn = (opacities > 0) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return found.select(drawn), opacities[drawn]


def _without(tracks: Tracks, ids: NDArray[np.int64]) -> Tracks:
    keep = ~np.isin(tracks.track_id, ids)
    return Tracks(
        tracks.time_ns,
        tracks.xyxy[keep],
        tracks.velocity[keep],
        tracks.score[keep],
        tracks.class_id[keep],
        tracks.track_id[keep],
        tracks.seen_ns[keep],
        tracks.size,
    )
