"""A model repository of NVIDIA's Triton Inference Server: a folder for each model, whole or not there at all.

Format: Triton's "Model Repository": ``NAME/config.pbtxt``, ``NAME/1/model.onnx`` or ``NAME/1/model.xml`` with its
``model.bin``. Beside them `labels.txt`, a label a line, and `NOTICE`, whose the model is; Triton passes both over. For
SageMaker each model is one archive with its folder at the root, as the container's `serve` script expects it.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from console.catalog.landing import sha256_of
from console.cloud.errors import CloudError, DiskFull
from console.cloud.exporting.config import Backend, Serving, config_text
from console.cloud.exporting.models import Given, Planned, plan, write_model
from console.settings.disk import sync_folder
from models.manifest import MANIFEST_KEY, ModelFacts
from models.words import _

RESERVE = 64 << 20
"""Bytes that stay free on the disk."""
_VERSION = "1"
_UNFINISHED = ".sightdesk-"
"""How the name begins of the folder of what is not whole yet. A server that finds it in its repository says that there
is no model in it, and goes on."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A model in a repository.

    Attributes:
        path: its folder, or its archive.
        facts: as the server is told them.
        batch: pictures the server puts together; 0: it takes them one by one.
        notes: what whoever serves it should know, in words.
    """

    name: str
    path: Path
    backend: Backend
    facts: ModelFacts
    batch: int
    notes: tuple[str, ...]


def export(
    models: Sequence[Given], to: Path, serving: Serving, *, archives: bool = False, replace: bool = False
) -> list[Exported]:
    """Write models into a repository, all of them or none.

    Args:
        models: which.
        to: the repository's folder; made where it is missing.
        serving: how they are to be run.
        archives: write ``NAME.tar.gz`` in place of folders.
        replace: a model of the same name that is there already goes.

    Raises:
        CloudError: one of them can't be exported, is there already, or the disk refused; nothing was changed.
    """
    planned = [plan(one, serving.batch) for one in models]
    places = [to / (f"{one.name}.tar.gz" if archives else one.name) for one in planned]
    _check_names([one.name for one in planned], places, replace=replace)
    try:
        to.mkdir(parents=True, exist_ok=True)
        _check_room(to, sum(one.size for one in planned) * (2 if archives else 1))
        with _unfinished(to) as work:
            done = [_written(one, work / "new" / one.name, serving) for one in planned]
            made = [work / "new" / one.name for one in planned]
            if archives:
                made = [_archive(work / f"{folder.name}.tar.gz", folder) for folder in made]
            _move_in(made, places, work / "old")
        sync_folder(to)
    except OSError as error:
        raise _in_words(error, to) from error
    return [
        Exported(one.name, place, one.backend, facts, serving.batch if one.batches else 0, one.notes)
        for one, place, facts in zip(planned, places, done, strict=True)
    ]


def _written(planned: Planned, folder: Path, serving: Serving) -> ModelFacts:
    """Write a model's folder."""
    version = folder / _VERSION
    version.mkdir(parents=True)
    facts = write_model(planned, version)
    text = config_text(planned.name, planned.backend, facts, serving, _parameters(planned), batches=planned.batches)
    (folder / "config.pbtxt").write_text(text, encoding="utf-8", newline="\n")
    if planned.manifest is not None and planned.manifest.labels:
        labels = "".join(f"{' '.join(label.split())}\n" for label in planned.manifest.labels)
        (folder / "labels.txt").write_text(labels, encoding="utf-8", newline="\n")
    (folder / "NOTICE").write_text(_notice(planned), encoding="utf-8", newline="\n")
    for path in (*version.iterdir(), *folder.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)  # the server is another user, in a container of its own
        _sync(path)
    folder.chmod(0o755)
    sync_folder(folder)
    return facts


def _parameters(planned: Planned) -> dict[str, str]:
    """What is told to whoever asks the server for the model's configuration; a desk knows the model by it."""
    found = {"sightdesk.sha256": sha256_of(planned.given.path)}
    if planned.manifest is not None:
        said = planned.manifest.model_dump(mode="json", exclude_none=True)
        found[MANIFEST_KEY] = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    if planned.given.entry is not None:
        found["sightdesk.licence"] = planned.given.entry.licence
    return found


def _notice(planned: Planned) -> str:
    entry = planned.given.entry
    lines = [f"{planned.name}", f"SHA-256 of {planned.given.path.name}: {sha256_of(planned.given.path)}"]
    if entry is None:
        lines.append("Licence: not known to Sightdesk; see where the file came from.")
    else:
        lines += [f"Licence: {entry.licence}", f"Origin: {entry.origin}", entry.attribution]
    if not planned.files:
        lines.append("Changed: written anew in OpenVINO's format, by Sightdesk.")
    return "\n".join(line for line in lines if line) + "\n"


def _check_names(names: Sequence[str], places: Sequence[Path], *, replace: bool) -> None:
    folded = [name.lower() for name in names]
    if twice := next((name for name in names if folded.count(name.lower()) > 1), None):
        raise CloudError(
            _("Two of the models would be called {name} on the server.").format(name=twice),
            _("Rename one of the files, or export them into two folders."),
        )
    if there := next((place for place in places if os.path.lexists(place)), None):
        if not replace:
            raise CloudError(
                _("{path} is there already.").format(path=there),
                _("Say --replace to have it replaced. Nothing was changed."),
            )
        if there.is_symlink():
            raise CloudError(_("{path} is a link, and is not replaced.").format(path=there))


def _check_room(to: Path, size: int) -> None:
    if shutil.disk_usage(to).free < size + RESERVE:
        raise DiskFull(
            _("There is no room for {size:.0f} MB in {path}.").format(size=size / 1e6, path=to),
            _("Make room there, or name another folder with --to."),
        )


@contextmanager
def _unfinished(to: Path) -> Iterator[Path]:
    """A folder on the repository's own disk that is gone in the end; beside the repository where that can be."""
    work = _beside(to) or Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=to))
    try:
        (work / "old").mkdir()
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _beside(to: Path) -> Path | None:
    if to.parent.stat().st_dev != to.stat().st_dev:
        return None
    try:
        return Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=to.parent))
    except OSError:
        return None


def _archive(path: Path, folder: Path) -> Path:
    """A model's folder as an archive; the same content gives the same archive."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = ""
        return member

    with path.open("wb") as out:
        import gzip  # noqa: PLC0415  # only here

        with gzip.GzipFile("", "wb", fileobj=out, mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(folder, folder.name, filter=plain)
        out.flush()
        os.fsync(out.fileno())
    path.chmod(0o644)
    return path


def _move_in(made: Sequence[Path], places: Sequence[Path], aside: Path) -> None:
    """Give what is whole its names; when one is refused, all is as it was."""
    undo: list[tuple[Path, Path]] = []
    try:
        for whole, place in zip(made, places, strict=True):
            if os.path.lexists(place):
                place.rename(aside / place.name)
                undo.append((aside / place.name, place))
            whole.rename(place)
            undo.append((place, whole))
    except BaseException:
        for now, before in reversed(undo):
            with suppress(OSError):
                now.rename(before)
        raise


def _sync(path: Path) -> None:
    if path.is_dir():
        sync_folder(path)
        return
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _in_words(error: OSError, to: Path) -> CloudError:
    return CloudError(
        _("The models can't be written to {path}: {why}.").format(path=to, why=error.strerror or error),
        _("Nothing was changed. Give this user the right to write there, make room, or name another folder with --to."),
    )
