"""What travels between the threads: a frame's ticket, one job for one model, and its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backends.base import BackendError, Outputs
from console.privacy.covering import Origin
from models.detections import Detections
from models.frames import ArrayPicture, Frame, Picture
from models.letterbox import Letterbox
from models.results import Gap

if TYPE_CHECKING:
    from console.pipeline.inference import InferenceLoop
    from console.pipeline.lane import Lane


@dataclass(frozen=True, slots=True, eq=False)
class StagePlan:
    """One stage of a camera, ready to run.

    Attributes:
        loop: the loaded model.
        thresholds: per class, see `models.decoders.thresholds_for`.
        first_class: what is added to the model's class numbers, so that a camera's stages don't collide.
        parent: the stage whose boxes it looks into, or None for the whole picture.
        parent_class: the class (numbered as in the camera's labels) of those boxes.
    """

    loop: InferenceLoop
    thresholds: NDArray[np.float32]
    first_class: int = 0
    parent: int | None = None
    parent_class: int | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.loop.name


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """What runs for a camera. Replaced whole, so that a frame meets either the old models or the new ones.

    Attributes:
        plans: the stages in order; none: the camera has no model yet.
        labels: the names behind the class numbers of all stages.
    """

    plans: tuple[StagePlan, ...] = ()
    labels: tuple[str, ...] = ()

    def uses(self, loop: InferenceLoop) -> bool:
        """Whether a stage runs on this loaded model."""
        return any(plan.loop is loop for plan in self.plans)


@dataclass(slots=True, eq=False)
class Ticket:
    """A frame on its way through its camera's stages. Made by an inference loop, then owned by the finisher.

    Attributes:
        stages: those of the camera when the frame was taken; it is finished by them whatever comes after.
        owed: answers each stage still owes.
        found: boxes so far.
        gaps: stages that gave no answer.
        settled_ns: when the last answer came.
        failed: True when the first stage gave none: there is nothing to track.
        closed: True once it was published or dropped; what comes then comes too late.
    """

    lane: Lane
    stages: Stages
    frame: Frame
    opened_ns: int
    owed: list[int]
    found: list[Detections] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    settled_ns: int = 0
    failed: bool = False
    closed: bool = False
    _whole: ArrayPicture | None = None

    @classmethod
    def open(cls, lane: Lane, frame: Frame, now_ns: int) -> Ticket:
        """A ticket whose whole-picture stages owe one answer each."""
        stages = lane.stages
        return cls(lane, stages, frame, now_ns, [int(plan.parent is None) for plan in stages.plans])

    @property
    def complete(self) -> bool:
        """True when no stage owes an answer. An answer that sends others on their way is settled after them."""
        return not any(self.owed)

    def crop(self, xyxy: NDArray[np.float32]) -> tuple[Picture, tuple[int, int]] | None:
        """The part of the picture under a box, with its corner in the picture; None where nothing is left of it."""
        if self._whole is None:
            picture = self.frame.picture
            self._whole = ArrayPicture(picture.view(picture.width, picture.height))
        x0, y0 = np.floor(xyxy[:2]).astype(int)
        x1, y1 = np.ceil(xyxy[2:]).astype(int)
        pixels = self._whole.view(*self.frame.size)[max(y0, 0) : y1, max(x0, 0) : x1]
        if 0 in pixels.shape:
            return None
        return ArrayPicture(pixels), (max(int(x0), 0), max(int(y0), 0))


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One picture for one model. `since_ns`: when it began to wait, monotonic."""

    ticket: Ticket
    stage: int
    picture: Picture
    since_ns: int
    corner: tuple[int, int] = (0, 0)

    @property
    def origin(self) -> Origin:
        """Where the picture comes from."""
        frame, (x, y) = self.ticket.frame, self.corner
        part = None if self.picture is frame.picture else (x, y, x + self.picture.width, y + self.picture.height)
        return Origin(frame.camera_id, frame.picture, part)


def nothing() -> None:
    """There is no place to give back."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a runtime said to a job.

    Attributes:
        outputs: the network's, or why there are none.
        begin_ns: when the inference was submitted, monotonic.
        end_ns: when its answer came.
        tried: the model was asked, so its answer says how it stands; False: the picture never reached it.
        give_back: called once the answer has been worked off: its place is free for the next picture.
    """

    job: Job
    letterbox: Letterbox | None
    outputs: Outputs | BackendError
    begin_ns: int
    end_ns: int
    tried: bool = False
    give_back: Callable[[], None] = nothing
