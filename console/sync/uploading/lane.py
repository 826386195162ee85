"""The lane of one target: a thread that claims what waits, and the senders that hand it over."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import replace

from console.sync.figures import TargetFigures
from console.sync.uploading.connection import Parts, Wanted
from console.sync.uploading.course import Course
from console.sync.uploading.records import Said
from console.sync.uploading.senders import Senders, Task
from console.sync.uploading.sending import Outcome
from console.sync.uploading.tally import Tally
from console.sync.uploading.told import Shown, Told

log = logging.getLogger(__name__)

_MISHAP_S = 5.0


class Lane:
    """Sends what waits for one target. What is public may be called from any thread, and returns at once.

    Args:
        name: of the target.
        parts: what all lanes share.

    Attributes:
        tally: what went there in this run.
    """

    def __init__(self, name: str, parts: Parts) -> None:
        self.name = name
        self.tally = Tally()
        self._clock = parts.clock
        self._changed = threading.Condition()
        self._news = False
        self._told = Told()
        self._done: deque[tuple[Task, Outcome]] = deque()
        self._shown = Shown()
        self._effort = parts.effort
        self._senders = Senders(name, self._came, parts.effort)
        self._course = Course(name, parts, self._senders, self.tally, self._wake)
        self._thread = threading.Thread(target=self._loop, name=f"sync {name}", daemon=True)
        self._thread.start()

    @property
    def figures(self) -> TargetFigures:
        """How it goes."""
        now, shown = self._clock.monotonic(), self._shown
        messages, size = self.tally.rates(now)
        left = max(shown.next_try - now, 0.0) if shown.next_try is not None else None
        return TargetFigures(
            self.name, shown.state, shown.problem, left, shown.in_flight, messages, size, self.tally.sent,
            self.tally.last_sent,
        )  # fmt: skip

    @property
    def said(self) -> Said:
        """The same for whoever looks from another process."""
        shown = self._shown
        if shown.problem is None:
            return Said(shown.state, next_try_at=shown.next_try_at)
        kind = type(shown.problem).__name__
        return Said(shown.state, shown.problem.what, shown.problem.hint, kind, shown.next_try_at)

    def apply(self, wanted: Wanted | None) -> None:
        """Send by these settings from now on; None: not any more, until others come."""
        with self._changed:
            self._told.wanted = wanted
            self._wake()

    def pause(self, *, paused: bool) -> None:
        """Send nothing more, or go on. What is under way arrives."""
        with self._changed:
            if paused != self._told.paused:
                self._told.paused = paused
                self._wake()

    def push(self) -> None:
        """Try now, whatever the time of the day and however long it was to be left alone."""
        with self._changed:
            self._told.push = True
            self._wake()

    def tick(self, messages: int, files: int, *, erases: bool = False) -> None:
        """So many messages without and with a file wait, as of just now; whether word of an erasure is among them."""
        with self._changed:
            self._told.waiting, self._told.erases = (messages, files), erases
            self._wake()

    def close(self, by: float) -> None:
        """Claim nothing more, and end until a time of `time.monotonic`."""
        with self._changed:
            self._told.close_by = by
            self._wake()

    def join(self, deadline: float) -> list[str]:
        """Wait for its threads after `close`; names of those that are stuck."""
        self._thread.join(max(deadline - time.monotonic(), 0.0))
        stuck = [self._thread.name] if self._thread.is_alive() else []
        stuck += self._senders.join(deadline)
        breaker = self._course.connection.breaker
        if breaker is not None:
            breaker.join(max(deadline - time.monotonic(), 0.0))
            stuck += [breaker.name] if breaker.is_alive() else []
        return stuck

    def _wake(self) -> None:
        with self._changed:
            self._news = True
            self._changed.notify_all()

    def _came(self, task: Task, outcome: Outcome) -> None:
        with self._changed:
            self._done.append((task, outcome))
            self._wake()

    def _loop(self) -> None:
        while True:
            try:
                with self._effort.counted():
                    wait = self._turn()
            except Exception:  # the lane's outermost frame: whatever it is, the target must not stand still for good
                log.exception("The lane of %s stumbled", self.name)
                wait = _MISHAP_S
            if wait is not None and wait < 0:
                self._course.connection.end()
                self._senders.end()
                return
            with self._changed:
                if self._news:
                    continue
                if self._told.close_by is not None:
                    self._changed.wait(wait)  # an end comes by the real clock
                else:
                    self._clock.wait(self._changed, wait)

    def _turn(self) -> float | None:
        with self._changed:
            self._news = False
            told = replace(self._told)
            self._told.push, self._told.waiting = False, None
        while self._done:
            self._course.came(*self._done.popleft())
        wait = self._course.turn(told)
        self._shown = self._course.shown(told)
        return wait
