"""Tries the way to a target and back, on a job's thread, with a way to give up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from console.errors import SightdeskError
from console.settings.secrets import Secrets
from console.settings.sync import TargetSettings
from console.ui.jobs import Job
from console.ui.workplace import Workplace
from models.words import _

if TYPE_CHECKING:
    from console.settings.home import Home
    from console.sync.targets.base import Secret, Target


def secrets_of(home: Home, typed: str = "", name: str = "") -> Secret:
    """What gives a target its secrets: the typed one, else those that are stored.

    Args:
        home: where they are stored.
        typed: one that is not stored yet.
        name: under which it will be.
    """
    return lambda wanted: typed if typed and wanted == name else Secrets(home).get(wanted).get_secret_value()


class Trial(QObject):
    """One try at a time. Belongs to the GUI thread.

    Signals:
        begun: name of the target that is tried.
        ended: what came of it in words, and whether it worked; not of one that was given up.
        over: nothing is tried any more, whatever came of it.
    """

    begun = Signal(str)
    ended = Signal(str, bool)
    over = Signal()

    def __init__(self, workplace: Workplace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workplace = workplace
        self._job: Job | None = None
        self._target: Target | None = None
        self.make: Callable[..., Target] | None = None
        """What makes targets; None: `make_target`."""

    @property
    def running(self) -> bool:
        """Whether one is tried now."""
        return self._job is not None

    def begin(self, settings: TargetSettings, secret: Secret | None = None) -> None:
        """Try a target; while one is tried already this does nothing.

        Args:
            settings: of it, saved or not.
            secret: where it has its secrets from; None: those that are stored.
        """
        if self._job is not None:
            return
        workplace, given = self._workplace, secret or secrets_of(self._workplace.home)

        def work(job: Job) -> str:
            make = self.make
            if make is None:
                from console.sync.targets.making import make_target  # noqa: PLC0415  # with its libraries, here alone

                make = make_target
            target = self._target = make(settings, given, workplace.store, workplace.settings.site)
            try:
                if job.cancelled.is_set():
                    return ""
                return str(target.check())
            finally:
                target.close()

        words = _("Trying {name}").format(name=settings.name)
        self._job = workplace.jobs.start(words, work, self._worked, self._failed)
        self._job.ended.connect(self._end)
        self.begun.emit(settings.name)

    def cancel(self) -> None:
        """Try no longer; what is under way fails soon."""
        if self._job is not None:
            self._job.cancel()
            if self._target is not None:  # beside this thread: it waits a little for what hangs
                threading.Thread(target=self._target.close, name="outbox trial's end", daemon=True).start()

    def _end(self) -> None:
        self._job = self._target = None
        self.over.emit()

    def _worked(self, words: str) -> None:
        at = f"{datetime.now().astimezone():%H:%M:%S}"
        self.ended.emit(_("{time}: the way there is free. {words}").format(time=at, words=words), True)  # noqa: FBT003  # a signal

    def _failed(self, error: Exception) -> None:
        at = f"{datetime.now().astimezone():%H:%M:%S}"
        if isinstance(error, SightdeskError):
            self.ended.emit(f"{at}: {error.what} {error.hint}".strip(), False)  # noqa: FBT003  # a signal
        else:
            self.ended.emit(_("{time}: it failed as it should not have.").format(time=at), False)  # noqa: FBT003  # a signal
            self._workplace.notices.error(error)
