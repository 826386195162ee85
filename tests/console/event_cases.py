"""Results with tracks, made by hand: for tests of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from models.detections import Detections
from models.frames import ArrayPicture, Frame
from models.results import Gap, Result
from models.traces import Trace
from models.tracks import Tracks

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LABELS = ("person", "car", "dog")
PERSON, CAR, DOG = range(3)
SIZE = (160, 120)
STEP_NS = 40_000_000


@dataclass(frozen=True)
class Seen:
    """One box of a result."""

    track: int
    class_id: int = PERSON
    box: tuple[float, float, float, float] = (40, 30, 80, 90)
    missed: bool = False  # followed, and not detected in this frame


def result(
    seq: int,
    *seen: Seen,
    camera: str = "gate",
    step_ns: int = STEP_NS,
    labels: tuple[str, ...] = LABELS,
    gaps: Sequence[Gap] = (),
    size: tuple[int, int] = SIZE,
) -> Result:
    """The result of frame `seq`, `step_ns` after the one before."""
    now = 1_000_000_000 + seq * step_ns
    detected = [one for one in seen if not one.missed]
    found = Detections.of(
        [one.box for one in detected],
        [0.9] * len(detected),
        [one.class_id for one in detected],
        [one.track for one in detected],
    )
    boxes = np.array([one.box for one in seen], np.float32).reshape(-1, 4)
    tracks = Tracks(
        now,
        boxes,
        np.zeros_like(boxes),
        np.full(len(seen), 0.9, np.float32),
        np.array([one.class_id for one in seen], np.int32),
        np.array([one.track for one in seen], np.int64),
        np.full(len(seen), now, np.int64),
    )
    taken_at = START + timedelta(microseconds=seq * step_ns / 1000)
    return Result(camera, seq, now, now, taken_at, None, size, found, tracks, labels, tuple(gaps), Trace())


def frame_of(made: Result, grey: int = 200) -> Frame:
    """The frame a result came from: one grey."""
    picture = ArrayPicture(np.full((made.size[1], made.size[0], 3), grey, np.uint8))
    return Frame(made.camera_id, made.seq, made.captured_ns, made.taken_at, None, picture)
