"""The stages of a task: the first looks at whole pictures, a further one at whole pictures or into boxes of an earlier.

A stage looks at the pictures of a whole batch before the next begins, so that crops of different pictures share
submissions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backends.base import BackendError
from console.cloud.tasks import Task
from console.cloud.working.looking import Model, Patience, look
from models.detections import Detections
from models.frames import ArrayPicture

MOST_BOXES = 1000
"""Boxes of a stage in a picture that are kept, best first: an answer is to be read by a person or a small program."""
MOST_CROPS = 100
"""Boxes of a picture that a further stage looks into, best first; so no picture keeps a worker for minutes."""


@dataclass(frozen=True, slots=True, eq=False)
class StagePlan:
    """A stage, ready to run.

    Attributes:
        thresholds: per class, see `models.decoders.thresholds_for`.
        parent: the stage whose boxes it looks into; None: whole pictures.
        parent_class: the class of those boxes, by that stage's model.
    """

    model: Model
    thresholds: NDArray[np.float32]
    parent: int | None = None
    parent_class: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A task, ready to run."""

    task: Task
    stages: tuple[StagePlan, ...]

    @property
    def models(self) -> list[Model]:
        """Each once, in the order of the stages."""
        return list({id(stage.model): stage.model for stage in self.stages}.values())


@dataclass(frozen=True, slots=True)
class Box:
    """A box that was found.

    Attributes:
        xyxy: in pixels of the file.
        stage: which found it.
        of: index of the box it was found in, among all of the picture; None: in the whole picture.
    """

    xyxy: tuple[float, float, float, float]
    label: str
    score: float
    stage: int
    of: int | None


@dataclass(slots=True, eq=False)
class Found:
    """What a task found in a picture.

    Attributes:
        boxes: stage by stage, best first within a stage and what it looked into.
        left_out: boxes that were not kept, since there were too many.
        not_looked_into: boxes that a further stage was not given, since there were too many.
        trouble: why there is no answer; nothing else counts then.
    """

    boxes: list[Box] = field(default_factory=list)
    left_out: int = 0
    not_looked_into: int = 0
    trouble: BackendError | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What a stage looks at: a picture of the batch, whole or under a box."""

    picture: int
    pixels: ArrayPicture
    corner: tuple[int, int] = (0, 0)
    of: int | None = None


def run(plan: Plan, pictures: Sequence[NDArray[np.uint8]], patience: Patience) -> list[Found]:
    """Run a task over pictures.

    Args:
        plan: the task.
        pictures: (H, W, 3) uint8 BGR each.
        patience: for how long models are waited for.

    Raises:
        Hung, Abandoned: a model does not answer, or not in time.
    """
    found = [Found() for _picture in pictures]
    for number, stage in enumerate(plan.stages):
        views = [
            view
            for index, picture in enumerate(pictures)
            if found[index].trouble is None
            for view in _views(plan, stage, index, picture, found[index])
        ]
        seen = look(stage.model, [view.pixels for view in views], stage.thresholds, patience) if views else []
        for view, one in zip(views, seen, strict=True):
            if isinstance(one, BackendError):
                found[view.picture].trouble = one
            else:
                _keep(found[view.picture], _boxes(one, view, stage, number), number)
    return found


def _views(plan: Plan, stage: StagePlan, index: int, picture: NDArray[np.uint8], found: Found) -> list[_View]:
    """What a stage is to look at of one picture."""
    if stage.parent is None:
        return [_View(index, ArrayPicture(picture))]
    label = label_of(plan.stages[stage.parent].model, stage.parent_class)
    within = [(n, box) for n, box in enumerate(found.boxes) if box.stage == stage.parent and box.label == label]
    within.sort(key=lambda one: -one[1].score)
    found.not_looked_into += max(0, len(within) - MOST_CROPS)
    views = []
    for of, box in within[:MOST_CROPS]:
        x0, y0 = (max(int(np.floor(side)), 0) for side in box.xyxy[:2])
        x1, y1 = (int(np.ceil(side)) for side in box.xyxy[2:])
        pixels = picture[y0:y1, x0:x1]
        if 0 not in pixels.shape:
            views.append(_View(index, ArrayPicture(pixels), (x0, y0), of))
    return views


def _boxes(seen: Detections, view: _View, stage: StagePlan, number: int) -> list[Box]:
    """Boxes of one view, in pixels of its file."""
    placed = (seen.xyxy.astype(np.float64) + (view.corner * 2)).tolist()
    return [
        Box((x0, y0, x1, y1), label_of(stage.model, class_id), score, number, view.of)
        for (x0, y0, x1, y1), score, class_id in zip(placed, seen.score.tolist(), seen.class_id.tolist(), strict=True)
    ]


def _keep(found: Found, boxes: list[Box], number: int) -> None:
    room = MOST_BOXES - sum(box.stage == number for box in found.boxes)
    found.boxes += boxes[:room]
    found.left_out += max(0, len(boxes) - room)


def label_of(model: Model, class_id: int) -> str:
    """What a model calls a class; one without a name by its number."""
    labels = model.detector.manifest.labels
    return labels[class_id] if 0 <= class_id < len(labels) else f"class {class_id}"
