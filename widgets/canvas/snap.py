"""Edges that catch: a side that comes near another box's side, or the picture's border, lies on it. Pure: no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from widgets.canvas.marks import Corners, Size


@dataclass(frozen=True, slots=True)
class Lines:
    """Where sides catch, in source pixels."""

    xs: tuple[float, ...] = ()
    ys: tuple[float, ...] = ()


def lines_of(boxes: Iterable[Corners], size: Size) -> Lines:
    """The sides of boxes, and the picture's border."""
    xs, ys = [0.0, float(size[0])], [0.0, float(size[1])]
    for x0, y0, x1, y1 in boxes:
        xs += (x0, x1)
        ys += (y0, y1)
    return Lines(tuple(xs), tuple(ys))


def caught(values: Iterable[float], lines: Iterable[float], reach: float) -> tuple[float, float | None]:
    """How far to go so that one of the values lies on a line, and the line; (0, None) where none is in reach."""
    best: tuple[float, float | None] = (0.0, None)
    nearest = reach
    for value in values:
        for line in lines:
            if abs(line - value) <= nearest:
                nearest = abs(line - value)
                best = (line - value, line)
    return best
