"""Finds a model by what an operator wrote: a file's path or a catalogue name."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from console.catalog.catalog import Catalog, Progress
from console.catalog.entries import ModelEntry
from console.errors import CatalogError, ModelError
from models.manifest import ModelManifest
from models.words import _

Announce = Callable[[str], Progress]
"""Told what is about to be fetched; answers with where its progress goes."""


log = logging.getLogger(__name__)

BEST = "best"
"""Instead of a name: the best model of the catalogue that can be had."""


class ModelFinder:
    """Resolves models, pulling those that are not here.

    Args:
        catalog: the site's catalogue.
        announce: told before something is fetched; None: fetch silently.
        cancel: set to give a fetch up.
    """

    def __init__(
        self, catalog: Catalog, announce: Announce | None = None, cancel: threading.Event | None = None
    ) -> None:
        self._catalog = catalog
        self._announce = announce
        self._cancel = cancel

    def find(self, name: str) -> tuple[Path, ModelManifest | None]:
        """The file, and its manifest where the catalogue knows the file.

        Raises:
            ModelError: no such file, and no such catalogue name.
            CatalogError: the catalogue has it, but it could not be had.
        """
        if name == BEST:
            return self._best()
        try:
            path = Path(name).expanduser()
            if path.is_file():
                return path, self._known(path)
        except RuntimeError as error:  # ~USER
            raise ModelError(
                _("There is no model file {name}: {folder} is not the home folder of anybody here.").format(
                    name=name, folder=Path(name).parts[0]
                )
            ) from error
        except OSError as error:  # such as a name longer than the disk takes
            raise ModelError(
                _("The model file {name} can't be read: {reason}.").format(name=name, reason=error.strerror)
            ) from error
        try:
            entry = self._catalog.model(name)
        except CatalogError as error:
            looks_like_a_path = path.suffix != "" or len(path.parts) > 1
            raise ModelError(
                _("There is no model file {path}.").format(path=path) if looks_like_a_path else error.what, error.hint
            ) from error
        held = self._catalog.find(entry.name)
        if held is None:
            progress = self._announce(entry.name) if self._announce else None
            held = self._catalog.pull(entry.name, progress, self._cancel).path
        return held, entry.manifest

    def _best(self) -> tuple[Path, ModelManifest | None]:
        """The best model that is here or can be had."""
        choice = self._catalog.best_model(self._announce(_("a model")) if self._announce else None, self._cancel)
        log.info("%s", choice.why)
        return choice.path, choice.entry.manifest if isinstance(choice.entry, ModelEntry) else None

    def _known(self, path: Path) -> ModelManifest | None:
        """The manifest of a file that is the catalogue's by name and size."""
        try:
            entry = self._catalog.entry(path.name)
        except CatalogError:
            return None
        same_size = entry.files[0].name == path.name and entry.files[0].size == path.stat().st_size
        return entry.manifest if isinstance(entry, ModelEntry) and same_size else None
