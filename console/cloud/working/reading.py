"""Reading ahead: jobs are claimed and their files opened on a thread of its own, while the models have a batch."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from console.cloud.database.base import CLAIMING
from console.cloud.errors import CloudError
from console.cloud.jobs.ending import worn_out
from console.cloud.jobs.values import Claimed, Outcome
from console.cloud.waking.waker import Clock
from console.cloud.working.batching import Pool
from console.cloud.working.manner import Manner, Source
from console.cloud.working.opening import NeverOpens, Opened, open_file
from console.cloud.working.outcomes import again
from console.cloud.working.retrying import Standing
from console.cloud.working.settling import Settled, Settler
from models.words import _

log = logging.getLogger(__name__)

LOOK_S, LOOK_WOKEN_S = 1.0, 5.0
"""Seconds after which jobs are looked for by itself; the second, where a broker would say that there are some."""
AT_ONCE = 4
"""Files that are opened side by side: decoding and unsealing let go of Python's lock."""


class Reader:
    """Claims and reads, from `start` to `close`.

    Args:
        source: where jobs and files are.
        manner: in whose name jobs are claimed, and for how long.
        pool: where pictures go.
        settler: is told what is held, and given what can't be opened.
        tasks: names of the tasks that can be worked on at this moment.
    """

    def __init__(
        self, source: Source, manner: Manner, pool: Pool, settler: Settler, tasks: Callable[[], Sequence[str]]
    ) -> None:
        self._source, self._manner, self._pool, self._settler, self._tasks = source, manner, pool, settler, tasks
        self._listens = not isinstance(source.waker, Clock)
        self._standing = Standing(_("The database gives jobs again."))
        self._opening = Standing(_("Files can be opened again."))
        self._end = threading.Event()
        self._openers = ThreadPoolExecutor(min(AT_ONCE, os.cpu_count() or 1), "opening")
        self._thread = threading.Thread(target=self._run, name="reading", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self, within_s: float) -> None:
        """Claim nothing more; what was claimed and is not open is given back."""
        self._end.set()
        self._source.waker.close()
        self._thread.join(within_s)
        self._openers.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                claimed = self._claimed()
                self._standing.good()
            except CloudError as error:
                self._end.wait(self._standing.bad(str(error)))
                continue
            except Exception as error:  # the thread's outermost frame: it must go on
                log.debug("claiming failed", exc_info=error)
                self._end.wait(self._standing.bad(_("No jobs could be claimed: {error!r}").format(error=error)))
                continue
            if claimed:
                self._read(claimed)
            else:
                self._rest()

    def _rest(self) -> None:
        """Until there may be jobs. The broker is only listened to by whom a job would help at once."""
        look_s = LOOK_S if self._source.waker.problem or not self._listens else LOOK_WOKEN_S
        if not self._tasks():
            self._end.wait(LOOK_S)
        elif self._pool.empty:
            self._source.waker.wait(look_s)
        else:
            self._pool.rest(look_s)

    def _claimed(self) -> list[Claimed]:
        tasks, room = list(self._tasks()), self._pool.room()
        if not tasks or room < 1:
            return []
        with self._source.repository.writing(CLAIMING) as db:
            claimed = db.claim(tasks, room, self._manner.name, self._manner.lease_s)
        self._settler.leases.hold(claimed)
        return claimed

    def _read(self, claimed: Sequence[Claimed]) -> None:
        """Open the files of jobs, several side by side, and pass them on in their order; no more of them are open."""
        never: list[Settled] = []
        left, under_way = deque(claimed), deque[tuple[Claimed, Future[Opened | Outcome]]]()
        try:
            while left or under_way:
                while left and len(under_way) < AT_ONCE:
                    under_way.append((left[0], self._openers.submit(self._open, left[0])))
                    left.popleft()
                job, opening = under_way[0]
                opened = opening.result()
                if isinstance(opened, Outcome):
                    never.append(Settled(job, opened))
                elif self._end.is_set() or not self._pool.put(opened):
                    never.append(Settled(job, None))
                else:
                    self._settler.figures.took("read", opened.read_s)
                under_way.popleft()
            self._opening.good()
            pause_s = 0.0
        except Exception as error:  # the outermost frame of what was claimed: no thread can be made, no memory is left
            never += [Settled(job, None) for job in (*(job for job, _opening in under_way), *left)]
            pause_s = self._opening.bad(_("Files could not be opened: {error!r}").format(error=error))
        self._settler.put(never, self._end.is_set)
        self._end.wait(pause_s)

    def _open(self, job: Claimed) -> Opened | Outcome:
        """A job's picture, or what it comes to without. Runs on several threads."""
        attempts = self._source.attempts.get(job.task, 1)
        if (worn := worn_out(job, attempts)) is not None:
            return worn
        begin = time.monotonic()
        try:
            opened = open_file(job, (self._source.files / job.file).read_bytes(), self._source.keys)
        except NeverOpens as error:
            return Outcome(job.job_id, job.attempt, "failed", str(error))
        except FileNotFoundError:  # erased, and then the job is gone, too; or the folder is not mounted
            return again(job, attempts, _("Its file is not there."))
        except OSError as error:
            return again(job, attempts, _("Its file can't be read: {why}.").format(why=error.strerror or error))
        except Exception as error:  # the outermost frame of a file: MemoryError is one of them
            log.warning("a file could not be opened", extra={"job": job.job_id}, exc_info=error)
            return again(job, attempts, _("Its file could not be opened: {error}.").format(error=type(error).__name__))
        now = time.monotonic()
        return replace(opened, read_s=now - begin, ready_s=now)
