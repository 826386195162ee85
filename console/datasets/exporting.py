"""Datasets out of the home: its pictures, which are redacted already, with their annotations in any of the formats.

A set grows in OUT.partial and gets its name when it is complete. Pictures that are there from a run that was stopped
are taken over where their content is the same.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from console.datasets.folders import Cancelled, check_free, finish, partial_of, refused
from console.datasets.formats import known, side
from console.datasets.formats.extra import of_annotation, of_sample
from console.datasets.formats.notes import FormatError, Notes
from console.datasets.formats.sizes import size_of
from console.datasets.formats.values import Annotation, Dataset, Sample
from console.settings.home import Home
from models.words import N_, _

Told = Callable[[int, int, str], None]
SPLITS = ("train", "val", "test")
PARTIAL = N_(
    "{n} of the pictures are known in part only: one box of each was judged, others in them may have none. "
    "They carry exhaustive: false. Trained on as they are, they teach that such objects are background; measured on, "
    "right answers count as false alarms. Leave them out, or mask what is outside of their boxes."
)
_MARK = ".sightdesk-export"
_SAFE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,79}")


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export made.

    Attributes:
        out: the folder.
        format: its format.
        pictures, boxes: how many are in it; empty pictures among them: `negatives`.
        partial: of the pictures, those known in part only.
        left_out: samples that were left out because they are known in part only.
        taken_over: pictures that were there from a run before.
        missing: samples whose picture is gone.
        complete_before: all of it was there already.
    """

    out: Path
    format: str
    pictures: int
    boxes: int
    negatives: int
    partial: int
    left_out: int
    taken_over: int
    missing: int
    complete_before: bool = False


def home_pictures(home: Home) -> Callable[[Sample], Path]:
    """Where the pictures of samples are whose names are relative to a home; they were all redacted when written.

    Returns:
        What raises FormatError for a name that is no picture of the home.
    """

    def find(sample: Sample) -> Path:
        path = home.path / sample.picture
        if not sample.picture or not path.resolve().is_relative_to(home.pictures.resolve()):
            raise FormatError(_("{picture} is no picture of this home.").format(picture=sample.picture or sample.id))
        return path

    return find


def write(  # noqa: PLR0917  # agreed upon
    dataset: Dataset,
    format: str,  # noqa: A002  # that is its word
    out: Path,
    pictures: Callable[[Sample], Path],
    told: Told = lambda _done, _of, _words: None,
    stopped: Callable[[], bool] = lambda: False,
    *,
    partial: bool = False,
    notes: Notes | None = None,
) -> Exported:
    """Write a dataset with its pictures.

    Args:
        dataset: boxes in pixels of `Sample.size`; where the picture's file is smaller they are scaled to it.
        format: one of `known.FORMATS`.
        out: a folder that is not there yet, or holds this very export.
        pictures: where the file of a sample's picture is.
        told: how many pictures are done, of how many, and what comes next.
        stopped: asked before each picture.
        partial: also samples that are known in part only, marked.
        notes: problems go there.

    Raises:
        UsageError: no such format, or `out` holds something else.
        FormatError: nothing is left to be exported, or the set can't be written in that format.
        Cancelled: `stopped`; what is done stays in OUT.partial, for the next run.
        SightdeskError: the disk refused it.
    """
    kind = known.format_named(format)
    chosen = _chosen(dataset, partial=partial)
    left_out = len(dataset.samples) - len(chosen)
    mark = _mark(dataset, chosen, kind.name)
    if side.head_of(out).get("export") == mark:
        return _counted(out, kind.name, chosen, left_out, complete_before=True)
    check_free(out)
    work = _Work(kind, partial_of(out), mark, notes or Notes())
    try:
        work.begin()
        written = work.pictures(chosen, pictures, told, stopped)
        if stopped():
            raise Cancelled(
                _("Stopped: {n} of {of} pictures are ready in {partial}.").format(
                    n=len(written), of=len(chosen), partial=work.partial
                ),
                _("The same command goes on from there."),
            )
        whole = replace(dataset, samples=written, folder=None)
        about = _about(whole, mark)
        known.write(whole, kind.name, work.partial, more=about)
        (work.partial / _MARK).unlink()
    except OSError as error:
        raise refused(out, error) from error
    finish(work.partial, out)
    done = _counted(out, kind.name, written, left_out)
    return replace(done, taken_over=work.taken_over, missing=len(chosen) - len(written))


def _chosen(dataset: Dataset, *, partial: bool) -> list[Sample]:
    """The samples to be exported. Raises FormatError where there is none."""
    chosen = [sample for sample in dataset.samples if partial or sample.exhaustive]
    if not chosen:
        raise FormatError(
            _("There is nothing to export: of {n} pictures none is known whole.").format(n=len(dataset.samples)),
            _("Judge pictures by an edit, which gives all their boxes; --partial takes the others, marked as such."),
        )
    return chosen


