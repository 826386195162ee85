"""What travels between the threads: a frame's ticket, one job for one model, and its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from backends.base import BackendError, Outputs
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
    thresholds: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    first_class: int = 0
    parent: int | None = None
    parent_class: int | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.loop.name


@dataclass(slots=True, eq=False)
class Ticket:
    """A frame on its way through its camera's stages. Made by an inference loop, then owned by the finisher.

    Attributes:
        missing: answers each stage still owes; a stage on crops owes None until its parent has answered.
        found: boxes so far.
        gaps: stages that gave no answer.
        settled_ns: when the last answer came.
        failed: True when the first stage gave none: there is nothing to track.
    """

    lane: Lane
    frame: Frame
    opened_ns: int
    missing: list[int | None]
    found: list[Detections] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    settled_ns: int = 0
    failed: bool = False
    closed: bool = False
    _whole: ArrayPicture | None = None

    @property
    def complete(self) -> bool:
        """True when no stage owes an answer."""
        return all(count == 0 for count in self.missing)

    def crop(self, xyxy: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> tuple[Picture, tuple[int, int]] | None:
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
    """One picture for one model."""

    ticket: Ticket
    stage: int
    picture: Picture
    corner: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a runtime said to a job. `begin_ns` and `end_ns` are of the inference, monotonic."""

    job: Job
    letterbox: Letterbox | None
    outputs: Outputs | BackendError
    begin_ns: int
    end_ns: int
