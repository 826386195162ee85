"""What the cloud found in the item in front: read while somebody looks at it, said beside it, drawn over it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from PySide6.QtCore import QObject, QTimer

from console.review.items import Item
from console.store.answers import AnswerRow, about, unanswered_since
from console.store.store import utc_text
from console.sync.answers.words import found_words, ran_words
from console.sync.routes import may_answer
from console.ui.review.cloud_panel import Line
from console.ui.review.layout import ReviewLayout
from console.ui.review.reading import Reader
from console.ui.workplace import Workplace
from models.words import _, ngettext
from widgets.canvas import Mark

LOOK_MS = 1000
SETTLE_MS = 80
"""As with all that stands beside the picture: nobody reads it while he goes through items at speed."""
_BOXES = "review cloud boxes"
_MOST_BOXES, _MOST_LINES, _LETTERS = 60, 3, 40
_WAIT = timedelta(days=1)
_PATIENT_S = 600.0
"""After so long it is no longer said that the cloud is looking."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of an item: the answers about it, and when the last file was sent that has none yet."""

    item_id: int
    answers: Sequence[AnswerRow]
    unanswered: datetime | None


class CloudSays(QObject):
    """Asks the database once a second while the page is seen. Belongs to the GUI thread.

    Args:
        workplace: shared by all pages.
        reader: looks it up.
        view: where it is said and drawn.

    Attributes:
        shown: boxes are drawn; remembered.
    """

    def __init__(self, workplace: Workplace, reader: Reader, view: ReviewLayout, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workplace, self._reader, self._view = workplace, reader, view
        self.shown = bool(workplace.state.get(_BOXES, True))
        self._item: Item | None = None
        self._said: Said | None = None
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.look)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        view.side.cloud.boxes.clicked.connect(self.toggle)

    def begin(self) -> None:
        """Somebody looks at the page."""
        self._timer.start()

    def end(self) -> None:
        """Nobody does any more."""
        self._timer.stop()
        self._settle.stop()

    def of(self, item: Item) -> None:
        """Another item is in front, or the same one anew: boxes of one are never over the picture of another."""
        if self._item is None or self._item.id != item.id:
            self._said = None
            self._view.canvas.set_beside(())
        self._item = item
        self._settle.start()

    def of_none(self) -> None:
        """There is no item."""
        self._item = self._said = None
        self._settle.stop()
        self._show()

    def toggle(self) -> None:
        """Draw its boxes, or leave them out."""
        self.shown = not self.shown
        self._workplace.state.set(_BOXES, self.shown)
        self._show()
        if not self._boxes():
            words = _("Boxes of the cloud are shown where there are any.")
            self._workplace.notices.say(words if self.shown else _("Boxes of the cloud are not shown."))

    def look(self) -> None:
        """See what is known now."""
        item = self._item
        if item is not None:
            names = [target.name for target in self._workplace.settings.sync.targets if may_answer(target)]
            self._reader.ask("cloud", partial(_look, item, names), self._take)

    def _take(self, said: Said) -> None:
        if self._item is not None and said.item_id == self._item.id:
            self._said = said
            self._show()

    def _show(self) -> None:
        side, boxes = self._view.side.cloud, self._boxes()
        side.show_lines(_lines(self._said, datetime.now(UTC)) if self._said is not None else ())
        side.show_boxes(self.shown if boxes else None)
        self._view.canvas.set_beside(boxes if self.shown else (), _("cloud"))

    def _boxes(self) -> list[Mark]:
        if self._item is None or self._said is None:
            return []
        return [mark for answer in self._said.answers for mark in marks_of(answer, self._item.size)][:_MOST_BOXES]


def marks_of(answer: AnswerRow, size: tuple[int, int]) -> list[Mark]:
    """Boxes of an answer in pixels of the camera's picture, the surest first; none where they are of a file's pixels.

    Args:
        answer: which.
        size: (width, height) of the picture as this desk knows it.
    """
    if answer.state != "done" or answer.body.get("space") != "source":
        return []
    across, down = size[0] / answer.body["size"][0], size[1] / answer.body["size"][1]
    marks = []
    for found in sorted(answer.body["found"], key=lambda one: -float(one["score"])):
        x0, y0, x1, y1 = found["box"]
        box = (x0 * across, y0 * down, x1 * across, y1 * down)
        marks.append(Mark(box, str(found["label"])[:_LETTERS], float(found["score"])))
    return marks


def _look(item: Item, targets: Sequence[str], db: sqlite3.Connection) -> Said:
    now = datetime.now(UTC)
    since = unanswered_since(db, item.tracking_id, targets, utc_text(now - _WAIT), utc_text(now))
    return Said(item.id, about(db, item.tracking_id), since)


def _lines(said: Said, now: datetime) -> list[Line]:
    """What is said, in the order in which it came."""
    lines = []
    more = len(said.answers) - _MOST_LINES
    several = len({answer.target for answer in said.answers}) > 1
    for answer in said.answers[-_MOST_LINES:]:
        task = f"{answer.target}, {answer.task}" if several else answer.task
        detail = ", ".join(filter(None, (task, _ago(answer.received_at, now), ran_words(answer))))
        lines.append(Line(found_words(answer), detail, ran_words(answer, whole=True)))
    if more > 0:
        words = ngettext("{n} more before", "{n} more before", more).format(n=more)
        lines.insert(0, Line("", words, _("All of them stand under “Where is it?”.")))
    if said.unanswered is not None:
        looking = (now - said.unanswered).total_seconds() < _PATIENT_S
        words = _("is looking at it") if looking else _("no answer yet")
        lines.append(Line(words, _("sent {ago}").format(ago=_ago(said.unanswered, now))))
    return lines


def _ago(moment: datetime, now: datetime) -> str:
    """How long ago, in steps so wide that nothing seems to run."""
    seconds = max((now - moment).total_seconds(), 0.0)
    if seconds < 10:
        return _("just now")
    if seconds < 60:
        return _("{n} s ago").format(n=int(seconds // 10) * 10)
    if seconds < 7200:
        return _("{n} min ago").format(n=int(seconds // 60))
    if seconds < 2 * 86_400:
        return _("{n} h ago").format(n=int(seconds // 3600))
    return _("{n} days ago").format(n=int(seconds // 86_400))
