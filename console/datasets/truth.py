"""What a person's verdict says of a picture, as a sample of a dataset: neither more nor less."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from console.datasets.formats.values import Annotation, Sample
from console.review.items import Box, Item

XYXY = tuple[float, float, float, float]
JUDGED = ("accept", "reject", "relabel")
"""Verdicts on one box: of whatever else is in the picture they say nothing."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict beside what was asked; boxes in pixels of the source picture.

    Attributes:
        kind: accept, reject, relabel or edit.
        asked: the box asked about, with the class asked about; None: the whole picture.
        label: the class it is: of relabel.
        boxes: of edit: all that is in the picture.
    """

    kind: str
    asked: Box | None
    label: str = ""
    boxes: tuple[Box, ...] = ()

    @property
    def truth(self) -> tuple[Box, ...]:
        """The boxes that are known to be there, without scores."""
        if self.kind == "edit":
            return tuple(replace(box, score=None) for box in self.boxes)
        if self.asked is None or self.kind not in ("accept", "relabel"):
            return ()
        label = self.label if self.kind == "relabel" else self.asked.label
        return (replace(self.asked, label=label, score=None),)

    @property
    def rejected(self) -> tuple[Box, ...]:
        """The box asked about, where no object of its class is there."""
        gone = self.kind == "reject" or (self.kind == "relabel" and self.label != (self.asked and self.asked.label))
        return (self.asked,) if gone and self.asked is not None else ()

    @property
    def exhaustive(self) -> bool:
        """Whether all that is in the picture is known."""
        return self.kind == "edit"

    @property
    def says_something(self) -> bool:
        """Whether anything of the picture is known: all of it, or the box asked about."""
        return self.exhaustive or (self.asked is not None and self.kind in JUDGED)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a judged picture comes from.

    Attributes:
        tracking_id: of the item.
        picture: path within the home; empty without.
        stored, source: (width, height) of the picture on the disk and of the camera's.
        camera_id: its camera.
        about: further attributes of the sample: JSON values.
    """

    tracking_id: str
    picture: str
    stored: tuple[int, int]
    source: tuple[int, int]
    camera_id: str
    about: Mapping[str, Any] = field(default_factory=dict)


def judgement_of(item: Item) -> Judgement:
    """The verdict in force. Raises ValueError: the item is not decided."""
    verdict = item.verdict
    if item.state != "done" or verdict is None:
        raise ValueError(f"item {item.tracking_id} is not decided")
    asked = replace(item.box, label=item.label) if item.box is not None else None
    return Judgement(verdict.kind, asked, verdict.label, verdict.boxes or ())


def sample_of(item: Item) -> Sample:
    """What is known of a decided item's picture.

    accept: that box alone; reject: no box, and the attribute `rejected` lists it as [x0, y0, x1, y1, label]; relabel:
    that box with its new label, the old one in `rejected`; edit: all boxes, and only these are exhaustive. What was
    asked about a whole picture and answered by anything but an edit says nothing of any box:
    `Judgement.says_something`.

    Returns:
        Boxes and `size` in pixels of the picture as it is stored, which may be smaller than the source's: that is the
        attribute `source_size`. `picture` is the path within the home; empty where the item has none. Further
        attributes: tracking_id, camera (its name then), taken_at (ISO 8601), model, verdict.

    Raises:
        ValueError: the item is not decided.
    """
    judged = judgement_of(item)
    about = {"camera": item.camera_name, "taken_at": item.taken_at.isoformat(), "model": item.model}
    path, stored = str(item.picture or ""), item.picture_size or item.size
    origin = Origin(item.tracking_id, path, stored, item.size, item.camera_id, about)
    return replace(sample(origin, judged.truth, judged.rejected, judged.kind), taken_at=item.taken_at)


def sample(origin: Origin, truth: Iterable[Box], rejected: Iterable[Box], verdict: str) -> Sample:
    """A sample of what is known; boxes given in pixels of the source, and in the sample of the stored picture."""
    scale = origin.stored[0] / origin.source[0], origin.stored[1] / origin.source[1]
    attributes = {
        "tracking_id": origin.tracking_id, **origin.about, "verdict": verdict, "source_size": list(origin.source)
    }  # fmt: skip
    if gone := [[*scaled(box.xyxy, scale), box.label] for box in rejected]:
        attributes["rejected"] = gone
    return Sample(
        id=origin.tracking_id,
        picture=origin.picture,
        size=origin.stored,
        annotations=tuple(Annotation(scaled(box.xyxy, scale), box.label, None, box.track) for box in truth),
        camera_id=origin.camera_id,
        exhaustive=verdict == "edit",
        attributes=attributes,
    )


def merged(samples: Sequence[Sample]) -> list[Sample]:
    """One sample for each picture, since formats know a picture once; in the order of the first of each.

    Where all of a picture is known, the last of those that say so counts alone; else every box that was judged is kept.
    The attribute `tracking_ids` names all that went into one made of several.
    """
    by_picture: dict[str, list[Sample]] = {}
    for one in samples:
        by_picture.setdefault(one.picture or one.id, []).append(one)
    return [group[0] if len(group) == 1 else _one_of(group) for group in by_picture.values()]


def _one_of(group: Sequence[Sample]) -> Sample:
    ids = [one.id for one in group]
    whole = [one for one in group if one.exhaustive]
    if whole:
        return replace(whole[-1], attributes={**whole[-1].attributes, "tracking_ids": ids})
    attributes = {**group[0].attributes, "tracking_ids": ids}
    if rejected := [box for one in group for box in one.attributes.get("rejected", ())]:
        attributes["rejected"] = rejected
    return replace(group[0], annotations=tuple(a for one in group for a in one.annotations), attributes=attributes)


def scaled(xyxy: XYXY, scale: tuple[float, float]) -> XYXY:
    """A box, x times `scale[0]` and y times `scale[1]`."""
    x0, y0, x1, y1 = xyxy
    return x0 * scale[0], y0 * scale[1], x1 * scale[0], y1 * scale[1]
