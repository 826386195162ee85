"""Finds the runtimes: built-ins by name, plug-ins by entry point; each is imported only when somebody asks for it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from backends.base import API_VERSION, BackendError, Runtime
from models.manifest import ModelFacts
from models.words import _

GROUP = "sightdesk.backends"
# a table, not entry points: it holds where Sightdesk was never installed, too
BUILT_IN = {"openvino": "backends.openvino", "onnxruntime": "backends.onnxruntime"}


def names() -> list[str]:
    """All runtimes known here, installed plug-ins included, without importing any."""
    return [*BUILT_IN, *sorted(point.name for point in entry_points(group=GROUP) if point.name not in BUILT_IN)]


@cache
def runtime(name: str) -> Runtime:
    """The runtime of that name.

    Raises:
        BackendError: unknown, broken, or written for another API version; says which runtimes there are.
    """
    made, version = (import_module(BUILT_IN[name]).runtime(), API_VERSION) if name in BUILT_IN else _plug_in(name)
    if version != API_VERSION:
        raise BackendError(
            _("The backend {name} was written for version {version} of the plug-in API; this is {api_version}.").format(
                name=name, version=version, api_version=API_VERSION
            ),
            _("Install a release of {name} made for this Sightdesk.").format(name=name),
        )
    return made


def _plug_in(name: str) -> tuple[Runtime, int]:
    """A plug-in's runtime and the API version it states."""
    points = [point for point in entry_points(group=GROUP) if point.name == name]
    if not points:
        raise BackendError(
            _("There is no backend named {name}.").format(name=name),
            _("Known here: {names}.").format(names=", ".join(names())),
        )
    try:
        made: Runtime = points[0].load()()
        version = made.api_version
    except BackendError:
        raise
    except Exception as error:  # the outermost frame of foreign code, which may raise anything
        why = str(error) or type(error).__name__
        raise BackendError(
            _("The backend {name} can't be loaded: {why}.").format(name=name, why=why), _("Reinstall its package.")
        ) from error
    return made, version


def inspect(path: Path) -> ModelFacts:
    """What a model file says of itself, from the first runtime that reads it.

    Raises:
        BackendError: no runtime here reads it; says why for each.
    """
    if not path.is_file():
        raise BackendError(
            _("There is no file {path}.").format(path=path),
            _("Check the path, or pull the model: sightdesk models pull NAME."),
        )
    reasons = []
    for name in names():
        try:
            return runtime(name).inspect(path)
        except BackendError as error:
            reasons.append(f"{name}: {error.what}")
    raise BackendError(_("No backend here can read {file}.").format(file=path.name), " ".join(reasons))
