"""How much of what must be covered a policy covers, measured on pictures whose faces and plates are marked.

The whole way of the product is gone: a detector finds persons and vehicles, the face and plate models look, `cover`
decides and `redact` paints. What is covered is then read off the pixels: what is the same whether the picture below was
black or white can tell nothing of it. What the marks don't show isn't measured: faces whose keypoints are not marked,
people in crowds, tattoos, clothes, gait, a name on a door.
"""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.base import Backend
from console.datasets.accuracy import detect, read_picture
from console.datasets.privacy_figures import BOXED, Row, area_in, figures, is_covered
from console.datasets.privacy_truth import Truth
from console.errors import SightdeskError
from console.privacy.looking.finders import SIZES
from console.privacy.redactor import Looks
from models.coverage import Coverage, Findings, Kind, Unanswered, cover
from models.detections import Detections
from models.detector import Detector
from models.frames import ArrayPicture, Picture
from models.policy import Cover
from models.redaction import Redacted, redact
from models.words import _

SHOWN = 360
"""Longer side of a picture on a sheet, pixels."""
WAIT_S = 60.0
"""The face and plate models are waited for longer than a camera's pictures would be: time is not measured here."""
MARKS = ("bare face", "bare plate")


@dataclass(frozen=True, slots=True)
class Trial:
    """A policy under test.

    Attributes:
        name: what the table calls it.
        policy: what it is.
        looks: the face and plate models; None: they give no answer, so that the policy fails closed.
    """

    name: str
    policy: Cover
    looks: Looks | None


@dataclass(frozen=True, slots=True)
class Stage:
    """The camera's own detector, from which persons and vehicles come."""

    detector: Detector
    backend: Backend
    confidence: float = 0.3


@dataclass(slots=True)
class Outcome:
    """What came of a trial.

    Attributes:
        rows: a picture each.
        refused: why pictures were refused, and how many.
        weakened: why more was covered than the policy names, and in how many pictures.
        bare: pictures in which something stayed bare, and what.
        worst: of the pictures with most left bare, how much, the name and the picture as it would be kept.
    """

    trial: Trial
    rows: list[Row] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    weakened: Counter[str] = field(default_factory=Counter)
    bare: list[dict[str, Any]] = field(default_factory=list)
    worst: list[tuple[tuple[float, float, float, int], str, Redacted]] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """For JSON."""
        told = {"refused_why": dict(self.refused), "weakened_why": dict(self.weakened), "bare": self.bare}
        return {"name": self.trial.name, "policy": self.trial.policy.model_dump(), **figures(self.rows), **told}


def evaluate(
    truths: Sequence[Truth],
    trials: Sequence[Trial],
    stage: Stage,
    *,
    worst: int = 0,
    told: Callable[[int, int, str], None] = lambda _done, _of, _name: None,
    stop: threading.Event | None = None,
) -> list[Outcome]:
    """Every trial on every picture.

    Args:
        truths: marked pictures.
        trials: what is tried.
        stage: what finds persons and vehicles.
        worst: how many of the worst pictures of each trial are kept for looking at.
        told: called before each picture with how many are done, of how many, and its name.
        stop: set from elsewhere, ends it after the picture at hand.

    Raises:
        SightdeskError: a picture can't be read, or is not of the size its marks are for.
        ModelError: the detector failed.
    """
    outcomes = [Outcome(trial) for trial in trials]
    for done, truth in enumerate(sorted(truths, key=lambda truth: input_order(truth.size))):
        if stop is not None and stop.is_set():
            break
        told(done, len(truths), truth.path.name)
        picture = sized_picture(truth)
        seen = detect(stage.detector, stage.backend, picture, stage.confidence)
        found = looked((trial.looks for trial in trials), picture)
        for outcome in outcomes:
            sight = Sight(picture, seen, stage.detector.manifest.labels, found[id(outcome.trial.looks)])
            _try(outcome, truth, sight, worst)
    return outcomes


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture and all that the models see in it."""

    picture: Picture
    seen: Detections
    labels: Sequence[str]
    findings: Findings

    def coverage(self, policy: Cover) -> Coverage:
        """As a policy has it. Raises Unanswered."""
        size = (self.picture.width, self.picture.height)
        return cover(policy, size, self.seen, self.labels, (), self.findings)


def input_order(size: tuple[int, int]) -> int:
    """Pictures in this order meet the face model's inputs from small to large.

    An input that is still being loaded is not stood in for by a larger one then, so that figures repeat.
    """
    fits = (n for n, one in enumerate(SIZES) if max(size) <= max(one) and min(size) <= min(one))
    return next(fits, len(SIZES))


def sized_picture(truth: Truth) -> Picture:
    """The picture of some marks. Raises SightdeskError: it can't be read, or the marks are not for this one."""
    picture = read_picture(truth.path)
    if truth.size != (picture.width, picture.height):
        width, height = truth.size
        raise SightdeskError(
            _("{path} has {own} pixels, but its marks are for {marked}.").format(
                path=truth.path, own=f"{picture.width} x {picture.height}", marked=f"{width} x {height}"
            )
        )
    return picture


