"""Finds the runtimes: built-ins by name, plug-ins by entry point; each is imported only when somebody asks for it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from backends.base import API_VERSION, BackendError, Device, Runtime
from models.manifest import ModelFacts
from models.words import _

GROUP = "sightdesk.backends"
# a table, not entry points: it holds where Sightdesk was never installed, too
BUILT_IN = {"openvino": "backends.openvino", "onnxruntime": "backends.onnxruntime", "kserve": "backends.kserve"}
_TITLES = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime", "kserve": "KServe"}


def names() -> list[str]:
    """All runtimes known here, installed plug-ins included, without importing any."""
    return [*BUILT_IN, *_plug_ins()]


def title(name: str) -> str:
    """A runtime as its makers write it; a plug-in's name is its title."""
    return _TITLES.get(name, name)


def _plug_ins() -> dict[str, EntryPoint]:
    """The plug-ins by name; a built-in's name is its own. Of two of one name the first that is found counts."""
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if point.name not in BUILT_IN:
            found.setdefault(point.name, point)
    return found


def package(name: str) -> str:
    """The package a plug-in comes from, with its version, such as "sightdesk-npu 1.2"; empty for a built-in."""
    point = _plug_ins().get(name)
    return f"{point.dist.name} {point.dist.version}" if point is not None and point.dist is not None else ""


def available() -> list[tuple[str, Device]]:
    """Every device of every runtime here by the runtime's name: usable, or with why not and what to do.

    Nothing is raised and no runtime imported to say that it is absent. A runtime that can't be made has one device
    without a name, which says why.
    """
    found: list[tuple[str, Device]] = []
    for name in names():
        try:
            found += [(name, device) for device in runtime(name).devices()]
        except BackendError as error:
            why = f"{error.what} {error.hint}".strip()
            found.append((name, Device("", "", available=False, why=why)))
        except Exception as error:  # foreign code's outermost frame: whatever it does, the others are listed
            why = _("The backend {name} can't say its devices: {error!r}.").format(name=name, error=error)
            found.append((name, Device("", "", available=False, why=why)))
    return found


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
    point = _plug_ins().get(name)
    if point is None:
        raise BackendError(
            _("There is no backend named {name}.").format(name=name),
            _("Known here: {names}.").format(names=", ".join(names())),
        )
    try:
        made: Runtime = point.load()()
        version = made.api_version
    except BackendError:
        raise
    except Exception as error:  # the outermost frame of foreign code, which may raise anything
        why = str(error) or type(error).__name__
        raise BackendError(
            _("The backend {name} can't be loaded: {why}.").format(name=name, why=why),
            _("Reinstall its package {package}.").format(package=package(name) or name),
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
