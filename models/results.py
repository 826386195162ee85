"""Results: what came of one frame after every stage of its camera."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.detections import Detections
from models.traces import Trace
from models.tracks import Tracks


@dataclass(frozen=True, slots=True)
class Gap:
    """A stage that gave no answer for a frame, and why, in words."""

    stage: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What is known of one frame; results of a camera are published in the order of its frames.

    Attributes:
        camera_id: the camera.
        seq: the frame's number.
        captured_ns: monotonic capture time; with `published_ns` it gives the latency end to end.
        published_ns: monotonic time at which this result was handed out.
        taken_at: UTC.
        pts: the stream's own time in seconds, or None.
        size: (width, height) of the picture the boxes belong to.
        detections: boxes of all stages; `track_id` says which are followed.
        tracks: all tracks of the camera as of this frame.
        labels: the names behind `class_id`, all stages of the camera in one list.
        gaps: stages that failed, were late or were dropped for this frame.
        trace: stage times.
    """

    camera_id: str
    seq: int
    captured_ns: int
    published_ns: int
    taken_at: datetime
    pts: float | None
    size: tuple[int, int]
    detections: Detections
    tracks: Tracks
    labels: tuple[str, ...]
    gaps: tuple[Gap, ...]
    trace: Trace

    @property
    def latency_s(self) -> float:
        """Seconds from capture to publication."""
        return (self.published_ns - self.captured_ns) / 1e9
