"""The canvas: a picture, the boxes in it, a closer look at them, and, in edit mode, drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from models.words import _
from widgets.canvas.chips import words_of
from widgets.canvas.drawing import Drawing
from widgets.canvas.hands import Hands
from widgets.canvas.layout import Layout, lay_beside, lay_out
from widgets.canvas.marks import NONE, Corners, Mark, Size
from widgets.canvas.paint import paint_handles, paint_lines
from widgets.canvas.picture_view import PictureView


class Canvas(PictureView):
    """A picture view with boxes. Coordinates are float pixels of the source picture.

    Signals:
        edited: boxes are others now: after each step, undo and redo, not while something is dragged.
        history_changed: what can be undone or done again is other.
        chosen_changed: another box is chosen; its number, or -1.
        adding_changed: the next drag draws a box wherever it begins, or no longer.
        label_wanted: a box was double-clicked, or drawn while no class was known: it wants one.

    Attributes:
        drawing: the boxes, and what is done to them; change them through the canvas.
        labels: classes that digits stand for.
    """

    edited = Signal()
    history_changed = Signal()
    chosen_changed = Signal(int)
    adding_changed = Signal(bool)
    label_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drawing = Drawing()
        self.labels: tuple[str, ...] = ()
        self._layout: Layout | None = None
        self._marks_hidden = False
        self._beside: tuple[Mark, ...] = ()
        self._whose = ""
        self._editing = self._adding = False
        self._told: tuple[object, ...] = ()
        self._hands = Hands(self)
        self.setMouseTracking(True)

    # What it shows

    def show_picture(self, image: QImage | None, source_size: Size, why_none: str = "") -> None:
        """See `PictureView.show_picture`."""
        super().show_picture(image, source_size, why_none)
        self.drawing.size = source_size

    def set_boxes(self, marks: Sequence[Mark]) -> None:
        """Show these; nothing can be undone. The one in question is chosen."""
        self.drawing.begin(marks, self._view.source)
        self._hands.rest()
        self.refresh()
        self._tell()

    def boxes(self) -> tuple[Mark, ...]:
        """All boxes as they are now."""
        return self.drawing.boxes

    def set_boxes_hidden(self, hidden: bool) -> None:  # noqa: FBT001
        """Leave boxes out, or don't."""
        self._marks_hidden = hidden
        self.refresh()

    @property
    def boxes_hidden(self) -> bool:
        """Boxes are left out."""
        return self._marks_hidden

    def set_beside(self, marks: Sequence[Mark], whose: str = "") -> None:
        """Show boxes of somebody else with these: to be looked at, never changed, and never among `boxes`.

        Args:
            marks: what they found; none: nothing is shown beside.
            whose: in a word, said before the class of each.
        """
        if (tuple(marks), whose) != (self._beside, self._whose):
            self._beside, self._whose = tuple(marks), whose
            self.refresh()
            self._tell()

    @property
    def beside(self) -> tuple[Mark, ...]:
        """Boxes of somebody else that are shown."""
        return self._beside

    # Edit mode

    @property
    def editing(self) -> bool:
        """Boxes can be changed."""
        return self._editing

    @editing.setter
    def editing(self, on: bool) -> None:
        self._editing = on
        self._hands.rest()
        self.drawing.give_up()
        self.set_adding(False)
        self.refresh()

    def set_labels(self, labels: Sequence[str]) -> None:
        """Classes that the digits 1 to 9 give to the chosen box; the first is a new box's until another was used."""
        self.labels = tuple(labels)
        if not self.drawing.label and self.labels:
            self.drawing.label = self.labels[0]

    @property
    def adding(self) -> bool:
        """The next drag draws a box wherever it begins."""
        return self._adding

    def set_adding(self, on: bool) -> None:  # noqa: FBT001
        """Have the next drag draw a box, even over others; Enter puts one in the middle."""
        on = on and self._editing
        if on != self._adding:
            self._adding = on
            self._hands.point()
            self.adding_changed.emit(on)
            self.update()

    def add_in_middle(self) -> None:
        """A new box in the middle of what is seen: for drawing by keyboard."""
        self.set_adding(False)
        self.do(lambda: self.drawing.add_in(self._view.seen()))
        if not self.drawing.label:
            self.label_wanted.emit()

    def add(self, *marks: Mark) -> None:
        """More boxes in one step, put inside the picture; the last is chosen."""
        self.do(lambda: self.drawing.add_all(marks))

    def duplicate(self) -> None:
        """A second box like the chosen one."""
        self.do(self.drawing.duplicate)

    def delete(self) -> None:
        """Take the chosen box away."""
        self.do(self.drawing.delete)

    def relabel(self, label: str) -> None:
        """Give the chosen box another class."""
        self.do(lambda: self.drawing.relabel(label))

    def nudge(self, dx: float, dy: float) -> None:
        """Move the chosen box by source pixels."""
        self.do(lambda: self.drawing.nudge(dx, dy))

    def undo(self) -> None:
        """Take the last step back; a drag under way is that step."""
        if not self.drawing.dragging or not self.escape():
            self.do(self.drawing.undo)

    def redo(self) -> None:
        """Do it again."""
        self.do(self.drawing.redo)

    @property
    def can_undo(self) -> bool:
        """There is a step to take back."""
        return self.drawing.history.can_undo

    @property
    def can_redo(self) -> bool:
        """There is a step to do again."""
        return self.drawing.history.can_redo

    @property
    def chosen(self) -> int:
        """Number of the chosen box, or -1."""
        return self.drawing.chosen

    def choose(self, number: int) -> None:
        """Choose a box by its number; -1: none."""
        self.drawing.choose(number)
        self.refresh()
        self._tell()

    def step(self, by: int) -> None:
        """Choose the next or previous box, from left to right, and bring it into sight."""
        self.drawing.step(by)
        mark = self.drawing.mark
        seen = self._view.seen()
        if mark is not None and self.zoomed and not _inside(mark.xyxy, seen):
            self._set_view(self._view.at(mark.xyxy, max(seen[2] - seen[0], seen[3] - seen[1]) / _side(mark.xyxy)))
        self.refresh()
        self._tell()

    def escape(self) -> bool:
        """Give up what is under way: a drag, then adding; whether there was any."""
        if self.drawing.give_up():
            self._hands.rest()
            self.refresh()
            self._tell()
            return True
        if self._adding:
            self.set_adding(False)
            return True
        return False

    def do(self, work: Callable[[], bool]) -> None:
        """Change the boxes in one step, in edit mode alone, and say so."""
        if not self._editing:
            return
        before = self.drawing.boxes
        work()
        self.refresh()
        self._tell()
        if self.drawing.boxes != before:
            self.edited.emit()

    # Painting

    def hint(self) -> str:
        """What is said at the foot of the picture; empty: nothing."""
        return _("Drag to draw a box. Enter: one in the middle. Esc: none.") if self._adding else super().hint()

    def paint_over(self, painter: QPainter, ratio: float) -> None:
        """Boxes from numbers, and what edit mode has to show."""
        if self._marks_hidden and not self._editing:
            return
        drawing, view = self.drawing, self._view
        if self._layout is None:
            chosen = drawing.chosen if self._editing else NONE
            self._layout = lay_out(drawing.boxes, view, ratio, chosen=chosen, hovered=self._hands.hovered)
            if self._beside:
                lay_beside(self._layout, self._beside, self._whose, view, ratio)
        self._layout.paint(painter)
        if not self._editing:
            return
        x, y = drawing.guides
        if x is not None or y is not None:
            sx, sy = view.to_screen(x or 0.0, y or 0.0)
            paint_lines(painter, None if x is None else round(sx), None if y is None else round(sy), view.room, ratio)
        if self._adding and not drawing.dragging and self._hands.at is not None:
            paint_lines(painter, round(self._hands.at[0]), round(self._hands.at[1]), view.room, ratio)
        if drawing.mark is not None:
            paint_handles(painter, drawing.mark.xyxy, view, ratio)

    def refresh(self) -> None:
        """Lay boxes out anew, and paint."""
        self._layout = None
        self.update()

    def told(self) -> None:
        """Say what has changed since it was said last."""
        self._tell()

    def _tell(self) -> None:
        drawing = self.drawing
        mark, history = drawing.mark, (drawing.history.can_undo, drawing.history.can_redo)
        told, self._told = self._told, (drawing.chosen, history, mark)
        if mark is None:
            said = _("{n} boxes, none chosen").format(n=len(drawing.boxes))
        else:
            x0, y0, x1, y1 = mark.xyxy
            said = _("{label}, box {number} of {n}, {wide} by {high} pixels at {x}, {y}").format(
                label=mark.label, number=drawing.chosen + 1, n=len(drawing.boxes),
                wide=round(x1 - x0), high=round(y1 - y0), x=round(x0), y=round(y0),
            )  # fmt: skip
        if self._beside:
            others = ", ".join(words_of(mark) for mark in self._beside)
            said = _("{said}; {whose}: {others}").format(said=said, whose=self._whose, others=others)
        self.setAccessibleDescription(said)
        if not told or told[0] != drawing.chosen:
            self.chosen_changed.emit(drawing.chosen)
        if not told or told[1] != history:
            self.history_changed.emit()

    # Events: see `hands`

    def event(self, event: QEvent) -> bool:
        """Keys that are the canvas' own while it has the keyboard come before shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._hands.owns(event):
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Take hold of something."""
        self._hands.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Drag it, or look what is there."""
        self._hands.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Let go."""
        self._hands.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  # Qt's name
        """Name a box."""
        self._hands.double(event)

    def leaveEvent(self, _event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Nothing is under the mouse."""
        self._hands.leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Arrows, digits, Enter, Esc, Space; the other keys are actions."""
        if not self._hands.key(event):
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802  # Qt's name
        """Space was held to move the picture."""
        self._hands.key_up(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802  # Qt's name
        """Show that it has the keyboard."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802  # Qt's name
        """Nothing is held any more."""
        super().focusOutEvent(event)
        self._hands.let_space_go()
        self.update()


def _side(box: Corners) -> float:
    return max(box[2] - box[0], box[3] - box[1], 1.0)


def _inside(box: Corners, seen: Corners) -> bool:
    return box[0] >= seen[0] and box[1] >= seen[1] and box[2] <= seen[2] and box[3] <= seen[3]
