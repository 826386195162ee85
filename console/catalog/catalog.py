"""The catalogue at work: what is here, getting what is not, and the best of it for the demo."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.catalog import mirror
from console.catalog.book import built_in
from console.catalog.choice import Choice, best
from console.catalog.entries import Book, CatalogFile, Entry, ModelEntry
from console.catalog.fetch import fetch
from console.catalog.kinds import source_for
from console.catalog.records import Records
from console.catalog.scratch import Scratch
from console.catalog.source import Source
from console.errors import CatalogError
from models.words import _

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all) of an entry, on a worker's thread; starts again when a source gives out."""

_FOUND = "found in the folder"


@dataclass(frozen=True, slots=True)
class Held:
    """An entry that is here, whole.

    Attributes:
        path: its main file.
        source: which source gave it, in words.
        in_place: True for a file in a mirror, which is used where it lies.
    """

    path: Path
    source: str
    in_place: bool


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull came to.

    Attributes:
        path: the main file.
        source: where it came from, in words.
        fetched: False when it was here already.
        notes: why other sources were not it, a sentence each.
    """

    path: Path
    source: str
    fetched: bool
    notes: tuple[str, ...] = ()


class Catalog:
    """Models and clips by name. Methods may be called from any thread and any process at the same time.

    Args:
        models_dir: where models are kept; made when the first one is fetched.
        clips_dir: where clips are kept.
        mirrors: folders to look into first; None: those that SIGHTDESK_MODEL_PATH names.
        book: what there is; None: what ships with the program.
    """

    def __init__(
        self, models_dir: Path, clips_dir: Path, *, mirrors: Sequence[Path] | None = None, book: Book | None = None
    ) -> None:
        self.book = book or built_in()
        self._folders = {"model": models_dir, "clip": clips_dir}
        self._mirrors = tuple(mirror.mirrors() if mirrors is None else mirrors)
        self._scratch = {kind: Scratch(folder / ".catalog") for kind, folder in self._folders.items()}
        self._records = {kind: Records(folder, self._scratch[kind].path) for kind, folder in self._folders.items()}

    def entry(self, name: str) -> Entry:
        """The entry of that name, or the one that has a file of that name.

        Raises:
            CatalogError: there is none; names what is close.
        """
        for entry in self.book.entries:
            if name == entry.name or name in {file.name for file in entry.files}:
                return entry
        near = difflib.get_close_matches(name, [entry.name for entry in self.book.entries], n=3)
        hint = _("Is it {near}?").format(near=" or ".join(near)) if near else _("See `sightdesk models list`.")
        raise CatalogError(_("The catalogue has no {name!r}.").format(name=name), hint)

    def model(self, name: str) -> ModelEntry:
        """The model of that name. Raises CatalogError: there is none."""
        entry = self.entry(name)
        if not isinstance(entry, ModelEntry):
            raise CatalogError(_("{name} is a clip, not a model.").format(name=name))
        return entry

    def held(self, name: str) -> Held | None:
        """The entry where it is here and whole, else None. Raises CatalogError: no such entry."""
        entry = self.entry(name)
        records, folder = self._records[entry.kind], self._folders[entry.kind]
        if all(records.holds(folder / file.name, file, _FOUND) for file in entry.files):
            main = folder / entry.files[0].name
            return Held(main, records.source(main) or _FOUND, in_place=False)
        for main in mirror.copies(entry.files[0].name, self._mirrors):
            words = _("the mirror {parent}").format(parent=main.parent)
            if all(records.holds(main.parent / file.name, file, words) for file in entry.files):
                return Held(main, words, in_place=True)
        return None

    def find(self, name: str) -> Path | None:
        """The entry's main file where it is here and whole, else None. Raises CatalogError: no such entry."""
        held = self.held(name)
        return held.path if held else None

    def sources(self, entry: Entry) -> list[str]:
        """Where an entry can be had, in words, in the order they are tried, mirrors aside."""
        return list(dict.fromkeys(spec.words for file in entry.files for spec in file.sources))

    def pull(self, name: str, progress: Progress | None = None, cancel: threading.Event | None = None) -> Pulled:
        """Get an entry, unless it is here.

        Two that pull the same thing at once: one fetches, the other waits for it.

        Raises:
            NotHad: no source gave it; says why, one by one.
            CatalogError: no such entry, or our own folder can't be written.
            PullCancelled: `cancel` was set; what came so far is kept for a resume where the source allows it.
        """
        return self._pull(name, progress or _silent, cancel or threading.Event(), set())

    def _pull(self, name: str, progress: Progress, cancel: threading.Event, unheard: set[str]) -> Pulled:
        entry = self.entry(name)
        if held := self.held(name):
            return Pulled(held.path, held.source, fetched=False)
        scratch = self._scratch[entry.kind]
        with scratch.lock(entry.name, cancel):
            if held := self.held(name):  # somebody else has just fetched it
                return Pulled(held.path, held.source, fetched=False)
            return self._fetch(entry, progress, cancel, unheard)

    def _fetch(self, entry: Entry, progress: Progress, cancel: threading.Event, unheard: set[str]) -> Pulled:
        folder, records, scratch = self._folders[entry.kind], self._records[entry.kind], self._scratch[entry.kind]
        given: dict[str, None] = {}
        notes: list[str] = []
        before = 0
        for file in entry.files:
            target = folder / file.name
            if not records.holds(target, file, _FOUND):
                scratch.make_room(file)

                def report(done: int, _of: int, before: int = before) -> None:
                    progress(before + done, entry.size)

                fetched = fetch(
                    file,
                    self._sources(file),
                    scratch=scratch.path,
                    target=target,
                    report=report,
                    cancel=cancel,
                    unheard=unheard,
                )
                records.note(target, file, fetched.source)
                scratch.sweep(file, all_of_it=True)
                given[fetched.source] = None
                notes += fetched.notes
            before += file.size
        return Pulled(folder / entry.files[0].name, " and ".join(given), fetched=True, notes=tuple(notes))

    def _sources(self, file: CatalogFile) -> list[Source]:
        in_mirrors: list[Source] = [mirror.MirrorSource(path) for path in mirror.copies(file.name, self._mirrors)]
        return in_mirrors + [source_for(spec) for spec in file.sources]

    def best_model(self, progress: Progress | None = None, cancel: threading.Event | None = None) -> Choice:
        """The best model for the demo that is here or can be had. Raises as `best_clip` does."""
        return self._best(self.book.demo.models, progress, cancel)

    def best_clip(self, progress: Progress | None = None, cancel: threading.Event | None = None) -> Choice:
        """The best clip for the demo that is here or can be had.

        Raises:
            CatalogError: none can; says why for each.
            PullCancelled: `cancel` was set.
        """
        return self._best(self.book.demo.clips, progress, cancel)

    def _best(self, names: Sequence[str], progress: Progress | None, cancel: threading.Event | None) -> Choice:
        unheard: set[str] = set()  # a host that was silent for one entry is not waited for again for the next
        return best(
            [self.entry(name) for name in names],
            lambda name: self._pull(name, progress or _silent, cancel or threading.Event(), unheard),
        )


def _silent(_done: int, _of: int) -> None:
    """Nobody wants to know about the progress."""
