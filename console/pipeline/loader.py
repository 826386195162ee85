"""From a model's name or file to something the pipeline can run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backends import registry
from backends.base import Backend, BackendError, LoadOptions
from console.errors import ModelError
from console.pipeline.priority import run_below
from console.settings.schema import InferenceSettings
from models.decoders import FAMILIES, NotThisFamily, recognise
from models.detector import Detector
from models.manifest import ModelManifest
from models.words import _

Finder = Callable[[str], tuple[Path, ModelManifest | None]]
"""Turns what a user typed (a catalogue name or a path) into a file, with its manifest where the catalogue knows it."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A compiled model with the detector around it."""

    detector: Detector
    backend: Backend


def load_model(name: str, find: Finder, settings: InferenceSettings, cache: Path | None = None) -> LoadedModel:
    """Compile a model as the settings say.

    Raises:
        ModelError: not found, not readable, of no known family, or not runnable on that device; in words.
    """
    path, manifest = find(name)
    try:
        runtime = registry.runtime(settings.backend)
        facts = runtime.inspect(path)
        if manifest is None:
            manifest = recognise(facts, path.stem)
        family = FAMILIES[manifest.family]
        picture = family.picture_input(facts, manifest.width, manifest.height)
        options = LoadOptions(precision=settings.precision, cache=cache, below=run_below)
        backend = runtime.load(path, picture, settings.device, options)
    except NotThisFamily as misfit:
        raise ModelError(
            _("{file} is a model, but of no family Sightdesk can decode ({misfit}).").format(
                file=path.name, misfit=misfit
            ),
            _("It can decode: {families}.").format(families=", ".join(FAMILIES)),
        ) from misfit
    except BackendError as error:
        raise ModelError(error.what, error.hint) from error
    return LoadedModel(Detector(manifest, family, picture, settings.scaling), backend)
