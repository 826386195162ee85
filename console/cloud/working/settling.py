"""Settling: what attempts came to is written down on a thread of its own, while the models have the next batch."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.cloud.database.base import CLAIMING, Repository
from console.cloud.errors import CloudError
from console.cloud.jobs.values import Claimed, Outcome
from console.cloud.working.figures import Figures
from console.cloud.working.leases import Leases
from console.cloud.working.retrying import Standing
from models.words import _

log = logging.getLogger(__name__)

WAITING = 2
"""Batches that may wait to be written; then the models wait, too."""
_SLICE_S = 0.2


@dataclass(frozen=True, slots=True)
class Settled:
    """A job with what it came to; None: it was not begun, and is given back."""

    job: Claimed
    outcome: Outcome | None


class Settler:
    """Takes outcomes, writes them, lets go of the leases. Where the database is away it tries until it is back.

    Attributes:
        leases, figures: see below.

    Args:
        repository: the database.
        worker: in whose name.
        leases: of what is held.
        figures: where it is counted.
    """

    def __init__(self, repository: Repository, worker: str, leases: Leases, figures: Figures) -> None:
        self._repository, self._worker = repository, worker
        self.leases, self.figures = leases, figures
        self._changed = threading.Condition()
        self._waiting: list[Sequence[Settled]] = []
        self._ending = False
        self._deadline = float("inf")
        self._standing = Standing(_("The database takes what was done again."))
        self._thread = threading.Thread(target=self._run, name="settling", daemon=True)
        self._thread.start()

    def put(self, settled: Sequence[Settled], enough: Callable[[], bool] = lambda: False) -> None:
        """Have these written; waits where too many wait already.

        Args:
            settled: what is to be written.
            enough: True: wait no longer; it is put beside the others all the same.
        """
        if not settled:
            return
        with self._changed:
            while len(self._waiting) >= WAITING and not enough():
                self._changed.wait(_SLICE_S)
            self._waiting.append(settled)
            self._changed.notify_all()

    def close(self, within_s: float) -> int:
        """Write what waits, for so long; how many jobs could not be settled, and go to others when their leases end."""
        with self._changed:
            self._ending, self._deadline = True, time.monotonic() + within_s
            self._changed.notify_all()
        self._thread.join(within_s + 1.0)
        with self._changed:
            return sum(map(len, self._waiting))

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._ending:
                    self._changed.wait()
                taken = list(self._waiting)
            if not taken:
                return
            pause_s = self._written([one for settled in taken for one in settled])
            with self._changed:
                if pause_s is None:
                    del self._waiting[: len(taken)]
                    self._changed.notify_all()
                elif time.monotonic() + pause_s >= self._deadline or (
                    self._changed.wait(pause_s) and time.monotonic() >= self._deadline
                ):
                    return

    def _written(self, settled: list[Settled]) -> float | None:
        """Write them; seconds to wait until the next try where that failed. What is written twice counts once."""
        begin = time.monotonic()
        try:
            self._give_back([one.job for one in settled if one.outcome is None])
            by_site: dict[str, list[tuple[Claimed, Outcome]]] = defaultdict(list)
            for one in settled:
                if one.outcome is not None:
                    by_site[one.job.site].append((one.job, one.outcome))
            for site, pairs in by_site.items():
                self._settle(site, pairs)
        except CloudError as error:
            return self._standing.bad(str(error))
        except Exception as error:  # the thread's outermost frame
            log.debug("settling failed", exc_info=error)
            return self._standing.bad(_("What was done could not be written down: {error!r}").format(error=error))
        self._standing.good()
        self.figures.took("settle", time.monotonic() - begin)
        return None

    def _give_back(self, jobs: Sequence[Claimed]) -> None:
        ids = [job.job_id for job in jobs]
        if not ids:
            return
        with self._repository.writing(CLAIMING) as db:
            db.give_back(self._worker, ids)
        self.leases.let_go(jobs)
        self.figures.count(jobs, "given_back")

    def _settle(self, site: str, pairs: list[tuple[Claimed, Outcome]]) -> None:
        """Those that were settled by a try whose commit was not seen are not written again: their state says so.

        What can't be written whatever is tried, such as a number JSON has not, has failed, and holds up no other.
        """
        try:
            with self._repository.writing(site) as db:
                written = db.settle(site, self._worker, [outcome for _job, outcome in pairs])
        except CloudError:
            raise
        except Exception as error:
            log.warning("what jobs came to could not be written", extra={"jobs": len(pairs)}, exc_info=error)
            if len(pairs) == 1 and pairs[0][1].state != "done":
                raise
            for job, outcome in pairs:
                self._settle(site, [(job, outcome if len(pairs) > 1 else _unwritten(job, error))])
            return
        self.leases.let_go(job for job, _outcome in pairs)
        for job, outcome in pairs:
            state = {"queued": "again"}.get(outcome.state, outcome.state) if job.job_id in written else "dropped"
            self.figures.count([job], state)


def _unwritten(job: Claimed, error: Exception) -> Outcome:
    why = _("What was found could not be written down: {error}.").format(error=type(error).__name__)
    return Outcome(job.job_id, job.attempt, "failed", why)
