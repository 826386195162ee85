"""Checks of the program itself: Python, its packages, the runtimes that run models."""

from __future__ import annotations

import importlib
import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from backends.base import BackendError, Device
from backends.registry import BUILT_IN, names, runtime
from console.health.builds import nvidia_here
from console.health.findings import Finding, missing, ok, problem
from console.settings.home import Home
from models.words import _

OLDEST = (3, 11)
_SCREEN = {"pyside6", "pyqtgraph"}
_CV2 = ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless", "opencv-contrib-python")


def installed(package: str) -> str | None:
    """A package's version, without importing it; None when it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def python(_home: Home) -> Iterator[Finding]:
    """Is this Python one that Sightdesk runs on?"""
    words = f"Python {platform.python_version()} ({platform.python_implementation()}, {platform.machine()})"
    if sys.version_info < OLDEST:  # a frozen or patched program may get here
        yield problem(
            "python",
            _("{words} is too old.").format(words=words),
            _("Install Python {major}.{minor} or later.").format(major=OLDEST[0], minor=OLDEST[1]),
        )
    elif sys.maxsize <= 2**32:
        yield problem(
            "python",
            _("{words} is a 32-bit build; no runtime exists for it.").format(words=words),
            _("Install a 64-bit Python."),
        )
    else:
        yield ok("python", words)


def packages(_home: Home) -> Iterator[Finding]:
    """Is what Sightdesk depends on installed, and nothing that gets in its way?"""
    wanted = _wanted()
    if wanted is None:
        yield ok("packages", _("Built into this program."))
        return
    absent = [name for name in wanted if installed(name) is None]
    core = [name for name in absent if name not in _SCREEN]
    screen = [name for name in absent if name in _SCREEN]
    if core:
        yield missing(
            "packages", _("Not installed: {core}.").format(core=", ".join(core)), f"pip install {' '.join(core)}"
        )
    else:
        yield ok(
            "packages", _("All {count} packages that are needed are installed.").format(count=len(wanted) - len(screen))
        )
    if screen:
        what = _("Not installed: {screen}. The desk's window can't open; commands work without.").format(
            screen=", ".join(screen)
        )
        yield missing("screen packages", what, 'pip install "pyside6>=6.8,<6.12" pyqtgraph', needed=False)
    yield from _qt_version()
    yield from _cv2()


def _wanted() -> list[str] | None:
    """Names of the packages Sightdesk asks for; None in the installed program, which is whole or does not start."""
    if getattr(sys, "frozen", False):
        return None
    try:
        lines = requires("sightdesk") or []
    except PackageNotFoundError:
        return None
    return [re.split(r"[\s;<>=!~\[(]", line, maxsplit=1)[0].lower() for line in lines if "extra ==" not in line]


def _qt_version() -> Iterator[Finding]:
    found = installed("pyside6")
    if found and sys.version_info < (3, 12) and tuple(map(int, found.split(".")[:2])) >= (6, 12):
        what = _("PySide6 {found} aborts on Python 3.11 within seconds.").format(found=found)
        yield problem("screen packages", what, 'pip install "pyside6>=6.8,<6.12"')


def _cv2() -> Iterator[Finding]:
    found = [name for name in _CV2 if installed(name)]
    if len(found) > 1:
        yield problem(
            "opencv",
            _("{found} are installed together and overwrite each other's files.").format(found=" and ".join(found)),
            _("pip uninstall -y {found}, then pip install opencv-python-headless").format(found=" ".join(found)),
        )
    elif found and "headless" not in found[0]:
        yield problem(
            "opencv",
            _("{found} brings a Qt of its own, which can keep the desk's window from opening.").format(found=found[0]),
            _("pip uninstall -y {found}, then pip install opencv-python-headless").format(found=found[0]),
            needed=False,
        )


def _absent(about: str, devices: list[Device]) -> Iterator[Finding]:
    hint = _("Another device or backend may do: sightdesk backends lists them.")
    for device in devices:
        what = _("{device} can't be used: {why}").format(device=device.name, why=device.why)
        yield missing(about, what, hint, needed=False)


def runtimes(_home: Home) -> Iterator[Finding]:
    """Which runtimes can really be loaded, and which devices do they find?"""
    usable, nvidia = [], nvidia_here()
    for name in names():
        about = f"runtime {name}"
        try:
            devices = runtime(name).devices()
            if name in BUILT_IN and any(device.available for device in devices):
                # devices() may answer from what is installed; whether its libraries load shows only by loading them
                importlib.import_module(name)
        except (ImportError, OSError) as error:
            hint = _("Install Sightdesk again, or choose another backend.")
            if not getattr(sys, "frozen", False):
                command = f"pip install --force-reinstall {name}"
                hint = _("Install it again: {command}, or choose another backend.").format(command=command)
            yield problem(
                about,
                _("{name} is installed and can't be loaded: {error}.").format(name=name, error=error),
                hint,
                needed=False,
            )
            continue
        except BackendError as error:
            yield problem(about, error.what, error.hint, needed=False)
            continue
        found = [f"{device.name} ({device.description})" for device in devices if device.available]
        if found:
            usable.append(name)
            yield ok(about, f"{name} {installed(name) or ''}: {', '.join(found)}".replace(" :", ":"))
        # where there is no NVIDIA GPU, nobody misses CUDA; `sightdesk backends` lists it all the same
        yield from _absent(about, [device for device in devices if not device.available and (nvidia or not found)])
    if not usable:
        yield missing("runtimes", _("Nothing here can run a model."), "pip install openvino")
