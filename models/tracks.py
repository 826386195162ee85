"""Tracks: objects being followed, as values that can be drawn at any moment.

Boxes come at the model's rate, pictures at the camera's. What the tracker publishes is therefore not "the last box" but
box, velocity and time, and `predict` says where each object is when a later picture was taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.detections import Detections


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """N objects as known at `time_ns`.

    Attributes:
        time_ns: capture time of the frame that these tracks were last brought up to, monotonic nanoseconds.
        xyxy: (N, 4) float32 boxes at `time_ns`, source pixels.
        velocity: (N, 4) float32, d(xyxy)/dt in pixels a second.
        score: (N,) float32 of the last detection that confirmed it.
        class_id: (N,) int32.
        track_id: (N,) int64, counting from 1 per camera.
        seen_ns: (N,) int64, capture time of the last frame whose detections confirmed it.
    """

    time_ns: int
    xyxy: NDArray[np.float32]
    velocity: NDArray[np.float32]
    score: NDArray[np.float32]
    class_id: NDArray[np.int32]
    track_id: NDArray[np.int64]
    seen_ns: NDArray[np.int64]

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


def predict(tracks: Tracks, time_ns: int) -> Detections:
    """Where each track is at `time_ns` (monotonic nanoseconds, usually a later picture's capture time)."""
    seconds = np.float32((time_ns - tracks.time_ns) / 1e9)
    return Detections(tracks.xyxy + tracks.velocity * seconds, tracks.score, tracks.class_id, tracks.track_id)
