"""The finisher: one thread that turns answers into results and owns every camera's tracker."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

import numpy as np

from backends.base import BackendError
from console.health.watchdog import Pulse
from console.pipeline.costs import Costs
from console.pipeline.lane import Lane
from console.pipeline.work import Answer, Job, StagePlan, Ticket
from models.detections import Detections
from models.results import Gap, Result
from models.tracks import Tracks

log = logging.getLogger(__name__)

LATE_S = 2.0
"""A further stage that has not answered for so long after its frame was taken is a gap, and the frame goes on."""
CROPS = 16
"""Boxes of one frame that a further stage looks into, best first; more are a gap, never a silence."""

Sink = Callable[[Result], None]


class Finisher:
    """Decodes, joins, tracks, publishes; in submission order for each camera.

    Args:
        publish: takes every result, on this thread; it must not block for long.
        pulse: beats while there is work.
        costs: where CPU time is charged.
    """

    def __init__(self, publish: Sink, pulse: Pulse, costs: Costs) -> None:
        self._publish = publish
        self._pulse = pulse
        self._costs = costs
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._late: list[Ticket] = []
        self._thread = threading.Thread(target=self._run, name="finisher", daemon=True)
        self._thread.start()

    def put(self, answer: Answer) -> None:
        """Take an answer; from any thread."""
        self._answers.put(answer)

    def close(self) -> None:
        """Work off what came, then stop."""
        self._answers.put(None)
        self._thread.join()

    def _run(self) -> None:
        begin = time.thread_time_ns()
        while True:
            self._pulse.idle()
            try:
                answer = self._answers.get(timeout=0.25 if self._late else None)
            except queue.Empty:
                self._give_up_late(time.monotonic_ns())
                continue
            if answer is None:
                break
            self._pulse.beat()
            try:
                self._take(answer)
            except Exception:  # the outermost frame: one frame may fail, the thread that serves all cameras may not
                log.exception("finishing a frame of %s failed", answer.job.ticket.lane.camera.id)
                self._settle(answer.job, None, "Reading the answer failed.", time.monotonic_ns())
        self._pulse.close()
        self._costs.add("finisher", time.thread_time_ns() - begin)

    def _take(self, answer: Answer) -> None:
        ticket = answer.job.ticket
        if ticket.closed:
            return
        begin = time.monotonic_ns()
        trace = ticket.frame.trace
        trace.add("infer", answer.begin_ns, answer.end_ns)
        trace.add("handover", answer.end_ns, begin)
        with self._costs.stage("postprocess"):
            found, why = self._read(answer)
        end = time.monotonic_ns()
        trace.add("postprocess", begin, end)
        self._settle(answer.job, found, why, end)
        if self._late:
            self._give_up_late(end)

    def _read(self, answer: Answer) -> tuple[Detections | None, str]:
        """The boxes in the picture's coordinates and the camera's class numbers, or why there are none."""
        job = answer.job
        plan = job.ticket.lane.plans[job.stage]
        if isinstance(answer.outputs, BackendError) or answer.letterbox is None:
            return None, getattr(answer.outputs, "what", "no answer")
        size = (job.picture.width, job.picture.height)
        try:
            found = plan.loop.detector.read(answer.outputs, answer.letterbox, size, plan.thresholds)
        except (KeyError, IndexError, ValueError) as error:
            return None, f"The answer of {plan.name} is not what its family writes: {error}"
        corner = np.array(job.corner * 2, np.float32)
        return Detections.of(found.xyxy + corner, found.score, found.class_id + plan.first_class), ""

    def _settle(self, job: Job, found: Detections | None, why: str, now: int) -> None:
        """Note a stage's answer, start the stages that look into it, release what is complete."""
        ticket = job.ticket
        lane = ticket.lane
        ticket.settled_ns = now
        ticket.missing[job.stage] = max((ticket.missing[job.stage] or 1) - 1, 0)
        if found is None:
            lane.meter.error(why)
            ticket.gaps.append(Gap(lane.plans[job.stage].name, why))
            ticket.failed = ticket.failed or job.stage == 0
        else:
            ticket.found.append(found)
        for stage, plan in enumerate(lane.plans):
            if plan.parent == job.stage:
                self._look_into(ticket, stage, plan, found)
        if not ticket.complete and ticket not in self._late:
            self._late.append(ticket)
        self._release(lane)

    def _look_into(self, ticket: Ticket, stage: int, plan: StagePlan, found: Detections | None) -> None:
        """Send the boxes a further stage looks into, best first."""
        ticket.missing[stage] = 0
        if found is None:
            ticket.gaps.append(Gap(plan.name, "The stage before it gave no answer."))
            return
        boxes = found.xyxy[found.class_id == plan.parent_class]
        if len(boxes) > CROPS:
            ticket.gaps.append(Gap(plan.name, f"It looked into the best {CROPS} of {len(boxes)} boxes."))
        for xyxy in boxes[:CROPS]:
            crop = ticket.crop(xyxy)
            if crop is None:
                continue
            if plan.loop.offer(Job(ticket, stage, *crop)):
                ticket.missing[stage] = (ticket.missing[stage] or 0) + 1
            else:
                ticket.gaps.append(Gap(plan.name, "It is too busy."))
                return

    def _give_up_late(self, now: int) -> None:
        for ticket in self._late:
            if not ticket.complete and now - ticket.opened_ns > LATE_S * 1e9:
                for stage, plan in enumerate(ticket.lane.plans):
                    if ticket.missing[stage] != 0:
                        ticket.missing[stage] = 0
                        ticket.gaps.append(Gap(plan.name, f"No answer within {LATE_S:.0f} s."))
                        ticket.failed = ticket.failed or stage == 0
                self._release(ticket.lane)
        self._late = [ticket for ticket in self._late if not ticket.complete]

    def _release(self, lane: Lane) -> None:
        """Publish the camera's complete tickets, oldest first, up to the first that still waits."""
        while lane.tickets and lane.tickets[0].complete:
            ticket = lane.tickets.popleft()
            ticket.closed = True
            if lane.closed:
                lane.meter.drop("stopped")
            else:
                self._finish(lane, ticket)

    def _finish(self, lane: Lane, ticket: Ticket) -> None:
        frame, begin = ticket.frame, time.monotonic_ns()
        frame.trace.add("join", ticket.settled_ns, begin)
        found = Detections.concat(ticket.found)
        with self._costs.stage("track"):
            if ticket.failed or lane.tracker is None:
                tracks = lane.latest[1].tracks if lane.latest else Tracks.empty(frame.captured_ns)
            else:
                found, tracks = lane.tracker.update(found, lane.time_ns(frame), frame.size)
        end = time.monotonic_ns()
        frame.trace.add("track", begin, end)
        result = Result(
            frame.camera_id, frame.seq, frame.captured_ns, end, frame.taken_at, frame.pts, frame.size,
            found, tracks, lane.labels, tuple(ticket.gaps), frame.trace,
        )  # fmt: skip
        lane.latest = (frame, result)
        with self._costs.stage("publish"):
            self._publish(result)
        # counted last: once every frame is accounted for, every result has been handed out
        if ticket.failed:
            lane.meter.drop("error")
        else:
            lane.meter.done(result)
