"""Verdicts on their way: given at once, shown as kept after their commit, undone one by one, and never lost."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from console.errors import SightdeskError
from console.review.items import Item
from console.review.verdicts import Decision, Outcome, VerdictLane
from console.ui.review.words import said_words
from widgets.film import Mark

UNDO_STEPS = 200
_AFTER_MS = 12
"""A verdict is handed over after the next picture was painted: the threads that store it would want the interpreter
at the very moment the screen does."""


@dataclass(slots=True)
class Said:
    """What was said of an item in this session.

    Attributes:
        item: as it was then.
        decision: what was said.
        who, seconds: by whom, and how long he looked.
        mark: what became of it.
        error: why it could not be kept.
        second: somebody else is to look at it too, now that it is kept.
        before: what was said of it before in this session, and stands again when this is undone; or None.
    """

    item: Item
    decision: Decision
    who: str
    seconds: float
    mark: Mark = "waits"
    error: SightdeskError | None = None
    second: bool = False
    before: Said | None = None

    @property
    def words(self) -> str:
        """In a word or two."""
        return said_words(self.decision.kind, self.decision.label)


@dataclass(frozen=True, slots=True)
class Step:
    """What one undo takes back: keys of decisions, the item to return to (0: none), and what it was, for a bulk."""

    keys: tuple[str, ...]
    item_id: int
    who: str
    number: int = 1


class Judging(QObject):
    """The session's verdicts. Belongs to the GUI thread; the lane answers from its own.

    Args:
        lane: stores them.

    Attributes:
        lane: see there.
        said: by item.

    Signals:
        marked: id of an item of whose verdict something is known now.
        refused: a `Said` that could not be kept, with its error.
        taken_back: a `Step` and how many verdicts it undid, or the error of it.
    """

    marked = Signal(int)
    refused = Signal(object)
    taken_back = Signal(object, object)
    _settled = Signal(object, object)
    _undone = Signal(object, object)

    def __init__(self, lane: VerdictLane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lane = lane
        self._steps: list[Step] = []
        self.said: dict[int, Said] = {}
        self._next: list[Said] = []
        self._after = QTimer(self, singleShot=True, interval=_AFTER_MS)
        self._after.timeout.connect(self.hand_over)
        self._settled.connect(self._settle, Qt.ConnectionType.QueuedConnection)
        self._undone.connect(self.taken_back, Qt.ConnectionType.QueuedConnection)

    @property
    def can_undo(self) -> bool:
        """There is a verdict to take back."""
        return bool(self._steps)

    @property
    def waiting(self) -> int:
        """Verdicts that are not kept yet."""
        return self.lane.waiting + len(self._next)

    @property
    def problem(self) -> str:
        """Why they wait, in words."""
        return self.lane.problem

    def done(self, item: Item) -> bool:
        """Whether something was said of an item that is kept or on its way."""
        said = self.said.get(item.id)
        return said is not None and said.mark != "failed"

    def give(self, item: Item, decision: Decision, who: str, seconds: float) -> None:
        """Say something of an item.

        What the same person said of it before is taken back for it where somebody else is to look at it too, which he
        can't, or where it is still on its way.
        """
        before = self.said.get(item.id)
        if before is not None and before.who == who and (before.second or before.mark == "waits"):
            self.hand_over()
            self._steps = [step for step in self._steps if before.decision.key not in step.keys]
            self.lane.take_back([before.decision.key], who)
            before = before.before
        said = Said(item, decision, who, seconds, before=before if before is not None and not before.error else None)
        self.said[item.id] = said
        self._steps.append(Step((decision.key,), item.id, who))
        del self._steps[:-UNDO_STEPS]
        self._next.append(said)
        self._after.start()

    def hand_over(self) -> None:
        """Hand to the lane what was said a moment ago."""
        said, self._next = self._next, []
        for one in said:
            self._send(one)

    def again(self, said: Said) -> None:
        """Say again what could not be kept; the same key, so that it counts once."""
        said.mark, said.error = "waits", None
        self._send(said)
        self.marked.emit(said.item.id)

    def note(self, step: Step) -> None:
        """A bulk was done, which undo takes back as one."""
        self._steps.append(step)

    def undo(self) -> Step | None:
        """Take the last step back; what it was, or None: there is none."""
        if not self._steps:
            return None
        self.hand_over()
        step = self._steps.pop()
        gone = self.said.pop(step.item_id, None)
        if gone is not None and gone.before is not None:
            self.said[step.item_id] = gone.before
        future = self.lane.take_back(step.keys, step.who)
        future.add_done_callback(lambda done: self._undone.emit(step, _outcome(done)))
        return step

    def forget(self, item_ids: Sequence[int]) -> None:
        """These are asked about anew."""
        for item_id in item_ids:
            self.said.pop(item_id, None)

    def _send(self, said: Said) -> None:
        future = self.lane.decide(said.item.id, said.decision, who=said.who, seconds=said.seconds)
        future.add_done_callback(lambda done: self._settled.emit(said, _outcome(done)))

    def _settle(self, said: Said, outcome: Outcome | Exception) -> None:
        if self.said.get(said.item.id) is not said:  # undone meanwhile, or said anew
            return
        if isinstance(outcome, Exception):
            said.mark = "failed"
            said.error = outcome if isinstance(outcome, SightdeskError) else SightdeskError(str(outcome))
            self._steps = [step for step in self._steps if said.decision.key not in step.keys]
            self.marked.emit(said.item.id)
            self.refused.emit(said)
            return
        said.mark = "kept"
        said.second = outcome.state == "second"
        self.marked.emit(said.item.id)


def _outcome(done: Future[Any]) -> object:
    error = done.exception()
    return error if error is not None else done.result()
