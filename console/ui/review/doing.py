"""What somebody does on the Review page: verdicts, the way back, drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Qt

from console.review.items import Box, Item, VerdictKind
from console.review.verdicts import Decision
from console.ui.operator import ask_operator
from console.ui.review.deck import Deck
from console.ui.review.editing import Editing
from console.ui.review.facts import Facts
from console.ui.review.judging import Judging, Said, Step
from console.ui.review.layout import ReviewLayout
from console.ui.review.pace import Pace
from console.ui.review.queue import Queue
from console.ui.review.showing import same
from console.ui.workplace import Workplace
from models.words import _, ngettext


class Doing(QObject):
    """Between keys and buttons on the one side, queue and lane on the other. Belongs to the GUI thread.

    Attributes:
        editing: drawing, once the page is bound; None before.
    """

    def __init__(  # what it stands between
        self,
        workplace: Workplace,
        view: ReviewLayout,
        queue: Queue,
        judging: Judging,
        facts: Facts,
        *,
        deck: Deck,
        pace: Pace,
        show: Callable[[], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workplace, self.view, self.queue, self.judging = workplace, view, queue, judging
        self.facts, self.deck, self.pace, self._show = facts, deck, pace, show
        self.editing: Editing | None = None
        judging.refused.connect(self._say_refused)
        judging.taken_back.connect(self._say_taken_back)
        view.bar.said.connect(self._press)
        view.side.choices.picked.connect(self.relabel)

    def draw_with(self, editing: Editing) -> None:
        """Drawing is done with this."""
        self.editing = editing
        self.view.add_tools(editing.bar)
        editing.begun.connect(lambda: self.view.show_tools(True))  # noqa: FBT003
        editing.saved.connect(self._take_drawn)
        editing.cancelled.connect(self._show)

    def accept(self) -> None:
        """The box is right; of a whole picture: all of it is."""
        item = self.queue.current
        if item is not None and item.box is None:
            self.whole()
        else:
            self.say("accept")

    def whole(self) -> None:
        """All boxes of the picture are right, as they are."""
        item = self.queue.current
        if item is not None:
            self.say("edit", boxes=boxes_in(item))

    def relabel_to(self, digit: int) -> None:
        """It is the class of this digit."""
        label = self.view.side.choices.digit(digit)
        if label:
            self.relabel(label)

    def relabel(self, label: str) -> None:
        """It is this class; of a box that is being edited, that box."""
        self.view.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self.facts.use_label(label)
        if self.drawing:
            self.view.canvas.relabel(label)
        else:
            self.say("relabel", label)

    def say(self, kind: VerdictKind, label: str = "", boxes: Sequence[Box] | None = None) -> None:
        """Give a verdict on the item in front, and go on at once."""
        item = self.queue.current
        if item is None:
            return
        again = partial(self.say, kind, label, boxes)
        if kind in ("accept", "reject", "relabel") and item.box is None:
            self._workplace.notices.say(_("This asks about the whole picture: draw, or say that all is right."))
            return
        if not self._workplace.operator:
            ask_operator(self._workplace, self.view.window(), again)
            return
        if item.state == "disputed" and kind != "skip" and not self._workplace.may(_("Settling a dispute"), again):
            return
        kind, label = ("accept", "") if kind == "relabel" and label == item.label else (kind, label)
        decision = Decision(kind, label, tuple(boxes) if boxes is not None else None)
        fresh = not self.judging.done(item)
        self.judging.give(item, decision, self._workplace.operator, self.pace.judged())
        self.view.film.set_mark(item.id, "waits", self.judging.said[item.id].words)
        self.facts.judged(int(fresh))
        self.queue.next_of(lambda other: not self.judging.done(other))

    def step(self, rows: int) -> None:
        """Go on or back without a verdict."""
        if not self.queue.step(rows) and rows > 0:
            self._workplace.notices.say(_("That was the last one."))

    def edit(self) -> None:
        """Draw: all boxes of the picture are put right, and that is the verdict."""
        item = self.queue.current
        if item is None or self.editing is None or self.drawing:
            return
        if not self._workplace.operator:
            ask_operator(self._workplace, self.view.window(), self.edit)
            return
        decoded = self.deck.picture(item.id)
        if decoded is None or decoded.image is None:
            self._workplace.notices.say(_("Without its picture nothing can be drawn; it can be judged or skipped."))
            return
        earlier = [near for near in self.facts.near if near.track == item.track and near.taken_at < item.taken_at]
        self.editing.begin(
            boxes_in(item),
            self.view.side.choices.labels,
            asked=next((box for box in boxes_in(item) if item.box is not None and same(box, item.box)), None),
            earlier=earlier[-1].boxes if earlier else (),
            add=item.reason == "missed",
        )

    def undo(self) -> None:
        """Take the last verdict back and return to its item."""
        step = self.judging.undo()
        if step is None:
            self._workplace.notices.say(_("There is no verdict to undo."))
            return
        if not step.item_id:
            return
        said = self.judging.said.get(step.item_id)
        if said is None:
            self.facts.judged(-1)
            self.view.film.set_mark(step.item_id, "", "")
        else:
            self.view.film.set_mark(step.item_id, said.mark, said.words)
        if not self.queue.go_to(step.item_id):
            self.queue.open(self.queue.wanted, self.queue.order, step.item_id)

    @property
    def drawing(self) -> bool:
        """Boxes are being put right."""
        return self.editing is not None and self.editing.active

    # What comes back

    def _take_drawn(self, boxes: tuple[Box, ...]) -> None:
        self.view.show_tools(False)  # noqa: FBT003
        self.say("edit", boxes=boxes)

    def stop_drawing(self) -> None:
        """Draw no more, without a word: another item comes."""
        if self.editing is not None and self.drawing:
            self.editing.end()
        self.view.show_tools(False)  # noqa: FBT003

    def _press(self, name: str) -> None:
        self.view.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        work = {"accept": self.accept, "whole": self.whole, "edit": self.edit}
        (work.get(name) or partial(self.say, name))()  # type: ignore[arg-type]  # the others are kinds of verdict

    def _say_refused(self, said: Said) -> None:
        """It came back: say why, and offer the item again."""
        self.facts.judged(-1)
        if said.error is not None:
            self._workplace.notices.error(said.error, (_("Go to the item"), partial(self._return_to, said.item.id)))
        if self.queue.current is None:
            self._return_to(said.item.id)
        elif self.queue.current.id == said.item.id:
            self._show()

    def _return_to(self, item_id: int) -> None:
        if not self.queue.go_to(item_id):
            self.queue.open(self.queue.wanted, self.queue.order, item_id)

    def _say_taken_back(self, step: Step, outcome: int | Exception) -> None:
        if isinstance(outcome, Exception):
            self._workplace.notices.error(outcome)
        elif step.number > 1 or not step.item_id:
            words = ngettext("{n} verdict undone.", "{n} verdicts undone.", outcome).format(n=outcome)
            self._workplace.notices.say(words)
            self.queue.open(self.queue.wanted, self.queue.order)
        elif not outcome:
            self._workplace.notices.say(_("It could not be undone: somebody has judged the item since."))
        self.facts.look(now=True)


def boxes_in(item: Item) -> tuple[Box, ...]:
    """All boxes of an item's picture, the one it asks about among them."""
    asked = item.box
    if asked is None or any(same(box, asked) for box in item.boxes):
        return item.boxes
    return (*item.boxes, asked)
