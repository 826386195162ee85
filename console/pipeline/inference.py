"""The inference loop: one thread per loaded model, always what waited longest, of a camera its freshest frame."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from backends.base import BackendError, Outputs
from console.health.watchdog import Pulse
from console.pipeline.batches import Batch
from console.pipeline.costs import Costs
from console.pipeline.lane import Lane
from console.pipeline.loader import LoadedModel
from console.pipeline.standing import Standing
from console.pipeline.work import Answer, Job, Ticket, nothing
from models.frames import Frame
from models.words import _

log = logging.getLogger(__name__)

JOBS_WAITING = 64
"""Further-stage jobs (crops) that may wait for one model; more are refused."""
STALE_S = 0.5
"""A further-stage job that waited longer is given up: its camera's results would all be late for one."""
AHEAD = 3
"""Places beyond what the device takes: one input is drawn while it works, two answers are being worked off."""
_LOOK_S = 0.05
"""How often a loop that is to end looks whether what it began has been finished."""


class InferenceLoop:
    """Feeds one backend.

    A place is held from drawing the input until the answer has been worked off, so that nothing piles up behind a slow
    receiver of results.

    With a model that takes several pictures at once, those of different cameras are drawn side by side into one buffer.
    A picture waits for others only while the device is busy anyway: until the first place is free where none is, else
    for `LoadedModel.wait_s` at most, and not at all where no other camera could bring one. So a lone camera, and the
    first picture on an idle device, pay nothing.

    Args:
        model: what to feed; the loop owns and closes its backend.
        answered: takes every answer; called on the runtime's threads, so it must only hand over.
        changed: told when the model gets into trouble and out of it; see `Standing`.
        pulse: beats while there is work.
        costs: where CPU time is charged.

    Attributes:
        standing: how the model stands.
    """

    def __init__(
        self,
        model: LoadedModel,
        answered: Callable[[Answer], None],
        changed: Callable[[], None],
        pulse: Pulse,
        costs: Costs,
    ) -> None:
        self.detector = model.detector
        self.backend = model.backend
        self.fell_back = model.fell_back
        self._drawn = model.draw
        self.standing = Standing(changed)
        self._most = max(1, min(model.batch, model.backend.info.max_batch))
        self._wait_ns = int(model.wait_s * 1e9)
        self._answered = answered
        self._pulse = pulse
        self._costs = costs
        self._lanes: list[Lane] = []
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._running = 0
        self._stopping = False
        self._needed: Callable[[], bool] | None = None
        self._complained = False
        self._buffers: queue.SimpleQueue[NDArray[np.uint8] | None] = queue.SimpleQueue()
        for _place in range(model.backend.info.max_in_flight + AHEAD):
            self._buffers.put(model.detector.buffer(self._most))
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

    def retire(self, needed: Callable[[], bool]) -> None:
        """Finish what its cameras have under way, then stop; returns at once. No camera may be served any more.

        Args:
            needed: whether anything that was begun with this model still waits for it; cheap, takes no lock.
        """
        with self._changed:
            self._needed = needed
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
            self._buffers = queue.SimpleQueue()  # whoever still holds the loop keeps no memory alive
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
                    if self._needed is not None and not self._needed():
                        return None
                    self._changed.wait(self._until_due(now))
            # what follows takes other loops' locks, so it stands outside ours: two loops may serve each other's cameras
            for job in stale:
                self._answered(
                    Answer(job, None, BackendError(_("{model} is too busy.").format(model=self.name)), now, now)
                )
            if isinstance(picked, Job):
                return picked
            if picked is not None:
                return self._send_along(picked, now)

    def _another(self, batch: Batch, deadline_ns: int) -> Job | None:
        """One more job for a batch that has some; None when it is to go as it is."""
        while True:
            with self._changed:
                now = time.monotonic_ns()
                picked = None if self._stopping else self._pick(now)
                if picked is None:
                    patience_s = self._patience_s(batch, now, deadline_ns)
                    if patience_s <= 0:
                        return None
                    self._changed.wait(patience_s)
            if picked is not None:
                return picked if isinstance(picked, Job) else self._send_along(picked, now)

    def _patience_s(self, batch: Batch, now: int, deadline_ns: int) -> float:
        """How long a batch may wait for a further picture, if nothing happens before."""
        if self._stopping or not self._running:
            return 0.0
        if self._running < self.backend.info.max_in_flight and len(self._lanes) <= len(batch.jobs):
            return 0.0
        until_due = self._until_due(now)
        if self._running < self.backend.info.max_in_flight:
            left_s = (deadline_ns - now) / 1e9
            return left_s if until_due is None else min(left_s, until_due)
        return _LOOK_S if until_due is None else min(_LOOK_S, until_due)  # it would only wait in `submit`

    def _until_due(self, now: int) -> float | None:
        """Seconds until a waiting frame may be taken that its camera's cap holds back; None without one."""
        waiting = [lane.due_ns for lane in self._lanes if len(lane.slot)]
        soonest = min((due for due in waiting if due > now), default=None)
        seconds = None if soonest is None else (soonest - now) / 1e9
        if self._needed is None:
            return seconds
        return _LOOK_S if seconds is None else min(seconds, _LOOK_S)

    def _take_stale(self, now: int) -> list[Job]:
        """Jobs that waited too long, or whose camera is gone."""
        stale = []
        while self._jobs and (self._jobs[0].ticket.lane.closed or now - self._jobs[0].since_ns > STALE_S * 1e9):
            stale.append(self._jobs.popleft())
        return stale

    def _pick(self, now: int) -> Job | Ticket | None:
        """The oldest job or the most urgent camera's frame, whichever has waited longer.

        A frame gets its ticket here, under the loop's lock, so that a camera's tickets stand in the order of its frames
        while it moves from one loop to another.
        """
        due = [lane for lane in self._lanes if len(lane.slot) and lane.due_ns <= now and not lane.holds_back]
        due.sort(key=lambda lane: lane.urgency(now), reverse=True)
        if self._jobs:
            job = self._jobs[0]
            if not due or (now - job.since_ns) * job.ticket.lane.camera.priority >= due[0].urgency(now):
                return self._jobs.popleft()
        for lane in due:
            if (frame := lane.slot.take()) is not None:
                lane.taken_ns = now
                return self._admit(lane, frame, now)
        return None

    @staticmethod
    def _admit(lane: Lane, frame: Frame, now: int) -> Ticket:
        frame.trace.add("wait", frame.captured_ns, now)
        ticket = Ticket.open(lane, frame, now)
        lane.tickets.append(ticket)
        return ticket

    def _send_along(self, ticket: Ticket, now: int) -> Job:
        """Send a frame's further whole-picture stages on their way; the first is ours."""
        for stage, plan in enumerate(ticket.stages.plans[1:], 1):
            if plan.parent is None:
                job = Job(ticket, stage, ticket.frame.picture, now)
                if not plan.loop.offer(job):
                    self._answered(
                        Answer(job, None, BackendError(_("{model} is too busy.").format(model=plan.name)), now, now)
                    )
        return Job(ticket, 0, ticket.frame.picture, now)

    def _start(self, job: Job, buffer: NDArray[np.uint8]) -> None:
        """Draw a job, and more where the model takes several at once, and hand them to the runtime."""
        batch = Batch(buffer, self._drawn)
        if not self._draw(job, batch, lambda: self._buffers.put(buffer)):
            return
        deadline_ns = time.monotonic_ns() + self._wait_ns
        while len(batch.jobs) < self._most and (more := self._another(batch, deadline_ns)) is not None:
            if not self._draw(more, batch, nothing):
                break
        self._submit(batch, buffer)

    def _draw(self, job: Job, batch: Batch, give_back: Callable[[], None]) -> bool:
        """Draw a job into a batch; False, and the job is answered, where its picture can't be drawn."""
        begin = time.monotonic_ns()
        try:
            with self._costs.stage("letterbox"):
                batch.draw(job, self.detector)
        except Exception as error:  # the outermost frame of a picture: it may fail, not all cameras' model
            failure = error if isinstance(error, BackendError) else self._failure(error)
            self._answered(Answer(job, None, failure, begin, time.monotonic_ns(), give_back=give_back))
            return False
        return True

    def _submit(self, batch: Batch, buffer: NDArray[np.uint8]) -> None:
        begin = time.monotonic_ns()
        batch.sent(begin)

        def done(outputs: Outputs | BackendError) -> None:
            end = time.monotonic_ns()
            if self._most > 1:
                self._landed()
            for answer in batch.answers(outputs, begin, end, lambda: self._buffers.put(buffer)):
                self._answered(answer)

        if self._most > 1:
            with self._changed:
                self._running += 1
        try:
            with self._costs.stage("submit"):
                self.backend.submit({self.detector.picture.name: batch.pixels}, done)
        except BackendError as error:
            done(error)
        except Exception as error:  # the outermost frame: a plug-in may fail, not all cameras' model
            done(self._failure(error))

    def _landed(self) -> None:
        """A submission was answered: a batch that waits for a free place may go."""
        with self._changed:
            self._running -= 1
            self._changed.notify()

    def _failure(self, error: Exception) -> BackendError:
        """Something that should not fail did; in the log once."""
        if not self._complained:
            log.error("giving a picture to %s failed", self.name, exc_info=error)
        self._complained = True
        return BackendError(
            _("A picture could not be given to {model}: {error}.").format(model=self.name, error=type(error).__name__)
        )
