"""The capture thread: one per camera. Connects, hands frames on, reconnects, and says at any moment how it stands."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from console.errors import REFUSED_RETRY_S, SecretError, SightdeskError, SourceLost
from console.pipeline.costs import Costs
from console.pipeline.lane import Lane
from console.sources.base import Source
from models.states import CameraState, CameraStatus
from models.words import _

log = logging.getLogger(__name__)

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 2.0
"""Retries wait .5, 1, 2, 2, ... s, each shortened at random by up to a half, so that cameras that were lost together
don't return together. The cap is low because an operator waits: a camera that is back is seen within 5 s."""
FROZEN_S = 2.0
"""A live camera whose last picture is older than this is called frozen."""

_CALM = {CameraState.LIVE, CameraState.ENDED}

Opener = Callable[[], Source]


class Capture:
    """Reads one camera into its lane until it ends or is stopped.

    Args:
        lane: where frames go.
        opener: makes a fresh connection; raises SourceLost where that can't work.
        costs: where CPU time is charged.
    """

    def __init__(self, lane: Lane, opener: Opener, costs: Costs) -> None:
        self._lane = lane
        self._open = opener
        self._costs = costs
        self._stop = threading.Event()
        self._source: Source | None = None
        self._status = CameraStatus(CameraState.CONNECTING)
        self._retry_at_ns = 0
        self._seq = 0
        self._failures = 0
        self._live = True
        self._thread = threading.Thread(target=self._run, name=f"capture {lane.camera.id}", daemon=True)

    @property
    def name(self) -> str:
        """The thread's name."""
        return self._thread.name

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to stop; returns at once. A read that hangs ends by itself within its limit: see `join`."""
        self._stop.set()
        self._lane.close()
        source = self._source
        if source is not None:
            source.close()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; False when it is still in a read after `timeout_s`."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def status(self) -> CameraStatus:
        """How the camera stands, in words; cheap, from any thread."""
        status = self._status
        if self._stop.is_set():
            return CameraStatus(CameraState.STOPPED)
        if status.state is CameraState.RECONNECTING:
            wait_s = (self._retry_at_ns - time.monotonic_ns()) / 1e9
            return CameraStatus(status.state, status.detail, wait_s if wait_s > 0 else None)
        last = self._lane.meter.last_ns
        if status.state is CameraState.LIVE and self._live and last is not None:
            silent_s = (time.monotonic_ns() - last) / 1e9
            if silent_s > FROZEN_S:
                return CameraStatus(
                    CameraState.FROZEN, _("No new picture for {seconds:.0f} s.").format(seconds=silent_s)
                )
        return status

    @property
    def finished(self) -> bool:
        """True when no further frame will come by itself."""
        return not self._thread.is_alive() or self._status.state in {CameraState.ENDED, CameraState.FAILED}

    def _now(self, status: CameraStatus) -> None:
        """Take on a state; the log tells the camera's story by its states."""
        if status.state is not self._status.state:
            level = logging.INFO if status.state in _CALM else logging.WARNING
            log.log(level, "camera %s: %s", self._lane.camera.id, status)
        self._status = status

    def _run(self) -> None:
        begin = time.thread_time_ns()
        try:
            while not self._stop.is_set() and self._connect_and_read():
                pass
        except Exception as error:  # the outermost frame: one camera may fail, the others go on
            log.exception("capture of %s failed", self._lane.camera.id)
            self._lane.meter.error(f"{type(error).__name__} while reading")
            self._status = CameraStatus(
                CameraState.FAILED, _("Reading it failed in a way that should not happen; see the log.")
            )
        self._costs.add("capture", time.thread_time_ns() - begin)

    def _connect_and_read(self) -> bool:
        """One connection from beginning to end; False when there is no point in another."""
        try:
            self._source = self._open()
            if self._stop.is_set():  # stopped between the check and the assignment: nobody else will close it
                self._source.close()
                return False
            self._read(self._source)
        except SourceLost as lost:
            return self._lost(lost)
        except SecretError as error:  # the keyring may be unlocked meanwhile, the secret stored
            return self._lost(SourceLost(error.what, error.hint, after_s=REFUSED_RETRY_S))
        except SightdeskError as error:
            return self._lost(SourceLost(error.what, error.hint, retry=False))
        finally:
            if self._source is not None:
                self._source.close()
                self._source = None
        self._now(CameraStatus(CameraState.ENDED))
        return False

    def _read(self, source: Source) -> None:
        self._live = source.live
        for frame in source.frames(self._seq):
            if self._stop.is_set():
                return
            if self._seq == 0 and not source.live:
                self._wait_for_a_model()
                self._lane.wait_for_every_frame()
            self._seq = frame.seq + 1
            self._failures = 0
            if self._status.state is not CameraState.LIVE:
                self._now(CameraStatus(CameraState.LIVE))
            self._lane.put(frame)
            self._lane.display.offer(frame)  # second: inference does not wait for the screen
            revealed, recent = self._lane.revealed, self._lane.recent  # either may be taken away meanwhile
            if revealed is not None:
                revealed.offer(frame)
            if recent is not None:
                recent.took(frame)

    def _wait_for_a_model(self) -> None:
        """Where every frame counts, none is read for the screen alone."""
        while not self._lane.plans and not self._stop.wait(0.02):
            pass

    def _lost(self, lost: SourceLost) -> bool:
        if self._stop.is_set():
            return False
        self._lane.meter.error(lost.what)
        if not lost.retry:
            self._now(CameraStatus(CameraState.FAILED, str(lost)))
            return False
        delay = min(FIRST_RETRY_S * 2 ** min(self._failures, 8), LONGEST_RETRY_S) * random.uniform(0.5, 1.0)  # noqa: S311
        delay = max(delay, lost.after_s)
        self._failures += 1
        self._retry_at_ns = time.monotonic_ns() + int(delay * 1e9)
        self._now(CameraStatus(CameraState.RECONNECTING, str(lost), delay))
        return not self._stop.wait(delay)
