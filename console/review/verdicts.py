"""The verdicts' own lane to the store: never refused for lack of room, never confirmed before their commit."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console.errors import SightdeskError, StoreError
from console.review.rows import note_change
from console.review.verdict_rules import Decision, Given, Outcome, now, person
from console.review.verdict_work import Answer, Back, Many, One, Told, Work, settle
from console.settings.review import ReviewSettings
from console.store.store import Store
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["Decision", "Outcome", "VerdictLane"]
_TOGETHER = 64
_PAUSES_S = (0.05, 0.2, 0.5, 1.0, 2.0)
_CLOSE_S = 2.5


class VerdictLane:
    """Stores verdicts in the order they were given, on a thread of its own; every method may be called from any thread.

    A future is done after the commit, or has an error: in words where this person may not give this verdict. While the
    disk refuses, verdicts wait here and are tried again.

    Args:
        store: where they go.
        supervisor: asked as a verdict is given whether a supervisor sits here.
        settings: of the second look.
    """

    def __init__(self, store: Store, *, supervisor: Callable[[], bool], settings: ReviewSettings) -> None:
        self._store = store
        self._supervisor = supervisor
        self._share = settings.second_share
        self._ones: deque[Work] = deque()
        self._bulks: deque[Work] = deque()
        self._at_work: list[Work] = []
        self._changed = threading.Condition()
        self._closing_at: float | None = None
        self._problem = ""
        self._thread = threading.Thread(target=self._loop, name="review-verdicts", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Verdicts that are not kept yet."""
        with self._changed:
            return sum(work.left for works in (self._ones, self._bulks, self._at_work) for work in works)

    @property
    def problem(self) -> str:
        """Why they wait, in words; empty: nothing is in the way."""
        return self._problem

    def apply(self, settings: ReviewSettings) -> None:
        """Go by new settings from the next verdict on."""
        self._share = settings.second_share

    def decide(self, item_id: int, decision: Decision, *, who: str, seconds: float = 0.0) -> Future[Outcome]:
        """Give a verdict.

        Args:
            item_id: of which item.
            decision: what it says.
            who: a person's name.
            seconds: how long he looked at it.

        Returns:
            Done after the commit. With a `UsageError`: nobody is named, the item is gone, or he may not judge it so;
            with a `StoreError`: the lane is closed, and it was not stored.
        """
        future: Future[Outcome] = Future()
        given = self._given(future, who, seconds)
        if given is not None:
            self._accept(self._ones, One(future, item_id, decision, given))
        return future

    def decide_many(
        self,
        ids: Sequence[int],
        decision: Decision,
        *,
        who: str,
        seconds: float = 0.0,
        told: Told = lambda _done, _of: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Future[int]:
        """Say the same of many items; `take_back` with this decision's key undoes all of it.

        An item that this person may not judge so, that is gone, or that was judged after this began, is passed over.

        Args:
            ids: of the items.
            decision: what it says.
            who: a person's name.
            seconds: how long he looked, all in all; each gets its part.
            told: how far it is, on the lane's thread.
            stopped: asked between transactions, on the writer's thread; what is stored stays.

        Returns:
            How many verdicts are stored; done when all of them are.
        """
        future: Future[int] = Future()
        given = self._given(future, who, seconds / max(len(set(ids)), 1))
        if given is not None:
            self._accept(self._bulks, Many(future, ids, decision, replace(given, bulk=decision.key), (told, stopped)))
        return future

    def take_back(self, keys: Sequence[str], who: str) -> Future[int]:
        """Undo verdicts of this person, and whole bulks, by their decisions' keys; the last given first.

        One that is undone already, somebody else's, or one that a later verdict rests upon is passed over. A bulk that
        is under way ends.

        Returns:
            How many verdicts are undone.
        """
        future: Future[int] = Future()
        given = self._given(future, who, 0.0)
        if given is None:
            return future
        with self._changed:
            behind = [work for work in (*self._bulks, *self._at_work) if isinstance(work, Many) and work.key in keys]
            for bulk in behind:
                bulk.ended = True
        self._accept(self._bulks if behind or len(keys) > _TOGETHER else self._ones, Back(future, keys, given))
        return future

    def close(self) -> int:
        """Store what waits, for `_CLOSE_S` at most; returns how many verdicts are lost. Harmless when done already."""
        with self._changed:
            if self._closing_at is None:
                self._closing_at = time.monotonic() + _CLOSE_S
            self._changed.notify_all()
        self._thread.join(_CLOSE_S + 1.0)
        return self._give_up()

    def _given(self, future: Future[Any], who: str, seconds: float) -> Given | None:
        future.set_running_or_notify_cancel()
        try:
            return Given(person(who), self._supervisor(), now(), seconds, self._store.boot_id, self._share)
        except SightdeskError as error:
            future.set_exception(error)
            return None

    def _accept(self, lane: deque[Work], work: Work) -> None:
        with self._changed:
            if self._closing_at is None:
                lane.append(work)
                self._changed.notify_all()
                return
        work.future.set_exception(_lost())

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing_at is not None or self._ones or self._bulks)
                if not (self._ones or self._bulks):
                    return
                while self._ones and len(self._at_work) < _TOGETHER:
                    self._at_work.append(self._ones.popleft())
                if not self._at_work:
                    self._at_work.append(self._bulks.popleft())
            if not self._keep(list(self._at_work)):
                return
            with self._changed:
                for work in self._at_work:
                    if not work.over:
                        self._bulks.appendleft(work)
                self._at_work.clear()

    def _keep(self, works: list[Work]) -> bool:
        """Store a piece of what waits, however often it takes; False: given up, since the lane closes."""
        tries = 0
        while True:
            try:
                answers = self._write(works)
            except (StoreError, FutureTimeout) as error:
                self._problem = str(error) or _("The disk is slow.")
                pause = _PAUSES_S[min(tries, len(_PAUSES_S) - 1)]
                tries += 1
                with self._changed:
                    self._changed.wait_for(self._late, min(pause, self._left_s()))
                    if self._late():
                        return False
            except BaseException as error:  # the outermost frame: it goes to whoever asked
                for work in works:
                    settle(work.future, error)
                return True
            else:
                self._problem = ""
                for answer in answers:
                    answer()
                return True

    def _write(self, works: list[Work]) -> list[Answer]:
        def job(db: Database) -> list[Answer]:
            answers = [work.run(db) for work in works]
            note_change(db)
            return answers

        pending = self._store.write(job, wait_s=min(0.5, self._left_s()))
        while True:
            try:
                return pending.result(min(0.5, self._left_s()))
            except FutureTimeout:
                if self._late() and pending.cancel():
                    raise
                if self._late():
                    with contextlib.suppress(FutureTimeout):
                        return pending.result(0.5)
                    raise

    def _left_s(self) -> float:
        return _CLOSE_S if self._closing_at is None else max(self._closing_at - time.monotonic(), 0.0)

    def _late(self) -> bool:
        return self._closing_at is not None and time.monotonic() >= self._closing_at

    def _give_up(self) -> int:
        with self._changed:
            works = [*self._at_work, *self._ones, *self._bulks]
            lost = sum(work.left for work in works)
            self._ones.clear()
            self._bulks.clear()
            self._at_work.clear()
        for work in works:
            settle(work.future, _lost())
        return lost


def _lost() -> StoreError:
    return StoreError(_("The desk closed before this verdict was stored."), _("Judge the item again."))
