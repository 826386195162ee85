"""One camera's live picture: a thread that covers the newest frame its model has looked at, one after another."""

from __future__ import annotations

import logging
import threading

import numpy as np

from console.pipeline.covered_display import CoveredDisplay
from console.pipeline.display import contained
from console.pipeline.lane import Lane
from console.pipeline.priority import lower_this_thread
from console.privacy.redactor import Redactor
from models.assignment import assign
from models.detections import Detections
from models.findings import Unanswered, seen_in
from models.frames import Frame
from models.holding import Holder
from models.policy import Cover
from models.results import Gap, Result
from models.tracks import Tracks
from models.words import _

log = logging.getLogger(__name__)

_LOOK_S = 0.25
"""How often a redactor that nobody wakes looks whether it is still wanted."""


class LiveRedactor:
    """Covers a camera's pictures for the screen, as fast as its detectors allow; frames in between are not shown.

    It works on the newest frame that the camera's model has looked at, since what to cover comes from that model too.
    While there is none yet, it works on the newest frame there is: a policy that needs nothing of the model can be
    kept without it. Nothing is done while nobody looks.

    A picture that can't be covered for certain is not shown: `CoveredDisplay.trouble` says why.

    Args:
        lane: the camera's place.
        display: where covered pictures go.
        policy: what is covered.
        redactor: finds faces and plates, and covers them.
    """

    def __init__(self, lane: Lane, display: CoveredDisplay, policy: Cover, redactor: Redactor) -> None:
        self._lane, self._display, self._policy = lane, display, policy
        self._redactor = redactor
        self._holder = Holder()
        self._last_ns = 0
        self._complained = False
        self._stop = threading.Event()
        self._woken = threading.Event()
        display.offered = self._offered
        self._thread = threading.Thread(target=self._run, name=f"redact {lane.camera.id}", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """The thread's name."""
        return self._thread.name

    def wake(self) -> None:
        """There may be a newer frame; from any thread, returns at once."""
        self._woken.set()

    def stop(self) -> None:
        """Cover nothing more; returns at once."""
        self._stop.set()
        self._woken.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; False when it still waits for a detector after `timeout_s`."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _offered(self) -> None:
        """A frame came in. With a model its result will wake this thread."""
        if not self._lane.plans:
            self._woken.set()

    def _run(self) -> None:
        assign(np.zeros((1, 1)))  # imports scipy: by a lowered thread that takes seconds, and trackers wait for it
        lower_this_thread()
        while not self._stop.is_set():
            self._woken.wait(_LOOK_S)
            self._woken.clear()
            if self._lane.closed:
                return
            room = self._display.wanted
            if room is None:
                continue
            frame, result = self._newest()
            if frame is not None and frame.captured_ns > self._last_ns and not self._stop.is_set():
                self._last_ns = frame.captured_ns
                self._guarded(frame, result, room)

    def _newest(self) -> tuple[Frame | None, Result | None]:
        """The newest frame a model has looked at; the newest of all where there is no model."""
        if self._lane.plans:
            return self._lane.latest or (None, None)
        return self._display.waiting, None

    def _guarded(self, frame: Frame, result: Result | None, room: tuple[int, int]) -> None:
        """The outermost frame of a picture: whatever fails, that picture is not shown, and the next is tried."""
        try:
            self._cover(frame, result, room)
        except Unanswered as why:
            self._display.trouble = str(why)
        except Exception:
            if not self._complained:
                log.exception("a live picture of %s can't be covered", frame.camera_id)
            self._complained = True
            self._display.trouble = _("Covering it failed in a way that should not happen; see the log.")

    def _cover(self, frame: Frame, result: Result | None, room: tuple[int, int]) -> None:
        findings = self._redactor.look(frame.picture, self._policy)
        if result is not None:
            seen, labels, gaps, tracks = seen_in(result), result.labels, result.gaps, result.tracks
        else:
            seen, labels, tracks = Detections.empty(), (), Tracks.empty(frame.captured_ns)
            gaps = (Gap(_("the camera's model"), _("it is not here yet")),)
        answers = [one.xyxy for one in (findings.faces, findings.plates) if one is not None]
        found = np.concatenate([*answers, np.empty((0, 4), np.float32)])
        held = self._holder.update(found, tracks, frame.captured_ns, frame.size)
        redacted = self._redactor.redact_found(
            frame.picture, findings, seen, labels, gaps, self._policy, size=contained(frame.size, room), held=held
        )
        if not self._stop.is_set():
            self._display.show(redacted, frame, result)
