"""The folder of unfinished things: locked while it is used, swept of what a killed process left behind."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.catalog.entries import CatalogFile
from console.catalog.fetch import PullCancelled
from console.catalog.landing import local_trouble
from console.errors import CatalogError
from models.words import _

_TICK_S = 0.2
_SPARE = 1 << 20


class Scratch:
    """A hidden folder inside the one where finished files lie, so on the same disk: renaming is one step.

    Attributes:
        path: the folder; made by the first lock.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def lock(self, name: str, cancel: threading.Event) -> Iterator[None]:
        """Hold an entry against other threads and processes; the system lets go when a process dies.

        Raises:
            CatalogError: the folder can't be written.
            PullCancelled: `cancel` was set while another one held it.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415 - 40 ms; looking needs no lock

        doing = _("Writing in {path}").format(path=self.path)
        with local_trouble(doing):
            self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / f"{name}.lock")
        while not lock.is_locked:
            if cancel.is_set():
                raise PullCancelled(_("Fetching {name} was cancelled.").format(name=name))
            with local_trouble(doing):  # a Timeout is an OSError: it is caught first
                try:
                    lock.acquire(timeout=_TICK_S)
                except Timeout:
                    continue
        try:
            yield
        finally:
            lock.release()

    def make_room(self, file: CatalogFile) -> None:
        """Remove what dead processes left of a file, and see that it fits. The caller holds the lock of its entry.

        Raises:
            CatalogError: the disk is too full; says how much is missing.
        """
        self.sweep(file)
        with local_trouble(_("Reading {path}").format(path=self.path)):
            free = shutil.disk_usage(self.path).free
        if free < file.size + _SPARE:
            raise CatalogError(
                _("{file} needs {size:,} bytes and the disk of {parent} has {free:,} left.").format(
                    file=file.name, size=file.size, parent=self.path.parent, free=free
                ),
                _("Free some space, or keep this site's files on another disk (--home)."),
            )

    def sweep(self, file: CatalogFile, *, all_of_it: bool = False) -> None:
        """Remove temporary files and folders of a file; partial ones, which can be resumed, only with `all_of_it`."""
        for path in self.path.glob(f"{file.name}~*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif all_of_it or path.suffix == ".tmp":
                with local_trouble(_("Removing {path}").format(path=path)):
                    path.unlink(missing_ok=True)
