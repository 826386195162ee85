"""From a model's name, file or address to something the pipeline can run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import urlsplit

from backends import registry
from backends.base import Backend, BackendError, LoadOptions
from console.errors import ModelError
from console.pipeline.memory import check_room
from console.pipeline.priority import run_below
from console.pipeline.proof import prove
from console.settings.inference import InferenceSettings, RemoteSettings
from models.decoders import FAMILIES, NotThisFamily, recognise
from models.detector import Detector
from models.manifest import ModelFacts, ModelManifest, PictureInput
from models.words import _

if TYPE_CHECKING:
    from console.privacy.audit.record import Audit
    from console.privacy.covering import Draw
    from console.privacy.remote import Rules

log = logging.getLogger(__name__)

Finder = Callable[[str], tuple[Path, ModelManifest | None]]
"""Turns what a user typed (a catalogue name or a path) into a file, with its manifest where the catalogue knows it."""
Phase = Literal["finding", "compiling", "warming up"]
_NAMED = 5


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A compiled model with the detector around it.

    Attributes:
        batch: pictures it may be given at once; never more than the backend takes.
        wait_s: how long a picture may wait for others of its batch.
        fell_back: what was asked and why something else runs; empty when what was asked runs.
        draw: draws a picture into a place of the input, covered where the model may not see it plain; raises
            BackendError. None: `Detector.draw` does.
    """

    detector: Detector
    backend: Backend
    batch: int = 1
    wait_s: float = 0.0
    fell_back: str = ""
    draw: Draw | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What loading needs beside the settings of inference.

    Attributes:
        find: finds files.
        cache: folder for compiled models, or None.
        remote: which servers may be given pictures.
        audit: where it is recorded that they were; None: there is no such place, and no server is used.
        beside: something serves already while this loads, so that there must be room for both.
        size: (width, height) of the input where the file leaves it free; None: the manifest's.
        soonest: one picture is to be answered as soon as it can be, rather than many in a given time.
    """

    find: Finder
    cache: Path | None = None
    remote: RemoteSettings = field(default_factory=RemoteSettings)
    audit: Audit | None = None
    beside: bool = False
    rules: Rules | None = None
    size: tuple[int, int] | None = None
    soonest: bool = False


def is_served(name: str) -> bool:
    """Whether a model's name is the address of one that a server holds."""
    return "://" in name


def load_model(
    name: str,
    find: Finder,
    settings: InferenceSettings,
    cache: Path | None = None,
    *,
    around: Surroundings | None = None,
    told: Callable[[Phase], None] = lambda _phase: None,
) -> LoadedModel:
    """Compile a model as the settings say. It has answered soundly when this returns.

    Args:
        name: a catalogue name, a file, or the address of a served model.
        find: finds files.
        settings: what runs it and how; `settings.model` and `settings.fallback` are not looked at.
        cache: folder for compiled models, or None.
        around: instead of `find` and `cache`, where more is to be said.
        told: called when a phase begins, on the calling thread.

    Raises:
        ModelError: not found, not readable, of no known family, not allowed, or not runnable on that device; in words.
    """
    around = around or Surroundings(find, cache)
    told("finding")
    options = LoadOptions(
        precision=settings.precision,
        hint="latency" if around.soonest else "throughput",
        cache=around.cache,
        batch=settings.batch,
        below=run_below,
    )
    try:
        opened = _served(name, options, around) if is_served(name) else _file(name, settings, options, around)
        manifest = opened.manifest or recognise(opened.facts, opened.title)
        family = FAMILIES[manifest.family]
        picture = family.picture_input(opened.facts, *(around.size or (manifest.width, manifest.height)))
        told("compiling")
        backend = opened.load(picture)
        detector = Detector(manifest, family, picture, settings.scaling)
        told("warming up")
        batch = prove(detector, backend, settings.batch)
    except NotThisFamily as misfit:
        raise ModelError(
            _("{file} is a model, but of no family Sightdesk can decode ({misfit}).").format(
                file=opened.title, misfit=misfit
            ),
            _("It can decode: {families}.").format(families=", ".join(FAMILIES)),
        ) from misfit
    except BackendError as error:
        raise ModelError(error.what, error.hint) from error
    _warn_of_astray(manifest.name, backend)
    draw = _draw_of(backend) if is_served(name) else None
    return LoadedModel(detector, backend, batch, settings.batch_wait_ms / 1000, draw=draw)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A model that was found: what it says of itself, and how it is loaded."""

    title: str
    facts: ModelFacts
    manifest: ModelManifest | None
    load: Callable[[PictureInput], Backend]


def _file(name: str, settings: InferenceSettings, options: LoadOptions, around: Surroundings) -> _Opened:
    """A model in a file. Raises ModelError, CatalogError, BackendError."""
    path, manifest = around.find(name)
    runtime = registry.runtime(settings.backend)

    def load(picture: PictureInput) -> Backend:
        check_room(path, beside=around.beside)
        return runtime.load(path, picture, settings.device, options)

    return _Opened(path.stem, runtime.inspect(path), manifest, load)


def _served(url: str, options: LoadOptions, around: Surroundings) -> _Opened:
    """A model that a server holds, if the settings allow pictures to go there. Raises ModelError, BackendError."""
    from console.privacy import remote  # noqa: PLC0415  # only where there is one

    remote.check(url, around.remote)
    audit = around.audit
    if audit is None:
        raise ModelError(_("Models on a server are only used where it can be recorded what they were sent."))
    rules = around.rules or remote.Rules(lambda: around.remote)
    facts = remote.inspect(url, around.remote)
    title = urlsplit(url).path.strip("/").partition("/")[0]  # grpc://host:8001/NAME/VERSION

    def load(picture: PictureInput) -> Backend:
        return cast("Backend", remote.load(url, picture, options, rules, audit))

    return _Opened(title, facts, None, load)


def _draw_of(backend: Backend) -> Draw | None:
    """How a backend wants its pictures drawn, where that is its own business."""
    from console.privacy.remote import RemoteBackend  # noqa: PLC0415  # only where there is one

    return backend.draw if isinstance(backend, RemoteBackend) else None


def _warn_of_astray(name: str, backend: Backend) -> None:
    """Nodes on the CPU though an accelerator was asked for: never silent."""
    info = backend.info
    if info.astray:
        log.warning(
            "%s: %d nodes run on the CPU although %s was asked for: %s%s",
            name,
            len(info.astray),
            info.asked,
            ", ".join(info.astray[:_NAMED]),
            " ..." if len(info.astray) > _NAMED else "",
        )
