"""Regions: what of a picture a policy wants covered, gathered from all that was found in it; it fails closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.detections import Detections
from models.findings import FACES, PERSONS, PLATES, VEHICLES, Findings, Kind, Unanswered
from models.heads import head_ends, unsure
from models.policy import Cover
from models.results import Gap
from models.words import _

FACE_GROWN, PLATE_GROWN = 0.2, 0.5
"""A face or plate is so much wider and higher than the box that its model draws, as a share of the box's sides, before
a policy's own margin comes on top: face models leave out ears and hair, and the plate model the outer characters.
Measured: of 12 plates found in plates_mit, 1 is covered to nine tenths without it and 11 with it; of 18 faces in
coco_cc, 13 and 17 show no eye, ear or nose."""


@dataclass
class Regions:
    """Gathers the regions of one picture; see `models.coverage.cover`.

    Attributes:
        policy, size, seen, gaps, findings: as given to `cover`.
        labels: casefolded.
        boxes: gathered so far, not padded yet.
        solid: beside each, whether it is covered solid whatever the style.
        weakened: why more is covered than the policy names, in words.
    """

    policy: Cover
    size: tuple[int, int]
    seen: Detections
    labels: Sequence[str]
    gaps: Sequence[Gap]
    findings: Findings
    boxes: list[NDArray[np.float32]] = field(default_factory=list)
    solid: list[NDArray[np.bool_]] = field(default_factory=list)
    weakened: list[str] = field(default_factory=list)

    def gather(self) -> None:
        """Gather all that the policy names. Raises Unanswered where it can't be known."""
        policy = self.policy
        if policy.faces or policy.heads != "never":
            self._people()
        if policy.plates == "vehicles":
            way_out = _("give the camera a model that finds them, or have plates covered instead")
            self.add(self._of(VEHICLES, _("vehicles"), way_out).xyxy, what=_("vehicles"))
        # plates of vehicles that were missed too: of 17 in plates_mit, plates cover 13, vehicles alone 12, both 17
        if policy.plates != "no" or policy.seal_plates_for:  # what is sealed for somebody is not shown to others
            self._plates()
        for name in policy.classes:
            way_out = _("give the camera a model that finds it, or take it off what is covered")
            self.add(self._of(frozenset({name.strip().casefold()}), f"“{name}”", way_out).xyxy, what=name)

    def _people(self) -> None:
        policy = self.policy
        faces = self._sound(self.findings.faces)
        if policy.faces:
            self.add(self._labelled(FACES).xyxy, what=_("faces"))
            if faces is None:
                why = self._why("faces")
                persons = self._of(PERSONS, _("persons"), _("get the face model: {why}").format(why=why))
                self.weakened.append(_("whole persons are covered, since faces can't be found: {why}").format(why=why))
                self.add(persons.xyxy, what=_("persons"))
                return
            self.add(_grown(faces.xyxy, FACE_GROWN), what=_("faces"))
        if policy.heads != "never":
            way_out = _("give the camera a model that finds them, or have heads never covered")
            persons = self._of(PERSONS, _("persons, whose heads are to be covered,"), way_out)
            if policy.heads == "unsure" and policy.faces and faces is not None:
                persons = persons.select(unsure(persons, faces))
            self.add(head_ends(persons.xyxy, self.size), what=_("persons"))

    def _plates(self) -> None:
        self.add(self._labelled(PLATES).xyxy, what=_("plates"), solid=True)
        plates = self._sound(self.findings.plates)
        if plates is not None:
            self.add(_grown(plates.xyxy, PLATE_GROWN), what=_("plates"), solid=True)
            return
        if self.policy.plates == "vehicles":  # all are covered already
            return
        why = self._why("plates")
        way_out = _("where none come by, have plates not covered, else get the plate model: {why}")
        vehicles = self._of(VEHICLES, _("vehicles"), way_out.format(why=why.rstrip(".")))
        self.weakened.append(_("whole vehicles are covered, since plates can't be found: {why}").format(why=why))
        self.add(vehicles.xyxy, what=_("vehicles"))

    def add(self, xyxy: NDArray[np.float32], *, what: str, solid: bool = False) -> None:
        """Have boxes (N, 4) covered. Raises Unanswered where one is not in numbers."""
        if not np.isfinite(xyxy).all():
            raise Unanswered(_("it is not known where {what} are: the boxes are not in numbers").format(what=what))
        self.boxes.append(xyxy.astype(np.float32, copy=False))
        self.solid.append(np.full(len(xyxy), solid))

    def _of(self, names: frozenset[str], what: str, way_out: str) -> Detections:
        """The boxes of the camera's models with one of these labels. Raises Unanswered where they can't be known."""
        if self.gaps:
            silent = "; ".join(f"{gap.stage}: {gap.why}" for gap in self.gaps)
            raise Unanswered(_("what is to be covered in this picture is not known ({silent})").format(silent=silent))
        if not names.intersection(self.labels):
            raise Unanswered(
                _("the camera's model can't find {what} to cover them; {way_out}").format(what=what, way_out=way_out)
            )
        return self._labelled(names)

    def _labelled(self, names: frozenset[str]) -> Detections:
        # every number of a name: the labels of several stages stand in one list, and may repeat
        wanted = np.array([label in names for label in self.labels] + [False])
        number = self.seen.class_id
        known = (number >= 0) & (number < len(self.labels))
        return self.seen.select(wanted[np.where(known, number, -1)])

    @staticmethod
    def _sound(found: Detections | None) -> Detections | None:
        """An answer that holds numbers which are none is no answer."""
        if found is None or not (np.isfinite(found.xyxy).all() and np.isfinite(found.score).all()):
            return None
        return found

    def _why(self, kind: Kind) -> str:
        broken = getattr(self.findings, kind) is not None
        return self.findings.why.get(kind) or (
            _("its model answers with numbers that are none") if broken else _("nothing looked for them")
        )


def _grown(xyxy: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    margin = (xyxy[:, 2:] - xyxy[:, :2]) * np.float32(share / 2)
    return np.concatenate([xyxy[:, :2] - margin, xyxy[:, 2:] + margin], 1)
