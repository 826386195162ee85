"""From one format to another: annotations alone. Pictures stay where they are, since plain ones are never written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from console.datasets.folders import Cancelled, check_free, finish, partial_of, refused
from console.datasets.formats import known
from console.datasets.formats.notes import FormatError, Notes
from console.datasets.formats.values import Dataset
from models.words import _

Told = Callable[[int, int, str], None]
_MARK = ".sightdesk-convert"


@dataclass(frozen=True, slots=True)
class Converted:
    """What a conversion made.

    Attributes:
        came, went: names of the formats.
        dataset: what was written; its pictures are relative to `pictures`.
        pictures: where they are.
    """

    came: str
    went: str
    dataset: Dataset
    pictures: Path

    @property
    def boxes(self) -> int:
        """How many boxes."""
        return sum(len(sample.annotations) for sample in self.dataset.samples)


def convert(
    source: Path,
    out: Path,
    to: str,
    *,
    name: str = "",
    pictures: Path | None = None,
    notes: Notes | None = None,
    told: Told = lambda _done, _of, _words: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Converted:
    """Write the annotations of a set in another format.

    Args:
        source: the set.
        out: a folder that is not there yet; it is complete or not there.
        to: the format to write.
        name: the format to read; empty: it is found out.
        pictures: where the pictures are, if not in the set's folder.
        notes: problems go there.
        told: how many of two steps are done, and what comes next.
        stopped: asked between the steps.

    Raises:
        FormatError: the set can't be read, or not be written in that format.
        UsageError: no such format, or something is in `out`.
        Cancelled: `stopped`.
        SightdeskError: the disk refused it.
    """
    kind = known.format_named(to)
    check_free(out)
    told(0, 2, _("reading {path}").format(path=source))
    came, dataset = known.read(source, name, pictures, notes)
    _check_stopped(stopped, out)
    folder, dataset = _below(dataset)
    told(1, 2, _("writing {path}").format(path=out))
    partial = partial_of(out)
    try:
        if partial.exists():
            if not (partial / _MARK).is_file():
                check_free(partial)
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
        (partial / _MARK).touch()
        try:
            known.write(dataset, kind.name, partial, str(folder.resolve()))
            _check_stopped(stopped, out)
        except (FormatError, Cancelled):
            shutil.rmtree(partial)
            raise
        (partial / _MARK).unlink()
    except OSError as error:
        raise refused(out, error) from error
    finish(partial, out)
    return Converted(came.name, kind.name, dataset, folder)


def _check_stopped(stopped: Callable[[], bool], out: Path) -> None:
    if stopped():
        raise Cancelled(_("Stopped: nothing was written to {out}.").format(out=out))


def _below(dataset: Dataset) -> tuple[Path, Dataset]:
    """The folder all pictures are in, and the set with names relative to it."""
    folder = dataset.folder or Path()
    parents = {PurePosixPath(sample.picture).parent.as_posix() for sample in dataset.samples}
    common = os.path.commonpath(parents) if parents else ""
    if common in {"", "."}:
        return folder, dataset
    names = [PurePosixPath(sample.picture).relative_to(common).as_posix() for sample in dataset.samples]
    samples = [replace(sample, picture=name) for sample, name in zip(dataset.samples, names, strict=True)]
    return folder / common, replace(dataset, samples=samples)
