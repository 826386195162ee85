"""One camera's place in the pipeline."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from console.pipeline.display import Display
from console.pipeline.meters import CameraMeter
from console.pipeline.slots import FifoSlot, LatestSlot, Slot
from console.pipeline.work import StagePlan, Ticket
from console.settings.schema import CameraSettings
from console.sources.recent import Recent
from models.detections import Detections
from models.frames import Frame
from models.results import Result
from models.tracking import Tracker
from models.tracks import Tracks

_USUAL_GAP_NS = 40_000_000
_ABSURD_S = 1e9
"""A stream's time past thirty years is damage, and no 64-bit nanoseconds would hold much more."""


def _nobody_waits() -> None:
    """What a frame wakes while there is no model."""


class Lane:
    """The slot its frames wait in, the tickets of frames under way, its tracker, its figures.

    A lane without plans has no model yet: its frames go to the screen alone, and are counted as such.

    Who may touch what: capture puts into `slot`, draws for `display` and feeds `recent` (None: nobody will look back);
    the first stage's inference loop takes, opens tickets and keeps `taken_ns`; the finisher owns the tracker and takes
    tickets from the left; `latest` is replaced whole: anyone reads.
    """

    def __init__(self, camera: CameraSettings, plans: Sequence[StagePlan], labels: tuple[str, ...]) -> None:
        self.camera = camera
        self.plans = tuple(plans)
        self.labels = labels
        self.meter = CameraMeter()
        self.tickets: deque[Ticket] = deque()
        self.latest: tuple[Frame, Result] | None = None
        self.display = Display()
        self.recent: Recent | None = None
        self.taken_ns = 0
        self.closed = False
        self._tracker = Tracker() if camera.track else None
        self._least_gap_ns = int(1e9 / camera.fps_cap) if camera.fps_cap else 0
        self.slot: Slot = LatestSlot(self.plans[0].loop.wake if self.plans else _nobody_waits)
        self._every_frame = False
        self._media_ns = 0

    def wait_for_every_frame(self) -> None:
        """From now on no frame is dropped for a fresher one: the source waits instead. Before the first frame only."""
        self.slot = FifoSlot(self.plans[0].loop.wake)
        self._every_frame = True
        self.display.skip_what_no_eye_sees()

    def successor(self, plans: Sequence[StagePlan], labels: tuple[str, ...]) -> Lane:
        """A lane for the same camera with its models, now that they are here: the same figures, the same screen."""
        lane = Lane(self.camera, plans, labels)
        lane.meter, lane.display, lane.recent = self.meter, self.display, self.recent
        return lane

    def put(self, frame: Frame) -> None:
        """Take a captured frame in, and account for the one it displaced."""
        self.meter.came_in(frame.captured_ns)
        if not self.plans:
            self.meter.drop("no model")
            return
        dropped = self.slot.put(frame)
        if dropped is None:
            return
        if dropped is frame:
            self.meter.drop("stopped")
        else:
            capped = self._least_gap_ns and dropped.captured_ns < self.due_ns
            self.meter.drop("fps cap" if capped else "busy")

    @property
    def due_ns(self) -> int:
        """The monotonic time before which the camera's cap allows no inference."""
        return self.taken_ns + self._least_gap_ns

    def urgency(self, now_ns: int) -> float:
        """How much this camera should be next: its wait since it was last taken, times its priority."""
        return (now_ns - self.taken_ns) * self.camera.priority

    def track(self, found: Detections, frame: Frame) -> tuple[Detections, Tracks]:
        """Follow a frame's boxes; for the finisher alone. The tracks' times are on the frame's own monotonic clock.

        A file that is read faster than it was filmed moves by its own time: the tracker is fed that, and what it
        publishes is shifted to the time of capture.
        """
        if self._tracker is None:
            return found, Tracks.empty(frame.captured_ns)
        if not self._every_frame:
            return self._tracker.update(found, frame.captured_ns, frame.size)
        pts = frame.pts
        sound = pts is not None and math.isfinite(pts) and abs(pts) < _ABSURD_S
        self._media_ns = round(pts * 1e9) if sound and pts is not None else self._media_ns + _USUAL_GAP_NS
        found, tracks = self._tracker.update(found, self._media_ns, frame.size)
        shift = frame.captured_ns - self._media_ns
        return found, replace(tracks, time_ns=tracks.time_ns + shift, seen_ns=tracks.seen_ns + shift)

    def close(self) -> None:
        """No further frame comes in; what waits is dropped, what is under way is let go by the finisher."""
        self.closed = True
        self.slot.close()
        while self.slot.take() is not None:
            self.meter.drop("stopped")
