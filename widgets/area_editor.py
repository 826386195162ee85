"""Draws areas over a picture, with the mouse or by keyboard alone, every step undoable."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from models.words import _
from widgets.area_paint import HANDLE, paint_area, paint_begun, paint_focus, point_of
from widgets.areas import NONE, Areas, Point, Points
from widgets.theme import px

STEP, LARGE_STEP = 0.005, 0.05
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class AreaEditor(QWidget):
    """A clear layer over a picture. Drag for a rectangle, click for corners, drag a corner or an area to move it.

    Attributes:
        drawing: what is drawn; change it through the methods here, which tell.

    Signals:
        changed: other areas or names than before.
        chosen_changed: number of the area that is worked on, `NONE` for none.
        said: what can be done now, in a sentence.
    """

    changed = Signal()
    chosen_changed = Signal(int)
    said = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drawing = Areas()
        self._place = QRect()
        self._pressed: Point | None = None
        self._dragged: Point | None = None
        self._grip: tuple[int, int] | None = None
        self._last: tuple[tuple[Points, ...], tuple[str, ...], int] = ((), (), NONE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(False)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(_("Areas that are always covered"))

    @property
    def areas(self) -> tuple[Points, ...]:
        """The areas, each as corners in shares of the picture."""
        return self.drawing.all

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called, in their order; empty: nothing."""
        return self.drawing.names

    def set_areas(self, areas: Sequence[Sequence[Point]], names: Sequence[str] = ()) -> None:
        """Begin with these; nothing to undo, and nobody is told."""
        self.drawing = Areas(areas, names)
        self._last = (self.drawing.all, self.drawing.names, NONE)
        self._show()

    def rename(self, area: int, name: str) -> None:
        """Call an area something; a step to undo like any other."""
        self._do(lambda: self.drawing.rename(area, name))

    def set_place(self, place: QRect) -> None:
        """Where in this widget the picture stands."""
        if place != self._place:
            self._place = place
            self.update()

    def choose(self, area: int) -> None:
        """Work on an area."""
        if area != self.drawing.chosen:
            self._do(lambda: self.drawing.choose(area))

    def add(self) -> None:
        """Add one in the middle, to be moved to its place."""
        self._do(self.drawing.add_in_the_middle)

    def remove(self) -> None:
        """Remove the chosen corner or area."""
        self._do(self.drawing.remove)

    def undo(self) -> None:
        """Take the last step back."""
        self._do(self.drawing.undo)

    def redo(self) -> None:
        """Do it again."""
        self._do(self.drawing.redo)

    # What happens

    def _do(self, work: Callable[[], object]) -> None:
        work()
        self._show()

    def _show(self) -> None:
        """Paint, and tell what is another now."""
        drawing = self.drawing
        areas, names, chosen = self._last
        self._last = (drawing.all, drawing.names, drawing.chosen)
        self.update()
        if (drawing.all, drawing.names) != (areas, names):
            self.changed.emit()
        if self.drawing.chosen != chosen:
            self.chosen_changed.emit(self.drawing.chosen)
        words = self.words()
        self.setAccessibleDescription(words)
        self.said.emit(words)

    def words(self) -> str:
        """What can be done now."""
        drawing = self.drawing
        if drawing.begun:
            return _(
                "Click for the next corner. Enter closes the area, Backspace takes a corner back, Esc gives it up."
            )
        if drawing.chosen == NONE:
            return _(
                "Drag a rectangle, or click corner after corner. By keyboard: N adds an area, Page Down picks one."
            )
        if drawing.corner == NONE:
            return _(
                "Arrows move {name} (with Shift further), Space picks a corner, + adds one, Del removes it."
            ).format(name=self._name(drawing.chosen))
        return _("Arrows move corner {n} of {name} (with Shift further), Space picks the next, Del removes it.").format(
            n=drawing.corner + 1, name=self._name(drawing.chosen)
        )

    def _name(self, number: int) -> str:
        return self.names[number] or _("area {n}").format(n=number + 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Everything the mouse can do; see `words`."""
        drawing, key = self.drawing, Qt.Key(event.key())
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        if control and key in {Qt.Key.Key_Z, Qt.Key.Key_Y}:
            self._do(drawing.redo if shift or key == Qt.Key.Key_Y else drawing.undo)
        elif key in _ARROWS and drawing.chosen != NONE and not control:
            dx, dy = _ARROWS[key]
            step = LARGE_STEP if shift else STEP
            self._do(lambda: drawing.move(dx * step, dy * step))
        elif not control and (work := self._work(key)) is not None:
            self._do(work)
        else:
            event.ignore()  # Esc with nothing to let go closes the dialog, as everywhere

    def _work(self, key: Qt.Key) -> Callable[[], object] | None:
        drawing = self.drawing
        if drawing.begun:
            ends = {Qt.Key.Key_Return: drawing.close, Qt.Key.Key_Enter: drawing.close}
            return {**ends, Qt.Key.Key_Backspace: drawing.undo, Qt.Key.Key_Escape: drawing.give_up}.get(key)
        always: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_N: drawing.add_in_the_middle,
            Qt.Key.Key_Insert: drawing.add_in_the_middle,
            Qt.Key.Key_PageDown: lambda: drawing.step(1),
            Qt.Key.Key_PageUp: lambda: drawing.step(-1),
        }
        chosen: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_Space: drawing.step_corner,
            Qt.Key.Key_Plus: drawing.add_corner,
            Qt.Key.Key_Delete: drawing.remove,
            Qt.Key.Key_Backspace: drawing.remove,
            Qt.Key.Key_Escape: drawing.give_up,
        }
        return always.get(key) or (chosen.get(key) if drawing.chosen != NONE else None)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """A move by arrows that are held is one step."""
        if not event.isAutoRepeat():
            self.drawing.rest()
        super().keyReleaseEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Take hold of a corner or an area, or begin to draw."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() != Qt.MouseButton.LeftButton or self._place.isEmpty():
            return
        self._pressed = self._dragged = self._share(event.position())
        self._grip = None if self.drawing.begun else self._grip_at(event.position())
        if self._grip is not None:
            grip = self._grip
            self._do(lambda: self.drawing.choose(*grip))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Move what is held, or show the rectangle that is being drawn."""
        if self._pressed is None or self._dragged is None:
            return
        here = self._share(event.position())
        if self._grip is not None:
            dx, dy = here[0] - self._dragged[0], here[1] - self._dragged[1]
            self._do(lambda: self.drawing.move(dx, dy))
        self._dragged = here
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """A drag was a rectangle or a move, a click is a corner."""
        pressed, self._pressed = self._pressed, None
        self._dragged = None
        self.drawing.rest()
        if pressed is None or self._grip is not None:
            return
        here = self._share(event.position())
        far = (
            point_of(self._place, here) - point_of(self._place, pressed)
        ).manhattanLength() >= QApplication.startDragDistance()
        if far and not self.drawing.begun:
            self._do(lambda: self.drawing.rectangle(pressed, here))
        elif len(self.drawing.begun) >= 3 and self._near(event.position(), self.drawing.begun[0]):
            self._do(self.drawing.close)
        elif self.drawing.chosen != NONE and not self.drawing.begun:
            self._do(self.drawing.give_up)  # a click beside what is chosen lets it go, and draws nothing by mistake
        else:
            self._do(lambda: self.drawing.put_corner(here))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Close the area that is begun."""
        if self.drawing.begun:
            self._do(self.drawing.close)
        else:
            self.mousePressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802  # Qt's name
        """Say what can be done."""
        super().focusInEvent(event)
        self._show()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802  # Qt's name
        """The frame of focus goes."""
        super().focusOutEvent(event)
        self.update()

    # Places

    def _share(self, at: QPointF) -> Point:
        place = self._place
        x = (at.x() - place.left()) / max(place.width(), 1)
        y = (at.y() - place.top()) / max(place.height(), 1)
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    def _near(self, at: QPointF, share: Point) -> bool:
        return (at - point_of(self._place, share)).manhattanLength() <= px(2 * HANDLE)

    def _grip_at(self, at: QPointF) -> tuple[int, int] | None:
        """(area, corner) under the mouse, corners of the chosen area first; the corner is `NONE` inside an area."""
        chosen = self.drawing.chosen
        if chosen != NONE:
            for number, corner in enumerate(self.areas[chosen]):
                if self._near(at, corner):
                    return chosen, number
        area = self.drawing.at(self._share(at))
        return None if area == NONE else (area, NONE)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  # Qt's name
        """See the class."""
        drawing = self.drawing
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, points in enumerate(drawing.all):
            corner = drawing.corner if number == drawing.chosen else None
            paint_area(painter, self._place, points, self._name(number), corner)
        rectangle = None
        if self._pressed is not None and self._dragged is not None and self._grip is None:
            rectangle = self._pressed, self._dragged
        paint_begun(painter, self._place, drawing.begun, rectangle)
        if self.hasFocus():
            paint_focus(painter, self._place)
        painter.end()
