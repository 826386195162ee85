"""Numbering pictures into frames, and pacing those that come from a disk."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

from models.frames import Frame, Picture
from models.traces import Trace

_LATE_S = 1.0
_LONGEST_GAP_S = 10.0


class FrameCounter:
    """Makes frames of one camera, numbered without holes."""

    def __init__(self, camera_id: str, first_seq: int) -> None:
        self._camera_id = camera_id
        self._next = first_seq

    def frame(
        self, picture: Picture, pts: float | None, trace: Trace | None = None, taken_at: datetime | None = None
    ) -> Frame:
        """The next frame, handed over now; `taken_at` is UTC by the camera's own clock, None for this machine's."""
        seq = self._next
        self._next += 1
        return Frame(
            camera_id=self._camera_id,
            seq=seq,
            captured_ns=time.monotonic_ns(),
            taken_at=taken_at or datetime.now(UTC),
            pts=pts,
            picture=picture,
            trace=trace or Trace(),
        )


class Pace:
    """Lets pictures through at their own time on the wall clock, until `closed` is set.

    Behind by more than a second (a slow disk, a machine that slept) it starts counting anew instead of rushing; so it
    does where time in the stream runs backwards or leaps by more than 10 s, as damaged files and loops do.
    """

    def __init__(self, closed: threading.Event) -> None:
        self._closed = closed
        self._zero: float | None = None
        self._last = 0.0
        self._lasted_s = 0.0

    def wait(self, at_s: float | None, lasts_s: float) -> bool:
        """Wait for the time of a picture; False: closed meanwhile, within milliseconds of it.

        Args:
            at_s: the picture's time in the stream, in seconds; None: `lasts_s` after the one before.
            lasts_s: how long it is shown, in seconds.
        """
        now = time.monotonic()
        at = self._last + self._lasted_s if at_s is None else at_s
        if self._zero is None:
            self._zero = now - at
        elif not 0 <= at - self._last <= _LONGEST_GAP_S:
            self._zero = now + self._lasted_s - at
        elif self._zero + at < now - _LATE_S:
            self._zero = now - at
        self._last, self._lasted_s = at, min(lasts_s, _LONGEST_GAP_S)
        return not self._closed.wait(max(self._zero + at - now, 0))
