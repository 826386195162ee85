"""What is exported: a model's files, what they say of themselves, and in which form a server reads them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from backends.base import BackendError
from backends.openvino import READS
from backends.registry import runtime
from console.catalog.entries import ModelEntry
from console.cloud.errors import CloudError
from console.cloud.exporting.config import Backend
from models.decoders import FAMILIES, NotThisFamily, recognise
from models.manifest import ModelFacts, ModelManifest, PictureInput, TensorFacts
from models.words import _

if TYPE_CHECKING:
    from backends.openvino import OpenVinoRuntime

_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_ONNX, _IR = ".onnx", ".xml"


@dataclass(frozen=True, slots=True)
class Given:
    """A model to be exported.

    Attributes:
        path: its file.
        manifest: what the catalogue says its numbers mean; None: what the file's shapes say.
        entry: of the catalogue, with licence and origin; None: it is not of it.
    """

    path: Path
    manifest: ModelManifest | None = None
    entry: ModelEntry | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """How a model will be served.

    Attributes:
        name: of the model on the server.
        backend: of Triton.
        files: what is copied, by its name on the server; empty: it is written anew, in OpenVINO's format.
        facts: of the file.
        manifest: None: of no family that Sightdesk reads.
        picture: its input, where a family reads it.
        batches: it takes several pictures at once, and answers each.
        notes: what whoever serves it should know, in words.
    """

    given: Given
    name: str
    backend: Backend
    files: dict[str, Path]
    facts: ModelFacts
    manifest: ModelManifest | None
    picture: PictureInput | None
    batches: bool
    notes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes it will take, about."""
        files = self.files.values() or [self.given.path]
        return sum(path.stat().st_size for path in files)


def plan(given: Given, batch: int) -> Planned:
    """See how a model can be served.

    Args:
        given: the model.
        batch: pictures that are to be put together; 1: none.

    Raises:
        CloudError: it can't; says why.
    """
    path = given.path
    kind = path.suffix.lower()
    if kind not in READS:
        raise CloudError(
            _("{file} can't be exported: it is none of {kinds}.").format(
                file=path.name, kinds=", ".join(sorted(READS))
            ),
            _("Export the model to ONNX with the tools it was made with."),
        )
    files = _files(path)
    try:
        facts = _facts(path)
        manifest, picture = _meaning(given, facts)
        copied = kind in (_IR, _ONNX) and _as_it_is(facts)
        free = batch > 1 and picture is not None and _openvino().takes_batch(path, picture)
    except BackendError as error:
        raise CloudError(error.what, error.hint) from error
    if not copied and picture is None:
        raise CloudError(
            _("{file} would have to be written anew in OpenVINO's format, and is of no family Sightdesk knows.").format(
                file=path.name
            ),
            _("Convert it with OpenVINO's own tools (ovc), and export the .xml."),
        )
    batches = free and (not copied or all(tensor.shape[:1] == (None,) for tensor in (*facts.inputs, *facts.outputs)))
    notes = tuple(_notes(path, manifest, batch, copied=copied, batches=batches))
    backend: Backend = "onnxruntime" if copied and kind == _ONNX else "openvino"
    name = name_of(given)
    return Planned(given, name, backend, files if copied else {}, facts, manifest, picture, batches, notes)


def write_model(planned: Planned, folder: Path) -> ModelFacts:
    """Put a model's files into the folder of its version, and read them there.

    Returns:
        What the server has to be told of them; a first dimension that may be anything, and must not, is one.

    Raises:
        CloudError: what was written is not what was planned, or can't be read.
        OSError: the disk refused.
    """
    main = folder / ("model.onnx" if planned.backend == "onnxruntime" else "model.xml")
    batches = planned.batches
    try:
        if planned.files:
            for name, path in planned.files.items():
                shutil.copyfile(path, folder / name)
        elif planned.picture is not None:
            free = _openvino().save(planned.given.path, planned.picture, main)
            batches = batches and free
        facts = _facts(main)
    except BackendError as error:
        raise CloudError(error.what, error.hint) from error
    if planned.files and facts != planned.facts:
        raise CloudError(_("{file} changed while it was exported.").format(file=planned.given.path.name))
    if batches != planned.batches:
        raise CloudError(_("{file} does not take several pictures at once.").format(file=planned.given.path.name))
    return facts if batches else replace(facts, inputs=_ones(facts.inputs))


def name_of(given: Given) -> str:
    """The model's name on the server: the catalogue's, or that of its file."""
    if given.entry is not None:
        return given.entry.name
    return _NAME.sub("_", given.path.stem).strip(".-_") or "model"


def _meaning(given: Given, facts: ModelFacts) -> tuple[ModelManifest | None, PictureInput | None]:
    try:
        manifest = given.manifest or recognise(facts, name_of(given))
        picture = FAMILIES[manifest.family].picture_input(facts, manifest.width, manifest.height)
    except NotThisFamily:
        return None, None
    return manifest, picture


def _as_it_is(facts: ModelFacts) -> bool:
    """Whether a file can be served without being written anew: it takes one picture, or any number."""
    return all(tensor.shape[:1] in ((), (1,), (None,)) for tensor in facts.inputs)


def _files(path: Path) -> dict[str, Path]:
    """What is copied where a model is served as it is."""
    if path.suffix.lower() != _IR:
        return {"model.onnx": path}
    weights = path.with_suffix(".bin")
    if not weights.is_file():
        raise CloudError(
            _("The weights of {file} are missing: there is no {weights} beside it.").format(
                file=path.name, weights=weights.name
            )
        )
    return {"model.xml": path, "model.bin": weights}


def _facts(path: Path) -> ModelFacts:
    """What the runtime says that will run it, where it is here: two need not say the same of a free dimension."""
    if path.suffix.lower() == _ONNX:
        try:
            return runtime("onnxruntime").inspect(path)
        except BackendError:
            pass  # it is not installed, or this file is not for it; the others may read it, or say why not
    return _openvino().inspect(path)


def _openvino() -> OpenVinoRuntime:
    return cast("OpenVinoRuntime", runtime("openvino"))


def _ones(tensors: Sequence[TensorFacts]) -> tuple[TensorFacts, ...]:
    return tuple(replace(tensor, shape=(1, *tensor.shape[1:])) if tensor.shape else tensor for tensor in tensors)


def _notes(path: Path, manifest: ModelManifest | None, batch: int, *, copied: bool, batches: bool) -> list[str]:
    notes = []
    if not copied:
        notes.append(_("{file} was written anew in OpenVINO's format.").format(file=path.name))
    if batch > 1 and not batches:
        notes.append(_("{file} takes one picture at a time: the server puts none together.").format(file=path.name))
    if manifest is None:
        notes.append(
            _("{file} is of no family Sightdesk knows: it can be served, but no desk can use it.").format(
                file=path.name
            )
        )
    return notes
