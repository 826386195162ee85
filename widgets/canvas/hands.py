"""Mouse and keyboard on the canvas: what a press, a drag and a key do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from widgets.canvas.hit import MOVE, NOTHING, Hit, hit
from widgets.canvas.marks import NONE
from widgets.theme import px

if TYPE_CHECKING:
    from widgets.canvas.canvas import Canvas

REACH = 8
"""How near a side or a line the mouse has to be, in pixels at a text scale of 1."""
BEGIN = 4
"""A press that moves less is a click: nothing is drawn, moved or stretched by it."""
FAR = 10.0
"""Source pixels of an arrow key with Shift."""
_PAN = 60
_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}
_CURSORS = {
    "n": Qt.CursorShape.SizeVerCursor, "s": Qt.CursorShape.SizeVerCursor,
    "e": Qt.CursorShape.SizeHorCursor, "w": Qt.CursorShape.SizeHorCursor,
    "nw": Qt.CursorShape.SizeFDiagCursor, "se": Qt.CursorShape.SizeFDiagCursor,
    "ne": Qt.CursorShape.SizeBDiagCursor, "sw": Qt.CursorShape.SizeBDiagCursor,
    MOVE: Qt.CursorShape.SizeAllCursor, "": Qt.CursorShape.ArrowCursor,
}  # fmt: skip
_SHIFT, _CONTROL, _ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


class Hands:
    """Acts on a canvas.

    Attributes:
        hovered: the box under the mouse, or `NONE`.
        at: where the mouse is, in physical pixels; None: elsewhere.
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.hovered = NONE
        self.at: tuple[float, float] | None = None
        self._pressed: QPointF | None = None
        self._taken: Hit | None = None
        self._panning: QPointF | None = None
        self._space = False

    def rest(self) -> None:
        """Forget what was pressed and hovered over."""
        self.hovered, self._pressed, self._taken, self._panning = NONE, None, None, None
        self.point()

    # Mouse

    def press(self, event: QMouseEvent) -> None:
        """Take hold: of the picture, a box, or the place where a box will begin."""
        canvas, button = self._canvas, event.button()
        canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        middle = button == Qt.MouseButton.MiddleButton
        left = button == Qt.MouseButton.LeftButton
        if middle or (left and (self._space or not canvas.editing)):
            self._panning = event.position()
            self.point()
        elif left:
            self._pressed = event.position()
            self._taken = NOTHING if canvas.adding else self._hit(event.position())
            if self._taken.box != NONE:
                canvas.choose(self._taken.box)

    def move(self, event: QMouseEvent) -> None:
        """Drag, or look what is under the mouse."""
        canvas, here = self._canvas, event.position()
        ratio = canvas.devicePixelRatioF()
        self.at = here.x() * ratio, here.y() * ratio
        if self._panning is not None:
            canvas.pan(here.x() - self._panning.x(), here.y() - self._panning.y())
            self._panning = here
        elif self._pressed is not None:
            self._drag(event)
        elif canvas.editing:
            found = self._hit(here)
            if found.box != self.hovered:
                self.hovered = found.box
                canvas.refresh()
            self.point(found.part)
            if canvas.adding:
                canvas.update()

    def release(self, event: QMouseEvent) -> None:
        """Let go: what was dragged is one step; a click beside everything lets the chosen box go."""
        canvas = self._canvas
        if self._panning is not None:
            self._panning = None
            self.point()
            return
        pressed, taken = self._pressed, self._taken
        if pressed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._pressed = self._taken = None
        if canvas.drawing.dragging:
            self._drop()
        elif taken == NOTHING and not canvas.adding:
            canvas.choose(NONE)

    def double(self, event: QMouseEvent) -> None:
        """A box wants a name; elsewhere, all of the picture."""
        canvas = self._canvas
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if not canvas.editing:
            canvas.fit()
        elif self._hit(event.position()).box != NONE:
            self._pressed = None
            canvas.choose(self._hit(event.position()).box)
            canvas.label_wanted.emit()

    def leave(self) -> None:
        """The mouse is elsewhere."""
        self.at = None
        if self.hovered != NONE:
            self.hovered = NONE
            self._canvas.refresh()
        elif self._canvas.adding:
            self._canvas.update()

    def point(self, part: str = "") -> None:
        """The cursor that says what a press would do."""
        canvas = self._canvas
        if self._panning is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space or (canvas.zoomed and not canvas.editing):
            shape = Qt.CursorShape.OpenHandCursor
        elif canvas.adding:
            shape = Qt.CursorShape.CrossCursor
        else:
            shape = _CURSORS[part]
        if canvas.cursor().shape() != shape:
            canvas.setCursor(shape)

    def _drag(self, event: QMouseEvent) -> None:
        canvas, here, pressed = self._canvas, event.position(), self._pressed
        assert pressed is not None  # noqa: S101  # as its caller saw
        view, ratio, drawing = canvas.view, canvas.devicePixelRatioF(), canvas.drawing
        if not drawing.dragging:
            if (here - pressed).manhattanLength() < BEGIN:
                return
            begun = view.to_source(pressed.x() * ratio, pressed.y() * ratio)
            drawing.take(None if self._taken == NOTHING else self._taken, *begun)
        free = bool(event.modifiers() & _ALT)
        drawing.drag(*view.to_source(here.x() * ratio, here.y() * ratio), (0.0, 0.0) if free else self._reach())
        canvas.refresh()

    def _drop(self) -> None:
        canvas, new = self._canvas, self._taken_new()
        if canvas.drawing.drop():
            canvas.edited.emit()
            if new:
                canvas.set_adding(False)
                if not canvas.drawing.label:
                    canvas.label_wanted.emit()
        canvas.refresh()
        canvas.told()

    def _taken_new(self) -> bool:
        mark = self._canvas.drawing.mark
        return mark is not None and self._canvas.chosen == len(self._canvas.boxes()) - 1 and mark.drawn

    def _hit(self, at: QPointF) -> Hit:
        canvas = self._canvas
        ratio = canvas.devicePixelRatioF()
        x, y = canvas.view.to_source(at.x() * ratio, at.y() * ratio)
        return hit([mark.xyxy for mark in canvas.boxes()], canvas.chosen, x, y, self._reach())

    def _reach(self) -> tuple[float, float]:
        """In source pixels."""
        reach = px(REACH) * self._canvas.devicePixelRatioF()
        return reach / self._canvas.view.sx, reach / self._canvas.view.sy

    # Keyboard

    def owns(self, event: QKeyEvent) -> bool:
        """Whether a key is the canvas' own now, though an action may have it too: arrows where they move something."""
        canvas, how = self._canvas, event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() in _ARROWS:
            return not how & _ALT and (canvas.zoomed or (canvas.editing and (canvas.adding or canvas.chosen != NONE)))
        return canvas.adding and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not how

    def key(self, event: QKeyEvent) -> bool:
        """Do what a key does here; whether it does anything."""
        canvas, key, how = self._canvas, event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in _ARROWS:
            return self._arrow(*_ARROWS[Qt.Key(key)], how)
        if key == Qt.Key.Key_Escape and not how:
            return canvas.escape()
        return canvas.editing and not how and self._plain(event, key)

    def _plain(self, event: QKeyEvent, key: int) -> bool:
        """A key without others in edit mode: Space holds the picture, Enter adds a box, a digit names one."""
        canvas = self._canvas
        if key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space = True
                self.point()
            return True
        if canvas.adding and key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            canvas.add_in_middle()
            return True
        number = key - Qt.Key.Key_1
        if 0 <= number < min(len(canvas.labels), 9):
            canvas.relabel(canvas.labels[number])
            return True
        return False

    def key_up(self, event: QKeyEvent) -> None:
        """Space is let go."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.let_space_go()

    def let_space_go(self) -> None:
        """Dragging is of boxes again."""
        if self._space:
            self._space = False
            self.point()

    def _arrow(self, x: float, y: float, how: Qt.KeyboardModifier) -> bool:
        """Move the chosen box by a pixel, or ten; with Ctrl its right and lower side; without one, the picture."""
        canvas = self._canvas
        if canvas.adding:
            canvas.add_in_middle()
        if canvas.editing and canvas.chosen != NONE:
            far = FAR if how & _SHIFT else 1.0
            work = canvas.drawing.stretch if how & _CONTROL else canvas.drawing.nudge
            canvas.do(lambda: work(x * far, y * far))
            return True
        if canvas.zoomed and not how & _CONTROL:
            step = px(_PAN) * (3 if how & _SHIFT else 1)
            canvas.pan(-x * step, -y * step)
            return True
        return False
