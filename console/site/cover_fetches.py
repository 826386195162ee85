"""Face and plate models that have to be fetched: shown to the operator as other fetches are, and he can cancel them."""

from __future__ import annotations

import threading
from pathlib import Path

from console.catalog.catalog import Catalog, Progress
from console.site.cover_models import CoverModels
from console.site.finding import Announce, ModelFinder
from models.manifest import ModelManifest


def cover_models(
    catalog: Catalog, cache: Path | None, announce: Announce | None, cancel: threading.Event | None
) -> CoverModels:
    """The face and plate models of a site.

    Args:
        catalog: where they come from.
        cache: folder for compiled models, or None.
        announce: told before one is fetched; its progress is told to the end, however the fetch ends. None: silently.
        cancel: set to give a fetch up; it is tried again later by itself.
    """
    ending = threading.Event()
    given_up = _Either(ending, cancel) if cancel is not None else ending

    def find(name: str) -> tuple[Path, ModelManifest | None]:
        if announce is None:
            return ModelFinder(catalog, None, given_up).find(name)
        told = _ToTheEnd(announce)
        try:
            return ModelFinder(catalog, told.announce, given_up).find(name)
        finally:
            told.end()

    return CoverModels(find, cache, ending)


class _ToTheEnd:
    """Tells of a fetch until it is over, however it ends: else a screen would show it for ever."""

    def __init__(self, announce: Announce) -> None:
        self._announce = announce
        self._progress: Progress | None = None
        self._done, self._of = 0, 1

    def announce(self, name: str) -> Progress:
        self._progress = self._announce(name)
        return self._report

    def end(self) -> None:
        """It has ended."""
        if self._progress is not None and self._done < self._of:
            self._report(self._of, self._of)

    def _report(self, done: int, of: int) -> None:
        self._done, self._of = done, max(of, 1)
        if self._progress is not None:
            self._progress(done, of)


class _Either(threading.Event):
    """Set when it is, or when another one is."""

    def __init__(self, own: threading.Event, other: threading.Event) -> None:
        super().__init__()
        self._both = own, other

    def is_set(self) -> bool:
        return any(one.is_set() for one in self._both)
