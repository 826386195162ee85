"""The filter in force, saved filters, and one verdict on all that fit it."""

from __future__ import annotations

from functools import partial
from typing import cast

from PySide6.QtCore import QObject, Qt, QTimer

from console.review import queries
from console.review.items import VerdictKind
from console.review.verdicts import Decision, VerdictLane
from console.ui.jobs import Job
from console.ui.operator import ask_operator
from console.ui.review.choice import ORDERS, WAITING, Choice
from console.ui.review.judging import Judging, Step
from console.ui.review.layout import ReviewLayout
from console.ui.review.queue import Queue
from console.ui.review.words import REASONS, STATES, said_words
from console.ui.workplace import Workplace
from models.words import _, ngettext

_CHOICE, _SAVED = "review filter", "review filters"
_PORTION = 500


class Filtering(QObject):
    """Between the filter's boxes and the queue. Belongs to the GUI thread.

    Attributes:
        choice: what is listed and how.
    """

    def __init__(
        self, workplace: Workplace, queue: Queue, judging: Judging, view: ReviewLayout, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._workplace, self._queue, self._judging, self._view = workplace, queue, judging, view
        self._panel = view.side.filter
        self.choice = Choice.of_json(workplace.state.get(_CHOICE, {}))
        self._panel.show_choice(self.choice)
        self._count: int | None = None
        self._job: Job | None = None
        self._settle = QTimer(self, singleShot=True, interval=0)  # boxes that change together count once
        self._settle.timeout.connect(self._take_choice)
        self._panel.changed.connect(self._settle.start)
        self._panel.left.connect(self.toggle)
        self._panel.saved.connect(self._save)
        self._panel.removed.connect(self._remove)
        self._panel.bulk.connect(self._ask)
        self._panel.sure.clicked.connect(self._do)
        self._show_saved()
        self._say_listed()

    @property
    def narrow(self) -> bool:
        """Less than all that waits is listed."""
        return self.choice.wanted != Choice().wanted or bool(self.choice.hours)

    def begin(self, item_id: int) -> None:
        """List it for the first time, from an item on."""
        self._queue.open(self.choice.now(), self.choice.order, item_id)

    def toggle(self) -> None:
        """Show the filter, or go back to the item."""
        on = not self._view.side.filtering
        self._view.side.show_filter(on)
        (self._panel.camera if on else self._view.canvas).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_all(self) -> None:
        """List all that waits."""
        self._panel.show_choice(Choice())
        self._take_choice()
        self._view.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_count(self, count: int) -> None:
        """So many fit."""
        self._count = count
        more = "+" if count >= queries.COUNTED else ""
        words = ngettext("{n} fits.", "{n} fit.", count).format(n=f"{count:,}{more}")
        self._panel.show_count(words, any_=count > 0)
        self._say_listed()

    def begin_bulk(self) -> None:
        """Go to the verdicts on all that fit."""
        if not self._view.side.filtering:
            self.toggle()
        self._panel.accept.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # Choosing

    def _take_choice(self) -> None:
        self.choice = self._panel.choice
        self._panel.ask("", 0)
        self._workplace.state.set(_CHOICE, self.choice.as_json())
        self._count = None
        self._queue.open(self.choice.now(), self.choice.order)
        self._say_listed()

    def _say_listed(self) -> None:
        wanted = self.choice.wanted
        parts = [_(STATES[wanted.states[0]])] if len(wanted.states) == 1 else []
        parts = [_("to be judged")] if wanted.states == WAITING else parts or [_("all")]
        parts += [wanted.label] if wanted.label else []
        parts += [self._panel.camera.currentText()] if wanted.camera_id else []
        parts += [_(REASONS[wanted.reason])] if wanted.reason in REASONS else []
        parts.append(_(ORDERS[self.choice.order]))
        self._view.listed.say(", ".join(parts))

    def _saved(self) -> dict[str, Choice]:
        kept = self._workplace.state.get(_SAVED, {})
        return {str(name): Choice.of_json(said) for name, said in kept.items() if isinstance(said, dict)}

    def _save(self, name: str) -> None:
        kept = self._workplace.state.get(_SAVED, {})
        self._workplace.state.set(_SAVED, kept | {name: self._panel.choice.as_json()})
        self._show_saved()
        self._workplace.notices.say(_("Saved the filter {name}.").format(name=name))

    def _remove(self, name: str) -> None:
        kept = dict(self._workplace.state.get(_SAVED, {}))
        gone = kept.pop(name, None)
        self._workplace.state.set(_SAVED, kept)
        self._show_saved()

        def back() -> None:
            self._workplace.state.set(_SAVED, self._workplace.state.get(_SAVED, {}) | {name: gone})
            self._show_saved()

        self._workplace.notices.say(_("Forgot the filter {name}.").format(name=name), (_("Undo"), back))

    def _show_saved(self) -> None:
        self._panel.show_saved(self._saved())

    # All at once

    def _ask(self, kind: str) -> None:
        if not self._workplace.operator:
            ask_operator(self._workplace, self._view.window(), partial(self._ask, kind))
            return
        label = str(self._panel.relabel_to.currentData() or "") if kind == "relabel" else ""
        if self._job is not None or (kind == "relabel" and not label):
            return
        count = self._count or 0
        more = "+" if count >= queries.COUNTED else ""
        words = _("Say “{what}” of all {n} that fit, in the name of {who}?").format(
            what=said_words(kind, label), n=f"{count:,}{more}", who=self._workplace.operator
        )
        self._panel.ask(kind, count, words)

    def _do(self) -> None:
        kind = cast("VerdictKind", self._panel.asked)
        label = str(self._panel.relabel_to.currentData() or "") if kind == "relabel" else ""
        self._panel.ask("", 0)
        decision, who, wanted = Decision(kind, label), self._workplace.operator, self.choice.now()
        lane, store = self._judging.lane, self._workplace.store

        given: list[int] = []

        def work(job: Job) -> None:
            ids: list[int] = []
            place = None
            while not job.cancelled.is_set():
                with store.read() as db:
                    some = queries.page(db, wanted, "oldest", after=place, limit=_PORTION)
                ids += [item.id for item in some if item.box is not None]
                if len(some) < _PORTION:
                    break
                place = queries.place_of(some[-1], "oldest")
                job.report(0, 0, _("{n} found").format(n=f"{len(ids):,}"))
            given.append(_said_of_all(lane, ids, decision, who, job))

        title = _("One verdict on all that fit")
        self._job = self._workplace.jobs.start(title, work, failed=self._workplace.notices.error)
        self._job.ended.connect(lambda: self._done(Step((decision.key,), 0, who, 2), given))

    def _done(self, step: Step, given: list[int]) -> None:
        """Also where it was cancelled or failed: what is stored can be undone."""
        self._job = None
        number = sum(given)
        if number:
            self._judging.note(step)
            words = ngettext("{n} verdict given.", "{n} verdicts given.", number).format(n=f"{number:,}")
            self._workplace.notices.say(words, (_("Undo"), self._judging.undo))
        elif given:
            self._workplace.notices.say(_("Nothing of it could be judged so."))
        self._queue.open(self.choice.now(), self.choice.order)


def _said_of_all(lane: VerdictLane, ids: list[int], decision: Decision, who: str, job: Job) -> int:
    if job.cancelled.is_set() or not ids:
        return 0
    future = lane.decide_many(ids, decision, who=who, told=job.report, stopped=job.cancelled.is_set)
    return future.result()
