"""Boxes as a picture shows them, and the arithmetic of moving them about. Pure: no Qt, no state."""

from __future__ import annotations

from dataclasses import dataclass

Corners = tuple[float, float, float, float]
"""x0, y0, x1, y1 in source pixels."""
Size = tuple[int, int]
"""(width, height) of the source picture in its pixels."""
LEAST = 1.0
"""A side of a box, in source pixels, at the least."""
NONE = -1


@dataclass(frozen=True, slots=True)
class Mark:
    """A box over a picture.

    Attributes:
        xyxy: x0, y0, x1, y1 in source pixels.
        label: its class; empty: none yet.
        score: 0..1 of the model; None where a person drew, moved or renamed it.
        asked: it is the one that is asked about.
        track: the tracker's number, or None.
        drawn: a person drew, moved or renamed it.
    """

    xyxy: Corners
    label: str
    score: float | None = None
    asked: bool = False
    track: int | None = None
    drawn: bool = False


def area(box: Corners) -> float:
    """Square source pixels."""
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def between(one: tuple[float, float], other: tuple[float, float], size: Size) -> Corners:
    """The box between two opposite corners, as far as it is inside the picture; it may have no area."""
    x0, x1 = sorted((_within(one[0], size[0]), _within(other[0], size[0])))
    y0, y1 = sorted((_within(one[1], size[1]), _within(other[1], size[1])))
    return x0, y0, x1, y1


def moved(box: Corners, dx: float, dy: float, size: Size) -> Corners:
    """The box, moved as far as the picture lets it; one that stuck out or was too small is put right."""
    x0, x1 = _span(box[0], box[2], dx, size[0])
    y0, y1 = _span(box[1], box[3], dy, size[1])
    return x0, y0, x1, y1


def stretched(box: Corners, sides: str, dx: float, dy: float, size: Size) -> Corners:
    """The box with some of its sides moved; they stop at the picture's border and `LEAST` before the other side.

    Args:
        box: before.
        sides: of n, e, s, w, such as "ne".
        dx: how far to the right, in source pixels.
        dy: how far down.
        size: of the picture.
    """
    x0, y0, x1, y1 = moved(box, 0.0, 0.0, size)
    if "w" in sides:
        x0 = min(max(x0 + dx, 0.0), x1 - LEAST)
    if "e" in sides:
        x1 = max(min(x1 + dx, float(size[0])), x0 + LEAST)
    if "n" in sides:
        y0 = min(max(y0 + dy, 0.0), y1 - LEAST)
    if "s" in sides:
        y1 = max(min(y1 + dy, float(size[1])), y0 + LEAST)
    return x0, y0, x1, y1


def large_enough(box: Corners) -> bool:
    """Whether both sides have their least length."""
    return box[2] - box[0] >= LEAST and box[3] - box[1] >= LEAST


def _within(value: float, end: int) -> float:
    return min(max(value, 0.0), float(end))


def _span(low: float, high: float, by: float, end: int) -> tuple[float, float]:
    """One direction of a move: clipped, made large enough, moved as far as there is picture."""
    low, high = max(low, 0.0), min(high, float(end))
    if high - low < LEAST:
        low = min(low, end - LEAST)
        high = low + LEAST
    by = min(max(by, -low), end - high)
    return low + by, min(high + by, float(end))
