"""Coverage: which parts of a picture are covered under a policy, given what was found in it.

It fails closed. Where a face or plate model gave no answer, whole persons and vehicles are covered; where not even
those are known, the picture is refused. `cover` alone makes a `Coverage`, and `models.redaction.redact` takes nothing
else, so a picture can't be redacted by what somebody believes is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from models.boxes import Boxes, clip
from models.detections import Detections
from models.findings import PERSONS, VEHICLES, Findings, Kind, Unanswered, seen_in
from models.policy import Cover, PublishedFootage
from models.regions import Regions
from models.results import Gap
from models.words import _

__all__ = ["PERSONS", "VEHICLES", "Coverage", "Findings", "Kind", "Unanswered", "cover", "needs", "seen_in"]


class Coverage:
    """What is covered in a picture. Made by `cover` alone; can't be changed.

    Attributes:
        policy: under which it was made.
        size: (width, height) of the picture.
        boxes: (N, 4) float32, padded and cut to the picture.
        solid: (N,) bool: covered solid whatever the policy's style: text is read back from blocks by trying all texts.
        polygons: of areas, each (K, 2) float32 in pixels.
        weakened: why more is covered than the policy names, in words; empty when all models answered.
    """

    __slots__ = ("boxes", "policy", "polygons", "size", "solid", "weakened")

    policy: Cover | PublishedFootage
    size: tuple[int, int]
    boxes: NDArray[np.float32]
    solid: NDArray[np.bool_]
    polygons: tuple[NDArray[np.float32], ...]
    weakened: tuple[str, ...]

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("a Coverage is made by models.coverage.cover, nowhere else")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Coverage has no subclasses")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Coverage can't be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a Coverage can't be changed")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Coverage is neither copied nor pickled")

    def cropped(self, x0: int, y0: int, x1: int, y1: int) -> Coverage:
        """The coverage of a part of the picture, in the part's own pixels.

        Raises:
            ValueError: the part is empty or not inside the picture.
        """
        if not (0 <= x0 < x1 <= self.size[0] and 0 <= y0 < y1 <= self.size[1]):
            raise ValueError(f"({x0}, {y0}, {x1}, {y1}) is no part of a picture of {self.size}")
        off = np.array([x0, y0], np.float32)
        boxes = clip(self.boxes - np.tile(off, 2), x1 - x0, y1 - y0)
        inside = _whole(boxes)
        polygons = tuple(polygon - off for polygon in self.polygons)
        return _make(
            self.policy,
            (x1 - x0, y1 - y0),
            boxes[inside],
            self.solid[inside],
            polygons=polygons,
            weakened=self.weakened,
        )


def needs(policy: Cover | PublishedFootage) -> frozenset[Kind]:
    """Which models must look at a picture for a policy."""
    if isinstance(policy, PublishedFootage):
        return frozenset()
    plates = policy.plates != "no" or bool(policy.seal_plates_for)
    asked: list[tuple[bool, Kind]] = [(policy.faces, "faces"), (plates, "plates")]
    return frozenset(kind for wanted, kind in asked if wanted)


def cover(  # noqa: PLR0917  # each is a thing of its own, and none may be forgotten
    policy: Cover | PublishedFootage,
    size: tuple[int, int],
    seen: Detections,
    labels: Sequence[str],
    gaps: Sequence[Gap],
    findings: Findings,
    held: NDArray[np.float32] | None = None,
) -> Coverage:
    """What is to be covered in a picture.

    Args:
        policy: what is wanted.
        size: (width, height) of the picture.
        seen: the boxes of the camera's own models in its pixels, its tracks' among them (`seen_in`).
        labels: names behind the class numbers of `seen`.
        gaps: stages that gave no answer for this picture, which is not the same as nothing found.
        findings: of the face and plate models.
        held: (M, 4) further regions that must stay covered; see `models.holding`.

    Raises:
        Unanswered: it can't be known for certain what to cover.
        ValueError: the picture has no size.
    """
    if min(size) < 1:
        raise ValueError(f"a picture is at least 1 x 1, not {size}")
    if isinstance(policy, PublishedFootage):
        return _make(policy, size, np.empty((0, 4), np.float32), np.empty(0, np.bool_))
    found = Regions(policy, size, seen, [label.strip().casefold() for label in labels], gaps, findings)
    found.gather()
    if held is not None and len(held):
        found.add(np.asarray(held, np.float32).reshape(-1, 4), what=_("regions held from earlier pictures"))
    xyxy = np.concatenate([*found.boxes, np.empty((0, 4), np.float32)])
    margin = (xyxy[:, 2:] - xyxy[:, :2]) * policy.pad / 2
    grown = clip(np.concatenate([xyxy[:, :2] - margin, xyxy[:, 2:] + margin], 1), *size).astype(np.float32, copy=False)
    solid = np.concatenate([*found.solid, np.empty(0, np.bool_)])
    inside = _whole(grown)
    scale = np.array(size, np.float32)
    polygons = tuple(np.array(area.points, np.float32) * scale for area in policy.areas)
    return _make(policy, size, grown[inside], solid[inside], polygons=polygons, weakened=tuple(found.weakened))


def _whole(boxes: Boxes) -> NDArray[np.bool_]:
    whole: NDArray[np.bool_] = np.all(boxes[:, 2:] > boxes[:, :2], axis=1)
    return whole


def _fixed(array: NDArray[Any]) -> NDArray[Any]:
    """A copy that nobody can make writable."""
    return np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)


def _make(
    policy: Cover | PublishedFootage,
    size: tuple[int, int],
    boxes: NDArray[np.float32],
    solid: NDArray[np.bool_],
    *,
    polygons: tuple[NDArray[np.float32], ...] = (),
    weakened: tuple[str, ...] = (),
) -> Coverage:
    made = object.__new__(Coverage)
    values: dict[str, object] = {"policy": policy, "size": (int(size[0]), int(size[1])), "weakened": weakened}
    values |= {"boxes": _fixed(boxes), "solid": _fixed(solid), "polygons": tuple(_fixed(p) for p in polygons)}
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made
