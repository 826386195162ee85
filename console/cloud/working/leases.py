"""The leases of what a worker holds: renewed while it works, so that nobody else begins it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from console.cloud.database.base import CLAIMING, Repository
from console.cloud.errors import CloudError
from console.cloud.jobs.values import Claimed

log = logging.getLogger(__name__)

_PARTS = 3
_AGAIN_S = 1.0


class Leases:
    """Renews on a thread of its own, from the start until `close`.

    A lease that can't be renewed in time ends, and another worker begins the job; whatever this one makes of it then
    counts for nothing (see `Queue.settle`).

    Args:
        repository: the database.
        worker: in whose name.
        lease_s: how long a lease is.
    """

    def __init__(self, repository: Repository, worker: str, lease_s: float) -> None:
        self._repository, self._worker, self._lease_s = repository, worker, lease_s
        self._lock = threading.Lock()
        self._held: dict[str, int] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
        self._thread.start()

    def hold(self, jobs: Iterable[Claimed]) -> None:
        """Renew these from now on."""
        with self._lock:
            self._held.update((job.job_id, job.attempt) for job in jobs)

    def let_go(self, jobs: Iterable[Claimed]) -> None:
        """And these no longer."""
        with self._lock:
            for job in jobs:
                if self._held.get(job.job_id) == job.attempt:
                    del self._held[job.job_id]

    def lost(self, job: Claimed) -> bool:
        """Whether a job that was held is another attempt's by now, or erased; then it need not be worked on."""
        with self._lock:
            return self._held.get(job.job_id) != job.attempt

    def close(self) -> None:
        """Renew nothing more; harmless when done already."""
        self._end.set()
        self._thread.join(_AGAIN_S)

    def _run(self) -> None:
        pause_s = self._lease_s / _PARTS
        while not self._end.wait(pause_s):
            pause_s = self._lease_s / _PARTS if self._renewed() else min(_AGAIN_S, self._lease_s / _PARTS)

    def _renewed(self) -> bool:
        with self._lock:
            asked = dict(self._held)
        if not asked:
            return True
        try:
            with self._repository.writing(CLAIMING) as db:
                kept = db.renew(self._worker, asked, self._lease_s)
        except CloudError as error:  # whoever claims and settles says that the database is away
            log.debug("leases could not be renewed: %s", error)
            return False
        except Exception:  # the thread's outermost frame
            log.exception("leases could not be renewed")
            return False
        with self._lock:
            for job_id in asked.keys() - kept:
                if self._held.get(job_id) == asked[job_id]:
                    del self._held[job_id]
        return True
