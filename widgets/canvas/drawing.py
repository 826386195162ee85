"""Boxes being worked on: drawn, moved, stretched, renamed, copied, taken away, and all of it undone. Pure: no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from widgets.canvas.history import History, Moment
from widgets.canvas.hit import MOVE, Hit
from widgets.canvas.marks import NONE, Corners, Mark, Size, between, large_enough, moved, stretched
from widgets.canvas.snap import Lines, caught, lines_of

_NEW = "new"
_BESIDE = 0.02
"""How far off its original a duplicate lies, as a share of the picture."""


@dataclass(slots=True)
class _Drag:
    """A drag under way: what was taken hold of, where, and how all was before."""

    hit: Hit
    begun: tuple[float, float]
    before: Moment
    catching: Lines


class Drawing:
    """The boxes of one picture.

    Attributes:
        size: (width, height) of the picture.
        boxes: as they are now.
        chosen: number of the one that keys work on, or `NONE`.
        label: class of a box that is drawn next.
        catches: sides catch other sides and the border.
        guides: x and y of the lines that were caught last, in source pixels; None for none.
    """

    def __init__(self) -> None:
        self.size: Size = (1, 1)
        self.boxes: tuple[Mark, ...] = ()
        self.chosen = NONE
        self.label = ""
        self.catches = True
        self.guides: tuple[float | None, float | None] = (None, None)
        self.history = History()
        self._drag: _Drag | None = None

    def begin(self, boxes: Sequence[Mark], size: Size) -> None:
        """Take these boxes of a picture; nothing can be undone."""
        self.boxes, self.size, self._drag = tuple(boxes), size, None
        self.chosen = next((number for number, mark in enumerate(self.boxes) if mark.asked), NONE)
        self.guides = (None, None)
        self.history.clear()

    @property
    def mark(self) -> Mark | None:
        """The chosen box."""
        return self.boxes[self.chosen] if 0 <= self.chosen < len(self.boxes) else None

    @property
    def dragging(self) -> bool:
        """A drag is under way."""
        return self._drag is not None

    # Dragging

    def take(self, hit: Hit | None, x: float, y: float) -> None:
        """Take hold of a part of a box at a point in the source; None: a new box begins there."""
        if hit is not None and not 0 <= hit.box < len(self.boxes):
            return  # deleted since the mouse was pressed on it
        before = self._now()
        taken = hit or Hit(len(self.boxes), _NEW)
        others = [mark.xyxy for number, mark in enumerate(self.boxes) if number != taken.box]
        self._drag = _Drag(taken, (x, y), before, lines_of(others, self.size))
        if hit is not None:
            self.choose(hit.box)

    def drag(self, x: float, y: float, reach: tuple[float, float]) -> None:
        """Move what is held to a point; `reach`: how near a line has to be to be caught, (0, 0) for never."""
        drag = self._drag
        if drag is None:
            return
        self.guides = (None, None)
        if not self.catches:
            reach = (0.0, 0.0)
        if drag.hit.part == _NEW:
            self._draw(drag, x, y, reach)
            return
        held = drag.before.boxes[drag.hit.box]
        dx, dy = x - drag.begun[0], y - drag.begun[1]
        dx, dy = self._catch(drag, held.xyxy, dx, dy, reach)
        box = _changed(held.xyxy, drag.hit.part, dx, dy, self.size)
        self._put(drag.hit.box, held if box == held.xyxy else _own(held, xyxy=box), drag.before.boxes)

    def drop(self) -> bool:
        """Let go; whether anything changed."""
        drag, self._drag = self._drag, None
        self.guides = (None, None)
        if drag is None or self.boxes == drag.before.boxes:
            return False
        if not all(large_enough(mark.xyxy) for mark in self.boxes[len(drag.before.boxes) :]):
            self._back(drag.before)  # a line is no box
            return False
        self.history.note(drag.before)
        return True

    def give_up(self) -> bool:
        """All as it was before the drag; whether there was one."""
        drag, self._drag = self._drag, None
        self.guides = (None, None)
        if drag is None:
            return False
        self._back(drag.before)
        return True

    # By key

    def choose(self, number: int) -> None:
        """The box that keys work on."""
        if number != self.chosen:
            self.chosen = number if 0 <= number < len(self.boxes) else NONE
            self.history.part()

    def step(self, by: int) -> None:
        """The next or previous box, from left to right, round and round."""
        order = sorted(range(len(self.boxes)), key=lambda number: (self.boxes[number].xyxy[0], number))
        if order:
            at = order.index(self.chosen) + by if self.mark is not None else (0 if by > 0 else -1)
            self.choose(order[at % len(order)])

    def nudge(self, dx: float, dy: float) -> bool:
        """Move the chosen box by source pixels."""
        return self._change(lambda mark: _own(mark, xyxy=moved(mark.xyxy, dx, dy, self.size)), ("nudge", self.chosen))

    def stretch(self, dx: float, dy: float) -> bool:
        """Move the right and the lower side of the chosen box by source pixels."""
        sides = ("e" if dx else "") + ("s" if dy else "")
        return self._change(
            lambda mark: _own(mark, xyxy=stretched(mark.xyxy, sides, dx, dy, self.size)), ("stretch", self.chosen)
        )

    def relabel(self, label: str) -> bool:
        """Give the chosen box another class; boxes drawn next get it too."""
        self.label = label
        return self._change(lambda mark: mark if mark.label == label else _own(mark, label=label))

    def delete(self) -> bool:
        """Take the chosen box away; the one nearest in the list is chosen then."""
        if self.mark is None or self.dragging:
            return False
        self.history.note(self._now())
        number = self.chosen
        self.boxes = (*self.boxes[:number], *self.boxes[number + 1 :])
        self.chosen = min(number, len(self.boxes) - 1)
        return True

    def duplicate(self) -> bool:
        """A second box like the chosen one, a little beside it."""
        mark = self.mark
        if mark is None:
            return False
        by = max(self.size) * _BESIDE
        box = moved(mark.xyxy, by, by, self.size)
        if box == mark.xyxy:
            box = moved(mark.xyxy, -by, -by, self.size)
        return self.add(Mark(box, mark.label, drawn=True))

    def add(self, mark: Mark) -> bool:
        """One more box, put inside the picture and chosen."""
        return self.add_all([mark])

    def add_all(self, marks: Sequence[Mark]) -> bool:
        """More boxes in one step, put inside the picture; the last is chosen."""
        if not marks or self.dragging:
            return False
        self.history.note(self._now())
        inside = [(mark, moved(mark.xyxy, 0.0, 0.0, self.size)) for mark in marks]
        self.boxes += tuple(mark if box == mark.xyxy else replace(mark, xyxy=box) for mark, box in inside)
        self.chosen = len(self.boxes) - 1
        return True

    def add_in(self, seen: Corners) -> bool:
        """A new box in the middle of what is seen, a quarter as long and as high."""
        x, y = (seen[0] + seen[2]) / 2, (seen[1] + seen[3]) / 2
        wide, high = max((seen[2] - seen[0]) / 8, 0.5), max((seen[3] - seen[1]) / 8, 0.5)
        return self.add(Mark((x - wide, y - high, x + wide, y + high), self.label, drawn=True))

    def undo(self) -> bool:
        """Take the last step back."""
        return self.give_up() or self._back(self.history.undo(self._now()))

    def redo(self) -> bool:
        """Do the step again that was undone last."""
        return not self.dragging and self._back(self.history.redo(self._now()))

    # Inside

    def _now(self) -> Moment:
        return Moment(self.boxes, self.chosen)

    def _back(self, moment: Moment | None) -> bool:
        if moment is None:
            return False
        self.boxes, self.chosen = moment.boxes, moment.chosen
        return True

    def _change(self, how: Callable[[Mark], Mark], key: object = None) -> bool:
        mark = self.mark
        if mark is None or self.dragging:
            return False
        changed = how(mark)
        if changed.xyxy == mark.xyxy and changed.label == mark.label:
            return False
        self.history.note(self._now(), key)
        self._put(self.chosen, changed, self.boxes)
        return True

    def _put(self, number: int, mark: Mark, among: tuple[Mark, ...]) -> None:
        self.boxes = (*among[:number], mark, *among[number + 1 :])

    def _draw(self, drag: _Drag, x: float, y: float, reach: tuple[float, float]) -> None:
        bx, bline = caught([drag.begun[0]], drag.catching.xs, reach[0])
        by, rline = caught([drag.begun[1]], drag.catching.ys, reach[1])
        ex, xline = caught([x], drag.catching.xs, reach[0])
        ey, yline = caught([y], drag.catching.ys, reach[1])
        box = between((drag.begun[0] + bx, drag.begun[1] + by), (x + ex, y + ey), self.size)
        self.guides = (xline if xline is not None else bline, yline if yline is not None else rline)
        before = drag.before.boxes
        self.boxes = (*before, Mark(box, self.label, drawn=True)) if box[0] < box[2] or box[1] < box[3] else before
        self.chosen = len(before) if len(self.boxes) > len(before) else drag.before.chosen

    def _catch(
        self, drag: _Drag, box: Corners, dx: float, dy: float, reach: tuple[float, float]
    ) -> tuple[float, float]:
        part = drag.hit.part
        xs = [v for side, v in (("w", box[0]), ("e", box[2])) if part == MOVE or side in part]
        ys = [v for side, v in (("n", box[1]), ("s", box[3])) if part == MOVE or side in part]
        cx, xline = caught([x + dx for x in xs], drag.catching.xs, reach[0]) if reach[0] else (0.0, None)
        cy, yline = caught([y + dy for y in ys], drag.catching.ys, reach[1]) if reach[1] else (0.0, None)
        self.guides = (xline, yline)
        return dx + cx, dy + cy


def _own(mark: Mark, **changes: object) -> Mark:
    """A mark that a person changed: it has no score any more."""
    return replace(mark, score=None, drawn=True, **changes)  # type: ignore[arg-type]


def _changed(box: Corners, part: str, dx: float, dy: float, size: Size) -> Corners:
    if not dx and not dy:
        return box
    return moved(box, dx, dy, size) if part == MOVE else stretched(box, part, dx, dy, size)
