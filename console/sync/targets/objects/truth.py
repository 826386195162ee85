"""What a verdict's message says of its picture, checked before anything is made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.sync.targets.base import Parcel, Refused
from console.sync.targets.objects.layout import Spot
from models.words import _

Mark = tuple[float, float, float, float, str]
"""A box with its class: x0, y0, x1, y1 in pixels of the source picture, label."""
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a picture.

    Attributes:
        boxes: what is in it; None: nothing is known.
        exhaustive: whether that is all that is in it. Only such a picture is for training as it is.
    """

    boxes: tuple[Mark, ...] | None = None
    exhaustive: bool = False

    @property
    def spot(self) -> Spot:
        """Where its picture belongs."""
        if self.boxes is None:
            return "pending"
        return "images" if self.exhaustive else "partial"

    @property
    def labels(self) -> set[str]:
        """The classes it names."""
        return {box[4] for box in self.boxes or ()}


def truth_of(body: Mapping[str, Any]) -> Truth:
    """Of a verdict's body, or of what the ledger kept of one.

    Raises:
        Refused: it can't be read; it will never be.
    """
    boxes = body.get("truth")
    if boxes is None:
        return Truth()
    try:
        return Truth(tuple(_mark(box) for box in boxes), bool(body.get("exhaustive")))
    except (TypeError, ValueError, IndexError) as error:
        raise Refused(_("The verdict's boxes can't be read.")) from error


def picture_about(parcel: Parcel) -> dict[str, Any]:
    """What the ledger keeps of a picture. Raises Refused: its message can't be read."""
    body = parcel.body
    size = _size(body.get("size"))
    return {
        "kind": "picture", "of": str(body.get("of", "")), "size": size, "source": _size(body.get("source_size"), size),
        "camera_id": parcel.camera_id, "taken_at": body.get("taken_at"),
    }  # fmt: skip


def shares(box: Mark, source: Sequence[int]) -> tuple[float, float, float, float] | None:
    """A box as shares of the picture: x0, y0, x1, y1 within 0..1; None: nothing of it is in the picture."""
    wide, high = source
    x0, x1 = (min(max(x / wide, 0.0), 1.0) for x in (box[0], box[2]))
    y0, y1 = (min(max(y / high, 0.0), 1.0) for y in (box[1], box[3]))
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _mark(box: Sequence[Any]) -> Mark:
    x0, y0, x1, y1 = (float(side) for side in box[:4])
    label = box[4]
    if not all(map(math.isfinite, (x0, y0, x1, y1))) or not isinstance(label, str) or not label:
        raise ValueError(box)
    return x0, y0, x1, y1, label


def _size(value: Any, instead: list[int] | None = None) -> list[int]:
    if value is None and instead is not None:
        return instead
    try:
        wide, high = (int(side) for side in value)
    except (TypeError, ValueError):
        wide = high = 0
    if wide < 1 or high < 1:
        raise Refused(_("The picture's message does not say its size."))
    return [wide, high]
