"""Findings: what face and plate models, and the camera's own, say of a picture that is to be covered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from models.detections import Detections
from models.results import Result

Kind = Literal["faces", "plates"]

PERSONS = frozenset(
    {"person", "persons", "people", "pedestrian", "human", "man", "woman", "child", "boy", "girl", "baby", "worker"}
    | {"rider", "cyclist", "driver", "player", "body", "upper body"}
)
"""Labels that mean a person, casefolded."""
VEHICLES = frozenset(
    {"vehicle", "vehicles", "car", "truck", "bus", "van", "motorcycle", "motorbike", "bike", "lorry", "taxi", "trailer"}
    | {"pickup", "minibus", "scooter", "auto rickshaw", "autorickshaw", "rickshaw", "tractor", "suv", "caravan"}
)
"""Labels that mean a vehicle that may bear a plate, casefolded."""
FACES = frozenset({"face", "faces", "head", "heads", "human face"})
PLATES = frozenset(
    {"plate", "license plate", "licence plate", "number plate", "license-plate", "licence-plate", "numberplate"}
    | {"license_plate", "licence_plate", "number_plate", "lp", "vehicle registration plate"}
)
"""Labels of faces and plates that a camera's own model may find; they are covered beside what else is found."""


class Unanswered(ValueError):
    """What is to be covered in a picture is not known, so it is refused; says why, and what would help, in words."""


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What face and plate models found in a picture.

    Attributes:
        faces: in the picture's pixels; empty: looked, and there are none; None: no answer.
        plates: the same.
        why: for what has no answer ("faces", "plates"), why not, in words.
    """

    NOTHING_ASKED: ClassVar[Findings]

    faces: Detections | None
    plates: Detections | None
    why: Mapping[str, str] = field(default_factory=dict)

    def moved(self, x: float, y: float) -> Findings:
        """The same, of a picture of which the one looked at is a part that begins at (x, y)."""
        return Findings(_moved(self.faces, x, y), _moved(self.plates, x, y), self.why)


Findings.NOTHING_ASKED = Findings(None, None)


def seen_in(result: Result) -> Detections:
    """What of a result must be thought of when its picture is covered: its detections, and its tracks too.

    A person whom the detector missed in this frame is still being followed, and is covered where he must be.
    """
    tracks = result.tracks
    return Detections.concat(
        [result.detections, Detections(tracks.xyxy, tracks.score, tracks.class_id, tracks.track_id)]
    )


def _moved(found: Detections | None, x: float, y: float) -> Detections | None:
    if found is None:
        return None
    return Detections(found.xyxy + np.array([x, y, x, y], np.float32), found.score, found.class_id, found.track_id)
