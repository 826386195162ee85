"""Shows what the site fetches for itself, such as models new cameras need, among the work in the background."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, QTimer

from console.ui.jobs import Job, Jobs

_ENDS_MS = 6000
"""A fetch that was given up ends within its source's read limit."""


class Fetches(QObject):
    """Turns progress reports into jobs with a way to cancel them; several may be on their way at a time.

    Args:
        jobs: where they are shown.
        cancel: set to give all fetches up; cleared for the next ones when they have ended.
    """

    def __init__(self, jobs: Jobs, cancel: threading.Event, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._cancel = cancel
        self._fetches: dict[str, Job] = {}

    def report(self, words: str, done: int, of: int) -> None:
        """Take a report: what is fetched, and how many of how many bytes are here."""
        if of and done >= of:
            self._over(words)
            return
        job = self._fetches.get(words)
        if job is None:
            job = self._fetches[words] = self._jobs.follow(words)
            job.changed.connect(self._look)
        job.report(done, of)

    def end(self) -> None:
        """Whatever was fetched for the settings in force is here, or has failed."""
        for words in list(self._fetches):
            self._over(words)
        self._cancel.clear()

    def _over(self, words: str) -> None:
        job = self._fetches.pop(words, None)
        if job is not None:
            self._jobs.over(job)
        if not self._fetches:
            self._cancel.clear()

    def _look(self) -> None:
        if not self._cancel.is_set() and any(job.cancelled.is_set() for job in self._fetches.values()):
            self._cancel.set()
            QTimer.singleShot(_ENDS_MS, self, self.end)
