"""From what triage found, or an operator flagged, in a result to items that can be stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from uuid_utils import uuid7

from console.review.items import Box, NewItem
from models.detections import NO_TRACK
from models.results import Result
from models.triage import Find


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a result came from.

    Attributes:
        title: what its camera is called now.
        model: the camera's model package, as the settings name it.
        ran: what really ran, stage by stage.
    """

    title: str
    model: str
    ran: tuple[Mapping[str, Any], ...]


def boxes_in(result: Result) -> tuple[Box, ...]:
    """All detections of a result, each in the class of its track, where it has one, as the desk draws it."""
    classes = dict(zip(result.tracks.track_id.tolist(), result.tracks.class_id.tolist(), strict=True))
    found, labels = result.detections, result.labels
    boxes = []
    for xyxy, score, own, track in zip(
        found.xyxy.tolist(), found.score.tolist(), found.class_id.tolist(), found.track_id.tolist(), strict=True
    ):
        class_id = classes.get(track, own)
        label = labels[class_id] if 0 <= class_id < len(labels) else str(class_id)
        x0, y0, x1, y1 = xyxy
        boxes.append(Box((x0, y0, x1, y1), label, round(score, 4), None if track == NO_TRACK else track))
    return tuple(boxes)


def found_in(result: Result, finds: Iterable[Find], origin: Origin) -> list[NewItem]:
    """An item for each find, with a tracking ID of its own."""
    boxes = boxes_in(result)
    return [
        _item(result, origin, boxes, label=find.label, box=boxes[find.index], reason=find.reason, why=find.why,
              probability=find.probability)
        for find in finds
    ]  # fmt: skip


def flagged(result: Result, what: Literal["wrong", "missed"], origin: Origin) -> NewItem:
    """An item about the whole picture, which an operator flagged."""
    return _item(result, origin, boxes_in(result), label="", box=None, reason=what)


def _item(result: Result, origin: Origin, boxes: tuple[Box, ...], **about: Any) -> NewItem:
    return NewItem(
        tracking_id=str(uuid7()),
        camera_id=result.camera_id,
        camera_name=origin.title,
        boxes=boxes,
        size=result.size,
        model=origin.model,
        ran=origin.ran,
        taken_at=result.taken_at,
        **about,
    )
