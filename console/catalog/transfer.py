"""One source's try at one file, and the race between several: the first that answers wins, no two download in full."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from console.catalog.entries import CatalogFile
from console.catalog.landing import Landing, local_trouble
from console.catalog.source import SourceFailed, Stopped
from models.words import _

Report = Callable[[int, int], None]
"""Called with (bytes done, bytes in all) on a worker's thread; must return soon."""


class Race:
    """Who may download. Of all sources that are being asked only the one that claimed first goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: Transfer | None = None
        self._runners: set[Transfer] = set()

    @property
    def open(self) -> bool:
        """Nobody has answered yet."""
        with self._lock:
            return self._holder is None

    def enter(self, runner: Transfer) -> None:
        """A source begins to be asked."""
        with self._lock:
            self._runners.add(runner)

    def claim(self, runner: Transfer) -> bool:
        """True when `runner` is, or already was, the first to answer; the others are then told to stop."""
        with self._lock:
            if self._holder is None:
                self._holder = runner
                for other in self._runners - {runner}:
                    other.stop.set()
            return self._holder is runner

    def leave(self, runner: Transfer) -> None:
        """A source is through; where it held the race, the race is open again."""
        with self._lock:
            self._runners.discard(runner)
            if self._holder is runner:
                self._holder = None

    def stop(self) -> None:
        """Tell everybody to stop."""
        with self._lock:
            for runner in self._runners:
                runner.stop.set()


class Transfer:
    """What a source works with while it fetches one file: a landing place, a scratch folder, the way to be stopped.

    A context manager, entered and left by the thread that runs the source; what must not stay is gone afterwards.

    Args:
        file: what is fetched.
        scratch: folder for everything unfinished, on the disk of `target`.
        target: the file's real path.
        race: shared with the other sources of the file.
        report: told about progress, but only once the race is won.
    """

    def __init__(self, file: CatalogFile, scratch: Path, target: Path, race: Race, report: Report) -> None:
        self.file = file
        self.target = target
        self.stop = threading.Event()
        self.claimed = False
        self._scratch = scratch
        self._race = race
        self._report = report
        self._landing: Landing | None = None
        self._folder: Path | None = None
        race.enter(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._race.leave(self)
        if self._landing is not None:
            self._landing.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def check(self) -> None:
        """Raises Stopped when this source shall stop."""
        if self.stop.is_set():
            raise Stopped

    def pause(self, seconds: float) -> None:
        """Wait, but not longer than until told to stop. Raises Stopped."""
        self.stop.wait(seconds)
        self.check()

    def claim(self) -> None:
        """Content begins to come. Raises Stopped when another source was first."""
        self.check()
        if not self._race.claim(self):
            raise Stopped
        self.claimed = True

    def report(self, done: int, of: int) -> None:
        """`done` of `of` bytes have come; a package that is larger than the file is scaled down to it."""
        size = self.file.size
        self._report(min(size, done * size // max(of, 1)), size)

    def landing(self, resume_key: str = "") -> Landing:
        """Where to write the file.

        Args:
            resume_key: names the partial file to go on with, and to leave behind on a failure; empty: a new one.

        Raises:
            CatalogError: the folder can't be written.
        """
        if resume_key:
            key = hashlib.sha256(resume_key.encode()).hexdigest()[:8]
            path = self._scratch / f"{self.file.name}~{key}.part"
        else:
            path = self._scratch / f"{self.file.name}~{secrets.token_hex(4)}.tmp"
        self._landing = Landing(path, self.file, keep=bool(resume_key))
        return self._landing

    def folder(self) -> Path:
        """An empty folder of its own that is removed in the end. Raises CatalogError: it can't be made."""
        with local_trouble(_("Writing in {folder}").format(folder=self._scratch)):
            self._folder = Path(tempfile.mkdtemp(prefix=f"{self.file.name}~", suffix=".tmp", dir=self._scratch))
        return self._folder

    def settle(self) -> None:
        """Prove what has landed and give it its real name. Raises as `Landing.settle` does."""
        if self._landing is None:
            raise SourceFailed(_("it gave nothing"))
        self._landing.settle(self.target)
