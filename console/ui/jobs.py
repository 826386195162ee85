"""Long work in the background: every job has a title, progress, a way to cancel it, and says how it ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from console.errors import SightdeskError
from console.ui.notices import Notices

log = logging.getLogger(__name__)

T = TypeVar("T")
_END_S = 2.0


class Job(QObject):
    """One piece of long work. `report` and `cancelled` are for the thread that works; the signals for the screen.

    Attributes:
        finished: what came of it and what failed, from its thread; `ended` follows on the GUI thread.
        title: what it does, in the operator's words.
        cancelled: set when the operator wants it to end; the work looks at it.
        done, of, words: how far it is, as last reported; of is 0 while nobody knows.
    """

    changed = Signal()
    ended = Signal()
    finished = Signal(object, object)

    def __init__(self, title: str, parent: QObject) -> None:
        super().__init__(parent)
        self.title = title
        self.cancelled = threading.Event()
        self.done = 0
        self.of = 0
        self.words = ""
        self.running = True

    def report(self, done: int, of: int, words: str = "") -> None:
        """Say how far the work is; from any thread."""
        self.done, self.of, self.words = done, of, words or self.words
        self.changed.emit()

    def cancel(self) -> None:
        """Ask it to end."""
        self.cancelled.set()
        self.changed.emit()


class Jobs(QObject):
    """The jobs under way. Belongs to the GUI thread.

    Args:
        notices: told how jobs fail.
    """

    changed = Signal()

    def __init__(self, notices: Notices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notices = notices
        self._threads: dict[Job, threading.Thread | None] = {}

    @property
    def running(self) -> list[Job]:
        """Jobs that have not ended, oldest first."""
        return list(self._threads)

    def start(
        self,
        title: str,
        work: Callable[[Job], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> Job:
        """Run `work` on a thread of its own.

        Args:
            title: what it does, in the operator's words.
            work: given its job, to report progress and to see that it is cancelled.
            done: given what came of it, on the GUI thread; not called when it was cancelled or failed.
            failed: given its error, on the GUI thread, instead of a notice.
        """
        job = Job(title, self)
        job.finished.connect(
            lambda value, error: self._end(job, value, error, done, failed), Qt.ConnectionType.QueuedConnection
        )
        thread = threading.Thread(target=_run, args=(job, work), name=f"job {title}", daemon=True)
        self._threads[job] = thread
        self.changed.emit()
        thread.start()
        return job

    def follow(self, title: str) -> Job:
        """Show work that somebody else does; whoever asked for it looks at `cancelled` and says when it is `over`."""
        job = Job(title, self)
        self._threads[job] = None
        self.changed.emit()
        return job

    def over(self, job: Job) -> None:
        """Work that was followed has ended."""
        self._threads.pop(job, None)
        job.running = False
        job.ended.emit()
        self.changed.emit()
        job.deleteLater()

    def close(self) -> list[str]:
        """Cancel all and wait a little; names of those that go on for now."""
        for job in self._threads:
            job.cancelled.set()
        threads = [thread for thread in self._threads.values() if thread is not None]
        for thread in threads:
            thread.join(_END_S)
        return [thread.name for thread in threads if thread.is_alive()]

    def _end(
        self,
        job: Job,
        value: Any,
        error: Exception | None,
        done: Callable[[Any], None] | None,
        failed: Callable[[Exception], None] | None,
    ) -> None:
        self._threads.pop(job, None)
        job.running = False
        job.ended.emit()
        self.changed.emit()
        if error is None:
            if done is not None and not job.cancelled.is_set():
                done(value)
        elif not job.cancelled.is_set():
            if failed is not None:
                failed(error)
            else:
                self._notices.error(error)
        job.deleteLater()


def _run(job: Job, work: Callable[[Job], Any]) -> None:
    value: Any = None
    failure: Exception | None = None
    try:
        value = work(job)
    except SightdeskError as error:
        failure = error
    except Exception as error:  # the job's outermost frame
        log.exception("%s failed", job.title)
        failure = error
    try:
        job.finished.emit(value, failure)
    except RuntimeError:  # the desk has been closed meanwhile
        log.info("%s ended after the desk was closed", job.title)
