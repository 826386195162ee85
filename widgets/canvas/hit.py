"""What is under the mouse: a side or corner of a box, its inside, or nothing. Pure: no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from widgets.canvas.marks import NONE, Corners, area

MOVE = "move"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that can be taken hold of.

    Attributes:
        box: which one; `NONE`: nothing is there.
        part: sides of n, e, s, w, such as "nw", or `MOVE` for its inside.
    """

    box: int = NONE
    part: str = ""


NOTHING = Hit()


def part_at(box: Corners, x: float, y: float, reach: tuple[float, float]) -> str:
    """Which part of a box is at a point; empty: none.

    Args:
        box: in source pixels.
        x: of the point.
        y: of the point.
        reach: how near a side it may be, across and down; in a small box no more than a third of it.
    """
    x0, y0, x1, y1 = box
    if not (x0 - reach[0] <= x <= x1 + reach[0] and y0 - reach[1] <= y <= y1 + reach[1]):
        return ""
    inner_x, inner_y = min(reach[0], (x1 - x0) / 3), min(reach[1], (y1 - y0) / 3)
    down = "n" if y <= y0 + inner_y else "s" if y >= y1 - inner_y else ""
    across = "w" if x <= x0 + inner_x else "e" if x >= x1 - inner_x else ""
    return down + across or MOVE


def hit(boxes: Sequence[Corners], chosen: int, x: float, y: float, reach: tuple[float, float]) -> Hit:
    """What is at a point: sides of the chosen box first, then the smallest box there, so that none is out of reach."""
    if 0 <= chosen < len(boxes):
        part = part_at(boxes[chosen], x, y, reach)
        if part not in {"", MOVE}:
            return Hit(chosen, part)
    found = [(area(box), number) for number, box in enumerate(boxes) if part_at(box, x, y, (0.0, 0.0))]
    if found:
        _least, number = min(found)
        return Hit(number, MOVE)
    near = [(area(box), number) for number, box in enumerate(boxes) if part_at(box, x, y, reach)]
    return Hit(min(near)[1], MOVE) if near else NOTHING


def handles(box: Corners) -> tuple[tuple[float, float], ...]:
    """Where the eight handles of a box are, clockwise from its upper left corner."""
    x0, y0, x1, y1 = box
    mx, my = (x0 + x1) / 2, (y0 + y1) / 2
    return (x0, y0), (mx, y0), (x1, y0), (x1, my), (x1, y1), (mx, y1), (x0, y1), (x0, my)
