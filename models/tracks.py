"""Tracks: objects being followed, as values that can be drawn at any moment.

Boxes come at the model's rate, pictures at the camera's. What the tracker publishes is therefore not "the last box" but
box, velocity and time, and `predict` says where each object is when a later picture was taken.

Prediction is bounded twice: velocity dies away (`DAMPING_S`; change of size sooner, `SIZE_DAMPING_S`), and a track that
no detection has confirmed for `FADE_FROM_S` fades and is left out from `FADE_TO_S` on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.boxes import clip
from models.detections import Detections

DAMPING_S = 5.0
"""Time constant in which an unconfirmed velocity dies away, seconds."""
SIZE_DAMPING_S = 0.5
"""The same for growing and shrinking, which a detector's jitter feigns more often than an object does it."""
FADE_FROM_S, FADE_TO_S = 0.5, 0.75
"""A track unconfirmed for so many seconds begins to fade; is gone."""
LOOK_BACK_S = 0.5
"""A picture older than the tracks is predicted backwards no further than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """N objects as known at `time_ns`.

    Attributes:
        time_ns: capture time of the frame that these tracks were last brought up to, monotonic nanoseconds.
        xyxy: (N, 4) float32 boxes at `time_ns`, source pixels. The whole object as far as it can be known: where the
            picture cuts it, the box reaches out of the picture.
        velocity: (N, 4) float32, d(xyxy)/dt in pixels a second.
        score: (N,) float32 of the last detection that confirmed it.
        class_id: (N,) int32, the class most of its detections spoke for.
        track_id: (N,) int64, counting from 1 per camera.
        seen_ns: (N,) int64, capture time of the last frame whose detections confirmed it. A track that waits behind
            something is kept, and moved on, longer than it is drawn.
        size: (width, height) of the picture, to which `predict` cuts; None: unknown, nothing is cut.
    """

    time_ns: int
    xyxy: NDArray[np.float32]
    velocity: NDArray[np.float32]
    score: NDArray[np.float32]
    class_id: NDArray[np.int32]
    track_id: NDArray[np.int64]
    seen_ns: NDArray[np.int64]
    size: tuple[int, int] | None = None

    @classmethod
    def empty(cls, time_ns: int = 0) -> Tracks:
        """No tracks."""
        return cls(
            time_ns,
            np.empty((0, 4), np.float32),
            np.empty((0, 4), np.float32),
            np.empty(0, np.float32),
            np.empty(0, np.int32),
            np.empty(0, np.int64),
            np.empty(0, np.int64),
        )

    def __len__(self) -> int:
        return len(self.track_id)


def damped(seconds: float, damping_s: float) -> float:
    """Seconds at full velocity that carry as far as `seconds` at one that dies away in `damping_s`.

    The integral of exp(-t / damping_s): about `seconds` for a short time, never more than `damping_s`.
    """
    return damping_s * -math.expm1(-seconds / damping_s)


def opacity(tracks: Tracks, time_ns: int) -> NDArray[np.float32]:
    """How firmly to draw each track at `time_ns`: (N,) float32, 1 while fresh, fading to 0 where it is left out."""
    unseen_s = (time_ns - tracks.seen_ns) / 1e9
    firm: NDArray[np.float32] = np.clip((FADE_TO_S - unseen_s) / (FADE_TO_S - FADE_FROM_S), 0, 1).astype(np.float32)
    return firm


def predict(tracks: Tracks, time_ns: int) -> Detections:
    """Where each track is at `time_ns` (monotonic nanoseconds, usually a later picture's capture time).

    Boxes are cut to the picture. Left out: what has faded, and what has moved out of the picture. At `tracks.time_ns`
    the boxes are the tracks' own.
    """
    return predict_drawn(tracks, time_ns)[0]


def predict_drawn(tracks: Tracks, time_ns: int) -> tuple[Detections, NDArray[np.float32]]:
    """`predict`, and beside each of its boxes the opacity to draw it with, (M,) float32 over 0.

    Called for every picture of every tile, so the usual case, where nothing fades and nothing has left, is a short one.
    """
    seconds = max((time_ns - tracks.time_ns) / 1e9, -LOOK_BACK_S)
    boxes = tracks.xyxy
    if seconds != 0:
        # An edge moves by the centre's way and half the growth; each dies away in its own time.
        steady, grown = damped(seconds, DAMPING_S), damped(seconds, SIZE_DAMPING_S)
        near, far = np.float32((steady + grown) / 2), np.float32((steady - grown) / 2)
        velocity = tracks.velocity
        opposite = velocity.reshape(-1, 2, 2)[:, ::-1].reshape(-1, 4)
        boxes = boxes + velocity * near + opposite * far
    if tracks.size is not None:
        boxes = clip(boxes, *tracks.size)
    fresh = time_ns - min(tracks.seen_ns.tolist(), default=time_ns) <= FADE_FROM_S * 1e9
    firm = np.ones(len(tracks), np.float32) if fresh else opacity(tracks, time_ns)
    whole = boxes[:, 2:] > boxes[:, :2]
    if fresh and whole.all():
        return Detections(boxes, tracks.score, tracks.class_id, tracks.track_id), firm
    drawn = (firm > 0) & whole[:, 0] & whole[:, 1]
    found = Detections(boxes[drawn], tracks.score[drawn], tracks.class_id[drawn], tracks.track_id[drawn])
    return found, firm[drawn]
