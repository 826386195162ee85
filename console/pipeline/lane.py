"""One camera's place in the pipeline."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from console.pipeline.covered_display import AnyDisplay, CoveredDisplay
from console.pipeline.display import Display
from console.pipeline.meters import CameraMeter
from console.pipeline.revealed import Revealed
from console.pipeline.slots import FifoSlot, LatestSlot, Slot
from console.pipeline.work import StagePlan, Stages, Ticket
from console.settings.schema import CameraSettings
from console.sources.recent import Recent
from models.detections import NO_TRACK, Detections
from models.frames import Frame
from models.results import Result
from models.tracking import Tracker
from models.tracks import Tracks

_USUAL_GAP_NS = 40_000_000
_ABSURD_S = 1e9
"""A stream's time past thirty years is damage, and no 64-bit nanoseconds would hold much more."""


class Lane:
    """The slot its frames wait in, the tickets of frames under way, its tracker, its figures.

    A lane without plans has no model yet: its frames go to the screen alone, and are counted as such. It outlives its
    models: when they are changed, everything but `stages` stays.

    Who may touch what: capture puts into `slot`, draws for `display` and feeds `recent` (None: nobody will look back);
    the first stage's inference loop takes, opens tickets and keeps `taken_ns`; the finisher owns the tracker and takes
    tickets from the left; the pipeline replaces `stages` while no loop serves the lane; `latest` is replaced whole:
    anyone reads.

    Args:
        camera: whose it is.
        plans: its stages.
        labels: of all stages.
        display: where its pictures wait for the screen; None: where they are shown as they are.

    Attributes:
        display: replaced whole by `cover` and `uncover`: whoever still draws into the old one draws for nobody.
        revealed: where a covered camera is shown as it is for a while; None while it isn't.
    """

    def __init__(
        self,
        camera: CameraSettings,
        plans: Sequence[StagePlan],
        labels: tuple[str, ...],
        display: AnyDisplay | None = None,
    ) -> None:
        self.camera = camera
        self.stages = Stages(tuple(plans), labels)
        self.meter = CameraMeter()
        self.tickets: deque[Ticket] = deque()
        self.latest: tuple[Frame, Result] | None = None
        self.display: AnyDisplay = display or Display()
        self.revealed: Revealed | None = None
        self.recent: Recent | None = None
        self._keep_s = 0.0
        self.taken_ns = 0
        self.closed = False
        self._tracker = Tracker() if camera.track else None
        self._tracked: tuple[str, ...] = labels
        self._highest = self._before = 0
        self._least_gap_ns = int(1e9 / camera.fps_cap) if camera.fps_cap else 0
        self.slot: Slot = LatestSlot(self.wake)
        self._every_frame = False
        self._media_ns = 0

    def remember(self, seconds: float) -> None:
        """Keep so much of its past in memory for whoever looks back; nothing where its live picture is covered."""
        self._keep_s = seconds
        if seconds and not self.display.covered:
            self.recent = Recent(seconds, tracked=self.camera.track)

    def cover(self, display: CoveredDisplay) -> None:
        """From now on only covered pictures of it are shown, and what is in memory of its past is let go."""
        self.display, self.revealed, self.recent = display, None, None

    def uncover(self) -> None:
        """From now on it is shown as it is."""
        display = Display()
        if self._every_frame:
            display.skip_what_no_eye_sees()
        self.display, self.revealed = display, None
        self.remember(self._keep_s)

    @property
    def plans(self) -> tuple[StagePlan, ...]:
        """The stages it has now."""
        return self.stages.plans

    @property
    def labels(self) -> tuple[str, ...]:
        """The names behind the class numbers of its stages."""
        return self.stages.labels

    @property
    def holds_back(self) -> bool:
        """Its next frame waits until those of its former models are through.

        Only where every frame counts: frames of a file are no hurry, and a fast model would have answered hundreds of
        them, all kept in memory, before a slow one before it gave its last answer.
        """
        if not self._every_frame:
            return False
        try:
            return self.tickets[0].stages is not self.stages
        except IndexError:  # the finisher takes them away meanwhile
            return False

    def released(self, ticket: Ticket) -> None:
        """A frame of it was published; for the finisher."""
        if self._every_frame and ticket.stages is not self.stages:
            self.wake()

    def wake(self) -> None:
        """Have the model look for what waits here; while there is none, nobody does."""
        plans = self.stages.plans
        if plans:
            plans[0].loop.wake()

    def wait_for_every_frame(self) -> None:
        """From now on no frame is dropped for a fresher one: the source waits instead. Before the first frame only."""
        self.slot = FifoSlot(self.wake)
        self._every_frame = True
        self.display.skip_what_no_eye_sees()

    def put(self, frame: Frame) -> None:
        """Take a captured frame in, and account for the one it displaced."""
        self.meter.came_in(frame.captured_ns)
        if not self.stages.plans:
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

    def track(self, found: Detections, frame: Frame, labels: tuple[str, ...]) -> tuple[Detections, Tracks]:
        """Follow a frame's boxes; for the finisher alone. The tracks' times are on the frame's own monotonic clock.

        Other labels than before: other models, whose objects begin anew; the numbers go on, so that none comes twice.
        """
        if self._tracker is None:
            return found, Tracks.empty(frame.captured_ns)
        if labels != self._tracked:
            self._tracker, self._tracked, self._before = Tracker(), labels, self._highest
        found, tracks = self._follow(self._tracker, found, frame)
        if self._before:
            numbers = np.where(found.track_id == NO_TRACK, NO_TRACK, found.track_id + self._before)
            found = found.with_tracks(numbers)
            tracks = replace(tracks, track_id=tracks.track_id + self._before)
        self._highest = max(self._highest, int(tracks.track_id.max(initial=0)))
        return found, tracks

    def _follow(self, tracker: Tracker, found: Detections, frame: Frame) -> tuple[Detections, Tracks]:
        """The tracker's own numbers and the frame's own times.

        A file that is read faster than it was filmed moves by its own time: the tracker is fed that, and what it
        publishes is shifted to the time of capture.
        """
        if not self._every_frame:
            return tracker.update(found, frame.captured_ns, frame.size)
        pts = frame.pts
        sound = pts is not None and math.isfinite(pts) and abs(pts) < _ABSURD_S
        self._media_ns = round(pts * 1e9) if sound and pts is not None else self._media_ns + _USUAL_GAP_NS
        found, tracks = tracker.update(found, self._media_ns, frame.size)
        shift = frame.captured_ns - self._media_ns
        return found, replace(tracks, time_ns=tracks.time_ns + shift, seen_ns=tracks.seen_ns + shift)

    def close(self) -> None:
        """No further frame comes in; what waits is dropped, what is under way is let go by the finisher."""
        self.closed = True
        self.slot.close()
        while self.slot.take() is not None:
            self.meter.drop("stopped")
