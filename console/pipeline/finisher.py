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
from console.pipeline.inference import InferenceLoop
from console.pipeline.lane import Lane
from console.pipeline.work import Answer, Job, StagePlan, Ticket
from models.detections import Detections
from models.results import Gap, Result
from models.tracks import Tracks
from models.words import _

log = logging.getLogger(__name__)

LATE_S = 2.0
"""A further stage that has not answered so long after its frame was taken is a gap, and the frame goes on."""
LOST_S = 30.0
"""The same for the first stage, which may be a slow model: a runtime that takes longer has lost the frame."""
OVERTAKEN = 100
"""A frame that so many later ones of its camera wait for is given up, however long it has been."""
CROPS = 16
"""Boxes of one frame that a further stage looks into, best first; more are a gap, never a silence."""
_LOOK_S = 0.25

Sink = Callable[[Result], None]


class Finisher:
    """Decodes, joins, tracks, publishes; in submission order for each camera.

    Args:
        publish: takes every result, on this thread. While it blocks, inference waits: nothing piles up.
        pulse: beats while there is work.
        costs: where CPU time is charged.
    """

    def __init__(self, publish: Sink, pulse: Pulse, costs: Costs) -> None:
        self._publish = publish
        self._pulse = pulse
        self._costs = costs
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._lanes: tuple[Lane, ...] = ()
        self._look_at = 0.0
        self._complaints: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="finisher", daemon=True)
        self._thread.start()

    def watch(self, lane: Lane) -> None:
        """Give up frames of this camera that are late, until it is closed and nothing of it is under way."""
        self._lanes = (*(known for known in self._lanes if not known.closed or known.tickets), lane)

    def waits_for(self, loop: InferenceLoop) -> bool:
        """Whether a frame is under way whose stages need this model; from any thread."""
        return any(
            not ticket.complete and ticket.stages.uses(loop) for lane in self._lanes for ticket in list(lane.tickets)
        )

    def put(self, answer: Answer) -> None:
        """Take an answer; from any thread."""
        self._answers.put(answer)

    def stop(self) -> None:
        """Work off what came, then stop; returns at once."""
        self._answers.put(None)

    def join(self, timeout_s: float) -> str | None:
        """Wait for the end; the thread's name when a receiver of results still holds it by then."""
        self._thread.join(max(timeout_s, 0.0))
        return self._thread.name if self._thread.is_alive() else None

    def _run(self) -> None:
        begin = time.thread_time_ns()
        while True:
            self._pulse.idle()
            try:
                answer = self._answers.get(timeout=_LOOK_S)
            except queue.Empty:
                self._guarded("looking for late frames", self._give_up_late)
                continue
            if answer is None:
                break
            self._pulse.beat()
            if not self._guarded(f"finishing a frame of {answer.job.ticket.lane.camera.id}", self._take, answer):
                self._guarded(
                    "giving a frame up", self._settle, answer.job, None, _("Its answer could not be read."), 0
                )
            answer.give_back()
            if time.monotonic() >= self._look_at:
                self._guarded("looking for late frames", self._give_up_late)
        self._pulse.close()
        self._costs.add("finisher", time.thread_time_ns() - begin)

    def _guarded(self, what: str, work: Callable[..., None], *arguments: object) -> bool:
        """The outermost frame: one frame may fail, the thread that serves all cameras may not. Said once a cause."""
        try:
            work(*arguments)
        except Exception as error:
            cause = f"{what}: {type(error).__name__}"
            if cause not in self._complaints:
                self._complaints.add(cause)
                log.exception("%s failed; more of the same is only counted", what)
            return False
        return True

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

    def _read(self, answer: Answer) -> tuple[Detections | None, str]:
        """The boxes in the picture's coordinates and the camera's class numbers, or why there are none."""
        plan = answer.job.ticket.stages.plans[answer.job.stage]
        found, why = self._decode(answer, plan)
        if found is not None:
            plan.loop.standing.good()
        elif answer.tried:
            plan.loop.standing.bad(why, answer.end_ns)
        return found, why

    @staticmethod
    def _decode(answer: Answer, plan: StagePlan) -> tuple[Detections | None, str]:
        """See `_read`."""
        job = answer.job
        if isinstance(answer.outputs, BackendError) or answer.letterbox is None:
            return None, getattr(answer.outputs, "what", "no answer")
        size = (job.picture.width, job.picture.height)
        try:
            found = plan.loop.detector.read(answer.outputs, answer.letterbox, size, plan.thresholds)
        except (KeyError, IndexError, ValueError) as error:
            return None, _("The answer of {model} is not what its family writes: {error}").format(
                model=plan.name, error=error
            )
        if plan.loop.detector.is_broken(answer.outputs, found):
            return None, _("{model} answers with numbers that are none (NaN or infinity).").format(model=plan.name)
        corner = np.array(job.corner * 2, np.float32)
        return Detections.of(found.xyxy + corner, found.score, found.class_id + plan.first_class), ""

    def _settle(self, job: Job, found: Detections | None, why: str, now: int) -> None:
        """Note a stage's answer, start the stages that look into it, release what is complete."""
        ticket, lane = job.ticket, job.ticket.lane
        if ticket.closed:
            return
        ticket.settled_ns = now or time.monotonic_ns()
        if found is None:
            self._gap(ticket, job.stage, why)
        else:
            ticket.found.append(found)
            for stage, plan in enumerate(ticket.stages.plans):
                if plan.parent == job.stage:
                    self._look_into(ticket, stage, plan, found)
        ticket.owed[job.stage] -= 1
        self._release(lane)

    @staticmethod
    def _gap(ticket: Ticket, stage: int, why: str) -> None:
        """A stage gave no answer: said in the result, counted in the camera's figures."""
        ticket.gaps.append(Gap(ticket.stages.plans[stage].name, why))
        ticket.lane.meter.error(why)
        ticket.failed = ticket.failed or stage == 0

    def _look_into(self, ticket: Ticket, stage: int, plan: StagePlan, found: Detections) -> None:
        """Send the boxes a further stage looks into, best first."""
        boxes = found.xyxy[found.class_id == plan.parent_class]
        if len(boxes) > CROPS:
            self._gap(
                ticket,
                stage,
                _("{model} looks into the best {crops} boxes of a frame, and there were more.").format(
                    model=plan.name, crops=CROPS
                ),
            )
        for xyxy in boxes[:CROPS]:
            crop = ticket.crop(xyxy)
            if crop is None:
                continue
            picture, corner = crop
            if not plan.loop.offer(Job(ticket, stage, picture, ticket.settled_ns, corner)):
                self._gap(ticket, stage, _("{model} is too busy.").format(model=plan.name))
                return
            ticket.owed[stage] += 1

    def _give_up_late(self) -> None:
        """Let frames go on whose stages have been waited for too long."""
        self._look_at = time.monotonic() + _LOOK_S
        now = time.monotonic_ns()
        for lane in self._lanes:
            waiting = list(lane.tickets)
            for place, ticket in enumerate(waiting):
                age_s = (now - ticket.opened_ns) / 1e9
                limit_s = LOST_S if ticket.owed[0] else LATE_S
                if not ticket.complete and (age_s > limit_s or len(waiting) - place > OVERTAKEN):
                    for stage, owed in enumerate(ticket.owed):
                        if owed:
                            self._overdue(ticket, stage, lost=age_s > LOST_S)
            self._release(lane)

    def _overdue(self, ticket: Ticket, stage: int, *, lost: bool) -> None:
        """A stage is waited for no longer; a model that lost a frame for so long is in trouble."""
        plan = ticket.stages.plans[stage]
        why = _("{model} gave no answer in time.").format(model=plan.name)
        self._gap(ticket, stage, why)
        ticket.owed[stage] = 0
        if lost and stage == 0:
            plan.loop.standing.bad(why, time.monotonic_ns(), at_once=True)

    def _release(self, lane: Lane) -> None:
        """Publish the camera's complete tickets, oldest first, up to the first that still waits."""
        while lane.tickets and lane.tickets[0].complete:
            ticket = lane.tickets.popleft()
            ticket.closed = True
            lane.released(ticket)
            if lane.closed:
                lane.meter.drop("stopped")
            elif not self._guarded(f"publishing a frame of {lane.camera.id}", self._finish, lane, ticket):
                lane.meter.error("Publishing its result failed; see the log.")
                lane.meter.drop("error")

    def _finish(self, lane: Lane, ticket: Ticket) -> None:
        frame, labels, begin = ticket.frame, ticket.stages.labels, time.monotonic_ns()
        frame.trace.add("join", ticket.settled_ns or begin, begin)
        found = Detections.concat(ticket.found)
        with self._costs.stage("track"):
            if ticket.failed:
                last = lane.latest[1] if lane.latest else None
                same = last is not None and last.labels == labels  # else its tracks are another model's
                tracks = last.tracks if last is not None and same else Tracks.empty(frame.captured_ns)
            else:
                found, tracks = lane.track(found, frame, labels)
        end = time.monotonic_ns()
        frame.trace.add("track", begin, end)
        result = Result(
            frame.camera_id, frame.seq, frame.captured_ns, end, frame.taken_at, frame.pts, frame.size,
            found, tracks, labels, tuple(ticket.gaps), frame.trace,
        )  # fmt: skip
        lane.latest = (frame, result)
        if (recent := lane.recent) is not None:  # it may be taken away meanwhile
            recent.saw(result)
        with self._costs.stage("publish"):
            self._publish(result)
        # counted last: once every frame is accounted for, every result has been handed out
        if ticket.failed:
            lane.meter.drop("error")
        else:
            lane.meter.done(result)
