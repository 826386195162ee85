"""Puts an item on the screen, or the words for there being none."""

from __future__ import annotations

from typing import Literal

from console.errors import SightdeskError
from console.review.items import Box, Item
from console.ui.review.deck import Deck, Decoded
from console.ui.review.judging import Judging
from console.ui.review.layout import ReviewLayout
from console.ui.review.pace import Pace
from console.ui.review.words import question, verdict_words, where_words, yes_words
from models.words import _
from widgets.canvas import Mark

Way = Literal["", "all", "again", "skip"]
_SAME_PX = 0.51
"""Corners that differ by less are of the same box: they are stored with two digits."""


class Showing:
    """Shows one item after the other; knows nothing of where they come from.

    Attributes:
        problem: why the database can't be read, or None.
        way: what the button on the screen offers.
        blurred: the picture is smaller than it is stored: it must come anew for a closer look.
        on_screen: id of the item whose picture is shown; 0: none is.
    """

    def __init__(self, view: ReviewLayout, deck: Deck, judging: Judging, pace: Pace) -> None:
        self._view, self._deck, self._judging, self._pace = view, deck, judging, pace
        self.problem: Exception | None = None
        self.way: Way = ""
        self.blurred = False
        self.on_screen = 0

    def show(self, item: Item) -> None:
        """Show an item: its picture where it is decoded already, else as soon as it is."""
        view = self._view
        self._pace.begin()
        if view.canvas.zoomed:
            view.canvas.fit()
        self.show_picture(item)
        view.canvas.set_boxes(marks_of(item, self._said_boxes(item)))
        view.title.setText(question(item))
        view.about.say(where_words(item))
        view.bar.set_words("accept", yes_words(item))
        whole = item.box is None
        view.bar.set_shown(("accept", "skip", "edit") if whole else ("accept", "reject", "skip", "edit", "whole"))
        view.bar.setEnabled(True)
        if view.middle.currentWidget() is not view.canvas:
            had = view.calm.button.hasFocus()
            view.middle.setCurrentWidget(view.canvas)
            if had:
                view.canvas.setFocus()

    def show_picture(self, item: Item) -> None:
        """Show the picture of the item in front, or why there is none (yet)."""
        decoded = self._deck.picture(item.id)
        self.blurred = True
        self.on_screen = item.id if decoded is not None and decoded.image is not None else 0
        if decoded is None:
            self._view.canvas.show_picture(None, item.size, _("The picture comes in a moment."))
        else:
            self._view.canvas.show_picture(decoded.image, item.size, decoded.why)
        self._say_trouble(item, decoded)

    def show_none(self, loading: bool, narrow: bool, quiet: str) -> None:  # noqa: FBT001
        """Show that there is no item.

        Args:
            loading: nobody knows yet.
            narrow: a filter is in force.
            quiet: when the last one came and what was let go, in words.
        """
        view = self._view
        self.way = ""
        view.title.setText(_("Review"))
        view.about.say("")
        view.bar.setEnabled(False)
        view.show_trouble("")
        if self.problem is not None:
            error = self.problem
            words = (error.what, error.hint) if isinstance(error, SightdeskError) else (str(error), "")
            view.calm.show_words(*words, _("Try again"), alarm=True)
            self.way = "again"
        elif loading:
            view.calm.show_words(_("Looking what waits ..."), "")
        elif narrow:
            done = _("Everything that fits this filter is judged.") if self._judging.said else ""
            view.calm.show_words(done or _("Nothing fits this filter."), quiet, _("Show all that waits"))
            self.way = "all"
        else:
            view.calm.show_words(_("All done.") if self._judging.said else _("Nothing waits for you."), quiet)
        view.middle.setCurrentWidget(view.calm)

    def _said_boxes(self, item: Item) -> tuple[Box, ...] | None:
        """What somebody put right in it, where that may be seen."""
        said = self._judging.said.get(item.id)
        if said is not None:
            return said.decision.boxes
        return item.verdict.boxes if item.verdict is not None and item.state == "done" else None

    def _say_trouble(self, item: Item, decoded: Decoded | None) -> None:
        said = self._judging.said.get(item.id)
        self.way = ""
        if said is not None and said.error is not None:
            self._view.show_trouble(_("■ Not kept: {what} {hint}").format(what=said.error.what, hint=said.error.hint))
        elif decoded is not None and decoded.image is None:
            self.way = "skip"
            words = _("▲ {why} It can still be judged by what stands beside it, or leave the queue.")
            self._view.show_trouble(words.format(why=decoded.why), _("Skip it"))
        elif item.state == "disputed" and item.verdict is not None:
            self._view.show_trouble(_dispute_words(item))
        else:
            self._view.show_trouble("")


def _dispute_words(item: Item) -> str:
    last = item.verdict
    assert last is not None  # noqa: S101  # the caller has looked
    return _("▲ {who} said: {what}. Somebody else said otherwise; both are at the right. A supervisor decides.").format(
        who=last.who, what=verdict_words(last)
    )


def marks_of(item: Item, boxes: tuple[Box, ...] | None = None) -> tuple[Mark, ...]:
    """Boxes as the canvas shows them, the one in question last.

    Args:
        item: whose.
        boxes: what somebody put right in it; None: as the model found them.
    """
    if boxes is not None:
        return tuple(_mark(box) for box in boxes)
    asked = item.box
    others = [_mark(box) for box in item.boxes if asked is None or not same(box, asked)]
    return tuple(others) if asked is None else (*others, _mark(asked, asked=True))


def _mark(box: Box, *, asked: bool = False) -> Mark:
    return Mark(box.xyxy, box.label, box.score, asked=asked, track=box.track, drawn=box.score is None)


def same(one: Box, other: Box) -> bool:
    """Whether two are one box of the model: same class, same corners."""
    return one.label == other.label and all(abs(a - b) < _SAME_PX for a, b in zip(one.xyxy, other.xyxy, strict=True))
