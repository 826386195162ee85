"""Areas being drawn: polygons in shares of a picture, one of them chosen, with every step undoable. No Qt here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

Point = tuple[float, float]
Points = tuple[Point, ...]
_State = tuple[tuple[Points, ...], tuple[str, ...], int]

MOST_CORNERS = 64
LEAST_SIDE = 0.01
"""A rectangle is at least so wide and high, as a share of the picture: one that can be seen and taken hold of."""
_FIRST_SIDE = 0.2
_STEPS = 200
NONE = -1


class Areas:
    """The areas of one picture.

    Attributes:
        all: finished areas, each with at least 3 corners between 0 and 1.
        names: what they are called, in their order; empty: nothing.
        chosen: number of the area that is worked on; `NONE` for none.
        corner: number of its corner that is worked on; `NONE`: the whole area.
        begun: corners of one that is being drawn and is not closed yet.
    """

    def __init__(self, areas: Iterable[Sequence[Point]] = (), names: Sequence[str] = ()) -> None:
        self.all: tuple[Points, ...] = tuple(tuple(map(_inside, points)) for points in areas)
        self.names: tuple[str, ...] = tuple(names[n] if n < len(names) else "" for n in range(len(self.all)))
        self.chosen = self.corner = NONE
        self.begun: Points = ()
        self._done: list[_State] = []
        self._undone: list[_State] = []
        self._moving = False

    # Choosing

    def choose(self, area: int, corner: int = NONE) -> None:
        """Work on an area, or on one of its corners; what is not there is none."""
        self._moving = False
        self.chosen = area if 0 <= area < len(self.all) else NONE
        self.corner = corner if self.chosen != NONE and 0 <= corner < len(self.all[self.chosen]) else NONE

    def step(self, by: int) -> None:
        """The next area, or the one before; round and round."""
        if self.all:
            now = self.chosen if self.chosen != NONE else (NONE if by > 0 else 0)
            self.choose((now + by) % len(self.all))

    def step_corner(self) -> None:
        """The next corner of the chosen area; after the last the whole area again."""
        if self.chosen == NONE:
            self.step(1)
        else:
            self.choose(self.chosen, self.corner + 1)

    def at(self, point: Point) -> int:
        """The area that a point lies in, the last drawn first; `NONE` for none."""
        return next((n for n in reversed(range(len(self.all))) if _contains(self.all[n], point)), NONE)

    # Drawing

    def rectangle(self, first: Point, second: Point) -> bool:
        """Add a rectangle between two opposite corners; False where it would be too small to see."""
        (x0, y0), (x1, y1) = _inside(first), _inside(second)
        if abs(x1 - x0) < LEAST_SIDE or abs(y1 - y0) < LEAST_SIDE:
            return False
        left, right, top, bottom = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
        self._add(((left, top), (right, top), (right, bottom), (left, bottom)))
        return True

    def add_in_the_middle(self) -> None:
        """Add a square in the middle, a little aside of those that were added so before."""
        aside = 0.03 * (len(self.all) % 10)
        low, high = 0.5 - _FIRST_SIDE / 2 + aside, 0.5 + _FIRST_SIDE / 2 + aside
        self.rectangle((low, low), (high, high))

    def put_corner(self, point: Point) -> None:
        """Begin an area, or go on with the one that is begun. At the most corners it closes."""
        point = _inside(point)
        if not self.begun or point != self.begun[-1]:
            self.begun = (*self.begun, point)
            self.choose(NONE)
        if len(self.begun) == MOST_CORNERS:
            self.close()

    def close(self) -> bool:
        """Finish the area that is begun; False where it has no three corners that span anything."""
        begun, self.begun = self.begun, ()
        if len(begun) < 3 or abs(_surface(begun)) < LEAST_SIDE**2:
            return False
        self._add(begun)
        return True

    def give_up(self) -> bool:
        """Let go what is begun, or else what is chosen; False where there is neither."""
        had = bool(self.begun) or self.chosen != NONE
        if self.begun:
            self.begun = ()
        else:
            self.choose(NONE)
        return had

    # Changing

    def move(self, dx: float, dy: float) -> None:
        """Move the chosen corner or area; an area stops at the picture's edge in its own shape.

        Moves that follow each other are one step to undo, until something else is done or `rest` is called.
        """
        if self.chosen == NONE:
            return
        points = self.all[self.chosen]
        if self.corner != NONE:
            x, y = points[self.corner]
            moved = (*points[: self.corner], _inside((x + dx, y + dy)), *points[self.corner + 1 :])
        else:
            xs, ys = [x for x, _y in points], [y for _x, y in points]
            dx = min(max(dx, -min(xs)), 1 - max(xs))
            dy = min(max(dy, -min(ys)), 1 - max(ys))
            moved = tuple(_inside((x + dx, y + dy)) for x, y in points)
        if moved != points:
            self._change(moved, going_on=True)

    def rest(self) -> None:
        """A move is over; the next one is a step of its own."""
        self._moving = False

    def add_corner(self) -> None:
        """Add a corner half way after the chosen one (or the first), and choose it."""
        if self.chosen == NONE or len(self.all[self.chosen]) >= MOST_CORNERS:
            return
        points, after = self.all[self.chosen], max(self.corner, 0)
        (x0, y0), (x1, y1) = points[after], points[(after + 1) % len(points)]
        self._change((*points[: after + 1], ((x0 + x1) / 2, (y0 + y1) / 2), *points[after + 1 :]))
        self.corner = after + 1

    def remove(self) -> None:
        """Remove the chosen corner; the whole area where none is chosen, or where it has but three."""
        if self.chosen == NONE:
            return
        points = self.all[self.chosen]
        if self.corner != NONE and len(points) > 3:
            self._change((*points[: self.corner], *points[self.corner + 1 :]))
            self.corner = min(self.corner, len(points) - 2)
            return
        self._remember()
        self.all = (*self.all[: self.chosen], *self.all[self.chosen + 1 :])
        self.names = (*self.names[: self.chosen], *self.names[self.chosen + 1 :])
        self.choose(min(self.chosen, len(self.all) - 1))

    def rename(self, area: int, name: str) -> None:
        """Call an area something."""
        if 0 <= area < len(self.all) and name != self.names[area]:
            self._remember()
            self.names = (*self.names[:area], name, *self.names[area + 1 :])

    # Undoing

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._done or self.begun)

    @property
    def can_redo(self) -> bool:
        """Whether there is one to do again."""
        return bool(self._undone)

    def undo(self) -> None:
        """Take the last step back: the last corner of what is begun, or the last change."""
        if self.begun:
            self.begun = self.begun[:-1]
        elif self._done:
            self._undone.append(self._now)
            self._take(self._done.pop())

    def redo(self) -> None:
        """Do it again."""
        if self._undone:
            self._done.append(self._now)
            self._take(self._undone.pop())

    @property
    def _now(self) -> _State:
        return self.all, self.names, self.chosen

    def _take(self, state: _State) -> None:
        self.all, self.names, chosen = state
        self.choose(chosen)

    def _add(self, points: Points) -> None:
        self._remember()
        self.all, self.names = (*self.all, points), (*self.names, "")
        self.choose(len(self.all) - 1)

    def _change(self, points: Points, *, going_on: bool = False) -> None:
        if not (going_on and self._moving):
            self._remember()
        self._moving = going_on
        self.all = (*self.all[: self.chosen], points, *self.all[self.chosen + 1 :])

    def _remember(self) -> None:
        self._moving = False
        self._done.append(self._now)
        del self._done[:-_STEPS]
        self._undone.clear()


def turned(points: Sequence[Point], before: tuple[int, bool], after: tuple[int, bool]) -> Points:
    """Corners of an area in a picture that is turned and mirrored otherwise than before: the same part of the scene.

    Args:
        points: in shares of the picture as it was seen.
        before: (degrees clockwise, mirrored after turning) as it was seen.
        after: as it is seen now.
    """
    (was, was_mirrored), (now, mirrored) = before, after
    found = []
    for x, y in points:
        at = (1 - x if was_mirrored else x, y)
        for _quarter in range((now - was) % 360 // 90):  # clockwise: what was at the left comes to the top
            at = (1 - at[1], at[0])
        found.append(_inside((1 - at[0] if mirrored else at[0], at[1])))
    return tuple(found)


def _inside(point: Sequence[float]) -> Point:
    x, y = point
    return _share(x), _share(y)


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0


def _surface(points: Points) -> float:
    """Signed, by the shoelace formula."""
    pairs = zip(points, (*points[1:], points[0]), strict=True)
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs) / 2


def _contains(points: Points, point: Point) -> bool:
    """Even-odd rule."""
    x, y = point
    inside = False
    for (x0, y0), (x1, y1) in zip(points, (*points[1:], points[0]), strict=True):
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            inside = not inside
    return inside
