"""Shows what the site fetches for itself, such as a model a new camera needs, among the work in the background."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject

from console.ui.jobs import Job, Jobs


class Fetches(QObject):
    """Turns progress reports into a job with a way to cancel it.

    Args:
        jobs: where it is shown.
        cancel: set to give the fetch up; cleared for the next one when `end` is called.
    """

    def __init__(self, jobs: Jobs, cancel: threading.Event, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._cancel = cancel
        self._job: Job | None = None

    def report(self, words: str, done: int, of: int) -> None:
        """Take a report: what is fetched, and how many of how many bytes are here."""
        if self._job is None or self._job.title != words:
            self.end()
            self._job = self._jobs.follow(words)
            self._job.changed.connect(self._look)
        self._job.report(done, of)
        if of and done >= of:
            self.end()

    def end(self) -> None:
        """Whatever was fetched is here, or has failed."""
        job, self._job = self._job, None
        if job is not None:
            self._jobs.over(job)
        self._cancel.clear()

    def _look(self) -> None:
        if self._job is not None and self._job.cancelled.is_set():
            self._cancel.set()
