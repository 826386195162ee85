"""Which runtimes there are, what each can use here, and why not. Nothing heavy is imported to say one is absent."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from backends import registry
from backends.base import BackendError, Device
from models.words import _

_PACKAGES = {
    "openvino": ("openvino",),
    "onnxruntime": ("onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino", "onnxruntime"),
    "kserve": ("tritonclient",),
}


@dataclass(frozen=True, slots=True)
class RuntimeFound:
    """One runtime as it stands here.

    Attributes:
        name: as settings name it.
        package: the installed package that it comes from; empty when none is.
        version: of that package.
        plug_in: it is not one of Sightdesk's own.
        devices: what it can use here and what it can't, with the reason.
        what: why it can't be used at all; empty when it can.
        hint: what to do about that.
    """

    name: str
    package: str
    version: str
    plug_in: bool
    devices: tuple[Device, ...]
    what: str = ""
    hint: str = ""

    @property
    def usable(self) -> bool:
        """Whether a model can run on it here."""
        return any(device.available for device in self.devices)

    def as_json(self) -> dict[str, Any]:
        """It as plain values."""
        devices = [
            {"name": d.name, "description": d.description, "available": d.available, "why": d.why} for d in self.devices
        ]
        return {
            "name": self.name,
            "package": self.package,
            "version": self.version,
            "plug_in": self.plug_in,
            "available": self.usable,
            "what": self.what,
            "hint": self.hint,
            "devices": devices,
        }


def survey() -> list[RuntimeFound]:
    """Every runtime known here. Never raises: a plug-in that fails says so in its own row."""
    return [_look_at(name) for name in registry.names()]


def _look_at(name: str) -> RuntimeFound:
    plug_in = name not in registry.BUILT_IN
    package, _space, release = registry.package(name).partition(" ") if plug_in else _package(name)
    try:
        devices = tuple(registry.runtime(name).devices())
    except BackendError as error:
        return RuntimeFound(name, package, release, plug_in, (), error.what, error.hint)
    except Exception as error:  # the outermost frame of foreign code, which may raise anything
        why = str(error) or type(error).__name__
        what = _("{name} failed when it was asked for its devices: {why}.").format(name=name, why=why)
        return RuntimeFound(name, package, release, plug_in, (), what, _("Reinstall its package."))
    what = "" if devices else _("{name} finds no device here.").format(name=name)
    hint = "" if devices else _("Install the driver of the device it is for, or choose another backend.")
    return RuntimeFound(name, package, release, plug_in, devices, what, hint)


def _package(name: str) -> tuple[str, str, str]:
    """The installed package of a runtime of ours and its version, a space between."""
    for package in _PACKAGES.get(name, (name,)):
        try:
            return package, " ", version(package)
        except PackageNotFoundError:
            continue
    return "", "", ""
