"""The inference loop: one thread per loaded model, always the camera that waited longest, the freshest frame of it."""

from __future__ import annotations

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
from console.pipeline.priority import lower_this_thread
from console.pipeline.work import Answer, Job, Ticket
from models.detector import Detector
from models.letterbox import Letterbox

JOBS_WAITING = 64
"""Further-stage jobs (crops) that may wait for one model; more are refused, and the stage is a gap."""


class InferenceLoop:
    """Feeds one backend.

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
        # one place more than the device takes: the next input is drawn while the device works
        self._places = backend.info.max_in_flight + 1
        self._buffers: queue.SimpleQueue[NDArray[np.uint8]] = queue.SimpleQueue()
        for _ in range(self._places):
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
        """Take a further-stage job; False when too many wait already."""
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

    def close(self, patience_s: float = 2.0) -> str | None:
        """Stop, let what is running finish, release the model.

        Returns the thread's name when the runtime is still not done after `patience_s`; it ends by itself then.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(patience_s)
        return self._thread.name if self._thread.is_alive() else None

    def _run(self) -> None:
        lower_this_thread()
        begin = time.thread_time_ns()
        while not self._stopping:
            self._pulse.beat()
            buffer = self._buffers.get()  # comes back with every answer, and an answer always comes
            self._pulse.idle()
            job = self._next()
            if job is None:
                break
            self._pulse.beat()
            self._start(job, buffer)
        self._costs.add("inference loop", time.thread_time_ns() - begin)
        self.backend.close()
        self._pulse.close()

    def _next(self) -> Job | None:
        """Wait for a job; None when the loop stops."""
        with self._changed:
            while not self._stopping:
                if self._jobs:
                    return self._jobs.popleft()
                now = time.monotonic_ns()
                waiting = [lane for lane in self._lanes if len(lane.slot)]
                due = [lane for lane in waiting if lane.due_ns <= now]
                for lane in sorted(due, key=lambda lane: lane.urgency(now), reverse=True):
                    if (job := self._admit(lane, now)) is not None:
                        return job
                soonest = min((lane.due_ns for lane in waiting if lane.due_ns > now), default=None)
                self._changed.wait(None if soonest is None else (soonest - now) / 1e9)
        return None

    def _admit(self, lane: Lane, now: int) -> Job | None:
        """Open a ticket for a camera's waiting frame, and send its further whole-picture stages on their way."""
        frame = lane.slot.take()
        if frame is None:
            return None
        lane.taken_ns = now
        frame.trace.add("wait", frame.captured_ns, now)
        ticket = Ticket(lane, frame, now, [1 if plan.parent is None else None for plan in lane.plans])
        lane.tickets.append(ticket)
        for stage, plan in enumerate(lane.plans[1:], 1):
            if plan.parent is None:
                job = Job(ticket, stage, frame.picture)
                if not plan.loop.offer(job):
                    self._answered(Answer(job, None, BackendError(f"{plan.name} is too busy."), now, now))
        return Job(ticket, 0, frame.picture)

    def _start(self, job: Job, buffer: NDArray[np.uint8]) -> None:
        begin = time.monotonic_ns()
        with self._costs.stage("letterbox"):
            letterbox = self.detector.draw(job.picture, buffer)
        drawn = time.monotonic_ns()
        job.ticket.frame.trace.add("letterbox", begin, drawn)

        def done(outputs: Outputs | BackendError) -> None:
            self._finish(job, letterbox, buffer, outputs, drawn)

        inputs: dict[str, NDArray[Any]] = {self.detector.picture.name: buffer}
        try:
            with self._costs.stage("submit"):
                self.backend.submit(inputs, done)
        except BackendError as error:
            done(error)

    def _finish(
        self, job: Job, letterbox: Letterbox, buffer: NDArray[np.uint8], outputs: Outputs | BackendError, begin: int
    ) -> None:
        self._buffers.put(buffer)
        self._answered(Answer(job, letterbox, outputs, begin, time.monotonic_ns()))
