"""Redaction: the only way to a picture that may leave memory.

`Redacted` is a type, so that the next change can't forget: whatever writes or sends pictures takes nothing else, and
only `redact` makes one, by a `Coverage`, under a policy that is kept with it. It has no constructor, can't be copied,
replaced, pickled or changed, and its pixels are immutable bytes: a plain picture can't slip into one by mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import cv2
import numpy as np
from numpy.typing import NDArray

from models.coverage import Coverage
from models.covers import outward, paint
from models.detections import Detections
from models.drawing import draw_detections
from models.frames import Picture
from models.policy import Cover, PublishedFootage


class Redacted:
    """A picture that may leave memory. Made by `redact` alone.

    Attributes:
        policy: what it was redacted under.
        covered: regions that were covered.
        weakened: why more was covered than the policy names, in words; see `models.coverage`.
    """

    __slots__ = ("_pixels", "_shape", "covered", "policy", "weakened")

    _pixels: bytes
    _shape: tuple[int, ...]
    covered: int
    policy: Cover | PublishedFootage
    weakened: tuple[str, ...]

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("a Redacted picture is made by models.redaction.redact, nowhere else")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Redacted has no subclasses")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Redacted picture can't be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a Redacted picture can't be changed")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Redacted picture is neither copied nor pickled")

    @property
    def bgr(self) -> NDArray[np.uint8]:
        """The pixels, (H, W, 3) uint8; a view of immutable bytes, which nobody can make writable."""
        return np.frombuffer(self._pixels, np.uint8).reshape(self._shape)


def redact(
    picture: Picture,
    coverage: Coverage,
    *,
    size: tuple[int, int] | None = None,
    annotate: tuple[Detections, Sequence[str]] | None = None,
) -> Redacted:
    """Redact a picture.

    Made smaller, it is covered afterwards: shrinking averages over a pixel's own area and covers are rounded outwards,
    so every pixel that got anything from a covered one is covered. Made larger in any way, it is covered before.

    Args:
        picture: at its own size.
        coverage: of that very picture.
        size: (width, height) of the outcome; None: the picture's own.
        annotate: boxes in the picture's pixels and the names behind their class numbers, drawn over the covers.

    Raises:
        TypeError: the coverage is none that `models.coverage.cover` made.
        ValueError: it belongs to a picture of another size.
    """
    if type(coverage) is not Coverage:
        raise TypeError(f"a picture is covered by a Coverage, not by {type(coverage).__name__}")
    own = picture.width, picture.height
    if coverage.size != own:
        raise ValueError(f"the coverage belongs to a picture of {coverage.size}, not of {own}")
    wide, high = size or own
    pixels = picture.view(*own)
    if (wide, high) == own:
        bgr = pixels.copy()
        _paint(bgr, coverage)
    elif wide <= own[0] and high <= own[1]:
        bgr = _resized(pixels, (wide, high))
        _paint(bgr, coverage)
    else:
        covered = pixels.copy()
        _paint(covered, coverage)
        bgr = _resized(covered, (wide, high))
    if annotate is not None:
        found, labels = annotate
        scale = np.array([wide / own[0], high / own[1]] * 2, np.float32)
        draw_detections(bgr, Detections(found.xyxy * scale, found.score, found.class_id, found.track_id), labels)
    made = object.__new__(Redacted)
    values: dict[str, object] = {"_pixels": bgr.tobytes(), "_shape": bgr.shape, "policy": coverage.policy}
    values |= {"covered": len(coverage.boxes) + len(coverage.polygons), "weakened": coverage.weakened}
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def _paint(bgr: NDArray[np.uint8], coverage: Coverage) -> None:
    policy = coverage.policy
    if isinstance(policy, PublishedFootage):
        return
    scale = np.array([bgr.shape[1] / coverage.size[0], bgr.shape[0] / coverage.size[1]])
    # whole pixels of the picture first: one that a box only touches may show in the next pixel of a smaller picture
    boxes = outward(coverage.boxes, *coverage.size) * np.tile(scale, 2)
    polygons = tuple((polygon * scale).astype(np.float32) for polygon in coverage.polygons)
    paint(bgr, boxes, polygons, policy.style, coverage.solid)


def _resized(bgr: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    shrinks = size[0] <= bgr.shape[1] and size[1] <= bgr.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(bgr, size, interpolation=how), np.uint8)