def looked(all_looks: Iterable[Looks | None], picture: Picture) -> dict[int, Findings]:
    """What each finds in a picture, by its id; it is asked once however often it comes."""
    kinds: frozenset[Kind] = frozenset({"faces", "plates"})
    found: dict[int, Findings] = {}
    for looks in all_looks:
        if looks is None:
            found[id(looks)] = Findings(None, None, dict.fromkeys(kinds, _("it was left out on purpose")))
        elif id(looks) not in found:
            found[id(looks)] = looks.look(picture, kinds, within_s=WAIT_S)
    return found


def _try(outcome: Outcome, truth: Truth, sight: Sight, worst: int) -> None:
    """Redact a picture as a trial has it, and see what of its marks is covered."""
    policy = outcome.trial.policy
    try:
        coverage = sight.coverage(policy)
        # the extent is measured with a solid cover: what a weaker style lets through is another question
        mask = covered_pixels(sight.coverage(policy.model_copy(update={"style": "solid"})))
    except Unanswered as why:
        outcome.rows.append(Row.of_refused(truth))
        outcome.refused[str(why)] += 1
        return
    row = Row.of(truth, mask, weakened=bool(coverage.weakened))
    outcome.rows.append(row)
    outcome.weakened.update(coverage.weakened)
    if row.bare:
        bare = {"faces": row.bare_faces, "keypoints": row.bare_points, "plates": row.bare_plates}
        outcome.bare.append({"picture": truth.path.name, **bare})
    rank = (float(row.bare), float(row.bare_points), row.excess, -len(outcome.rows))
    if len(outcome.worst) < worst or (worst and rank > outcome.worst[0][0]):
        shown = redact(sight.picture, coverage, size=_small(coverage.size), annotate=(bare_marks(truth, mask), MARKS))
        keep = heapq.heappush if len(outcome.worst) < worst else heapq.heappushpop
        keep(outcome.worst, (rank, truth.path.name, shown))


def covered_pixels(coverage: Coverage) -> NDArray[np.bool_]:
    """(H, W): pixels that show the same of a black and of a white picture, so that nothing of it is left in them."""
    width, height = coverage.size
    black, white = (
        redact(ArrayPicture(np.full((height, width, 3), level, np.uint8)), coverage).bgr for level in (0, 255)
    )
    same: NDArray[np.bool_] = (black == white).all(2)
    return same


def bare_marks(truth: Truth, mask: NDArray[np.bool_]) -> Detections:
    """What is not covered, as boxes to draw: faces (class 0) and plates (1)."""
    faces = [face.box for face in truth.faces if not is_covered(face, mask)]
    plates = [plate for plate in truth.plates if area_in(plate, mask) < BOXED]
    kinds = [0] * len(faces) + [1] * len(plates)
    return Detections.of(np.array([*faces, *plates]).reshape(-1, 4), np.ones(len(kinds)), kinds)


def worst_of(outcome: Outcome) -> list[tuple[str, Redacted]]:
    """Its worst pictures with their names, the worst first."""
    ranked = sorted(outcome.worst, key=lambda entry: entry[0], reverse=True)
    return [(name, picture) for _rank, name, picture in ranked]


def _small(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, SHOWN / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
