"""Edit mode of the review page: all boxes of a picture are put right, and what comes of it is the truth about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from console.review.items import Box
from console.ui.actions import Actions
from models.words import N_, _
from widgets.canvas import Canvas, Mark
from widgets.canvas.label_picker import LabelPicker
from widgets.canvas.marks import Corners, area
from widgets.key_button import KeyButton
from widgets.theme import px
from widgets.tool_row import ToolRow

PLACE = "edit"
"""Where in the table of actions its keys are its own."""
SAME = 0.5
"""Boxes of one class that overlap by so much (IoU) are the same object."""
_LEFT = (
    ("edit.add", N_("Box"), "add"),
    ("edit.delete", N_("Delete"), "trash"),
    ("edit.relabel", N_("Class"), "edit"),
    ("edit.copy", N_("Copy"), "copy"),
    ("edit.snap", N_("Catch"), "magnet"),
    ("edit.undo", N_("Undo"), "undo"),
    ("edit.redo", N_("Redo"), "redo"),
)
_RIGHT = (("edit.cancel", N_("Leave"), "close"), ("edit.save", N_("Done"), "check"))


def marks_of(boxes: Sequence[Box], asked: Box | None = None) -> tuple[Mark, ...]:
    """Boxes as the canvas shows them; the one asked about is put among them where it is missing."""
    every = boxes if asked is None or asked in boxes else (*boxes, asked)
    first = next((number for number, box in enumerate(every) if box == asked), -1)
    return tuple(
        Mark(box.xyxy, box.label, box.score, number == first, box.track, drawn=box.score is None)
        for number, box in enumerate(every)
    )


def boxes_of(marks: Sequence[Mark]) -> tuple[Box, ...]:
    """What the canvas shows as boxes; what a person drew, moved or renamed has no score."""
    return tuple(Box(mark.xyxy, mark.label, mark.score, mark.track) for mark in marks)


class Editing(QObject):
    """Draws on the canvas of a page. While it is on, the keys of the page are those of drawing.

    Args:
        canvas: shows the item.
        actions: where its entries are bound; the page's own ("review") are switched off while it is on.
        page: where its keys work.

    Attributes:
        bar: its tools, to be shown while it is on.

    Signals:
        saved: all boxes of the picture (tuple of Box); edit mode is over.
        cancelled: edit mode is over, without a change.
        begun: edit mode is on.
    """

    saved = Signal(object)
    cancelled = Signal()
    begun = Signal()

    def __init__(self, canvas: Canvas, actions: Actions, page: QWidget) -> None:
        super().__init__(page)
        self._canvas = canvas
        self._actions = actions
        self._page = page
        self._before: tuple[Mark, ...] = ()
        self._earlier: tuple[Mark, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._warned = False
        self._bind()
        self.bar = self._tools()
        canvas.history_changed.connect(self._look)
        canvas.edited.connect(self._look)
        canvas.chosen_changed.connect(self._look)
        canvas.label_wanted.connect(self.relabel)
        actions.set_place(PLACE, on=False)

    @property
    def active(self) -> bool:
        """Edit mode is on."""
        return self._canvas.editing

    @property
    def changed(self) -> bool:
        """Boxes are others than at the beginning."""
        return self.active and self._canvas.boxes() != self._before

    def begin(
        self,
        boxes: Sequence[Box],
        labels: Sequence[str],
        *,
        asked: Box | None = None,
        earlier: Sequence[Box] = (),
        add: bool | None = None,
    ) -> bool:
        """Switch edit mode on, for the picture that the canvas shows; without one it stays off.

        Args:
            boxes: of the picture.
            labels: classes there are; the first nine have digits.
            asked: the box that is asked about; it is chosen.
            earlier: boxes of the track's item before this one, which can be copied from; empty: there is none.
            add: begin with drawing a box; None: where one key does both, as other tools have it.

        Returns:
            Whether it is on: what can't be seen can't be put right.
        """
        canvas = self._canvas
        if not canvas.has_picture:
            return False
        self._earlier = marks_of(earlier)
        self._labels = tuple(labels)
        self._warned = False
        self._actions.set_place("review", on=False)
        self._actions.set_place(PLACE, on=True)
        canvas.editing = True
        canvas.drawing.label = asked.label if asked is not None else ""
        canvas.set_labels(self._labels)
        canvas.set_boxes(marks_of(boxes, asked))
        self._before = canvas.boxes()
        keys = self._actions.keys.of
        canvas.set_adding(bool(set(keys["review.edit"]) & set(keys["edit.add"])) if add is None else add)
        canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self._look()
        self.begun.emit()
        return True

    def end(self) -> None:
        """Switch edit mode off; nothing is said of it."""
        canvas = self._canvas
        canvas.editing = False
        canvas.set_hint("")
        canvas.set_boxes(self._before)
        self._actions.set_place(PLACE, on=False)
        self._actions.set_place("review", on=True)

    def may_leave(self) -> bool:
        """Whether nothing would be lost by leaving; where something would, it is said, and the next time it may."""
        if not self.changed or self._warned:
            return True
        self._warned = True
        self._canvas.set_hint(
            _("Not kept yet. {done}: keep it. {leave} once more: throw it away.").format(
                done=self._actions.shown("edit.save") or _("Done"), leave=self._actions.shown("edit.cancel")
            )
        )
        return False

    def save(self) -> None:
        """What is shown is the truth about the picture; a box without a class is asked for it first."""
        if not self.active:
            return
        marks = self._canvas.boxes()
        nameless = next((number for number, mark in enumerate(marks) if not mark.label), None)
        if nameless is not None:
            self._canvas.choose(nameless)
            self.relabel()
            return
        self.end()
        self.saved.emit(boxes_of(marks))

    def cancel(self) -> None:
        """Give up what is under way: a drag, drawing a box, and then the changes, asked for a second time."""
        if self._canvas.escape() or not self.active or not self.may_leave():
            return
        self.end()
        self.cancelled.emit()

    def relabel(self) -> None:
        """Ask for the class of the chosen box."""
        mark = self._canvas.drawing.mark
        if not self.active or mark is None:
            return
        used = [other.label for other in self._canvas.boxes() if other.label]
        picker = LabelPicker(tuple(dict.fromkeys((*self._labels, *used))), mark.label, self._page)
        picker.picked.connect(self._canvas.relabel)
        picker.finished.connect(picker.deleteLater)
        picker.open()

    def copy(self) -> None:
        """Add the boxes of a moment earlier that are missing here."""
        missing = [mark for mark in self._earlier if not _known(mark, self._canvas.boxes())]
        if missing:
            self._canvas.add(*(Mark(mark.xyxy, mark.label, track=mark.track, drawn=True) for mark in missing))
        else:
            self._canvas.set_hint(_("Nothing of a moment earlier is missing here."))

    def toggle_snap(self) -> None:
        """Have edges catch other edges and the border, or not; with Alt held they never do."""
        drawing = self._canvas.drawing
        drawing.catches = not drawing.catches
        self._look()

    # Setting up

    def _bind(self) -> None:
        canvas = self._canvas
        works: dict[str, Callable[[], object]] = {
            "edit.add": self._add,
            "edit.delete": canvas.delete,
            "edit.relabel": self.relabel,
            "edit.duplicate": canvas.duplicate,
            "edit.copy": self.copy,
            "edit.snap": self.toggle_snap,
            "edit.undo": canvas.undo,
            "edit.redo": canvas.redo,
            "edit.next": partial(canvas.step, 1),
            "edit.previous": partial(canvas.step, -1),
            "edit.save": self.save,
            "edit.cancel": self.cancel,
            "edit.zoom_in": partial(canvas.zoom, 1),
            "edit.zoom_out": partial(canvas.zoom, -1),
            "edit.fit": canvas.fit,
        }
        for name, work in works.items():
            self._actions.bind(name, work, self._page)

    def _tools(self) -> ToolRow:
        title = QLabel(_("Drawing"))
        title.setProperty("role", "heading")
        self._buttons = {name: self._actions.button(name, _(words), icon) for name, words, icon in (*_LEFT, *_RIGHT)}
        for name, button in self._buttons.items():
            button.set_about(self._actions[name].text())
        self._buttons["edit.snap"].setCheckable(True)
        self._buttons["edit.save"].setProperty("role", "primary")
        left: list[QWidget] = [title, *(self._buttons[name] for name, _words, _icon in _LEFT)]
        way_out = QWidget()  # its words stay, whatever gives way
        row = QHBoxLayout(way_out)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(8))
        for name, _words, _icon in _RIGHT:
            row.addWidget(self._buttons[name])
        return ToolRow(left, [way_out])

    def _add(self) -> None:
        """The next drag draws a box; said twice, one is put in the middle."""
        if self._canvas.adding:
            self._canvas.add_in_middle()
        else:
            self._canvas.set_adding(True)

    def _look(self, _chosen: object = None) -> None:
        """What can be done now."""
        canvas, some = self._canvas, self._canvas.drawing.mark is not None
        possible = {
            "edit.undo": canvas.can_undo, "edit.redo": canvas.can_redo, "edit.copy": bool(self._earlier),
            "edit.delete": some, "edit.relabel": some, "edit.duplicate": some,
        }  # fmt: skip
        for name, can in possible.items():
            self._actions.enable(name, can)
            button: KeyButton | None = self._buttons.get(name)
            if button is not None:
                button.setEnabled(can)
        self._buttons["edit.snap"].setChecked(canvas.drawing.catches)
        self._warned = False
        canvas.set_hint("")


def _known(mark: Mark, among: Sequence[Mark]) -> bool:
    """Whether an object is there already: its track is, or a box of its class lies where it was."""
    return any(
        (mark.track is not None and mark.track == other.track)
        or (mark.label == other.label and _iou(mark.xyxy, other.xyxy) >= SAME)
        for other in among
    )


def _iou(one: Corners, other: Corners) -> float:
    both = (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
    shared = area(both)
    return shared / max(area(one) + area(other) - shared, 1e-9)
