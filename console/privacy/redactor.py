"""The redactor: has a picture looked at by the face and plate models, and covers what must be covered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.coverage import Findings, Kind, cover, needs
from models.detections import Detections
from models.frames import ArrayPicture, Picture
from models.policy import Cover, PublishedFootage
from models.redaction import Redacted, redact
from models.results import Gap
from models.words import _

CONTEXT = 0.15
"""The face and plate models see so much more around a part, as a share of its sides: a face that the part cuts in two
is not found in its half."""


class Looks(Protocol):
    """What looks for faces and plates; `console.privacy.looking.finders.Finders` does."""

    def look(self, picture: Picture, kinds: frozenset[Kind], within_s: float | None = None) -> Findings:
        """See `Finders.look`."""

    def problems(self) -> dict[Kind, str]:
        """See `Finders.problems`."""

    def said(self) -> list[str]:
        """See `Finders.said`."""


class Redactor:
    """Covers pictures under a policy. Any thread may call it; it takes as long as the models do.

    Args:
        finders: looks for faces and plates; None: nothing can, so whole persons and vehicles are covered.
    """

    def __init__(self, finders: Looks | None = None) -> None:
        self._finders = finders

    def problems(self) -> dict[Kind, str]:
        """Why faces or plates ("faces", "plates") can't be looked for now, in words; empty when all is well.

        Whole persons and vehicles are covered meanwhile, or pictures are refused. What nobody asked for yet is no
        problem.
        """
        return {} if self._finders is None else self._finders.problems()

    def said(self) -> list[str]:
        """The problems as sentences for the operator: what they mean for pictures, and the way on."""
        return [] if self._finders is None else self._finders.said()

    def redact(  # each is a thing of its own, and none may be forgotten
        self,
        picture: Picture,
        seen: Detections,
        labels: Sequence[str],
        gaps: Sequence[Gap],
        policy: Cover | PublishedFootage,
        *,
        part: tuple[int, int, int, int] | None = None,
        size: tuple[int, int] | None = None,
        held: NDArray[np.float32] | None = None,
        annotate: tuple[Detections, Sequence[str]] | None = None,
        within_s: float | None = None,
    ) -> Redacted:
        """Look at a picture and cover what a policy wants covered in it.

        Args:
            picture: at its own size, at which the models look at it.
            seen: boxes of the camera's own models and its tracks; see `models.coverage.cover` for these five.
            labels: names behind their class numbers.
            gaps: stages without an answer.
            policy: what to cover.
            held: further regions.
            part: x0, y0, x1, y1 in whole pixels: what is kept of the picture, and looked at; None: all of it.
            size: (width, height) of the outcome; None: as it is.
            annotate: boxes in the picture's pixels and their labels, drawn over the covers.
            within_s: how long the models may take; None: as the settings say.

        Raises:
            Unanswered: it can't be known for certain what to cover, so there is no picture.
            ValueError: the part is none of this picture.
        """
        return self.redact_found(
            picture,
            self.look(picture, policy, part=part, within_s=within_s),
            seen,
            labels,
            gaps,
            policy,
            part=part,
            size=size,
            held=held,
            annotate=annotate,
        )

    def look(
        self,
        picture: Picture,
        policy: Cover | PublishedFootage,
        *,
        part: tuple[int, int, int, int] | None = None,
        within_s: float | None = None,
    ) -> Findings:
        """What the face and plate models find in a picture, or a part of it, in the picture's pixels; never raises."""
        asked = needs(policy)
        if not asked:
            return Findings.NOTHING_ASKED
        if self._finders is None:
            return Findings(None, None, dict.fromkeys(asked, _("there is no model for it")))
        if part is None:
            return self._finders.look(picture, asked, within_s)
        x0, y0, x1, y1 = _wider(part, picture)
        return self._finders.look(_part(picture, (x0, y0, x1, y1)), asked, within_s).moved(x0, y0)

    @staticmethod
    def redact_found(  # noqa: PLR0917  # each is a thing of its own, and none may be forgotten
        picture: Picture,
        findings: Findings,
        seen: Detections,
        labels: Sequence[str],
        gaps: Sequence[Gap],
        policy: Cover | PublishedFootage,
        *,
        part: tuple[int, int, int, int] | None = None,
        size: tuple[int, int] | None = None,
        held: NDArray[np.float32] | None = None,
        annotate: tuple[Detections, Sequence[str]] | None = None,
    ) -> Redacted:
        """As `redact`, with what `look` found in it: for who also needs the findings. Raises as `redact` does."""
        coverage = cover(policy, (picture.width, picture.height), seen, labels, gaps, findings, held)
        if part is None:
            return redact(picture, coverage, size=size, annotate=annotate)
        if annotate is not None:
            boxes, names = annotate
            off = np.array([part[0], part[1]] * 2, np.float32)
            annotate = Detections(boxes.xyxy - off, boxes.score, boxes.class_id, boxes.track_id), names
        return redact(_part(picture, part), coverage.cropped(*part), size=size, annotate=annotate)


def _wider(part: tuple[int, int, int, int], picture: Picture) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = part
    across, down = round(CONTEXT * (x1 - x0)), round(CONTEXT * (y1 - y0))
    return max(x0 - across, 0), max(y0 - down, 0), min(x1 + across, picture.width), min(y1 + down, picture.height)


def _part(picture: Picture, part: tuple[int, int, int, int]) -> ArrayPicture:
    x0, y0, x1, y1 = part
    return ArrayPicture(np.ascontiguousarray(picture.view(picture.width, picture.height)[y0:y1, x0:x1]))
