"""Runs a model over the pictures of a gold set, each once, and keeps what it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from console.datasets.accuracy import detect
from console.datasets.gold_content import Member
from console.datasets.gold_precision import Boxes
from console.datasets.gold_verify import Interrupted, Stopped, Told, content_of
from console.errors import ModelError, SightdeskError
from console.pipeline.loader import LoadedModel
from console.review.items import Box
from console.settings.home import Home
from models.detections import Detections
from models.frames import ArrayPicture
from models.words import _


@dataclass(frozen=True, slots=True)
class Run:
    """What a model found.

    Attributes:
        model: its name.
        ran: what really ran it: runtime, device, precision.
        knows: the classes of the set it can find.
        found: its boxes by picture id, in pixels of the picture on the disk; classes are numbers of the set's labels.
        left_out: why pictures could not be looked at, missing or changed, by tracking ID.
    """

    model: str
    ran: dict[str, object]
    knows: frozenset[str]
    found: dict[int, Boxes]
    left_out: dict[str, str]


def run(
    home: Home,
    members: Sequence[Member],
    labels: Sequence[str],
    loaded: LoadedModel,
    *,
    told: Told = lambda _done, _of, _words: None,
    stopped: Stopped = lambda: False,
) -> Run:
    """Have a model look at every picture; it stays open.

    Pictures are as they were kept, so what is covered in them is covered for the model too.

    Raises:
        ModelError: it failed on a picture; says on which.
        SightdeskError: it knows no class of the set, or no picture is left.
        Interrupted: `stopped` said so.
    """
    detector = loaded.detector
    own = detector.manifest.labels
    number = {index: labels.index(label) for index, label in enumerate(own) if label in labels}
    name = detector.manifest.name
    if not number:
        raise SightdeskError(
            _("{model} knows no class of this gold set.").format(model=name),
            _("The set has: {labels}.").format(labels=", ".join(labels)),
        )
    found: dict[int, Boxes] = {}
    left_out: dict[str, str] = {}
    for done, member in enumerate(members):
        if stopped():
            raise Interrupted
        told(done, len(members), name)
        if member.picture_id not in found:
            content, why = content_of(home, member)
            pixels = None if why else cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            if pixels is None:
                left_out[member.tracking_id] = why or "missing"
                continue
            try:
                seen = detect(detector, loaded.backend, ArrayPicture(np.asarray(pixels)))
            except ModelError as error:
                what = _("{model} failed on the picture of {id}: {why}")
                raise ModelError(what.format(model=name, id=member.tracking_id, why=error.what), error.hint) from error
            found[member.picture_id] = _as_boxes(seen, number)
    if not found:
        raise SightdeskError(
            _("No picture of this gold set can be looked at: all are missing or changed."),
            _("`sightdesk gold verify NAME` says which."),
        )
    return Run(name, loaded.backend.info.told(), frozenset(own) & frozenset(labels), found, left_out)


def truth_boxes(boxes: Sequence[Box], labels: Sequence[str], scale: tuple[float, float]) -> Boxes:
    """Boxes of truth, given in pixels of the source, in those of the picture on the disk."""
    xyxy = np.array([box.xyxy for box in boxes], np.float64).reshape(-1, 4) * np.array([*scale, *scale])
    return Boxes(xyxy, np.array([labels.index(box.label) for box in boxes], np.int64), np.zeros(len(boxes)))


def scale_of(member: Member) -> tuple[float, float]:
    """By what a member's picture on the disk is wider and higher than its source."""
    return member.stored[0] / member.source[0], member.stored[1] / member.source[1]


def _as_boxes(seen: Detections, number: dict[int, int]) -> Boxes:
    known = np.isin(seen.class_id, list(number))
    label = np.array([number[one] for one in seen.class_id[known].tolist()], np.int64)
    return Boxes(seen.xyxy[known].astype(np.float64), label, seen.score[known].astype(np.float64))
