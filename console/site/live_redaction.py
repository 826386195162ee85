"""The live picture of cameras that are covered: redacted on threads of their own before any screen gets it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from console.pipeline.covered_display import AnyDisplay, CoveredDisplay
from console.pipeline.lane import Lane
from console.privacy.policies import is_live_covered, policy_for
from console.privacy.redactor import Redactor
from console.settings.privacy import PrivacySettings
from console.settings.schema import CameraSettings, Settings
from console.site.live_redactor import LiveRedactor
from models.policy import Cover
from models.results import Result


def live_policy(camera: CameraSettings, privacy: PrivacySettings) -> Cover | None:
    """What is covered in a camera's live picture; None: it is shown as it is."""
    policy = policy_for(camera, privacy)
    return policy if is_live_covered(camera, privacy) and isinstance(policy, Cover) else None


class LiveRedaction:
    """Keeps one live redactor for each camera whose live picture is covered, and none for the others.

    Any thread may call it. It takes on settings at once, before any model is loaded: a camera that becomes covered
    shows nothing plain from that moment on, whatever else of the change takes its time or fails.

    Args:
        lane_of: a running camera's place, or None.
        redactor: the site's.
        subscribe: called once, with what wants every result, when the first camera is covered.
    """

    def __init__(
        self,
        lane_of: Callable[[str], Lane | None],
        redactor: Redactor,
        subscribe: Callable[[Callable[[Result], None]], None],
    ) -> None:
        self._lane_of, self._redactor, self._subscribe = lane_of, redactor, subscribe
        self._changing = threading.RLock()
        self._policies: Mapping[str, Cover] = {}
        self._redactors: dict[str, LiveRedactor] = {}
        self._leaving: list[LiveRedactor] = []
        self._subscribed = False

    @property
    def cameras(self) -> list[str]:
        """Ids of the cameras that are covered now and run."""
        return list(self._redactors)

    def take_on(self, settings: Settings) -> None:
        """From now on cover what these settings say. What was shown of a camera under another policy is let go."""
        policies = {
            camera.id: policy
            for camera in settings.cameras
            if (policy := live_policy(camera, settings.privacy)) is not None
        }
        with self._changing:
            before, self._policies = self._policies, policies
            for camera_id in before.keys() | policies.keys():
                lane = self._lane_of(camera_id)
                if lane is not None and before.get(camera_id) != policies.get(camera_id):
                    self._change(camera_id, lane)

    @contextmanager
    def starting(self, camera_id: str) -> Iterator[AnyDisplay | None]:
        """Start a camera inside of this, with the display it gives; no change of settings comes between."""
        with self._changing:
            covered = camera_id in self._policies
            display = CoveredDisplay() if covered else None
            yield display
            lane = self._lane_of(camera_id)
            self._stop(camera_id)
            if lane is not None and display is not None:
                self._begin(camera_id, lane, display)

    def forget(self, camera_id: str) -> None:
        """A camera was stopped."""
        with self._changing:
            self._stop(camera_id)

    def close(self) -> None:
        """Tell all to stop; returns at once. What is shown stays as it is."""
        with self._changing:
            for camera_id in list(self._redactors):
                self._stop(camera_id)

    def join(self, deadline: float) -> list[str]:
        """Wait until then (monotonic seconds); names of threads that wait for a detector and end by themselves."""
        return [one.name for one in self._leaving if not one.join(max(deadline - time.monotonic(), 0.0))]

    def _change(self, camera_id: str, lane: Lane) -> None:
        self._stop(camera_id)
        if camera_id in self._policies:
            display = CoveredDisplay()
            lane.cover(display)
            self._begin(camera_id, lane, display)
        else:
            lane.uncover()

    def _begin(self, camera_id: str, lane: Lane, display: CoveredDisplay) -> None:
        if not self._subscribed:
            self._subscribe(self._take)
            self._subscribed = True
        self._redactors[camera_id] = LiveRedactor(lane, display, self._policies[camera_id], self._redactor)

    def _stop(self, camera_id: str) -> None:
        redactor = self._redactors.pop(camera_id, None)
        if redactor is not None:
            redactor.stop()
            self._leaving = [one for one in [*self._leaving, redactor] if not one.join(0)]

    def _take(self, result: Result) -> None:
        """A sink for results."""
        redactor = self._redactors.get(result.camera_id)
        if redactor is not None:
            redactor.wake()
