"""Annotated pictures as values, whatever format they come from or go to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Annotation:
    """A box in a picture.

    Attributes:
        xyxy: x0, y0, x1, y1 in pixels of the picture; its left upper corner is (0, 0), its right lower (width, height).
        label: its class.
        score: 0..1; None where a person drew it.
        track: the number of the object that is followed, or None.
        id: what tells it from the others, where its format has such a thing; empty without.
        attributes: what else was said of it: JSON values.
    """

    xyxy: tuple[float, float, float, float]
    label: str
    score: float | None = None
    track: int | None = None
    id: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture and what is in it.

    Attributes:
        id: what tells it from the others; the tracking ID where it comes from this program.
        picture: its file name, relative to the set's folder, with forward slashes.
        size: (width, height) in pixels.
        annotations: its boxes; none is a picture without objects, and counts.
        split: train, val, test or what its format calls it; empty without.
        taken_at: when it was taken, with its time zone, or None.
        camera_id: its camera; empty where unknown.
        exhaustive: whether every object in it has its box. Where not, the rest of the picture says nothing.
        attributes: what else was said of it: JSON values.
    """

    id: str
    picture: str
    size: tuple[int, int]
    annotations: tuple[Annotation, ...]
    split: str = ""
    taken_at: datetime | None = None
    camera_id: str = ""
    exhaustive: bool = True
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Annotated pictures.

    Attributes:
        name: what it is called.
        labels: the classes, in the order that numbers them.
        samples: the pictures.
        folder: where the pictures are; None where they are nowhere yet.
    """

    name: str
    labels: tuple[str, ...]
    samples: Sequence[Sample]
    folder: Path | None = None
