"""Getting one file from whichever of its sources answers first.

The sources start in their order, each with a head start over the next. The first whose content begins to come claims
the race: the others stop, so nothing is downloaded twice. Where the winner fails on the way, those that were stopped
get their turn again. So a source that does not answer costs a second, not its time-out, as long as another one does.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from console.catalog.entries import CatalogFile
from console.catalog.source import Source, SourceFailed, Stopped
from console.catalog.transfer import Race, Report, Transfer
from console.errors import CatalogError
from models.words import _

HEAD_START_S = 1.0
_TICK_S = 0.1
_LONG_S = 2.5


class PullCancelled(CatalogError):
    """The caller asked to stop."""


class NotHad(CatalogError):
    """No source gave a file. `reasons` says why, source by source, without naming the file again."""

    def __init__(self, file: CatalogFile, reasons: str) -> None:
        super().__init__(
            _("{file} could not be had: {reasons}.").format(file=file.name, reasons=reasons),
            _("Try again with a network, or put the file into a folder and name the folder in SIGHTDESK_MODEL_PATH."),
        )
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Fetched:
    """Which source gave a file, and in one sentence each why others did not."""

    source: str
    notes: tuple[str, ...]


def fetch(
    file: CatalogFile,
    sources: Sequence[Source],
    *,
    scratch: Path,
    target: Path,
    report: Report,
    cancel: threading.Event,
    unheard: set[str],
) -> Fetched:
    """Bring a file to `target`; while it is on its way nothing is there under that name.

    Args:
        file: what to get.
        sources: where from, the preferred first.
        scratch: folder for what is unfinished, on the same disk as `target`; the caller holds its lock.
        target: where to.
        report: told (bytes done, bytes in all) on a worker's thread; starts again at 0 when another source takes over.
        unheard: channels that kept us waiting for nothing; not asked again, and added to. The caller decides how long
            that holds: a minute later the network may be back.
        cancel: set to stop; takes effect within the sources' read limit (5 s at most, mostly at once).

    Raises:
        NotHad: no source gave it; says why, one by one.
        CatalogError: our own disk failed.
        PullCancelled: `cancel` was set.
    """
    return _Fetch(file, (scratch, target), report, cancel, unheard).run(sources)


class _Fetch:
    """The race's steward, on the caller's thread."""

    def __init__(
        self, file: CatalogFile, paths: tuple[Path, Path], report: Report, cancel: threading.Event, unheard: set[str]
    ) -> None:
        self._file = file
        self._paths = paths
        self._report = report
        self._cancel = cancel
        self._unheard = unheard
        self._race = Race()
        self._running: dict[Future[None], tuple[Source, float]] = {}
        self._notes: list[str] = []

    def run(self, sources: Sequence[Source]) -> Fetched:
        waiting = deque(source for source in sources if source.channel not in self._unheard)
        self._notes += [
            _("{words}: no answer a moment ago").format(words=s.words) for s in sources if s.channel in self._unheard
        ]
        next_start = 0.0
        with ThreadPoolExecutor(len(sources), thread_name_prefix="catalog") as pool:
            try:
                while waiting or self._running:
                    if waiting and self._race.open and (not self._running or time.monotonic() >= next_start):
                        self._start(pool, waiting.popleft())
                        next_start = time.monotonic() + HEAD_START_S
                    done, _rest = wait(self._running, _TICK_S, FIRST_COMPLETED)
                    for future in done:
                        source, started = self._running.pop(future)
                        if self._gave(future, source, started, waiting):
                            return Fetched(source.words, tuple(self._notes))
                    if self._cancel.is_set():
                        raise PullCancelled(_("Fetching {file} was cancelled.").format(file=self._file.name))
            finally:
                self._race.stop()  # on any way out; leaving the pool waits until they have
        raise NotHad(self._file, "; ".join(self._notes))

    def _start(self, pool: ThreadPoolExecutor, source: Source) -> None:
        transfer = Transfer(self._file, *self._paths, self._race, self._report)
        self._running[pool.submit(_try, source, transfer)] = (source, time.monotonic())

    def _gave(self, future: Future[None], source: Source, started: float, waiting: deque[Source]) -> bool:
        """Whether a finished try brought the file; if not, notes why. Raises what no other source can help against."""
        try:
            future.result()
        except SourceFailed as error:
            self._notes.append(f"{source.words}: {error.what}")
            if source.channel and not error.answered and time.monotonic() - started > _LONG_S:
                self._unheard.add(source.channel)
            return False
        except Stopped:
            waiting.append(source)  # its turn comes again if the one who was faster fails
            return False
        return True


def _try(source: Source, transfer: Transfer) -> None:
    with transfer:
        try:
            source.fetch(transfer)
            transfer.settle()
        except SourceFailed as error:
            error.answered = transfer.claimed
            raise
