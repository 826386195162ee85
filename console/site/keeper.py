"""Sees to it that nothing is kept for longer than it should be: goes on with erasures, and removes old pictures."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from console.errors import SightdeskError
from console.settings.home import Home
from console.store.store import Store

log = logging.getLogger(__name__)

FIRST_S = 20.0
"""After so long old pictures are removed for the first time: the cameras start meanwhile."""
EVERY_S = 3600.0
_END_S = 2.0


class Keeper:
    """One thread, beside a site for as long as its database is open.

    How long pictures are kept stands in the settings file, which is read each time: where it can't be read and no last
    good copy is there, nothing is removed.

    Args:
        home: locked.
        store: its database; closed after this.

    Attributes:
        problem: why the last round failed, or None.
    """

    def __init__(self, home: Home, store: Store, *, first_s: float = FIRST_S) -> None:
        self.problem: SightdeskError | None = None
        self._home, self._store, self._first_s = home, store, first_s
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Look now; returns at once."""
        self._wake.set()

    def close(self) -> None:
        """End; what is being erased goes on at the next start. Harmless when done already."""
        self._stop.set()
        self._wake.set()
        self._thread.join(_END_S)

    def _run(self) -> None:
        self._guarded("an erasure", self._erase)
        pause_s = self._first_s
        while not self._stop.is_set():
            self._wake.wait(pause_s)
            self._wake.clear()
            if self._stop.is_set():
                return
            self.problem = None
            self._guarded("an erasure", self._erase)
            self._guarded("removing old pictures", self._tidy)
            pause_s = EVERY_S

    def _guarded(self, what: str, work: Callable[[], None]) -> None:
        """The outermost frame: whatever fails is said, and tried again in the next round."""
        try:
            work()
        except SightdeskError as error:
            if not self._stop.is_set():
                self.problem = error
                log.warning("%s failed: %s", what, error)
        except Exception:  # the outermost frame of this thread
            log.exception("%s failed", what)

    def _erase(self) -> None:
        from console.store.erasures import unfinished  # noqa: PLC0415  # nothing of it is needed at most starts

        if not unfinished(self._home.database):
            return
        from console.privacy.erasing.erasure import carry_on  # noqa: PLC0415

        for report in carry_on(self._home, self._store, lambda _done, _of, _words: None, self._stop.is_set):
            log.info("the erasure %s went on and is done", report.erasure)

    def _tidy(self) -> None:
        from console.privacy.retention import tidy  # noqa: PLC0415  # after the start
        from console.settings.file import SettingsFile  # noqa: PLC0415

        loaded = SettingsFile(self._home.settings_file).load(keep=False)
        if loaded.origin == "defaults" and loaded.problems:
            log.warning("old pictures stay: the settings that say how long can't be read")
            return
        tidy(self._home, self._store, loaded.settings, stopped=self._stop.is_set)
