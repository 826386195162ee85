"""What came of sends, until it is recorded: written in batches, kept in memory while the disk refuses."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from itertools import islice
from typing import TYPE_CHECKING

from console.errors import SightdeskError, StoreError
from console.store.store import Store
from console.sync.uploading.pace import Effort
from console.sync.uploading.records import Sent, Tried, keep_failed, keep_sent, set_aside
from console.sync.uploading.sending import Outcome
from models.words import _

if TYPE_CHECKING:
    from sqlite_utils import Database

log = logging.getLogger(__name__)

MOST_KEPT = 2000
"""While the disk refuses, so many that were sent are remembered; then nothing more is sent."""
_AT_ONCE = 400
_GAP_S = 0.1
_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)


class Ledger:
    """The outcomes of one target's sends. Belongs to its lane's thread.

    What was sent and is not recorded counts as under way, so that it is not sent again. Failed attempts are written
    if the disk takes them, and not kept if it does not: they only tell people.

    Args:
        store: where it is recorded.
        target: whose.
        woken: called, on any thread, when a job is done.

    Attributes:
        problem: why nothing can be recorded just now; None: nothing is in the way.
    """

    def __init__(self, store: Store, target: str, woken: Callable[[], None], effort: Effort) -> None:
        self.problem: SightdeskError | None = None
        self._effort = effort
        self._store, self._target, self._woken = store, target, woken
        self._sent: dict[int, Sent] = {}
        self._aside: dict[int, Tried] = {}
        self._failed: dict[int, Tried] = {}
        self._job: tuple[Future[None], list[int], list[int]] | None = None
        self._tries, self._not_before = 0, 0.0

    @property
    def numbers(self) -> Iterable[int]:
        """Messages that must not be sent, though the database says that they wait."""
        return (*self._sent, *self._aside)

    def __len__(self) -> int:
        return len(self._sent) + len(self._aside)

    @property
    def empty(self) -> bool:
        """All is recorded."""
        return not (self._sent or self._aside or self._failed or self._job)

    @property
    def full(self) -> bool:
        """So much waits to be recorded that nothing more should be sent."""
        return len(self) >= MOST_KEPT

    def add(self, outcome: Outcome) -> None:
        """Something came of a send."""
        self._sent.update({one.number: one for one in outcome.sent})
        self._aside.update(outcome.aside)
        self._failed.update(outcome.failed)

    def wait_s(self, now: float) -> float | None:
        """When `write` should be called next; None: when a job is done, or something is added."""
        if self._job is not None or self.empty:
            return None
        return max(self._not_before - now, 0.0)

    def write(self, now: float, *, hurry: bool = False) -> None:
        """Hand the next job to the store; returns at once.

        Args:
            now: monotonic.
            hurry: nothing else is to come soon, so there is nothing to wait for.
        """
        waits = now < self._not_before and not (hurry and self.problem is None)
        if self._job is not None or self.empty or waits:
            return
        sent = list(islice(self._sent.values(), _AT_ONCE))
        aside, failed = dict(islice(self._aside.items(), _AT_ONCE)), self._failed
        self._failed = {}

        def job(db: Database) -> None:
            with self._effort.counted():
                keep_failed(db, self._target, failed)  # first: one that failed and was then sent is sent
                set_aside(db, self._target, aside)
                keep_sent(db, self._target, sent)

        try:
            future = self._store.write(job)
        except StoreError as error:
            self._refused(error, now)
            return
        self._job = future, [one.number for one in sent], list(aside)
        self._not_before = now + _GAP_S
        future.add_done_callback(lambda _done: self._woken())

    def look(self, now: float) -> None:
        """See what became of the last job."""
        if self._job is None or not self._job[0].done():
            return
        (future, sent, aside), self._job = self._job, None
        error = future.exception()
        if error is not None:
            self._refused(error, now)
            return
        for number in sent:
            self._sent.pop(number, None)
        for number in aside:
            self._aside.pop(number, None)
        self.problem, self._tries = None, 0

    def _refused(self, error: BaseException, now: float) -> None:
        if isinstance(error, SightdeskError):
            self.problem = error
        else:
            log.error("What was sent could not be recorded", exc_info=error)
            self.problem = StoreError(_("What was sent could not be recorded; the log says why."))
        self._not_before = now + _PAUSES_S[min(self._tries, len(_PAUSES_S) - 1)]
        self._tries += 1
