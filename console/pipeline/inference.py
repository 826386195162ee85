"""The inference loop: one thread per loaded model, always what waited longest, of a camera its freshest frame."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.base import Backend, BackendError, Outputs
from console.health.watchdog import Pulse
from console.pipeline.costs import Costs
from console.pipeline.lane import Lane
from console.pipeline.work import Answer, Job, Ticket
from models.detector import Detector
from models.frames import Frame
from models.letterbox import Letterbox
from models.words import _

log = logging.getLogger(__name__)

JOBS_WAITING = 64
"""Further-stage jobs (crops) that may wait for one model; more are refused."""
STALE_S = 0.5
"""A further-stage job that waited longer is given up: its camera's results would all be late for one."""
AHEAD = 3
"""Places beyond what the device takes: one input is drawn while it works, two answers are being worked off."""


class InferenceLoop:
    """Feeds one backend.

    A place is held from drawing the input until the answer has been worked off, so that nothing piles up behind a slow
    receiver of results.

    Args:
        detector: draws pictures into the model's input.
        backend: runs the network; the loop owns and closes it.
        answered: takes every answer; called on the runtime's threads, so it must only hand over.
        pulse: beats while there is work.
        costs: where CPU time is charged.
    """

    def __init__(
        self, detector: Detector, backend: Backend, answered: Callable[[Answer], None], pulse: Pulse, costs: Costs
    ) -> None:
        self.detector = detector
        self.backend = backend
        self._answered = answered
        self._pulse = pulse
        self._costs = costs
        self._lanes: list[Lane] = []
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._complained = False
        self._buffers: queue.SimpleQueue[NDArray[np.uint8] | None] = queue.SimpleQueue()
        for _place in range(backend.info.max_in_flight + AHEAD):
            self._buffers.put(detector.buffer())
        self._thread = threading.Thread(target=self._run, name=f"inference {self.name}", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """The model's name."""
        return self.detector.manifest.name

    def add(self, lane: Lane) -> None:
        """Serve a camera whose first stage this model is."""
        with self._changed:
            self._lanes.append(lane)
            self._changed.notify()

    def remove(self, lane: Lane) -> None:
        """Serve it no longer."""
        with self._changed:
            self._lanes.remove(lane)

    def offer(self, job: Job) -> bool:
        """Take a further-stage job; False when too many wait already. Never waits."""
        with self._changed:
            if self._stopping or len(self._jobs) >= JOBS_WAITING:
                return False
            self._jobs.append(job)
            self._changed.notify()
            return True

    def wake(self) -> None:
        """Something waits in a slot."""
        with self._changed:
            self._changed.notify()

    def stop(self) -> None:
        """Ask the thread to stop; returns at once."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._buffers.put(None)

    def join(self, timeout_s: float) -> str | None:
        """Wait until what runs is finished and the model released; the thread's name when it is not by then."""
        self._thread.join(max(timeout_s, 0.0))
        return self._thread.name if self._thread.is_alive() else None

    def _run(self) -> None:
        begin = time.thread_time_ns()
        try:
            while not self._stopping:
                buffer = self._buffers.get()  # comes back with every answer, and an answer always comes
                job = None if buffer is None else self._next()
                if job is None or buffer is None:
                    break
                self._pulse.beat()
                self._start(job, buffer)
                self._pulse.idle()
        finally:
            self._costs.add("inference loop", time.thread_time_ns() - begin)
            self.backend.close()
            self._pulse.close()

    def _next(self) -> Job | None:
        """Wait for a job; None when the loop stops."""
        while True:
            with self._changed:
                if self._stopping:
                    return None
                now = time.monotonic_ns()
                stale = self._take_stale(now)
                picked = self._pick(now)
                if picked is None and not stale:
                    waiting = [lane.due_ns for lane in self._lanes if len(lane.slot)]
                    soonest = min((due for due in waiting if due > now), default=None)
                    self._changed.wait(None if soonest is None else (soonest - now) / 1e9)
            # what follows takes other loops' locks, so it stands outside ours: two loops may serve each other's cameras
            for job in stale:
                self._answered(
                    Answer(job, None, BackendError(_("{model} is too busy.").format(model=self.name)), now, now)
                )
            if isinstance(picked, Job):
                return picked
            if picked is not None:
                return self._admit(*picked, now)

    def _take_stale(self, now: int) -> list[Job]:
        """Jobs that waited too long, or whose camera is gone."""
        stale = []
        while self._jobs and (self._jobs[0].ticket.lane.closed or now - self._jobs[0].since_ns > STALE_S * 1e9):
            stale.append(self._jobs.popleft())
        return stale

    def _pick(self, now: int) -> Job | tuple[Lane, Frame] | None:
        """The oldest job or the most urgent camera's frame, whichever has waited longer."""
        due = [lane for lane in self._lanes if len(lane.slot) and lane.due_ns <= now]
        due.sort(key=lambda lane: lane.urgency(now), reverse=True)
        if self._jobs:
            job = self._jobs[0]
            if not due or (now - job.since_ns) * job.ticket.lane.camera.priority >= due[0].urgency(now):
                return self._jobs.popleft()
        for lane in due:
            if (frame := lane.slot.take()) is not None:
                lane.taken_ns = now
                return lane, frame
        return None

    def _admit(self, lane: Lane, frame: Frame, now: int) -> Job:
        """Open a ticket for a frame, and send its further whole-picture stages on their way."""
        frame.trace.add("wait", frame.captured_ns, now)
        ticket = Ticket.open(lane, frame, now)
        lane.tickets.append(ticket)
        for stage, plan in enumerate(lane.plans[1:], 1):
            if plan.parent is None:
                job = Job(ticket, stage, frame.picture, now)
                if not plan.loop.offer(job):
                    self._answered(
                        Answer(job, None, BackendError(_("{model} is too busy.").format(model=plan.name)), now, now)
                    )
        return Job(ticket, 0, frame.picture, now)

    def _start(self, job: Job, buffer: NDArray[np.uint8]) -> None:
        begin = time.monotonic_ns()
        letterbox: Letterbox | None = None

        def done(outputs: Outputs | BackendError) -> None:
            end, give_back = time.monotonic_ns(), lambda: self._buffers.put(buffer)
            self._answered(Answer(job, letterbox, outputs, begin, end, give_back))

        try:
            with self._costs.stage("letterbox"):
                letterbox = self.detector.draw(job.picture, buffer)
            drawn = time.monotonic_ns()
            job.ticket.frame.trace.add("letterbox", begin, drawn)
            begin = drawn
            inputs: dict[str, NDArray[Any]] = {self.detector.picture.name: buffer}
            with self._costs.stage("submit"):
                self.backend.submit(inputs, done)
        except BackendError as error:
            done(error)
        except Exception as error:  # the outermost frame: a picture or a plug-in may fail, not all cameras' model
            if not self._complained:
                log.exception("giving a picture to %s failed", self.name)
            self._complained = True
            done(
                BackendError(
                    _("A picture could not be given to {model}: {error}.").format(
                        model=self.name, error=type(error).__name__
                    )
                )
            )