def _counted(out: Path, name: str, samples: list[Sample], left_out: int, *, complete_before: bool = False) -> Exported:
    return Exported(
        out,
        name,
        len(samples),
        sum(len(sample.annotations) for sample in samples),
        sum(not sample.annotations for sample in samples),
        sum(not sample.exhaustive for sample in samples),
        left_out,
        len(samples) if complete_before else 0,
        0,
        complete_before,
    )


def _about(dataset: Dataset, mark: str) -> dict[str, Any]:
    partial = sum(not sample.exhaustive for sample in dataset.samples)
    return {"export": mark, "partial": partial, "note": _(PARTIAL).format(n=partial) if partial else ""}


def _mark(dataset: Dataset, chosen: list[Sample], name: str) -> str:
    """What tells this export from every other: of all that is written but the pictures' own content."""
    digest = hashlib.sha256(json.dumps([name, dataset.name, dataset.labels]).encode())
    for sample in chosen:
        boxes = [[box.xyxy, box.label, of_annotation(box)] for box in sample.annotations]
        told = [sample.picture, sample.size, sample.split, of_sample(sample), boxes]
        digest.update(json.dumps(told, sort_keys=True, default=str).encode())
    return digest.hexdigest()


class _Work:
    """What grows in OUT.partial."""

    def __init__(self, kind: known.Format, partial: Path, mark: str, notes: Notes) -> None:
        self._kind, self.partial, self._mark, self._notes = kind, partial, mark, notes
        self.taken_over = 0

    def begin(self) -> None:
        """Make the folder, or take over what a run before left; of another export's only the pictures count.

        Raises:
            UsageError: something else is there.
        """
        mark = self.partial / _MARK
        if self.partial.exists() and not mark.is_file():
            check_free(self.partial)
        self.partial.mkdir(parents=True, exist_ok=True)
        mark.write_text(self._mark)
        for path in list(self.partial.iterdir()):
            if path.name == self._kind.pictures or path == mark:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def pictures(
        self, chosen: list[Sample], find: Callable[[Sample], Path], told: Told, stopped: Callable[[], bool]
    ) -> list[Sample]:
        """Bring the pictures; the samples with their new names."""
        folder = self.partial / self._kind.pictures
        folder.mkdir(exist_ok=True)
        names = _names(chosen, split_folders=self._kind.split_folders)
        wanted = {folder / name for name in names}
        for path in [path for path in folder.rglob("*") if path.is_file() and path not in wanted]:
            path.unlink()
        written = []
        for done, (sample, name) in enumerate(zip(chosen, names, strict=True)):
            if stopped():
                break
            told(done, len(chosen), name)
            source = find(sample)
            size = size_of(source)
            if size is None:
                self._notes.add(_("a picture is gone, or is none, and is left out"), str(source))
                continue
            self._bring(source, folder / name)
            written.append(_fitted(replace(sample, picture=name), size))
        return written

    def _bring(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        content = source.read_bytes()
        if target.is_file() and target.stat().st_size == len(content) and target.read_bytes() == content:
            self.taken_over += 1
            return
        part = target.with_name(target.name + ".part")
        part.write_bytes(content)
        part.replace(target)


def _names(samples: list[Sample], *, split_folders: bool) -> list[str]:
    """A file name for each sample: the same at every time, and no two alike, on any system."""
    taken: set[str] = set()
    names = []
    for sample in samples:
        digest = hashlib.sha256(f"{sample.id}\n{sample.picture}".encode()).hexdigest()[:32]
        stem = sample.id if _SAFE.fullmatch(sample.id) and sample.id.casefold() not in taken else digest
        taken.add(stem.casefold())
        suffix = Path(sample.picture).suffix.lower() or ".jpg"
        names.append(f"{sample.split}/{stem}{suffix}" if split_folders and sample.split else f"{stem}{suffix}")
    return names


def _fitted(sample: Sample, size: tuple[int, int]) -> Sample:
    """A sample with its boxes in pixels of a picture of another size."""
    if size == sample.size:
        return sample
    across, down = size[0] / sample.size[0], size[1] / sample.size[1]

    def fitted(box: Annotation) -> Annotation:
        x0, y0, x1, y1 = box.xyxy
        return replace(box, xyxy=(x0 * across, y0 * down, min(x1 * across, size[0]), min(y1 * down, size[1])))

    return replace(sample, size=size, annotations=tuple(fitted(box) for box in sample.annotations))
