"""What was done to the boxes, step by step, and the way back. Pure: no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from widgets.canvas.marks import Mark

STEPS = 200
"""Steps that can be undone."""


@dataclass(frozen=True, slots=True)
class Moment:
    """All boxes at one time, and which is chosen. Boxes are values, so what comes back is equal to the last bit."""

    boxes: tuple[Mark, ...]
    chosen: int


class History:
    """Undo and redo. Steps with the same key, one after the other, are one: a row of nudges is undone at once."""

    def __init__(self) -> None:
        self._done: list[Moment] = []
        self._undone: list[Moment] = []
        self._key: Any = None

    def clear(self) -> None:
        """Forget all of it."""
        self._done.clear()
        self._undone.clear()
        self._key = None

    def note(self, before: Moment, key: Any = None) -> None:
        """A step was made.

        Args:
            before: how it was.
            key: the step is one with the step before it where that has the same key; None: it stands alone.
        """
        self._undone.clear()
        if key is not None and key == self._key and self._done:
            return
        self._key = key
        self._done.append(before)
        del self._done[:-STEPS]

    def part(self) -> None:
        """The next step stands alone, whatever its key."""
        self._key = None

    def undo(self, now: Moment) -> Moment | None:
        """What was before the last step; None: nothing was."""
        self._key = None
        if not self._done:
            return None
        self._undone.append(now)
        return self._done.pop()

    def redo(self, now: Moment) -> Moment | None:
        """What was undone last; None: nothing was."""
        self._key = None
        if not self._undone:
            return None
        self._done.append(now)
        return self._undone.pop()

    @property
    def can_undo(self) -> bool:
        """There is a step to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """There is a step to do again."""
        return bool(self._undone)
